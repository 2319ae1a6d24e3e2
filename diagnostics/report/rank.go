package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/maxgain/maxgain/diagnostics"
)

// order is the rank of verdicts, best first, where there is no validation to rank by.
var order = []diagnostics.Verdict{diagnostics.Converged, diagnostics.Overfitting, diagnostics.StillLearning,
	diagnostics.Undetermined, diagnostics.LearningRateTooHigh, diagnostics.Diverged}

// last is the last known value of a column, best the smallest one and its epoch; NaN and −1 if there is none.
func (r *Run) last(c column) float64 {
	v := math.NaN()
	for _, row := range r.History.Rows {
		if x := c(row); !math.IsNaN(x) {
			v = x
		}
	}
	return v
}

func (r *Run) best(c column) (value float64, epoch int) {
	value, epoch = math.NaN(), -1
	for _, row := range r.History.Rows {
		if x := c(row); !math.IsNaN(x) && !(x >= value) {
			value, epoch = x, row.Epoch
		}
	}
	return value, epoch
}

// rank sorts runs, the best one first, and says by what: the lowest validation error if all runs have one, those
// that diverged last; else the verdict and then the last training loss. Runs that are equal keep their order.
func rank(runs []Run) (sorted []Run, by string) {
	sorted = slices.Clone(runs)
	validated := true
	for i := range sorted {
		_, epoch := sorted[i].best(valError)
		validated = validated && epoch >= 0
	}
	if validated {
		slices.SortStableFunc(sorted, func(a, b Run) int {
			lost := func(r Run) int { return b2i(r.Verdict.Verdict == diagnostics.Diverged) }
			x, _ := a.best(valError)
			y, _ := b.best(valError)
			return cmp.Or(lost(a)-lost(b), compare(x, y))
		})
		return sorted, "lowest validation error, those that diverged last"
	}
	slices.SortStableFunc(sorted, func(a, b Run) int {
		verdicts := slices.Index(order, a.Verdict.Verdict) - slices.Index(order, b.Verdict.Verdict)
		return cmp.Or(verdicts, compare(a.last(trainLoss), b.last(trainLoss)))
	})
	return sorted, "verdict, then last training loss"
}

// compare orders numbers, those that are none last.
func compare(a, b float64) int {
	switch {
	case math.IsNaN(a) || math.IsNaN(b):
		return b2i(math.IsNaN(a)) - b2i(math.IsNaN(b))
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// level is the median of a signal's finite values over the last third of the epochs, NaN if there are none.
func (r *Run) level(c column) float64 {
	var tail []float64
	rows := r.History.Rows
	for _, row := range rows[len(rows)-(len(rows)+2)/3:] {
		if v := c(row); !math.IsNaN(v) && !math.IsInf(v, 0) {
			tail = append(tail, v)
		}
	}
	if len(tail) == 0 {
		return math.NaN()
	}
	slices.Sort(tail)
	n := len(tail)
	return (tail[n/2] + tail[(n-1)/2]) / 2
}
