package trainer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Row is what is known of one epoch; NaN stands for what was not measured. Losses are means of
// −log softmax in nats, errors the fraction of images not classified rightly. The training figures
// are running averages while the weights change, those of validation and test are taken after the
// epoch. Epoch 0 is the net before training.
type Row struct {
	Epoch           int
	LearningRate    float64
	TrainLoss       float64
	TrainError      float64
	ValLoss         float64
	ValError        float64
	TestLoss        float64
	TestError       float64
	Signals         []Signal // figures of the averaged weights, and what hooks append
	Seconds         float64  // for the whole epoch: training, evaluation and hooks
	ImagesPerSecond float64  // in training alone
}

// Signal is a hook's measurement under the name of its column.
type Signal struct {
	Name  string
	Value float64
}

// Names of the signals that the trainer itself appends: the figures of validation and test of the averaged weights.
const (
	AvgValLoss   = "avg_val_loss"
	AvgValError  = "avg_val_error"
	AvgTestLoss  = "avg_test_loss"
	AvgTestError = "avg_test_error"
)

// Signal is the value of a signal, NaN if it was not measured.
func (r Row) Signal(name string) float64 {
	for _, s := range r.Signals {
		if s.Name == name {
			return s.Value
		}
	}
	return math.NaN()
}

// History is a run's rows in the order of the epochs.
type History struct {
	Rows []Row
}

// NewRow is the row of an epoch of which nothing has been measured.
func NewRow(epoch int) Row {
	r := Row{Epoch: epoch}
	for _, p := range r.figures() {
		*p = math.NaN()
	}
	return r
}

// exact is a number that survives JSON, whatever it is.
type exact float64

// MarshalJSON writes the number as text.
func (e exact) MarshalJSON() ([]byte, error) {
	return []byte(`"` + strconv.FormatFloat(float64(e), 'g', -1, 64) + `"`), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *exact) UnmarshalJSON(b []byte) error {
	text, err := strconv.Unquote(string(b))
	if err != nil {
		return fmt.Errorf("number %s: %w", b, err)
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return err
	}
	*e = exact(v)
	return nil
}

// savedRow is a row in a checkpoint: the figures in the order of Row's fields.
type savedRow struct {
	Epoch   int      `json:"epoch"`
	Figures []exact  `json:"figures"`
	Signals []string `json:"signals"`
	Values  []exact  `json:"values"`
}

// MarshalJSON keeps every bit of the history.
func (h *History) MarshalJSON() ([]byte, error) {
	rows := make([]savedRow, len(h.Rows))
	for i, r := range h.Rows {
		s := savedRow{Epoch: r.Epoch}
		for _, p := range r.figures() {
			s.Figures = append(s.Figures, exact(*p))
		}
		for _, signal := range r.Signals {
			s.Signals, s.Values = append(s.Signals, signal.Name), append(s.Values, exact(signal.Value))
		}
		rows[i] = s
	}
	return json.Marshal(rows)
}

// UnmarshalJSON reads what MarshalJSON wrote, row by row, so that what is no row costs no memory of one.
func (h *History) UnmarshalJSON(b []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(b))
	if token, err := decoder.Token(); err != nil || token != json.Delim('[') {
		return errors.New("want a list of rows")
	}
	h.Rows = nil
	for decoder.More() {
		var s savedRow
		err := decoder.Decode(&s)
		if err == nil {
			err = s.check()
		}
		if err != nil {
			return fmt.Errorf("row %d: %w", len(h.Rows), err)
		}
		h.Rows = append(h.Rows, s.row())
	}
	return nil
}

func (s savedRow) check() error {
	if want := len((&Row{}).figures()); len(s.Figures) != want {
		return fmt.Errorf("%d figures, want %d", len(s.Figures), want)
	}
	if len(s.Signals) != len(s.Values) {
		return fmt.Errorf("%d signals and %d values", len(s.Signals), len(s.Values))
	}
	return nil
}

func (s savedRow) row() Row {
	r := Row{Epoch: s.Epoch}
	for k, p := range r.figures() {
		*p = float64(s.Figures[k])
	}
	for k, name := range s.Signals {
		r.Signals = append(r.Signals, Signal{name, float64(s.Values[k])})
	}
	return r
}

// figures are a row's numbers in a fixed order.
func (r *Row) figures() [9]*float64 {
	return [9]*float64{&r.LearningRate, &r.TrainLoss, &r.TrainError, &r.ValLoss, &r.ValError,
		&r.TestLoss, &r.TestError, &r.Seconds, &r.ImagesPerSecond}
}
