package datasets

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// inFolders is a locator over the given folders, of which the last is the cache.
func inFolders(dirs ...string) *locator {
	l := &locator{client: downloadClient(), stall: 10 * time.Second}
	for _, dir := range dirs {
		l.places = append(l.places, place{dir, "test"})
		l.cache = dir
	}
	return l
}

// oneFile is a set of one gzipped file of this content.
func oneFile(content []byte, mirrors ...string) fileSet {
	return fileSet{dataset: "one", folders: []string{"one", "alias"}, files: []file{{name: "x", sum: sumOf(content)}}, zipped: true, mirrors: mirrors}
}

func TestLocateOrder(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string // in folders 0 and 1
		want  string
	}{
		{"folder itself", []string{"0/x", "0/one/x", "1/x"}, "0/x"},
		{"first sub-folder", []string{"0/one/x.gz", "0/alias/x", "1/x"}, "0/one/x.gz"},
		{"second sub-folder", []string{"0/alias/x", "1/x"}, "0/alias/x"},
		{"next place", []string{"1/one/x"}, "1/one/x"},
		{"plain before gzipped", []string{"1/x.gz", "1/x"}, "1/x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string][]byte{}
			for _, name := range c.files {
				files[name] = []byte("content")
			}
			root := writeFiles(t, files)
			l := inFolders(filepath.Join(root, "0"), filepath.Join(root, "1"))
			at, err := l.locate(t.Context(), oneFile(nil))
			if err != nil || at.path("x") != filepath.Join(root, c.want) {
				t.Errorf("got %q, error %v, want %q", at.path("x"), err, c.want)
			}
		})
	}
}

func TestLocateTakesEnvironment(t *testing.T) {
	t.Setenv("MAXGAIN_DATA", "/env")
	t.Setenv("XDG_CACHE_HOME", "/cache")
	t.Setenv("HOME", "/home")
	l := newLocator(Options{Dir: "/dir"})
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	want := []place{{"/dir", "data.dir"}, {"/env", "$MAXGAIN_DATA"}, {filepath.Join(cache, "maxgain"), "cache"}}
	if !slices.Equal(l.places, want) || l.cache != filepath.Join(cache, "maxgain") {
		t.Errorf("places %v, cache %q, want %v", l.places, l.cache, want)
	}
}

