package trainer

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	Signals         []Signal // appended by hooks
	Seconds         float64  // for the whole epoch: training, evaluation and hooks
	ImagesPerSecond float64  // in training alone
}

// Signal is a hook's measurement under the name of its column.
type Signal struct {
	Name  string
	Value float64
}

// History is a run's rows in the order of the epochs.
type History struct {
	Rows []Row
}

// columns lists what a history's table holds: no validation or test columns where no row has such a
// figure, and the signals in the order in which they first appear.
type columns struct {
	val, test bool
	signals   []string
}

func (h *History) columns() columns {
	var c columns
	seen := map[string]bool{}
	for _, r := range h.Rows {
		c.val = c.val || !math.IsNaN(r.ValLoss)
		c.test = c.test || !math.IsNaN(r.TestLoss)
		for _, s := range r.Signals {
			if !seen[s.Name] {
				seen[s.Name] = true
				c.signals = append(c.signals, s.Name)
			}
		}
	}
	return c
}

// cell is one field of the table: a column's name, and its value as the shortest text that reads
// back as the same number, empty for what was not measured.
type cell struct{ name, text string }

// cells are a row's fields in the order of the columns.
func (r Row) cells(c columns) []cell {
	out := []cell{{"epoch", strconv.Itoa(r.Epoch)}}
	add := func(name string, v float64, measured bool) {
		text := ""
		if measured {
			text = formatFloat(v)
		}
		out = append(out, cell{name, text})
	}
	optional := func(name string, v float64) { add(name, v, !math.IsNaN(v)) }
	training := r.Epoch > 0 // where a loss of NaN is one that was measured
	add("learning_rate", r.LearningRate, training)
	add("train_loss", r.TrainLoss, training)
	add("train_error", r.TrainError, training)
	if c.val {
		optional("val_loss", r.ValLoss)
		optional("val_error", r.ValError)
	}
	if c.test {
		optional("test_loss", r.TestLoss)
		optional("test_error", r.TestError)
	}
	values := make(map[string]float64, len(r.Signals))
	for _, s := range r.Signals {
		values[s.Name] = s.Value
	}
	for _, name := range c.signals {
		v, ok := values[name]
		add(name, v, ok && !math.IsNaN(v))
	}
	optional("seconds", r.Seconds)
	add("images_per_second", r.ImagesPerSecond, training)
	return out
}

// formatFloat writes a number so that it reads back as the same number.
func formatFloat(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// WriteCSV writes the table with a line of column names. Infinite values are +Inf and −Inf as
// "+Inf" and "-Inf", a training loss that is not a number "NaN", what was not measured is empty.
func (h *History) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	c := h.columns()
	names := Row{}.cells(c)
	record := make([]string, len(names))
	for i, field := range names {
		record[i] = field.name
	}
	out.Write(record)
	for _, r := range h.Rows {
		for i, field := range r.cells(c) {
			record[i] = field.text
		}
		out.Write(record)
	}
	out.Flush()
	return out.Error()
}

// WriteJSONL writes one JSON object a row with the columns of WriteCSV. What was not measured is
// null; "+Inf", "-Inf" and "NaN" are strings.
func (h *History) WriteJSONL(w io.Writer) error {
	c := h.columns()
	var line bytes.Buffer
	for _, r := range h.Rows {
		line.Reset()
		for i, field := range r.cells(c) {
			if i > 0 {
				line.WriteByte(',')
			}
			name, err := json.Marshal(field.name)
			if err != nil {
				return fmt.Errorf("column name %q: %w", field.name, err)
			}
			line.Write(name)
			line.WriteByte(':')
			line.WriteString(jsonNumber(field.text))
		}
		if _, err := fmt.Fprintf(w, "{%s}\n", line.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// jsonNumber makes valid JSON of a number's text.
func jsonNumber(text string) string {
	switch text {
	case "":
		return "null"
	case "+Inf", "-Inf", "NaN":
		return `"` + text + `"`
	}
	return text
}

// exact is a number that survives JSON, whatever it is.
type exact float64

// MarshalJSON writes the number as text.
func (e exact) MarshalJSON() ([]byte, error) {
	return []byte(`"` + formatFloat(float64(e)) + `"`), nil
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
