package bank

import (
	"slices"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/internal/truth"
)

// What a lower learning rate must be better by for a rate to be too high (docs/ground-truth.md): the lowest validation
// error by a point and by a twentieth, the training loss at the end by a tenth.
const (
	betterError    = 0.01
	betterRelative = 0.05
	betterLoss     = 0.1
)

// findLower gives every run the losses of those that differ from it by a lower learning rate.
func findLower(runs []Run) {
	for i := range runs {
		for _, o := range runs {
			if o.Rate < runs[i].Rate && runs[i].sibling(o) {
				runs[i].lower = append(runs[i].lower, o.Losses)
			}
		}
	}
}

// sibling tells whether two runs differ in their rate and their number of epochs at most.
func (r Run) sibling(o Run) bool {
	a, b := r.Setting, o.Setting
	a.Rate, a.Epochs, a.Proof = b.Rate, b.Epochs, b.Proof
	return a == b && r.Seed == o.Seed
}

// truthAt is the truth about the run's first epochs, lower rates considered.
func (r Run) truthAt(epochs int) truth.Truth {
	mine := r.Losses.Begin(epochs)
	was := truth.Judge(mine)
	if was.Verdict == diagnostics.Diverged || was.Verdict == diagnostics.Undetermined {
		return was
	}
	for _, other := range r.lower {
		if len(other.Epochs) >= epochs && better(other.Begin(epochs), mine) {
			return truth.Truth{Verdict: diagnostics.LearningRateTooHigh, Epoch: mine.Epochs[epochs-1]}
		}
	}
	return was
}

// better tells whether a run went clearly better than another one of as many epochs, which did not diverge.
func better(a, b truth.Losses) bool {
	if truth.Judge(a).Verdict == diagnostics.Diverged {
		return false
	}
	n, mine, its := len(a.Epochs)-1, slices.Min(a.ValError), slices.Min(b.ValError)
	return mine <= its-max(betterError, betterRelative*its) && a.TrainLoss[n] <= (1-betterLoss)*b.TrainLoss[n]
}
