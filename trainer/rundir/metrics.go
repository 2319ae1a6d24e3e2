package rundir

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/maxgain/maxgain/trainer"
)

// epochColumn is the first column of the table of metrics.
const epochColumn = "epoch"

// when says in which rows a column of the table was measured, and whether the table has it.
type when int

const (
	trained  when = iota // in the rows of epochs that were trained, where a NaN is a measured one
	measured             // in the rows that hold a number
	optional             // the same, and the table has the column only if one of its rows holds it
)

// figure is a column of the table that every run may have; the other columns are signals.
type figure struct {
	name  string
	when  when
	value func(r *trainer.Row) *float64
	with  func(r *trainer.Row) *float64 // the loss that an error was measured with, which is no number where it was not
}

// figures are the columns before the signals, figuresAfter those behind them.
var (
	figures = []figure{
		{"learning_rate", trained, func(r *trainer.Row) *float64 { return &r.LearningRate }, nil},
		{"train_loss", trained, func(r *trainer.Row) *float64 { return &r.TrainLoss }, nil},
		{"train_error", trained, func(r *trainer.Row) *float64 { return &r.TrainError }, nil},
		{"val_loss", optional, valLoss, nil},
		{"val_error", optional, func(r *trainer.Row) *float64 { return &r.ValError }, valLoss},
		{"test_loss", optional, testLoss, nil},
		{"test_error", optional, func(r *trainer.Row) *float64 { return &r.TestError }, testLoss},
	}
	figuresAfter = []figure{
		{"seconds", measured, func(r *trainer.Row) *float64 { return &r.Seconds }, nil},
		{"images_per_second", trained, func(r *trainer.Row) *float64 { return &r.ImagesPerSecond }, nil},
	}
)

func valLoss(r *trainer.Row) *float64  { return &r.ValLoss }
func testLoss(r *trainer.Row) *float64 { return &r.TestLoss }

// holds tells whether a row has a value in the column.
func (f figure) holds(r *trainer.Row) bool {
	if f.when == trained {
		return r.Epoch > 0
	}
	return !math.IsNaN(*f.value(r)) && (f.with == nil || !math.IsNaN(*f.with(r)))
}

// Field is a value of a row under the name of its column.
type Field struct {
	Name  string
	Value float64
}

// Fields are the values that a row holds, the epoch left out. A training loss that is no number is among them; what
// was not measured is not.
func Fields(r trainer.Row) []Field {
	var fields []Field
	add := func(columns []figure) {
		for _, f := range columns {
			if f.holds(&r) {
				fields = append(fields, Field{f.name, *f.value(&r)})
			}
		}
	}
	add(figures)
	for _, s := range r.Signals {
		if !math.IsNaN(s.Value) {
			fields = append(fields, Field(s))
		}
	}
	add(figuresAfter)
	return fields
}

// columns are the names of the table's columns: the figures that it has, and the signals in the order in which they
// first appear.
func columns(h *trainer.History) []string {
	names := []string{epochColumn}
	for _, f := range figures {
		has := f.when != optional
		for i := range h.Rows {
			has = has || f.holds(&h.Rows[i])
		}
		if has {
			names = append(names, f.name)
		}
	}
	seen := map[string]bool{}
	for _, r := range h.Rows {
		for _, s := range r.Signals {
			if !seen[s.Name] {
				seen[s.Name] = true
				names = append(names, s.Name)
			}
		}
	}
	for _, f := range figuresAfter {
		names = append(names, f.name)
	}
	return names
}

// table calls line with the texts of each row in the order of the names. A number's text is the shortest that reads
// back as the same number, and empty for what was not measured.
func table(h *trainer.History, names []string, line func(texts []string) error) error {
	place := make(map[string]int, len(names))
	for i, name := range names {
		place[name] = i
	}
	texts := make([]string, len(names))
	for _, r := range h.Rows {
		clear(texts)
		texts[0] = strconv.Itoa(r.Epoch)
		for _, f := range Fields(r) {
			texts[place[f.Name]] = strconv.FormatFloat(f.Value, 'g', -1, 64)
		}
		if err := line(texts); err != nil {
			return err
		}
	}
	return nil
}

