package rundir

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/trainer"
)

// goldenHistory has every kind of figure: none, infinite, not a number, signals that come and go.
func goldenHistory() *trainer.History {
	nan := math.NaN()
	return &trainer.History{Rows: []trainer.Row{
		{Epoch: 0, LearningRate: nan, TrainLoss: nan, TrainError: nan, ValLoss: 2.5, ValError: 0.75, TestLoss: nan, TestError: nan,
			Signals: []trainer.Signal{{Name: "gain_db", Value: math.Inf(-1)}}, Seconds: 1.5, ImagesPerSecond: nan},
		{Epoch: 1, LearningRate: 0.1, TrainLoss: 5.0 / 3, TrainError: 1.0 / 3, ValLoss: 1e-5, ValError: 0, TestLoss: nan, TestError: nan,
			Signals: []trainer.Signal{{Name: "gain_db", Value: -33.25}, {Name: "odd", Value: nan}}, Seconds: 20, ImagesPerSecond: 150.5},
		{Epoch: 2, LearningRate: 1e-6, TrainLoss: math.Inf(1), TrainError: 1, ValLoss: 3, ValError: 0.25, TestLoss: nan, TestError: nan,
			Signals: []trainer.Signal{{Name: "odd", Value: 7}}, Seconds: 20, ImagesPerSecond: 150},
		{Epoch: 3, LearningRate: 0.1, TrainLoss: nan, TrainError: 1, ValLoss: nan, ValError: nan, TestLoss: nan, TestError: nan,
			Seconds: 0.25, ImagesPerSecond: 12},
	}}
}

func TestMetricsFiles(t *testing.T) {
	h := goldenHistory()
	var csv, jsonl bytes.Buffer
	if err := WriteMetrics(&csv, h); err != nil {
		t.Fatal(err)
	}
	if err := writeMetricsJSONL(&jsonl, h); err != nil {
		t.Fatal(err)
	}
	for path, got := range map[string]string{"testdata/metrics.csv": csv.String(), "testdata/metrics.jsonl": jsonl.String()} {
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%swant\n%s", path, got, want)
		}
	}
	for i, line := range strings.Split(strings.TrimSpace(jsonl.String()), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("line %d is no JSON: %s", i+1, line)
		}
	}
}

func TestMetricsColumns(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name string
		row  trainer.Row
		want string
	}{
		{"no validation", trainer.Row{ValLoss: nan, ValError: nan, TestLoss: nan, TestError: nan},
			"epoch,learning_rate,train_loss,train_error,seconds,images_per_second"},
		{"test split", trainer.Row{TestLoss: 2, TestError: 0.5},
			"epoch,learning_rate,train_loss,train_error,val_loss,val_error,test_loss,test_error,seconds,images_per_second"},
		{"signals in order", trainer.Row{ValLoss: nan, TestLoss: nan, Signals: []trainer.Signal{{Name: "b", Value: 1}, {Name: "a", Value: 2}}},
			"epoch,learning_rate,train_loss,train_error,b,a,seconds,images_per_second"},
	} {
		var csv bytes.Buffer
		if err := WriteMetrics(&csv, &trainer.History{Rows: []trainer.Row{c.row}}); err != nil {
			t.Fatal(err)
		}
		if got, _, _ := strings.Cut(csv.String(), "\n"); got != c.want {
			t.Errorf("%s: columns %s, want %s", c.name, got, c.want)
		}
	}
}

func TestMetricsFailingWriter(t *testing.T) {
	full := errors.New("no space left on device")
	for n := range 3 {
		for name, write := range map[string]func(h *trainer.History, w *failingWriter) error{
			"CSV":   func(h *trainer.History, w *failingWriter) error { return WriteMetrics(w, h) },
			"JSONL": func(h *trainer.History, w *failingWriter) error { return writeMetricsJSONL(w, h) },
		} {
			if err := write(goldenHistory(), &failingWriter{left: 40 * n, err: full}); !errors.Is(err, full) {
				t.Errorf("%s, full after %d bytes: error %v", name, 40*n, err)
			}
		}
	}
}

// failingWriter takes some bytes and then fails.
type failingWriter struct {
	left int
	err  error
}

func (w *failingWriter) Write(b []byte) (int, error) {
	if len(b) > w.left {
		return w.left, w.err
	}
	w.left -= len(b)
	return len(b), nil
}

// Every figure and signal comes back with all its bits; what was not measured comes back as not measured.
func TestMetricsReadBack(t *testing.T) {
	h := goldenHistory()
	h.Rows[1].TrainLoss = math.Nextafter(1.0/3, 1)
	h.Rows[1].TestLoss, h.Rows[1].TestError = 0.125, 0.0625
	var csv bytes.Buffer
	if err := WriteMetrics(&csv, h); err != nil {
		t.Fatal(err)
	}
	got, err := ReadMetrics(&csv)
	if err != nil || len(got.Rows) != len(h.Rows) {
		t.Fatalf("%+v, error %v", got, err)
	}
	same := func(a, b float64) bool {
		return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
	}
	for i, want := range h.Rows {
		r := got.Rows[i]
		if r.Epoch != want.Epoch {
			t.Errorf("row %d is of epoch %d", i, r.Epoch)
		}
		for name, pair := range map[string][2]float64{
			"learning rate": {r.LearningRate, want.LearningRate}, "training loss": {r.TrainLoss, want.TrainLoss}, "training error": {r.TrainError, want.TrainError},
			"validation loss": {r.ValLoss, want.ValLoss}, "validation error": {r.ValError, want.ValError}, "test loss": {r.TestLoss, want.TestLoss},
			"test error": {r.TestError, want.TestError}, "seconds": {r.Seconds, want.Seconds}, "images a second": {r.ImagesPerSecond, want.ImagesPerSecond},
		} {
			if !same(pair[0], pair[1]) {
				t.Errorf("row %d: %s %v, want %v", i, name, pair[0], pair[1])
			}
		}
		var signals []trainer.Signal
		for _, s := range want.Signals {
			if !math.IsNaN(s.Value) {
				signals = append(signals, s)
			}
		}
		if !slices.Equal(r.Signals, signals) {
			t.Errorf("row %d: signals %v, want %v", i, r.Signals, signals)
		}
	}
}

func TestMetricsFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "it is empty, want a line of column names",
		"train_loss\n1\n":        "line 1: there is no column epoch",
		"epoch,a,a\n":            `line 1: column 3 has the name "a", which is empty or taken`,
		"epoch,\n":               `line 1: column 2 has the name "", which is empty or taken`,
		"epoch,a\n0,1\nx,1\n":    `line 3: epoch "x": want a number, at least 0`,
		"epoch,a\n-1,1\n":        `line 2: epoch "-1": want a number, at least 0`,
		"epoch,val_loss\n0,1e\n": `line 2: val_loss: strconv.ParseFloat: parsing "1e": invalid syntax`,
		"epoch,a\n0\n":           "record on line 2: wrong number of fields",
	} {
		if _, err := ReadMetrics(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}
