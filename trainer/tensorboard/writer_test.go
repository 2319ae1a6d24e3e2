package tensorboard

import (
	"bytes"
	"encoding/hex"
	"errors"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/maxgain/maxgain/trainer"
)

// The masked checksum of eight bytes of 0, and of "123456789", whose CRC-32C is 0xe3069283 (RFC 3720, B.4).
func TestMaskedCRC(t *testing.T) {
	sum := uint32(0xe3069283)
	if got, want := maskedCRC([]byte("123456789")), (sum>>15|sum<<17)+0xa282ead8; got != want {
		t.Errorf("got %#x, want %#x", got, want)
	}
}

// A scalar event byte by byte, derived by hand from the two .proto files.
func TestEventBytes(t *testing.T) {
	got := hex.EncodeToString(summaryEvent(1, 300, [][]byte{scalarValue("ab", -2)}))
	want := "09" + "000000000000f03f" + // wall_time 1
		"10" + "ac02" + // step 300
		"2a" + "0b" + // summary, 11 bytes
		"0a" + "09" + // value, 9 bytes
		"0a" + "02" + "6162" + // tag
		"15" + "000000c0" // simple_value −2
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := hex.EncodeToString(versionEvent(1)), "09000000000000f03f1a0d"+hex.EncodeToString([]byte("brain.Event:2")); got != want {
		t.Errorf("first event: got %s, want %s", got, want)
	}
}

func TestRecord(t *testing.T) {
	file := appendRecord(appendRecord(nil, []byte("one")), nil)
	data, rest, err := readRecord(file)
	if err != nil || string(data) != "one" {
		t.Fatalf("got %q, %v", data, err)
	}
	if data, rest, err = readRecord(rest); err != nil || len(data) != 0 || len(rest) != 0 {
		t.Fatalf("second record: %q, %q, %v", data, rest, err)
	}
	for n := range 19 {
		if _, _, err := readRecord(file[:n]); !errors.Is(err, errRecord) {
			t.Errorf("%d bytes of the first record: got %v", n, err)
		}
	}
	for i := range 19 {
		damaged := bytes.Clone(file[:19])
		damaged[i] ^= 4
		if _, _, err := readRecord(damaged); !errors.Is(err, errRecord) {
			t.Errorf("byte %d damaged: got %v", i, err)
		}
	}
}

func history(epochs int) *trainer.History {
	nan := math.NaN()
	h := &trainer.History{}
	for e := range epochs {
		r := trainer.Row{Epoch: e, LearningRate: 0.1, TrainLoss: 1 / float64(e+1), TrainError: 0.5, ValLoss: nan, ValError: nan,
			TestLoss: nan, TestError: nan, Seconds: 2, ImagesPerSecond: 100,
			Signals: []trainer.Signal{{Name: "gain_db", Value: -float64(e)}}}
		if e == 3 {
			r.Signals[0].Value = math.Inf(-1)
		}
		h.Rows = append(h.Rows, r)
	}
	return h
}

func picture(epoch int) (image.Image, error) {
	if epoch == 2 {
		return nil, nil
	}
	return image.NewNRGBA(image.Rect(0, 0, 3+epoch, 2)), nil
}

