package judged

import (
	"math"

	"github.com/maxgain/maxgain/diagnostics/signal"
	"github.com/maxgain/maxgain/trainer"
)

// Value is what a row holds in a column of the metrics, NaN if it was not measured. A training loss that is NaN after
// training began was measured, and is +Inf here: as bad as an infinite one.
func Value(row trainer.Row, column string) float64 {
	switch column {
	case signal.LearningRate:
		return row.LearningRate
	case signal.TrainLoss:
		if row.Epoch > 0 && math.IsNaN(row.TrainLoss) {
			return math.Inf(1)
		}
		return row.TrainLoss
	case signal.TrainError:
		return row.TrainError
	case signal.ValLoss:
		return row.ValLoss
	case signal.ValError:
		return row.ValError
	case signal.TestLoss:
		return row.TestLoss
	case signal.TestError:
		return row.TestError
	}
	for _, s := range row.Signals {
		if s.Name == column {
			return s.Value
		}
	}
	return math.NaN()
}

// Columns are the columns of the table of signals of which at least one value was measured, in the order of the table:
// the evaluated figures first, then the signals in the order in which the run has them.
func (r *Run) Columns() []string {
	var out []string
	seen := map[string]bool{}
	add := func(name string, v float64) {
		if _, known := signal.Lookup(name); known && !seen[name] && !math.IsNaN(v) {
			seen[name] = true
			out = append(out, name)
		}
	}
	for _, s := range signal.All() {
		for _, row := range r.History.Rows {
			if s.Origin != signal.Probe {
				add(s.Name, Value(row, s.Name))
			}
		}
	}
	for _, row := range r.History.Rows {
		for _, s := range row.Signals {
			add(s.Name, s.Value)
		}
	}
	return out
}

// Last is the last value of a column that was measured, NaN if there is none.
func (r *Run) Last(column string) float64 {
	v := math.NaN()
	for _, row := range r.History.Rows {
		if x := Value(row, column); !math.IsNaN(x) {
			v = x
		}
	}
	return v
}

// Lowest is the smallest value of a column and its epoch, NaN and −1 if there is none.
func (r *Run) Lowest(column string) (value float64, epoch int) {
	value, epoch = math.NaN(), -1
	for _, row := range r.History.Rows {
		if x := Value(row, column); !math.IsNaN(x) && !(x >= value) {
			value, epoch = x, row.Epoch
		}
	}
	return value, epoch
}
