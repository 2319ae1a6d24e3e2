package datasets

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/maxgain/maxgain/trainer/atomicfile"
)

// A server that sends more than a file has is not listened to for longer, whether it says so beforehand or not.
func TestDownloadHasALimit(t *testing.T) {
	content := bytes.Repeat([]byte("x"), 1000)
	for name, c := range map[string]struct {
		announce bool
		limit    int64
		want     string // part of the error; "" for none
	}{
		"as large as it may be":          {true, 1000, ""},
		"as large, not announced":        {false, 1000, ""},
		"larger and says so":             {true, 999, "the server announces 1000 bytes, want at most 999"},
		"larger without saying so":       {false, 999, "the server sends more than 999 bytes"},
		"no limit known":                 {false, 0, ""},
		"announces a gigabyte and a bit": {true, -1, "the server announces 1073741825 bytes, want at most 1073741824"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case c.limit < 0:
					w.Header().Set("Content-Length", strconv.FormatInt(maxDownload+1, 10))
				case c.announce:
					w.Header().Set("Content-Length", "1000")
				}
				for part := range bytes.SplitSeq(content, nil) { // in pieces, so that no length is added
					if _, err := w.Write(part); err != nil {
						return
					}
					if !c.announce {
						w.(http.Flusher).Flush()
					}
				}
			}))
			defer server.Close()
			dir := t.TempDir()
			l, path := inFolders(dir), filepath.Join(dir, "f")
			err := l.fetch(t.Context(), server.URL+"/f", file{name: "f", sum: sumOf(content), size: max(c.limit, 0)}, path)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			left, readErr := os.ReadDir(dir)
			if readErr != nil || len(left) > 1 || (len(left) == 1) != (c.want == "") {
				t.Errorf("files left: %v, %v", left, readErr)
			}
		})
	}
}

// What a killed download has left is removed by the next that looks there, when nobody has written to it for a while.
func TestStaleDownloadsAreRemoved(t *testing.T) {
	dir := writeFiles(t, map[string][]byte{"one/x": []byte("content"), "one/.x.123.tmp": {1}, "one/.x.456.tmp": {1}, "one/mine.tmp": {1}})
	if !atomicfile.Temporary(".x.123.tmp") {
		t.Fatal("temporary files have other names")
	}
	old := time.Now().Add(-staleAfter - time.Second)
	if err := os.Chtimes(filepath.Join(dir, "one", ".x.123.tmp"), old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := inFolders(dir).locate(t.Context(), oneFile([]byte("content"))); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{".x.123.tmp": false, ".x.456.tmp": true, "mine.tmp": true, "x": true} {
		if isFile(filepath.Join(dir, "one", name)) != want {
			t.Errorf("%s is there: %v, want %v", name, !want, want)
		}
	}
}
