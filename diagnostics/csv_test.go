package diagnostics

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/trainer"
)

func series(t *testing.T, c *Curve, name string) []float64 {
	t.Helper()
	s, _ := c.Series(name)
	return s
}

func same(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) })
}

func TestReadCSV(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, test := range []struct {
		name, text string
		names      Mapping
		epochs     []int
		gain, loss []float64
	}{
		{"plain", "epoch,gain_db\n0,-60\n1,-20.5\n", nil, []int{0, 1}, []float64{-60, -20.5}, nil},
		{"mark and spaces", "\ufeffepoch, gain_db , val_loss\r\n1, -2 ,9\r\n", nil, []int{1}, []float64{-2}, nil},
		{"unordered, doubled, gaps", "gain_db,epoch\n3,3\n1,1\n30,3\n,5\n", nil, []int{1, 3, 5}, []float64{1, 30, nan}, nil},
		{"not finite", "epoch,gain_db,train_loss\n1,-Inf,2\n2,NaN,NaN\n3,inf,\n4,1e999,+Inf\n", nil, []int{1, 2, 3, 4},
			[]float64{-inf, nan, inf, inf}, []float64{2, inf, nan, inf}},
		{"mapped", "step,max gain,gain_db\n1,-3,77\n", Mapping{"epoch": "step", "gain_db": "max gain"}, []int{1}, []float64{-3}, nil},
		{"carriage returns alone", "epoch,gain_db\r1,-2\r2,-3\r", nil, []int{1, 2}, []float64{-2, -3}, nil},
		{"mixed line ends", "epoch,gain_db\r\n1,-2\r2,-3\n3,-4", nil, []int{1, 2, 3}, []float64{-2, -3, -4}, nil},
		{"no rows", "epoch,gain_db\n", nil, nil, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := ReadCSV(strings.NewReader(test.text), test.names)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(c.Epochs, test.epochs) {
				t.Errorf("epochs %v, want %v", c.Epochs, test.epochs)
			}
			if got := series(t, c, GainDB); !same(got, test.gain) {
				t.Errorf("gain %v, want %v", got, test.gain)
			}
			if got := series(t, c, TrainLoss); !same(got, test.loss) {
				t.Errorf("loss %v, want %v", got, test.loss)
			}
		})
	}
}

func TestReadCSVErrors(t *testing.T) {
	for _, test := range []struct {
		text, want string
		names      Mapping
	}{
		{"", "1:1: the file is empty; want a header line with epoch and gain_db or another signal", nil},
		{"gain_db\n1\n", "1:1: no column epoch; the file has gain_db", nil},
		{"epoch,train_loss,val_loss\n1,2,3\n", "1:1: no signal to judge by: want gain_db or another signal, or a mapping; the file has epoch, train_loss, val_loss", nil},
		{"epoch,gain_db\n1,-3\n2,x\n", `3:3: gain_db: got "x", want a number`, nil},
		{"epoch,gain_db\n1.5,-3\n", `2:1: epoch: got "1.5", want a whole number from 0 on`, nil},
		{"epoch,gain_db\n-1,-3\n", `2:1: epoch: got "-1", want a whole number from 0 on`, nil},
		{"epoch,gain_db\n,-3\n", `2:1: epoch: got "", want a number`, nil},
		{"epoch,gain_db\nNaN,-3\n", `2:1: epoch: got "NaN", want a whole number from 0 on`, nil},
		{"epoch,gain_db\n1,-3,4\n", "2:1: wrong number of fields", nil},
		{"epoch,gain_db\n1,\"-3\n", "2:7: extraneous or missing \" in quoted-field", nil},
		{"epoch,gain_db,gain_db\n1,2,3\n", "1:15: column gain_db appears twice", nil},
		{"epoch,gain_db\n1,\x1b[2Jx\n", `2:3: gain_db: got "\x1b[2Jx", want a number`, nil},
		{"epoch,gain_db\n1," + strings.Repeat("y", 1<<20) + "\n", `2:3: gain_db: got "` + strings.Repeat("y", 60) + `"…, want a number`, nil},
		{"\x1b]0;x\a,b\n1,2\n", `1:1: no column epoch; the file has "\x1b]0;x\a, b"`, nil},
		{strings.Repeat("z", 1<<20) + "\n1\n", `1:1: no column epoch; the file has "` + strings.Repeat("z", 60) + `"…`, nil},
		{"epoch,gain\n1,2\n", `1:1: no column "max gain" to read gain_db from; the file has epoch, gain`, Mapping{"gain_db": "max gain"}},
		{"epoch,gain\n1,2\n", `column "val_loss" cannot be mapped: no rule reads it`, Mapping{"val_loss": "gain"}},
	} {
		_, err := ReadCSV(strings.NewReader(test.text), test.names)
		if err == nil || err.Error() != test.want {
			t.Errorf("%q: got %v, want %s", test.text, err, test.want)
		}
	}
}