// open opens a folder for as long as the test runs.
func open(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func read(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func record(t *testing.T, dir string, o Options, histories ...*trainer.History) {
	t.Helper()
	w, err := New(open(t, dir), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range histories {
		if err := w.Record(h, trainer.Status{}); err != nil {
			t.Fatal(err)
		}
	}
}

var options = Options{Start: time.Unix(1000, 0), Image: picture}

// Whatever the way there, the file of a history is the same: written at once, grown epoch by epoch, resumed later with
// another clock, resumed after a crash in the middle of a record, or begun again from an earlier epoch.
func TestSameFileByAnyWay(t *testing.T) {
	whole := t.TempDir()
	record(t, whole, options, history(6))
	want := read(t, whole)
	later := Options{Start: time.Unix(5000, 0), Image: picture}

	ways := map[string]func(dir string){
		"grown": func(dir string) {
			record(t, dir, options, history(0), history(1), history(2), history(4), history(6), history(6))
		},
		"resumed": func(dir string) { record(t, dir, options, history(4)); record(t, dir, later, history(4), history(6)) },
		"crashed": func(dir string) {
			if err := os.WriteFile(filepath.Join(dir, FileName), want[:len(want)-7], 0o644); err != nil {
				t.Fatal(err)
			}
			record(t, dir, later, history(6))
		},
		"gone back": func(dir string) { record(t, dir, options, history(6)); record(t, dir, later, history(2), history(6)) },
		"other history": func(dir string) {
			h := history(6)
			h.Rows[1].TrainLoss = 77
			record(t, dir, options, h, history(6))
		},
		"damaged": func(dir string) {
			b := bytes.Clone(want)
			b[len(b)-40] ^= 1
			if err := os.WriteFile(filepath.Join(dir, FileName), b, 0o644); err != nil {
				t.Fatal(err)
			}
			record(t, dir, later, history(6))
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			way(dir)
			if got := read(t, dir); !bytes.Equal(got, want) {
				t.Errorf("%d bytes that differ from the %d of the file written at once", len(got), len(want))
			}
		})
	}
}

// A growing history appends: the file keeps its identity and its beginning.
func TestAppends(t *testing.T) {
	dir := t.TempDir()
	w, err := New(open(t, dir), options)
	if err != nil {
		t.Fatal(err)
	}
	var before os.FileInfo
	for n := range 4 {
		if err := w.Record(history(n), trainer.Status{}); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(dir, FileName))
		if err != nil {
			t.Fatal(err)
		}
		if before != nil && !os.SameFile(before, info) {
			t.Error("the file was replaced")
		}
		before = info
	}
}

// Events hold their epoch and the time by the seconds of the epochs so far.
func TestEventsOfHistory(t *testing.T) {
	dir := t.TempDir()
	record(t, dir, options, history(4))
	rest := read(t, dir)
	for i := -1; i < 4; i++ {
		var event []byte
		var err error
		if event, rest, err = readRecord(rest); err != nil {
			t.Fatal(err)
		}
		seconds := 1000 + 2*float64(i+1)
		if i < 0 {
			if !bytes.Equal(event, versionEvent(1000)) {
				t.Error("no version in the first event")
			}
			continue
		}
		if !bytes.HasPrefix(event, appendVarint(appendDouble(nil, eventWallTime, seconds), eventStep, uint64(i))) {
			t.Errorf("epoch %d: event begins with % x", i, event[:12])
		}
		gain := -float64(i)
		if i == 3 {
			gain = math.Inf(-1)
		}
		if !bytes.Contains(event, scalarValue("gain_db", gain)) {
			t.Errorf("epoch %d: no gain of %v", i, gain)
		}
		if bytes.Contains(event, []byte("val_loss")) {
			t.Errorf("epoch %d: a validation loss that was not measured", i)
		}
		at := bytes.Index(event, []byte("\x89PNG"))
		if (at < 0) != (i == 2) {
			t.Errorf("epoch %d: picture at %d", i, at)
		}
		if at >= 0 {
			m, err := png.Decode(bytes.NewReader(event[at:]))
			if err != nil || m.Bounds().Dx() != 3+i {
				t.Errorf("epoch %d: picture %v, %v", i, m, err)
			}
		}
	}
	if len(rest) != 0 {
		t.Errorf("%d bytes too many", len(rest))
	}
}

func TestPictureFails(t *testing.T) {
	fault := errors.New("no picture")
	w, err := New(open(t, t.TempDir()), Options{Image: func(int) (image.Image, error) { return nil, fault }})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Record(history(1), trainer.Status{}); !errors.Is(err, fault) {
		t.Errorf("got %v", err)
	}
}

// After an append that failed half way the file is replaced, not appended to.
func TestAppendFails(t *testing.T) {
	whole := t.TempDir()
	record(t, whole, options, history(5))
	dir := t.TempDir()
	w, err := New(open(t, dir), options)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Record(history(3), trainer.Status{}); err != nil {
		t.Fatal(err)
	}
	fault := errors.New("disk full")
	w.append = func(dir *os.Root, size int64, data []byte) error {
		if err := appendTo(dir, size, data[:5]); err != nil {
			t.Fatal(err)
		}
		return fault
	}
	if err := w.Record(history(4), trainer.Status{}); !errors.Is(err, fault) {
		t.Fatalf("error %v", err)
	}
	w.append = appendTo
	if err := w.Record(history(5), trainer.Status{}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, dir), read(t, whole)) {
		t.Error("the file is not that of the history")
	}
}

// An epoch costs what it adds: its own picture is asked for, and its own event written.
func TestAppendsOnlyWhatIsNew(t *testing.T) {
	asked := 0
	w, err := New(open(t, t.TempDir()), Options{Image: func(int) (image.Image, error) {
		asked++
		return image.NewNRGBA(image.Rect(0, 0, 1, 1)), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	written := []int{}
	w.append = func(dir *os.Root, size int64, data []byte) error {
		written = append(written, len(data))
		return appendTo(dir, size, data)
	}
	for n := range 5 {
		if err := w.Record(history(n+1), trainer.Status{}); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 5 || len(written) != 4 || written[3] > 2*written[0] {
		t.Errorf("%d pictures asked for in 5 epochs, appended %v bytes", asked, written)
	}
}

// A file that another program cut or removed is written anew, and what a killed process left is removed.
func TestOtherFile(t *testing.T) {
	whole := t.TempDir()
	record(t, whole, options, history(5))
	for name, change := range map[string]func(path string) error{
		"cut":     func(path string) error { return os.Truncate(path, 10) },
		"removed": os.Remove,
	} {
		dir := t.TempDir()
		left := filepath.Join(dir, "."+FileName+".7.tmp")
		if err := os.WriteFile(left, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		w, err := New(open(t, dir), options)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(left); err == nil {
			t.Errorf("%s is still there", left)
		}
		if err := w.Record(history(3), trainer.Status{}); err != nil {
			t.Fatal(err)
		}
		if err := change(filepath.Join(dir, FileName)); err != nil {
			t.Fatal(err)
		}
		if err := w.Record(history(5), trainer.Status{}); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(read(t, dir), read(t, whole)) {
			t.Errorf("%s: the file is not that of the history", name)
		}
	}
}
