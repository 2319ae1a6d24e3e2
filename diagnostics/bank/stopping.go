package bank

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
)

// Rule is a way to end a run. Choose gives, for a run, the index (epoch − 1) of the epoch whose weights are kept and of
// the last epoch trained.
type Rule struct {
	Name     string
	Choose   func(r Run) (kept, ended int)
	Averaged bool // the averaged weights of the epoch are kept
}

// With is the rule, choosing by the trained weights' figures, with the averaged weights kept.
func (r Rule) With(name string) Rule {
	r.Name, r.Averaged = name, true
	return r
}

// Gain is the shipped rule on the signals of a view.
func Gain(name string, v View, t diagnostics.Thresholds) Rule {
	return Rule{Name: name, Averaged: true, Choose: func(r Run) (int, int) {
		curve := v.of(r)
		stop := &diagnostics.Stop{Thresholds: t, OnOverfitting: true, OnConvergence: true}
		for n := 1; n <= len(curve.Epochs); n++ {
			if d := stop.Decide(curve.Prefix(n)); d.Stop {
				return max(d.Epoch-1, 0), curve.Epochs[n-1] - 1
			}
		}
		return r.last(), r.last()
	}}
}

// LastEpoch trains to the end.
func LastEpoch() Rule {
	return Rule{Name: "last epoch", Choose: func(r Run) (int, int) { return r.last(), r.last() }}
}

// ByLoss and ByError are validation patience on the held-out images (Prechelt 1998).
func ByLoss(epochs int) Rule {
	return Rule{Name: fmt.Sprintf("validation loss, patience %d", epochs), Choose: func(r Run) (int, int) { return wait(r.Val.Loss, epochs) }}
}

// ByError is ByLoss with the error instead of the loss.
func ByError(epochs int) Rule {
	return Rule{Name: fmt.Sprintf("validation error, patience %d", epochs), Choose: func(r Run) (int, int) { return wait(r.Val.Error, epochs) }}
}

// ByKeptLoss and ByKeptError are validation patience on the figures of the averaged weights.
func ByKeptLoss(epochs int) Rule {
	return Rule{Name: fmt.Sprintf("validation loss of averaged weights, patience %d", epochs), Averaged: true,
		Choose: func(r Run) (int, int) { return wait(r.Kept.Loss, epochs) }}
}

// ByKeptError is ByKeptLoss with the error instead of the loss.
func ByKeptError(epochs int) Rule {
	return Rule{Name: fmt.Sprintf("validation error of averaged weights, patience %d", epochs), Averaged: true,
		Choose: func(r Run) (int, int) { return wait(r.Kept.Error, epochs) }}
}

// labelWaveWeight, labelWavePatience and labelWaveFrom are the setting of Label Wave that served best in a trial.
const (
	labelWaveWeight   = 0.5
	labelWavePatience = 5
	labelWaveFrom     = 2 // index of epoch 3
)

// LabelWave stops by the prediction changes alone, smoothed (Yuan et al. 2024, arXiv:2502.07551).
func LabelWave() Rule {
	return Rule{Name: "prediction changes alone", Choose: func(r Run) (int, int) {
		changes, _ := r.Curve.Only(diagnostics.PredictionChanges).Series(diagnostics.PredictionChanges)
		series, smooth := slices.Repeat([]float64{math.Inf(1)}, r.last()+1), math.NaN()
		for i, epoch := range r.Curve.Epochs {
			if epoch < 1 || changes == nil || math.IsNaN(changes[i]) {
				continue
			}
			if math.IsNaN(smooth) {
				smooth = changes[i]
			}
			smooth += labelWaveWeight * (changes[i] - smooth)
			if epoch-1 >= labelWaveFrom {
				series[epoch-1] = smooth
			}
		}
		return wait(series, labelWavePatience)
	}}
}

// wait keeps the epoch of the lowest value so far and ends when none lower has come for the given number of epochs.
// Values of +Inf at the start do not count.
func wait(series []float64, patience int) (kept, ended int) {
	kept = -1
	for i, v := range series {
		switch {
		case !math.IsInf(v, 1) && !math.IsNaN(v) && (kept < 0 || v < series[kept]):
			kept = i
		case kept >= 0 && i-kept >= patience:
			return kept, i
		}
	}
	return max(kept, 0), len(series) - 1
}

// last is the index of the last epoch.
func (r Run) last() int { return len(r.Losses.Epochs) - 1 }

// Regret is what a rule lost over some runs against the best epoch's trained weights of each, which cannot be known while
// training. It is negative where averaged weights are better than those of any epoch.
type Regret struct {
	Rule              string
	Runs              int
	MeanError         float64 // points of error (1 = 1 %) above the run's lowest, mean
	WorstError        float64
	MeanLoss          float64 // nats above the run's lowest, mean
	MeanEpochsTrained float64 // share of the epochs of the whole run
}

// Regrets compares rules on runs; each run is judged on its untouched images.
func Regrets(runs []Run, rules []Rule) []Regret {
	out := make([]Regret, 0, len(rules))
	for _, rule := range rules {
		g := Regret{Rule: rule.Name, Runs: len(runs)}
		for _, run := range runs {
			kept, ended := rule.Choose(run)
			best := run.untouched(false)
			on := run.untouched(rule.Averaged)
			lost := 100 * (on.Error[kept] - slices.Min(best.Error))
			g.MeanError += lost / float64(len(runs))
			g.WorstError = max(g.WorstError, lost)
			g.MeanLoss += (on.Loss[kept] - slices.Min(best.Loss)) / float64(len(runs))
			g.MeanEpochsTrained += float64(ended+1) / float64(run.last()+1) / float64(len(runs))
		}
		out = append(out, g)
	}
	return out
}

// untouched are the figures on the official images, which no rule without validation data has seen.
func (r Run) untouched(averaged bool) Figures {
	switch {
	case r.Holdout > 0 && averaged:
		return r.KeptTest
	case r.Holdout > 0:
		return r.Test
	case averaged:
		return r.Kept
	}
	return r.Val
}

// RegretsMarkdown is the comparison as a table.
func RegretsMarkdown(rows []Regret) string {
	var out strings.Builder
	out.WriteString("| rule | runs | error above best, mean (points) | worst | loss above best, mean | epochs trained |\n|---|---|---|---|---|---|\n")
	for _, g := range rows {
		fmt.Fprintf(&out, "| %s | %d | %.2f | %.2f | %.3f | %.0f %% |\n", g.Rule, g.Runs, g.MeanError, g.WorstError, g.MeanLoss, 100*g.MeanEpochsTrained)
	}
	return out.String()
}

// Where returns the runs for which keep is true.
func Where(runs []Run, keep func(Run) bool) []Run {
	var out []Run
	for _, r := range runs {
		if keep(r) {
			out = append(out, r)
		}
	}
	return out
}
