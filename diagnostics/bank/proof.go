package bank

import (
	"fmt"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
)

// Ways are the uses of the same N labels that the proof compares.
var Ways = []string{
	"(a) all labels, stopped by transformed images, averaged weights",
	"(b) 20 % held out, patience 5 by loss",
	"(b') 20 % held out, patience 5 by error",
	"(c) as (b), then all labels for as many epochs",
	"(c') as (b'), then all labels for as many epochs",
	"(d) all labels, last epoch",
	"(e) all labels, prediction changes alone",
	"best epoch of all labels (unknowable)",
	"(b) with averaged weights",
	"(b') with averaged weights",
	"(c) with averaged weights",
	"(c') with averaged weights",
	"(d) with averaged weights",
	"(e) with averaged weights",
	"best averaged weights of all labels (unknowable)",
}

// Pair is one seed of one setting, trained on all labels and with a share held out: the error of each of Ways on the
// same untouched images, and how many epochs each trained.
type Pair struct {
	Setting
	Seed   uint64
	Error  []float64
	Epochs []int
}

// Pairs matches the runs of the proof. A run without its counterpart is an error.
func Pairs(runs []Run, t diagnostics.Thresholds) ([]Pair, error) {
	held := map[string]Run{}
	for _, r := range runs {
		if r.Proof && r.Holdout > 0 {
			held[fmt.Sprint(r.Name(), r.Seed)] = r
		}
	}
	gain := Gain("", Shipped, t)
	var out []Pair
	for _, all := range runs {
		if !all.Proof || all.Holdout > 0 {
			continue
		}
		part, ok := held[fmt.Sprint(all.Name(), all.Seed)]
		if !ok {
			return nil, fmt.Errorf("bank: %s has no counterpart with a holdout", Key(all.Setting, all.Seed))
		}
		p := Pair{Setting: all.Setting, Seed: all.Seed}
		add := func(e float64, epochs int) { p.Error, p.Epochs = append(p.Error, e), append(p.Epochs, epochs) }
		alone := func(r Rule) {
			kept, ended := r.Choose(all)
			add(all.untouched(r.Averaged).Error[kept], ended+1)
		}
		// heldOut adds what validation on the held-out images chooses, by each rule, and what training on all labels for as
		// many epochs comes to.
		heldOut := func(rules ...Rule) {
			first := len(p.Epochs)
			var again []int
			for _, r := range rules {
				kept, ended := r.Choose(part)
				add(part.untouched(r.Averaged).Error[kept], ended+1)
				again = append(again, kept)
			}
			for i, kept := range again {
				kept = min(kept, all.last())
				add(all.untouched(rules[i].Averaged).Error[kept], p.Epochs[first+i]+kept+1)
			}
		}
		best := func(averaged bool) {
			on := all.untouched(averaged).Error
			add(on[slices.Index(on, slices.Min(on))], all.last()+1)
		}
		alone(gain)
		heldOut(ByLoss(5), ByError(5))
		alone(LastEpoch())
		alone(LabelWave())
		best(false)
		heldOut(ByKeptLoss(5), ByKeptError(5))
		alone(LastEpoch().With(""))
		alone(LabelWave().With(""))
		best(true)
		out = append(out, p)
	}
	return out, nil
}

// ProofMarkdown is the proof as a table: the mean and worst error of each way, and how often and by how much (a) beats it.
func ProofMarkdown(pairs []Pair) string {
	var out strings.Builder
	out.WriteString("| with the same N labels | test error, mean | worst | (a) is better in | by (points), mean | epochs, mean |\n|---|---|---|---|---|---|\n")
	for w, name := range Ways {
		mean, worst, wins, lead, epochs := 0.0, 0.0, 0, 0.0, 0.0
		for _, p := range pairs {
			mean += p.Error[w] / float64(len(pairs))
			worst = max(worst, p.Error[w])
			if p.Error[0] < p.Error[w] {
				wins++
			}
			lead += 100 * (p.Error[w] - p.Error[0]) / float64(len(pairs))
			epochs += float64(p.Epochs[w]) / float64(len(pairs))
		}
		fmt.Fprintf(&out, "| %s | %.2f %% | %.2f %% | %d of %d | %+.2f | %.0f |\n", name, 100*mean, 100*worst, wins, len(pairs), lead, epochs)
	}
	return out.String()
}