// A file cannot fill the memory: reading ends at a bound, before the rows are kept.
func TestCSVIsBounded(t *testing.T) {
	_, err := ReadCSV(&endless{}, nil)
	if err == nil || !strings.Contains(err.Error(), "more than 64 MiB") {
		t.Errorf("got %v", err)
	}
}

// endless is a file of one line without end.
type endless struct{}

func (*endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// No rule can see a validation column: a curve does not hold it.
func TestCurvesHoldNoValidation(t *testing.T) {
	c, err := ReadCSV(strings.NewReader("epoch,gain_db,val_loss,val_error,test_loss,test_error\n1,2,3,4,5,6\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &trainer.History{Rows: []trainer.Row{{Epoch: 0, TrainLoss: math.NaN()}, {Epoch: 1, TrainLoss: 2, TrainError: 0.5, ValLoss: 3, ValError: 4, TestLoss: 5, LearningRate: 0.1,
		Signals: []trainer.Signal{{Name: GainDB, Value: -7}, {Name: "val_gain", Value: 1}}}}}
	fromHistory := FromHistory(h)
	for name := range c.series {
		if name != GainDB {
			t.Errorf("the curve of a file holds %s", name)
		}
	}
	if len(fromHistory.series) != 4 || series(t, fromHistory, TrainError)[1] != 0.5 || series(t, fromHistory, TrainLoss)[1] != 2 || !math.IsNaN(series(t, fromHistory, TrainLoss)[0]) ||
		series(t, fromHistory, GainDB)[1] != -7 || series(t, fromHistory, LearningRate)[1] != 0.1 {
		t.Errorf("the curve of a history holds %v", fromHistory.series)
	}
}

func FuzzReadCSV(f *testing.F) {
	for _, seed := range []string{"epoch,gain_db\n1,-3\n2,-Inf\n", "\ufeffepoch,pop_gain_db,train_loss\n3,NaN,\n3,1,2\n0,,\n",
		"epoch,gain_db\n1,\"2\n", "a,b\n1,2\n", "epoch,gain_db\n1073741824,1e999\n1,-1e308\n2,1e308\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ReadCSV(strings.NewReader(text), nil)
		if err != nil {
			var fault *CSVError
			if !errors.As(err, &fault) {
				t.Fatalf("%v names no place", err)
			}
			return
		}
		for i, e := range c.Epochs {
			if e < 0 || i > 0 && e <= c.Epochs[i-1] {
				t.Fatalf("epochs %v do not ascend", c.Epochs)
			}
		}
		if r := Diagnose(c, DefaultThresholds()); math.IsNaN(r.Confidence) || r.Confidence < 0 || r.Confidence > 1 {
			t.Fatalf("confidence %v", r.Confidence)
		}
	})
}

func ExampleReadCSV() {
	c, err := ReadCSV(strings.NewReader("epoch,gain_db\n1,-30\n2,-Inf\n3,-Inf\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	r := Diagnose(c, DefaultThresholds())
	fmt.Println(r.Verdict, "from epoch", r.Epoch)
	// Output: diverged from epoch 2
}
