// Package truth judges a run by its losses and errors alone, validation columns included: the measure against which
// the rules of package diagnostics, which see none of these but the training loss, are held. docs/ground-truth.md
// states the rule and its reasons.
package truth

import (
	"math"
	"slices"

	"github.com/maxgain/maxgain/diagnostics"
)

// Losses are the columns of one run from epoch 1 on, all of one length.
type Losses struct {
	Epochs                       []int
	TrainLoss, ValLoss, ValError []float64
	Classes                      int
}

// Begin is the columns up to the given number of epochs.
func (l Losses) Begin(epochs int) Losses {
	l.Epochs, l.TrainLoss, l.ValLoss, l.ValError = l.Epochs[:epochs], l.TrainLoss[:epochs], l.ValLoss[:epochs], l.ValError[:epochs]
	return l
}

// Truth is what a run was.
type Truth struct {
	Verdict diagnostics.Verdict
	Kind    diagnostics.Kind // of overfitting and of still-learning
	Epoch   int              // of the onset: lowest validation error or loss, or the begin of the plateau
}

// The numbers of docs/ground-truth.md.
const (
	leastEpochs   = 8
	chanceEnd     = 0.98 // of ln K
	leftChance    = 0.9
	aboveChance   = 1.02
	leastRange    = 0.1
	unsteady      = 0.6
	stayedUp      = 0.3
	errorRise     = 0.01
	errorRelative = 0.05
	lossRise      = 0.1
	lossRelative  = 0.2
	stillLoss     = 0.02
	stillError    = 0.005
	stillRelative = 0.05
	tolerance     = 0.25
)

// Judge returns the truth about a run.
func Judge(l Losses) Truth { return judge(l, 1, 1) }

// Verdicts are those that Judge gives with the limits of overfitting, and those of a rate too high and of still learning, each
// made smaller and larger by a quarter: what a run may fairly be called.
func Verdicts(l Losses) []diagnostics.Verdict {
	var out []diagnostics.Verdict
	for _, over := range []float64{1, 1 - tolerance, 1 + tolerance} {
		for _, other := range []float64{1, 1 - tolerance, 1 + tolerance} {
			if v := judge(l, over, other).Verdict; !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}

// judge is Judge with the limits of overfitting multiplied by one factor and those of a rate too high and of still learning by
// another.
func judge(l Losses, over, other float64) Truth {
	for i := range l.Epochs {
		if !finite(l.TrainLoss[i]) || !finite(l.ValLoss[i]) {
			return Truth{Verdict: diagnostics.Diverged, Epoch: l.Epochs[i]}
		}
	}
	n := len(l.Epochs)
	if n < leastEpochs {
		return Truth{Verdict: diagnostics.Undetermined}
	}
	chance := math.Log(float64(l.Classes))
	stuck := end(l.TrainLoss) >= chanceEnd*chance
	if stuck && (slices.Min(l.TrainLoss) < leftChance*chance || slices.Max(l.TrainLoss) > aboveChance*chance ||
		l.TrainLoss[n-1] >= l.TrainLoss[n/2]) {
		return Truth{Verdict: diagnostics.Diverged, Epoch: l.Epochs[n-1]}
	}
	if tooHigh(l.TrainLoss, other) {
		return Truth{Verdict: diagnostics.LearningRateTooHigh}
	}
	v, e := runningMedian(l.ValLoss), runningMedian(l.ValError)
	before := n - tail(n)
	if lowest := slices.Min(e); lastMinimum(e) < before && end(l.ValError) >= lowest+over*max(errorRise, errorRelative*lowest) {
		return Truth{diagnostics.Overfitting, diagnostics.Memorised, l.Epochs[lastMinimum(e)]}
	}
	if lowest := slices.Min(v); lastMinimum(v) < before && end(l.ValLoss) >= lowest+over*max(lossRise, lossRelative*lowest) {
		return Truth{diagnostics.Overfitting, diagnostics.Overconfident, l.Epochs[lastMinimum(v)]}
	}
	lossEnd, errorEnd := end(l.ValLoss), end(l.ValError)
	quarter, half := n-1-n/4, n-1-n/2
	if stuck || v[quarter]-lossEnd >= other*max(stillLoss, stillRelative*v[quarter]) ||
		v[half]-lossEnd >= 2*other*max(stillLoss, stillRelative*v[half]) ||
		e[quarter]-errorEnd >= other*max(stillError, stillRelative*e[quarter]) {
		return Truth{diagnostics.StillLearning, pace(l.TrainLoss, stuck), l.Epochs[n-1]}
	}
	return Truth{Verdict: diagnostics.Converged, Epoch: l.Epochs[plateau(v, end(l.ValLoss))]}
}

// tooHigh tells whether the training loss was unsteady or stayed above its minimum.
func tooHigh(t []float64, factor float64) bool {
	lowest := slices.Min(t)
	span := slices.Max(t) - lowest
	if span < leastRange {
		return false
	}
	up := 0.0
	for i := 1; i < len(t); i++ {
		up += max(0, t[i]-t[i-1])
	}
	return up >= factor*unsteady*span || end(t)-lowest >= factor*stayedUp*span
}

// pace tells a rate too low from a run too short by the shape of the training loss.
func pace(t []float64, stuck bool) diagnostics.Kind {
	half := len(t) / 2
	if stuck || t[half]-t[len(t)-1] >= (t[0]-t[half])/2 {
		return diagnostics.RateTooLow
	}
	return diagnostics.MoreEpochs
}

// plateau is the first index from which v stays near its end.
func plateau(v []float64, level float64) int {
	at := len(v) - 1
	for at > 0 && math.Abs(v[at-1]-level) <= max(stillLoss, stillRelative*level) {
		at--
	}
	return at
}

// end is the median of the tail.
func end(v []float64) float64 {
	return middle(v[len(v)-min(len(v), tail(len(v))):])
}

// tail is the number of last values that a series' end is taken from.
func tail(n int) int { return max(3, n/10) }

// runningMedian is the median over max(3, n/8 made odd) values around each, fewer at the ends.
func runningMedian(v []float64) []float64 {
	side := max(3, len(v)/8) / 2
	out := make([]float64, len(v))
	for i := range v {
		out[i] = middle(v[max(0, i-side):min(len(v), i+side+1)])
	}
	return out
}

// middle is the median of values.
func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// lastMinimum is the last index of the smallest value.
func lastMinimum(v []float64) int {
	at := 0
	for i, x := range v {
		if x <= v[at] {
			at = i
		}
	}
	return at
}

// finite tells whether v is a number.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