// WriteMetrics writes a history as comma-separated values below a line of column names. Infinite values are "+Inf"
// and "-Inf", a training loss that is not a number is "NaN", what was not measured is empty.
func WriteMetrics(w io.Writer, h *trainer.History) error {
	out := csv.NewWriter(w)
	names := columns(h)
	if err := out.Write(names); err != nil {
		return err
	}
	if err := table(h, names, out.Write); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// writeMetricsJSONL writes one JSON object a row with the columns of WriteMetrics. What was not measured is null;
// "+Inf", "-Inf" and "NaN" are strings.
func writeMetricsJSONL(w io.Writer, h *trainer.History) error {
	names := columns(h)
	keys := make([][]byte, len(names))
	for i, name := range names {
		key, err := json.Marshal(name)
		if err != nil {
			return fmt.Errorf("column %q: %w", name, err)
		}
		keys[i] = key
	}
	var line bytes.Buffer
	return table(h, names, func(texts []string) error {
		line.Reset()
		for i, text := range texts {
			if i > 0 {
				line.WriteByte(',')
			}
			line.Write(keys[i])
			line.WriteByte(':')
			line.WriteString(jsonNumber(text))
		}
		_, err := fmt.Fprintf(w, "{%s}\n", line.Bytes())
		return err
	})
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

// ReadMetrics reads what WriteMetrics wrote. An empty field was not measured; columns that are no figures are signals.
func ReadMetrics(r io.Reader) (*trainer.History, error) {
	lines := csv.NewReader(r)
	lines.ReuseRecord = true
	header, err := lines.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty, want a line of column names")
	}
	if err != nil {
		return nil, err
	}
	places, err := placesOf(header)
	if err != nil {
		return nil, err
	}
	h := &trainer.History{}
	for {
		texts, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return h, nil
		}
		if err != nil {
			return nil, err
		}
		row, err := rowOf(places, texts)
		if err != nil {
			line, _ := lines.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		h.Rows = append(h.Rows, row)
	}
}

// parseMetrics is ReadMetrics for text at hand.
func parseMetrics(text []byte) (*trainer.History, error) { return ReadMetrics(bytes.NewReader(text)) }

// place is where a column's texts go: the epoch, a figure or else a signal.
type place struct {
	name  string
	epoch bool
	value func(r *trainer.Row) *float64 // nil for a signal
}

func placesOf(header []string) ([]place, error) {
	places := make([]place, len(header))
	seen := map[string]bool{}
	for i, name := range header {
		if name == "" || seen[name] {
			return nil, fmt.Errorf("line 1: column %d has the name %q, which is empty or taken", i+1, name)
		}
		seen[name] = true
		places[i] = place{name: name, epoch: name == epochColumn}
		for _, columns := range [][]figure{figures, figuresAfter} {
			for _, f := range columns {
				if f.name == name {
					places[i].value = f.value
				}
			}
		}
	}
	if !seen[epochColumn] {
		return nil, fmt.Errorf("line 1: there is no column %s", epochColumn)
	}
	return places, nil
}

func rowOf(places []place, texts []string) (trainer.Row, error) {
	row := trainer.NewRow(0)
	for i, p := range places {
		text := texts[i]
		if p.epoch {
			var err error
			if row.Epoch, err = strconv.Atoi(text); err != nil || row.Epoch < 0 {
				return row, fmt.Errorf("%s %q: want a number, at least 0", p.name, text)
			}
			continue
		}
		if text == "" {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return row, fmt.Errorf("%s: %w", p.name, err)
		}
		if p.value != nil {
			*p.value(&row) = v
		} else {
			row.Signals = append(row.Signals, trainer.Signal{Name: p.name, Value: v})
		}
	}
	return row, nil
}
