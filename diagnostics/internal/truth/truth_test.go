package truth

import (
	"math"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
)

func run(n int, train, val, valError func(e float64) float64) Losses {
	l := Losses{Classes: 10}
	for e := 1; e <= n; e++ {
		x := float64(e)
		l.Epochs = append(l.Epochs, e)
		l.TrainLoss = append(l.TrainLoss, train(x))
		l.ValLoss = append(l.ValLoss, val(x))
		l.ValError = append(l.ValError, valError(x))
	}
	return l
}

func TestJudge(t *testing.T) {
	fast := func(e float64) float64 { return 2 * math.Exp(-e/3) }
	slow := func(e float64) float64 { return 2.3 - 0.03*e }
	plus := func(f func(float64) float64, c float64) func(float64) float64 {
		return func(e float64) float64 { return f(e) + c }
	}
	constant := func(c float64) func(float64) float64 { return func(float64) float64 { return c } }
	turning := func(from, c, per float64) func(float64) float64 {
		return func(e float64) float64 { return c + fast(e)/2 + per*max(0, e-from) }
	}
	for _, test := range []struct {
		name  string
		l     Losses
		want  diagnostics.Verdict
		kind  diagnostics.Kind
		epoch int
	}{
		{"too short", run(7, fast, fast, constant(.1)), diagnostics.Undetermined, "", 0},
		{"no number", run(20, func(e float64) float64 { return math.Log(12 - e) }, fast, constant(.9)), diagnostics.Diverged, "", 12},
		{"lost", run(20, func(e float64) float64 { return min(2.3026, 1+max(0, e-8)) }, constant(2.3), constant(.9)), diagnostics.Diverged, "", 20},
		{"blown up at first", run(20, func(e float64) float64 { return 2.303 + 3*math.Exp(-e) }, constant(2.3), constant(.9)), diagnostics.Diverged, "", 20},
		{"dead throughout", run(20, constant(2.3026), constant(2.3026), constant(.9)), diagnostics.Diverged, "", 20},
		{"hardly moving", run(20, func(e float64) float64 { return 2.3026 - 1e-4*e }, constant(2.302), constant(.8)), diagnostics.StillLearning, diagnostics.RateTooLow, 20},
		{"swinging", run(20, func(e float64) float64 { return 1.2 + 0.3*math.Mod(e, 2) }, constant(1.5), constant(.5)), diagnostics.LearningRateTooHigh, "", 0},
		{"risen and stayed", run(20, func(e float64) float64 { return 2*math.Exp(-e) + 0.06*max(0, e-6) }, constant(1), constant(.5)), diagnostics.LearningRateTooHigh, "", 0},
		{"memorised", run(40, slow, constant(1), turning(15, .2, .01)), diagnostics.Overfitting, diagnostics.Memorised, 15},
		{"overconfident", run(40, fast, turning(15, .5, .02), plus(fast, .1)), diagnostics.Overfitting, diagnostics.Overconfident, 15},
		{"slow", run(40, slow, slow, constant(.5)), diagnostics.StillLearning, diagnostics.RateTooLow, 40},
		{"not yet", run(40, func(e float64) float64 { return 2 * math.Exp(-e/15) }, func(e float64) float64 { return .3 + 2*math.Exp(-e/15) }, constant(.1)),
			diagnostics.StillLearning, diagnostics.MoreEpochs, 40},
		// From 1.56 half-way over 1.44 to 1.37: 4.9 % over the last quarter, 12 % over the last half.
		{"slower and slower", run(40, fast, func(e float64) float64 { return 1.2 + 0.8*math.Exp(-e/25) }, constant(.1)),
			diagnostics.StillLearning, diagnostics.MoreEpochs, 40},
		{"done", run(40, fast, plus(fast, .3), plus(fast, .1)), diagnostics.Converged, "", 14},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Judge(test.l)
			if got.Verdict != test.want || got.Kind != test.kind {
				t.Errorf("got %v %v, want %v %v", got.Verdict, got.Kind, test.want, test.kind)
			}
			if d := got.Epoch - test.epoch; d < -2 || d > 2 {
				t.Errorf("epoch %d, want about %d", got.Epoch, test.epoch)
			}
		})
	}
}
