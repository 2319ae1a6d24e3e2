package diagnostics

import (
	"math"
	"testing"

	"github.com/maxgain/maxgain/diagnostics/signal"
)

// A training loss that falls at every epoch says nothing against its learning rate, even where most of the fall comes with
// the last epochs, so that their median lies far above the lowest.
func TestLateFallIsNoRateTooHigh(t *testing.T) {
	for name, loss := range map[string]func(e float64) float64{
		"faster and faster": func(e float64) float64 { return 2.3 - 0.05*(math.Exp(e/4)-1) },
		"even":              func(e float64) float64 { return 2.3 - 0.1*e },
		"slower and slower": func(e float64) float64 { return 2.3 * math.Exp(-e/4) },
	} {
		c := synthetic(12, map[string]func(float64) float64{
			TrainLoss: loss, signal.MixedLoss: loss, signal.MixedError: func(e float64) float64 { return loss(e) / 3 },
			signal.MixedChanges: func(e float64) float64 { return 1 / (1 + e) }, GainDB: level,
		})
		if r := Diagnose(c, DefaultThresholds()); r.Verdict != StillLearning {
			t.Errorf("%s: %v, want still-learning; %v", name, r.Verdict, r.Evidence)
		}
	}
	// One that has come up again and stays there does.
	up := func(e float64) float64 {
		if e < 6 {
			return 2.3 - 0.3*e
		}
		return 1.6
	}
	c := synthetic(12, map[string]func(float64) float64{
		TrainLoss: up, signal.MixedLoss: up, signal.MixedError: func(e float64) float64 { return up(e) / 3 },
		signal.MixedChanges: func(e float64) float64 { return 1 / (1 + e) }, GainDB: level,
	})
	if r := Diagnose(c, DefaultThresholds()); r.Verdict != LearningRateTooHigh {
		t.Errorf("risen to stay: %v, want learning-rate-too-high; %v", r.Verdict, r.Evidence)
	}
}