func TestMissingNamesFilesPlacesAndRemedy(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	root := writeFiles(t, map[string][]byte{"user/mnist/" + trainImages + ".gz": nil})
	set := mnistFiles
	set.mirrors = []string{server.URL + "/"}
	l := inFolders(filepath.Join(root, "user"), filepath.Join(root, "cache"))
	l.unset = []string{"$MAXGAIN_DATA is not set"}
	_, err := l.locate(t.Context(), set)
	if !errors.Is(err, ErrMissing) {
		t.Fatalf("got error %v, want ErrMissing", err)
	}
	for _, want := range []string{
		trainImages, trainLabels, testImages, testLabels,
		filepath.Join(root, "user") + " (test)\n",
		filepath.Join(root, "user", "mnist") + " (test): lacks " + trainLabels + ", " + testImages + ", " + testLabels + "\n",
		filepath.Join(root, "cache", "mnist") + " (test)\n", "$MAXGAIN_DATA is not set",
		server.URL + "/" + trainImages + ".gz: status 404", "quickstart.yaml",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}

// mirror serves content under any name; what it does before is up to do, which returns false if it has done everything.
func mirrorOf(t *testing.T, content []byte, do func(w http.ResponseWriter, r *http.Request) bool) (url string, hits *atomic.Int32) {
	t.Helper()
	hits = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		if do == nil || do(w, r) {
			_, _ = w.Write(content)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/", hits
}

func TestDownload(t *testing.T) {
	content := []byte(strings.Repeat("an image of a digit ", 1000))
	wrong := slices.Clone(content)
	wrong[77] ^= 1
	good, hits := mirrorOf(t, content, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/x.gz" {
			t.Errorf("asked for %s, want /x.gz", r.URL.Path)
		}
		w.Header().Set("Content-Length", "20000")
		return true
	})
	corrupt, _ := mirrorOf(t, wrong, nil)
	cut, _ := mirrorOf(t, content[:5000], func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Length", "20000")
		return true
	})
	absent, _ := mirrorOf(t, nil, func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return false
	})
	stuck, _ := mirrorOf(t, nil, func(w http.ResponseWriter, r *http.Request) bool {
		_, _ = w.Write(content[:100])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return false
	})
	for _, c := range []struct {
		name    string
		mirrors []string
		faults  []string
	}{
		{"first mirror", []string{good}, nil},
		{"wrong checksum, then good", []string{corrupt, good}, []string{"SHA-256 is " + sumOf(wrong) + ", want " + sumOf(content)}},
		{"cut, then good", []string{cut, good}, []string{"broke off after 5000 bytes of 20000: unexpected EOF"}},
		{"absent, then good", []string{absent, good}, []string{"status 503"}},
		{"stuck, then good", []string{stuck, good}, []string{"broke off after 100 bytes", "no data for 50ms"}},
		{"all bad", []string{corrupt, cut, absent}, []string{"SHA-256", "broke off", "503"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache := filepath.Join(t.TempDir(), "not", "there", "yet")
			set, l := oneFile(content, c.mirrors...), inFolders(cache)
			if slices.Contains(c.mirrors, stuck) {
				l.stall = 50 * time.Millisecond
			}
			var remarks strings.Builder
			var last Progress
			l.options = Options{Log: func(s string) { remarks.WriteString(s + "\n") }, Progress: func(p Progress) { last = p }}
			at, err := l.locate(t.Context(), set)
			for _, fault := range c.faults {
				if !strings.Contains(remarks.String(), fault) {
					t.Errorf("remarks %q do not tell of %q", remarks.String(), fault)
				}
			}
			left, _ := filepath.Glob(filepath.Join(cache, "one", "*"))
			if !slices.Contains(c.mirrors, good) {
				if !errors.Is(err, ErrMissing) || len(left) > 0 {
					t.Errorf("error %v, files %v, want ErrMissing and none", err, left)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(at.path("x")); err != nil || string(got) != string(content) || len(left) != 1 {
				t.Errorf("%d bytes, error %v, files %v; want %d bytes in one file", len(got), err, left, len(content))
			}
			if want := (Progress{"download x.gz", 20000, 20000}); last != want {
				t.Errorf("last progress %v, want %v", last, want)
			}
			before := hits.Load()
			if _, err := l.locate(t.Context(), set); err != nil || hits.Load() != before {
				t.Errorf("the second time: error %v, %d more requests, want none", err, hits.Load()-before)
			}
		})
	}
}

func TestDownloadOnlyWhatLacks(t *testing.T) {
	content := []byte("content")
	url, hits := mirrorOf(t, content, nil)
	set := oneFile(content, url)
	set.files = []file{{name: "x", sum: "never asked for"}, {name: "y", sum: sumOf(content)}}
	root := writeFiles(t, map[string][]byte{"one/x.gz": []byte("mine")})
	l := inFolders(root)
	at, err := l.locate(t.Context(), set)
	if err != nil || hits.Load() != 1 || at.path("y") != filepath.Join(root, "one", "y.gz") {
		t.Errorf("%d requests, y at %q, error %v", hits.Load(), at.path("y"), err)
	}
}

func TestDownloadArchive(t *testing.T) {
	set, contents := smallCIFAR()
	archive := archiveOf(t, []string{"a.bin", "b.bin"}, contents)
	url, _ := mirrorOf(t, archive, nil)
	set.archive.sum, set.mirrors = sumOf(archive), []string{url}
	cache := t.TempDir()
	l := inFolders(cache)
	at, err := l.locate(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	all, err := cifar{files: set, records: []int{2, 2}, labels: 1, classNames: cifarNames}.readBatches(at, Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkSmallCIFAR(t, all)
	left, _ := filepath.Glob(filepath.Join(cache, "small-bin", "*"))
	if want := []string{at.path("a.bin"), at.path("b.bin")}; !slices.Equal(left, want) {
		t.Errorf("files %v, want %v", left, want)
	}
}

func TestDownloadCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url, hits := mirrorOf(t, nil, func(w http.ResponseWriter, r *http.Request) bool {
		cancel()
		<-r.Context().Done()
		return false
	})
	if _, err := inFolders(t.TempDir()).locate(ctx, oneFile(nil, url, url)); !errors.Is(err, context.Canceled) || errors.Is(err, ErrMissing) || hits.Load() != 1 {
		t.Errorf("error %v after %d requests, want cancelled after 1", err, hits.Load())
	}
}
