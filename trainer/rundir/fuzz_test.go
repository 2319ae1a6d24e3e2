package rundir

import (
	"bytes"
	"strings"
	"testing"
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
		if err := writeFlags(&written, flags); err != nil {
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

// A table of metrics that can be read is written as one that is read alike.
func FuzzReadMetrics(f *testing.F) {
	for _, seed := range []string{"epoch,learning_rate,train_loss,gain_db,seconds\n0,,,-Inf,1\n1,0.1,NaN,2,3\n", "epoch\n", "a,epoch\n1,2\n", "epoch,a\n1,1e999\n", "epoch,\"a\nb\"\n1,1\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := parseMetrics(text)
		if err != nil {
			return
		}
		var first, second bytes.Buffer
		if err := WriteMetrics(&first, h); err != nil {
			t.Fatal(err)
		}
		again, err := parseMetrics(first.Bytes())
		if err != nil {
			t.Fatalf("%q was written as %q: %v", text, first.Bytes(), err)
		}
		if err := WriteMetrics(&second, again); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatalf("%q, and again %q, error %v", first.Bytes(), second.Bytes(), err)
		}
	})
}
