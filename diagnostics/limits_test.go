package diagnostics

import (
	"math"
	"testing"
)

// steadySwing alternates around −30 dB so that its roughness is sigma.
func steadySwing(sigma float64) func(e float64) float64 {
	return func(e float64) float64 { return -30 + sigma*math.Sqrt(1.5)/madToSigma/2*(1-2*math.Mod(e, 2)) }
}

// zigzag is a loss that falls from top to 1 at once and then goes up and down by step: 19 steps upward in 40 epochs.
func zigzag(top, step float64) func(e float64) float64 {
	return func(e float64) float64 {
		if e == 1 {
			return top
		}
		return 1 + step*math.Mod(e, 2)
	}
}

// A gain that varies by 3 dB means a rate too high; half of that is enough beside an unsteady training loss, a third where
// many predictions change at each epoch.
func TestLimitsOfVariability(t *testing.T) {
	constant := func(v float64) func(float64) float64 { return func(float64) float64 { return v } }
	steady := func(e float64) float64 { return 1 + math.Exp(-e) }
	for name, test := range map[string]struct {
		sigma, changes float64
		loss           func(float64) float64
		want           bool
	}{
		"3.1 dB":                               {3.1, 0.1, steady, true},
		"2.9 dB":                               {2.9, 0.1, steady, false},
		"1.6 dB, steps upward of 0.67":         {1.6, 0.1, zigzag(2, 0.035), true},
		"1.4 dB, steps upward of 0.67":         {1.4, 0.1, zigzag(2, 0.035), false},
		"1.6 dB, steps upward of 0.53":         {1.6, 0.1, zigzag(2, 0.028), false},
		"1.6 dB, a range of 7 %":               {1.6, 0.1, zigzag(1.075, 0.003), true},
		"1.6 dB, a range of 4 %":               {1.6, 0.1, zigzag(1.042, 0.003), false},
		"1.1 dB, 45 % of predictions change":   {1.1, 0.45, steady, true},
		"0.9 dB, 45 % of predictions change":   {0.9, 0.45, steady, false},
		"1.1 dB, 35 % of predictions change":   {1.1, 0.35, steady, false},
		"1.1 dB, a few predictions change":     {1.1, 0.1, steady, false},
		"1.1 dB, an unsteady loss, few change": {1.1, 0.1, zigzag(2, 0.035), false},
	} {
		t.Run(name, func(t *testing.T) {
			c := synthetic(40, map[string]func(float64) float64{PopulationGainDB: steadySwing(test.sigma), TrainLoss: test.loss,
				PredictionChanges: constant(test.changes)})
			if got := Diagnose(c, DefaultThresholds()).Verdict == LearningRateTooHigh; got != test.want {
				t.Errorf("too high: %v, want %v", got, test.want)
			}
		})
	}
}

// After a step of the schedule the new rate is judged by itself once it has had four epochs.
func TestFourEpochsAreARate(t *testing.T) {
	for step, want := range map[float64]Verdict{27: Converged, 28: StillLearning} {
		at := func(high, low float64) func(float64) float64 {
			return func(e float64) float64 {
				if e < step {
					return high
				}
				return low
			}
		}
		c := synthetic(30, map[string]func(float64) float64{LearningRate: at(0.05, 0.005), GainDB: at(-30, -26),
			TrainLoss: func(e float64) float64 { return 2*math.Exp(-e) + at(0.8, 0.5)(e) }})
		if r := Diagnose(c, DefaultThresholds()); r.Verdict != want {
			t.Errorf("a step at epoch %v of 30: %v, want %v", step, r.Verdict, want)
		}
	}
}

// What counts as lost: ten times the highest loss, a gain 30 dB down, or a loss that had come down to 0.8 of its highest and
// is back at 0.98 of it.
func TestLimitsOfDivergence(t *testing.T) {
	falling := func(e float64) float64 { return 2.3 * math.Exp(-e/5) } // 1.883 at epoch 1
	late := func(before func(float64) float64, since, v float64) func(float64) float64 {
		return func(e float64) float64 {
			if e >= since {
				return v
			}
			return before(e)
		}
	}
	down := func(to float64) func(float64) float64 {
		return func(e float64) float64 { return to + (2.3-to)*math.Exp(-(e-1)/1.5) }
	}
	for name, test := range map[string]struct {
		gain, loss func(float64) float64
		want       bool
	}{
		"ten times its highest":      {flattening, late(falling, 20, 18.9), true},
		"nine times its highest":     {flattening, late(falling, 20, 17), false},
		"a gain 33 dB down":          {late(level, 18, -63), falling, true},
		"a gain 27 dB down":          {late(level, 18, -57), falling, false},
		"from 0.7 back to 0.99":      {level, late(down(1.6), 19, 2.28), true},
		"from 0.7 back to 0.95":      {level, late(down(1.6), 19, 2.19), false},
		"from 0.87 back to 0.99":     {level, late(down(2), 19, 2.28), false},
		"a gain down for two epochs": {late(level, 19, -63), falling, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := synthetic(20, map[string]func(float64) float64{GainDB: test.gain, TrainLoss: test.loss})
			if got := Diagnose(c, DefaultThresholds()).Verdict == Diverged; got != test.want {
				t.Errorf("diverged: %v, want %v", got, test.want)
			}
		})
	}
}

