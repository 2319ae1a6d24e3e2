package tensorboard

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/maxgain/maxgain/trainer"
	"google.golang.org/protobuf/encoding/protowire"
)

// part is the body of a field of a message, of several the one at a place.
func part(t *testing.T, message []byte, number protowire.Number, at int) []byte {
	t.Helper()
	var found []byte
	count := 0
	if !fields(message, func(n protowire.Number, _ uint64, body []byte) {
		if n == number {
			if count == at {
				found = body
			}
			count++
		}
	}) || count <= at {
		t.Fatalf("field %d: %d of them", number, count)
	}
	return found
}

// records are the events of a file.
func records(t *testing.T, file []byte) [][]byte {
	t.Helper()
	var out [][]byte
	for len(file) > 0 {
		data, rest, err := readRecord(file)
		if err != nil {
			t.Fatal(err)
		}
		out, file = append(out, data), rest
	}
	return out
}

// The layout stands in the second event and names each column by its whole name; a file grows and is resumed with it.
func TestLayout(t *testing.T) {
	o := options
	o.Charts = []Chart{{"Loss", []string{"train_loss", "val_loss"}}, {"Gain", []string{"gain_db"}}}
	dir, whole := t.TempDir(), t.TempDir()
	record(t, dir, o, history(2), history(3))
	record(t, dir, o, history(5))
	record(t, whole, o, history(5))
	if !bytes.Equal(read(t, dir), read(t, whole)) {
		t.Error("a resumed file differs from one written at once")
	}
	value := part(t, part(t, records(t, read(t, dir))[1], eventSummary, 0), summaryValue, 0)
	if got := string(part(t, value, valueTag, 0)); got != "custom_scalars__config__" {
		t.Errorf("tag %q", got)
	}
	if got := string(part(t, part(t, part(t, value, valueMetadata, 0), metadataPlugin, 0), pluginName, 0)); got != "custom_scalars" {
		t.Errorf("plugin %q", got)
	}
	layout := part(t, part(t, value, valueTensor, 0), tensorStrings, 0)
	chart := part(t, part(t, layout, layoutCategory, 0), categoryChart, 0)
	if title, second := part(t, chart, chartTitle, 0), part(t, part(t, chart, chartMultiline, 0), multilineTag, 1); string(title) != "Loss" || string(second) != "^val_loss$" {
		t.Errorf("chart %q with %q", title, second)
	}
}

// What is known at the end stands in a file of its own, which a resumed run takes away.
func TestEnding(t *testing.T) {
	dir := t.TempDir()
	w, err := New(open(t, dir), options)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Record(history(4), trainer.Status{}); err != nil {
		t.Fatal(err)
	}
	e := Ending{Text: "**converged**", Settings: []Setting{{"train.learning_rate", "0.25"}, {"data.use_all", "true"}, {"verdict", "converged"}, {"gain.shifts", "false"}}}
	if err := w.End(e); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "events.out.tfevents.maxgain.verdict")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	summary := part(t, records(t, file)[1], eventSummary, 0)
	text := part(t, summary, summaryValue, 0)
	if got := string(part(t, part(t, text, valueTensor, 0), tensorStrings, 0)); got != "**converged**" {
		t.Errorf("text %q", got)
	}
	content := func(at int) []byte {
		return part(t, part(t, part(t, part(t, summary, summaryValue, at), valueMetadata, 0), metadataPlugin, 0), pluginContent, 0)
	}
	start := part(t, content(1), hparamsStart, 0)
	for i, want := range []struct {
		name  string
		value []byte
	}{
		{"train.learning_rate", []byte{2<<3 | 1, 0, 0, 0, 0, 0, 0, 0xd0, 0x3f}}, // 0.25 as a double
		{"data.use_all", []byte{4 << 3, 1}},
		{"verdict", append([]byte{3<<3 | 2, 9}, "converged"...)},
		{"gain.shifts", []byte{4 << 3, 0}},
	} {
		entry := part(t, start, startHparams, i)
		if name, value := part(t, entry, mapKey, 0), part(t, entry, mapValue, 0); string(name) != want.name || !bytes.Equal(value, want.value) {
			t.Errorf("setting %d: %q is %x, want %q and %x", i, name, value, want.name, want.value)
		}
	}
	status := func() (v uint64) {
		fields(part(t, content(2), hparamsEnd, 0), func(n protowire.Number, bits uint64, _ []byte) {
			if n == endStatus {
				v = bits
			}
		})
		return v
	}
	if got := status(); got != 1 {
		t.Errorf("status %d, want 1 for success", got)
	}
	if err := ReadScalars(bytes.NewReader(file), func(s Scalar) error { t.Errorf("scalar %+v", s); return nil }); err != nil {
		t.Error(err)
	}
	e.Failed = true
	if err := w.End(e); err != nil {
		t.Fatal(err)
	}
	if file, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	if summary = part(t, records(t, file)[1], eventSummary, 0); status() != 2 {
		t.Errorf("status %d, want 2 for failure", status())
	}
	if _, err := New(open(t, dir), Options{Start: time.Unix(1, 0)}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a resumed run leaves the verdict of before: %v", err)
	}
}
