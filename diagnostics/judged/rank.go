package judged

import (
	"cmp"
	"math"
	"slices"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/signal"
	"github.com/maxgain/maxgain/trainer"
)

// Fitness says how well the settings of a run serve, the best first.
type Fitness int

// The classes of fitness.
const (
	Healthy   Fitness = iota // converged
	Promising                // it learns, and wants more epochs or an earlier end
	Unclear                  // too little is known
	Unfit                    // its learning rate is too high
	Lost                     // it diverged, failed or never trained
)

// Fitness follows from the verdict. A run that failed is lost whatever its curve shows.
func (r *Run) Fitness() Fitness {
	if loss, _ := r.Lowest(signal.TrainLoss); math.IsNaN(loss) || r.Status.State == trainer.StateFailed {
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

// Compare orders runs by how well their settings serve, the best one first: by their fitness, then by their lowest
// training loss. It is the one order of a sweep's trials; validation has no part in it, so that it is the same order
// whether there is any or not.
func Compare(a, b *Run) int {
	x, _ := a.Lowest(signal.TrainLoss)
	y, _ := b.Lowest(signal.TrainLoss)
	return cmp.Or(cmp.Compare(a.Fitness(), b.Fitness()), compare(x, y))
}

// Order is what Rank sorts by, for people.
const Order = "verdict, then lowest training loss"

// Rank sorts runs by Compare. Runs that are equal keep their order.
func Rank(list []Run) []Run {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b Run) int { return Compare(&a, &b) })
	return sorted
}

// Numbers are those of a run by which it is told apart from others, NaN where there are none.
type Numbers struct {
	LearningRate             float64 // of the last epoch
	TrainLoss, LowestLoss    float64 // of the last epoch that has one; of all
	ValLoss, LowestValLoss   float64
	ValError, LowestValError float64 // shares
	GainColumn               string  // what the gain's level and variability were read from
	GainDB, GainVariability  float64 // dB
}

// Numbers reads them off the history.
func (r *Run) Numbers() Numbers {
	f := Numbers{LearningRate: r.Last(signal.LearningRate), TrainLoss: r.Last(signal.TrainLoss), ValLoss: r.Last(signal.ValLoss), ValError: r.Last(signal.ValError)}
	f.LowestLoss, _ = r.Lowest(signal.TrainLoss)
	f.LowestValLoss, _ = r.Lowest(signal.ValLoss)
	f.LowestValError, _ = r.Lowest(signal.ValError)
	f.GainColumn, f.GainDB, f.GainVariability = diagnostics.GainLevel(diagnostics.FromHistory(r.History))
	return f
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