// The signs of overfitting on shifted images, each just beyond its limit and just short of it.
func TestLimitsOfShiftedImages(t *testing.T) {
	fitted := func(e float64) float64 { return 0.001 + 2.3*math.Exp(-e/5) }
	// turned has changes that rise by half after epoch 15, and a loss on shifted images that rises by a share of its floor.
	turned := func(rise float64) map[string]func(float64) float64 {
		series := moved(0, 0, 15, 0)
		floor := series[ShiftLoss]
		series[ShiftLoss] = func(e float64) float64 { return floor(e) * (1 + rise*min(1, max(0, e-15)/3)) }
		series[PredictionChanges] = learning(0, 0, 15)[PredictionChanges]
		series[TrainLoss] = fitted
		return series
	}
	// sure has a loss on shifted images that rises by half, and a low-frequency share that falls.
	sure := func(fall float64) map[string]func(float64) float64 {
		series := moved(0, 0, 15, 0.02)
		series[LowShare] = func(e float64) float64 { return 0.87 - 0.5*math.Exp(-e/2) - fall*min(1, max(0, e-15)/10) }
		series[TrainLoss] = fitted
		return series
	}
	// stalled has a hard training loss that falls by 2.5 % an epoch, and a loss on shifted images that falls by less.
	stalled := func(perEpoch float64) map[string]func(float64) float64 {
		series := moved(0, 0, 1000, 0)
		series[TrainLoss] = func(e float64) float64 { return 1.5*math.Exp(-0.025*e) + math.Exp(-2*e) }
		series[ShiftLoss] = func(e float64) float64 { return 1.2 * math.Exp(-perEpoch*e) }
		return series
	}
	for name, test := range map[string]struct {
		epochs int
		series map[string]func(float64) float64
		want   bool
	}{
		"changes rise, the loss by 4 %":       {40, turned(0.04), true},
		"changes rise, the loss by 1 %":       {40, turned(0.01), false},
		"the share falls by 0.16":             {40, sure(0.16), true},
		"the share falls by 0.09":             {40, sure(0.09), false},
		"a stall of ten epochs":               {14, stalled(0), true},
		"a stall of nine":                     {11, stalled(0), false},
		"shifted images better by 2 % in ten": {20, stalled(0.002), true},
		"shifted images better by 5 % in ten": {20, stalled(0.005), false},
	} {
		t.Run(name, func(t *testing.T) {
			r := Diagnose(synthetic(test.epochs, test.series), DefaultThresholds())
			if got := r.Verdict == Overfitting; got != test.want {
				t.Errorf("overfitting: %v (%v), want %v", got, r.Verdict, test.want)
			}
		})
	}
}

// A net that grows overconfident is stopped when it has not got better on shifted images for ten epochs, not before.
func TestOverconfidenceWaitsTenEpochs(t *testing.T) {
	series := moved(0, 0, 15, 0.05)
	series[BoundaryDistance] = learning(0, 0, 15)[BoundaryDistance]
	series[TrainLoss] = func(e float64) float64 { return 0.001 + 2.3*math.Exp(-e/5) }
	c := synthetic(40, series)
	stop := &Stop{Thresholds: DefaultThresholds(), OnOverfitting: true}
	for n := 1; n <= 40; n++ {
		d := stop.Decide(c.Prefix(n))
		if !d.Stop {
			continue
		}
		if d.Report.Kind != Overconfident || n-d.Epoch != 10 {
			t.Errorf("stopped at %d for %s with the weights of %d, want ten epochs later", n, d.Report.Kind, d.Epoch)
		}
		return
	}
	t.Error("never stopped")
}

// A verdict is told while the training goes on if it is more likely right than wrong.
func TestDoubtfulVerdictsAreNotTold(t *testing.T) {
	falls := func(e float64) float64 { return 1 - 0.03*e + 2*math.Exp(-2*e) }
	likely := synthetic(12, map[string]func(float64) float64{PopulationGainDB: level, TrainLoss: falls, ShiftLoss: func(float64) float64 { return 1 },
		PredictionChanges: func(float64) float64 { return 0.1 }})
	if got := told(t, historyOf(likely)); got == "" { // still learning at 55 %
		t.Error("a verdict of 55 % is not told")
	}
	doubtful := synthetic(12, map[string]func(float64) float64{PopulationGainDB: level, TrainLoss: falls})
	if got := told(t, historyOf(doubtful)); got != "" { // still learning at 45 %
		t.Errorf("a verdict of 45 %% is told: %s", got)
	}
}

// The second half's way over the first's tells the kind from 0.5 on.
func TestLimitOfPace(t *testing.T) {
	for second, want := range map[float64]Kind{0.55: RateTooLow, 0.45: MoreEpochs} {
		loss := func(e float64) float64 { return 2.5 - min(e-1, 20)/20 - second*max(0, e-21)/20 } // epochs 1, 21 and 41
		r := Diagnose(synthetic(41, map[string]func(float64) float64{GainDB: level, TrainLoss: loss}), DefaultThresholds())
		if r.Verdict != StillLearning || r.Kind != want {
			t.Errorf("a way of %v of the first half's: %v, %s, want %s", second, r.Verdict, r.Kind, want)
		}
	}
}

// A gain has been flat since it came within 1 dB of its end.
func TestLimitOfPlateau(t *testing.T) {
	gain := func(e float64) float64 { return -30 - 4*max(0, 10-e)/10 } // 0.4 dB an epoch up to epoch 10: a span of 3.6 dB
	r := Diagnose(synthetic(40, map[string]func(float64) float64{GainDB: gain}), DefaultThresholds())
	// Smoothed by half it lags by an epoch, 0.4 dB: within 1 dB from epoch 9 on, within 3 dB from 4 on.
	if r.Verdict != Converged || r.Epoch < 8 || r.Epoch > 10 {
		t.Errorf("%v since epoch %d, want converged since 8 to 10", r.Verdict, r.Epoch)
	}
}
