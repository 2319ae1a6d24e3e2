package sweep

import (
	"math"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/trainer"
)

// row is a trial with the training losses of its epochs from 0 on and a verdict.
func row(name string, v diagnostics.Verdict, next float64, losses ...float64) Row {
	h := &trainer.History{}
	for epoch, loss := range losses {
		h.Rows = append(h.Rows, trainer.Row{Epoch: epoch, TrainLoss: loss, LearningRate: 0.01})
	}
	return Row{Trial: name, Set: "train.learning_rate=0.01", Rate: 0.01, NextRate: next, Verdict: v, Advice: "advice of " + name,
		run: &judged.Run{Name: name, History: h, Verdict: diagnostics.Report{Verdict: v, NextRate: next, Confidence: 0.95}}}
}

// The best trial is one whose rate serves, whatever loss another one has come to.
func TestBestTrial(t *testing.T) {
	for name, c := range map[string]struct {
		rows []Row
		best string
		rate float64
		says string
	}{
		"a rate that is too high has the lowest loss": {
			[]Row{row("high", diagnostics.LearningRateTooHigh, 0.003, math.NaN(), 1, 0.1), row("learns", diagnostics.StillLearning, 0, math.NaN(), 2, 1)},
			"learns", 0.01, "Take learns: still learning, lowest training loss 1."},
		"converged before still learning": {
			[]Row{row("learns", diagnostics.StillLearning, 0, math.NaN(), 1, 0.1), row("done", diagnostics.Converged, 0, math.NaN(), 1, 0.5)},
			"done", 0.01, "Take done: converged, lowest training loss 0.5. Next best: learns: still learning"},
		"of equal verdicts the lower loss": {
			[]Row{row("a", diagnostics.Converged, 0, math.NaN(), 1, 0.5), row("b", diagnostics.Converged, 0.02, math.NaN(), 1, 0.4)},
			"b", 0.02, "Take b: converged, lowest training loss 0.4. Then try the learning rate 0.02. Next best: a: converged"},
		"no rate serves: the lowest one advised": {
			[]Row{row("a", diagnostics.LearningRateTooHigh, 0.03, math.NaN(), 1, 0.5), row("b", diagnostics.Diverged, 0.001, math.NaN(), 1, math.Inf(1)),
				row("c", diagnostics.LearningRateTooHigh, 0.01, math.NaN(), 1, 0.4)},
			"", 0.001, "No trial trains well: all learn too unsteadily, diverged or failed. Try the learning rate 0.001."},
		"nobody advises a rate": {
			[]Row{row("a", diagnostics.Diverged, 0, math.NaN())}, "", 0, "No trial trains well"},
		"too short for a verdict": {
			[]Row{row("a", diagnostics.Undetermined, 0, math.NaN(), 1, 0.5)}, "a", 0.01, "No trial has run long enough for a verdict. Ahead so far by its training loss: a"},
		"none has begun": {[]Row{{Trial: "a"}}, "", 0, "No trial trains well"},
		"none at all":    {nil, "", 0, "No trial trains well"},
	} {
		s := Summarise(c.rows)
		if s.Best != c.best || s.Rate != c.rate || !strings.HasPrefix(s.Advice, c.says) {
			t.Errorf("%s: best %q at the rate %v (%s); want %q at %v (%s…)", name, s.Best, s.Rate, s.Advice, c.best, c.rate, c.says)
		}
	}
}
