package rundir

import (
	"bytes"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/trainer"
)

// What was read is written as lines that are read alike.
func FuzzParseFlags(f *testing.F) {
	for _, seed := range []string{"", "{\"epoch\":1}\n{\"epoch\":3,\"verdict\":\"overfitting\"}\n", "{\"epoch\":1}\n{\"epo", "[]", "{\"epoch\":1e3}\r\n", "{\"epoch\":3}\r\r", "\n\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		flags, err := parseFlags(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "line ") {
				t.Fatalf("error %v names no line", err)
			}
			return
		}
		var written bytes.Buffer
		if err := (&Dir{flags: flags}).writeFlags(&written); err != nil {
			t.Fatal(err)
		}
		again, err := parseFlags(written.Bytes())
		if err != nil || len(again) != len(flags) {
			t.Fatalf("%d flags, read back %d, error %v", len(flags), len(again), err)
		}
		for i, a := range again {
			if a.epoch != flags[i].epoch || !bytes.Equal(a.line, flags[i].line) {
				t.Fatalf("flag %d: %s, read back %s", i, flags[i].line, a.line)
			}
		}
	})
}

// A status that cannot be read is an error that names the file.
func FuzzParseStatus(f *testing.F) {
	f.Add([]byte(`{"state":"finished","reason":"all-epochs-done","epoch":3,"epochs":3,"best_epoch":-1,"restored":false}`))
	f.Add([]byte(`{"epoch":1e99}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := parseStatus("a/status.json", text); err != nil && (!strings.Contains(err.Error(), "a/status.json") || s != trainer.Status{}) {
			t.Fatalf("status %+v, error %v", s, err)
		}
	})
}
