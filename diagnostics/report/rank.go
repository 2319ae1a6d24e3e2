package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// Fitness says how fit the settings of a run are to go on with, the fittest first.
type Fitness int

// The classes of fitness.
const (
	Healthy   Fitness = iota // converged
	Promising                // it learns, and wants more epochs or an earlier end
	Unclear                  // too little is known
	Unfit                    // its learning rate is too high
	Lost                     // it diverged, failed or never trained
)

// Fitness is drawn from the verdict. A run that failed is lost whatever its curve promised.
func (r *Run) Fitness() Fitness {
	if loss, _ := r.best(trainLoss); math.IsNaN(loss) || r.Status.State == trainer.StateFailed {
		return Lost
	}
	switch r.Verdict.Verdict {
	case diagnostics.Converged:
		return Healthy
	case diagnostics.Overfitting, diagnostics.StillLearning:
		return Promising
	case diagnostics.LearningRateTooHigh:
		return Unfit
	case diagnostics.Diverged:
		return Lost
	}
	return Unclear
}

// Compare orders runs by what their settings promise, the best one first: by their fitness, then by their lowest
// training loss. It is the one order of a sweep's trials; validation has no part in it, so that it is the same order
// whether there is any or not.
func Compare(a, b *Run) int {
	x, _ := a.best(trainLoss)
	y, _ := b.best(trainLoss)
	return cmp.Or(cmp.Compare(a.Fitness(), b.Fitness()), compare(x, y))
}

// rank sorts runs by Compare and says by what. Runs that are equal keep their order.
func rank(runs []Run) (sorted []Run, by string) {
	sorted = slices.Clone(runs)
	slices.SortStableFunc(sorted, func(a, b Run) int { return Compare(&a, &b) })
	return sorted, "verdict, then lowest training loss"
}

// Figures are the numbers of a run by which it is told apart from others, NaN where there are none.
type Figures struct {
	LearningRate             float64 // of the last epoch
	TrainLoss, LowestLoss    float64 // of the last epoch that has one; of all
	ValLoss, LowestValLoss   float64
	ValError, LowestValError float64 // shares
	GainColumn               string  // what the gain's level and variability were read from
	GainDB, GainVariability  float64 // dB
}

// Figures draws the numbers from the history.
func (r *Run) Figures() Figures {
	f := Figures{LearningRate: r.last(learningRate), TrainLoss: r.last(trainLoss), ValLoss: r.last(valLoss), ValError: r.last(valError)}
	f.LowestLoss, _ = r.best(trainLoss)
	f.LowestValLoss, _ = r.best(valLoss)
	f.LowestValError, _ = r.best(valError)
	f.GainColumn, f.GainDB, f.GainVariability = diagnostics.GainLevel(diagnostics.FromHistory(r.History))
	return f
}

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
