package diagnostics

import (
	"fmt"
	"math"
	"slices"

	"github.com/maxgain/maxgain/diagnostics/signal"
	"github.com/maxgain/maxgain/trainer"
)

// Names of the columns that the trainer fills; package signal says what each means.
const (
	TrainLoss    = signal.TrainLoss
	TrainError   = signal.TrainError
	LearningRate = signal.LearningRate
)

// Curve is what was measured over the epochs of one run, a series a column. It never holds validation columns: a
// verdict is drawn from what training itself shows. NaN stands for a value that was not measured; a training loss that
// was measured and was NaN is kept as +Inf.
type Curve struct {
	Epochs []int // ascending, each once; 0 is the network before training
	series map[string][]float64
}

// point is one epoch's values by column.
type point struct {
	epoch  int
	values map[string]float64
}

// newCurve puts points in the order of their epochs. Of points with the same epoch the last one counts: a resumed run
// that wrote an epoch again means the later numbers.
func newCurve(points []point) *Curve {
	slices.SortStableFunc(points, func(a, b point) int { return a.epoch - b.epoch })
	c := &Curve{series: map[string][]float64{}}
	for i, p := range points {
		if i+1 < len(points) && points[i+1].epoch == p.epoch {
			continue
		}
		c.Epochs = append(c.Epochs, p.epoch)
		for name, v := range p.values {
			if c.series[name] == nil {
				c.series[name] = nanSeries(len(points))
			}
			c.series[name][len(c.Epochs)-1] = v
		}
	}
	for name, s := range c.series {
		c.series[name] = s[:len(c.Epochs)]
	}
	return c
}

// measuredLoss is a loss that was measured, +Inf if it was no number.
func measuredLoss(v float64) float64 {
	if math.IsNaN(v) {
		return math.Inf(1)
	}
	return v
}

// nanSeries is a series of n values that were not measured.
func nanSeries(n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = math.NaN()
	}
	return s
}

// FromHistory is the curve of a run's history, its validation and test columns left behind.
func FromHistory(h *trainer.History) *Curve {
	points := make([]point, 0, len(h.Rows))
	for _, row := range h.Rows {
		values := map[string]float64{LearningRate: row.LearningRate}
		if row.Epoch >= 1 {
			values[TrainLoss], values[TrainError] = measuredLoss(row.TrainLoss), row.TrainError
		}
		for _, s := range row.Signals {
			if signal.Readable(s.Name) {
				values[s.Name] = s.Value
			}
		}
		points = append(points, point{row.Epoch, values})
	}
	return newCurve(points)
}

// Series returns the values of a column, one an epoch of c.Epochs, and whether any of them was measured.
func (c *Curve) Series(name string) ([]float64, bool) {
	s := c.series[name]
	return s, slices.ContainsFunc(s, func(v float64) bool { return !math.IsNaN(v) })
}

// Prefix is the curve as it stood after its first n epochs.
func (c *Curve) Prefix(n int) *Curve {
	out := &Curve{Epochs: c.Epochs[:n], series: make(map[string][]float64, len(c.series))}
	for name, s := range c.series {
		out.series[name] = s[:n]
	}
	return out
}

// trace is one series without its gaps: the epochs at which it was measured and the values found.
type trace struct{ x, y []float64 }

// trace returns the finite values of a column after training began (epoch 1 on).
func (c *Curve) trace(name string) trace {
	var t trace
	for i, v := range c.series[name] {
		if c.Epochs[i] >= 1 && !math.IsNaN(v) && !math.IsInf(v, 0) {
			t.x = append(t.x, float64(c.Epochs[i]))
			t.y = append(t.y, v)
		}
	}
	return t
}

// since returns the part of a trace from the given epoch on.
func (t trace) since(epoch float64) trace {
	at := slices.IndexFunc(t.x, func(x float64) bool { return x >= epoch })
	if at < 0 {
		return trace{}
	}
	return trace{t.x[at:], t.y[at:]}
}

// until returns the part of a trace up to and with the given epoch.
func (t trace) until(epoch float64) trace {
	n := len(t.x)
	for n > 0 && t.x[n-1] > epoch {
		n--
	}
	return trace{t.x[:n], t.y[:n]}
}

// lowest is the smallest value of a trace and the last epoch that has it; 0 and +Inf if the trace is empty.
func (t trace) lowest() (epoch, value float64) {
	value = math.Inf(1)
	for i, v := range t.y {
		if v <= value {
			epoch, value = t.x[i], v
		}
	}
	return epoch, value
}

// end is the median of the last n values, fewer if there are not so many.
func (t trace) end(n int) float64 { return median(t.y[max(0, len(t.y)-n):]) }

// last is the last epoch of the curve, 0 if it has none.
func (c *Curve) last() int {
	if len(c.Epochs) == 0 {
		return 0
	}
	return c.Epochs[len(c.Epochs)-1]
}

// Only is the curve with the named columns alone.
func (c *Curve) Only(columns ...string) *Curve {
	out := &Curve{Epochs: c.Epochs, series: map[string][]float64{}}
	for _, name := range columns {
		if s, ok := c.series[name]; ok {
			out.series[name] = s
		}
	}
	return out
}

// NewCurve is the curve of columns measured at epochs, which ascend from 0 or more; a column has a value an epoch, NaN where
// nothing was measured. A training loss that was no number is told by +Inf. Columns that no rule reads are an error.
func NewCurve(epochs []int, columns map[string][]float64) (*Curve, error) {
	for i, e := range epochs {
		if e < 0 || i > 0 && e <= epochs[i-1] {
			return nil, fmt.Errorf("curve: epoch %d at place %d: want ascending numbers from 0 on", e, i)
		}
	}
	c := &Curve{Epochs: slices.Clone(epochs), series: map[string][]float64{}}
	for name, values := range columns {
		if !signal.Readable(name) {
			return nil, fmt.Errorf("curve: no rule reads a column %q", name)
		}
		if len(values) != len(epochs) {
			return nil, fmt.Errorf("curve: column %s has %d values for %d epochs", name, len(values), len(epochs))
		}
		c.series[name] = slices.Clone(values)
	}
	return c, nil
}
