package diagnostics

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/maxgain/maxgain/diagnostics/signal"
)

// noiseColumns are all columns that a rule may read.
func noiseColumns() []string {
	var out []string
	for _, s := range signal.All() {
		if s.Rule && !s.Numbered && s.Name != LearningRate {
			out = append(out, s.Name)
			if twin := signal.Averaged(s.Name); signal.Readable(twin) {
				out = append(out, twin)
			}
		}
	}
	return out
}

// Curves of noise show no training: at most one in twenty may get another verdict than undetermined.
func TestNoiseIsUndetermined(t *testing.T) {
	kinds := map[string]func(r *rand.Rand) func(float64) float64{
		"white noise": func(r *rand.Rand) func(float64) float64 {
			return func(float64) float64 { return r.NormFloat64() }
		},
		"uniform noise": func(r *rand.Rand) func(float64) float64 {
			return func(float64) float64 { return r.Float64() }
		},
		"random walk": func(r *rand.Rand) func(float64) float64 {
			at := 0.0
			return func(float64) float64 { at += r.NormFloat64(); return at }
		},
		"positive random walk": func(r *rand.Rand) func(float64) float64 {
			at := 1.0
			return func(float64) float64 { at *= math.Exp(0.1 * r.NormFloat64()); return at }
		},
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const curves = 1000
			told := map[Verdict]int{}
			for seed := range uint64(curves) {
				r := rand.New(rand.NewPCG(seed, 17))
				series := map[string]func(float64) float64{}
				for _, column := range noiseColumns() {
					series[column] = kind(r)
				}
				told[Diagnose(synthetic(20+int(seed%41), series), DefaultThresholds()).Verdict]++
			}
			if wrong := curves - told[Undetermined]; wrong > curves/20 {
				t.Errorf("%d of %d curves got a verdict: %v", wrong, curves, told)
			}
		})
	}
}

// What was measured decides: the loss and the error of one training go together, those of two do not.
func TestUnrelatedCurvesAreUndetermined(t *testing.T) {
	loss := func(e float64) float64 { return 2.3 * math.Exp(-e/8) }
	for name, test := range map[string]struct {
		failed func(float64) float64
		want   Verdict
	}{
		"the error follows the loss": {func(e float64) float64 { return 0.9 * math.Exp(-e/6) }, StillLearning},
		"the error does not":         {func(e float64) float64 { return 0.5 + 0.1*math.Sin(e) }, Undetermined},
		"the error goes up":          {func(e float64) float64 { return 0.01 * e }, Undetermined},
		"the error stands still":     {func(e float64) float64 { return 0.9 }, StillLearning}, // nothing to compare
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, synthetic(30, map[string]func(float64) float64{GainDB: climbing, TrainLoss: loss, TrainError: test.failed}), test.want)
		})
	}
}

// Once no error is left the loss goes on by itself, up and down too: that is no noise.
func TestNoErrorsLeftIsNoNoise(t *testing.T) {
	until := func(from float64, f func(float64) float64, then func(float64) float64) func(float64) float64 {
		return func(e float64) float64 {
			if e <= from {
				return f(e)
			}
			return then(e)
		}
	}
	loss := until(8, func(e float64) float64 { return 2.3 * math.Exp(-e/1.5) }, func(e float64) float64 { return 0.006 + 0.002*math.Sin(3*e) })
	failed := until(8, func(e float64) float64 { return 0.9 * math.Exp(-e/1.5) }, func(float64) float64 { return 0 })
	expect(t, synthetic(40, map[string]func(float64) float64{GainDB: level, TrainLoss: loss, TrainError: failed}), Converged)
}

// A derivative of 0 means a dead network only where nothing else explains it.
func TestSaturationIsNoDivergence(t *testing.T) {
	dead := func(float64) float64 { return math.Inf(-1) }
	falls := func(e float64) float64 { return 2.3 * math.Exp(-e/3) }
	stays := func(float64) float64 { return 2.3 }
	late := func(e float64) float64 {
		if e < 15 {
			return -30
		}
		return math.Inf(-1)
	}
	for name, test := range map[string]struct {
		gain, loss func(float64) float64
		want       bool
	}{
		"a single image learnt for good":            {late, falls, false}, // 2.3·e⁻⁵ is 0.015
		"an impulse so large that it saturates":     {dead, falls, false},
		"a loss of 0 throughout":                    {level, func(float64) float64 { return 0 }, false},
		"no response and no learning":               {dead, stays, true},
		"a response that ends at a loss of a guess": {late, stays, true},
		"a response that ends in mid-learning":      {late, func(e float64) float64 { return 2.3 - 0.05*e }, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := synthetic(20, map[string]func(float64) float64{GainDB: test.gain, TrainLoss: test.loss})
			if got := Diagnose(c, DefaultThresholds()).Verdict == Diverged; got != test.want {
				t.Errorf("diverged %v, want %v", got, test.want)
			}
		})
	}
	// A network that shows no response before it was trained was not killed by the training.
	c := newCurve([]point{{0, map[string]float64{GainDB: math.Inf(-1)}}, {1, map[string]float64{GainDB: math.Inf(-1), TrainLoss: 2.3}},
		{2, map[string]float64{GainDB: math.Inf(-1), TrainLoss: 2.3}}})
	expect(t, c, Undetermined)
	tiny := synthetic(20, map[string]func(float64) float64{GainDB: level, TrainLoss: func(e float64) float64 { return 1e-9 * math.Pow(1.5, e*e) }})
	if r := Diagnose(tiny.Prefix(5), DefaultThresholds()); r.Verdict == Diverged {
		t.Errorf("a loss that grows from 1e-9 to 2.5e-5 has not exploded: %v", r.Evidence)
	}
}

// "Smooth" is said only of a gain that is.
func TestVariabilityIsCheckedBeforeItSupports(t *testing.T) {
	settled := func(e float64) float64 { return 0.5 + 2*math.Exp(-2*e) }
	fact := func(r Report) Evidence {
		for _, e := range r.Evidence {
			if e.What == "variability in the last third" {
				return e
			}
		}
		t.Fatalf("%v says nothing of variability", r.Verdict)
		return Evidence{}
	}
	lateSwing := func(e float64) float64 {
		if e <= 20 {
			return -30
		}
		return -30 + 9*(1-2*math.Mod(e, 2))
	}
	r := Diagnose(synthetic(30, map[string]func(float64) float64{GainDB: level, TrainLoss: settled}), DefaultThresholds())
	if e := fact(r); r.Verdict != Converged || !e.Supports {
		t.Errorf("a smooth gain: %v, %v", r.Verdict, e)
	}
	r = Diagnose(synthetic(26, map[string]func(float64) float64{GainDB: lateSwing, TrainLoss: settled}), DefaultThresholds())
	if e := fact(r); r.Verdict != Converged || e.Supports || e.Value < 9 {
		t.Errorf("a gain that swings by ±9 dB in its last epochs: %v, %v", r.Verdict, e)
	}
	r = Diagnose(synthetic(30, map[string]func(float64) float64{GainDB: climbing, TrainLoss: func(e float64) float64 { return 2 * math.Exp(-e/30) }}), DefaultThresholds())
	if e := fact(r); r.Verdict != StillLearning || !e.Supports {
		t.Errorf("a gain that climbs smoothly: %v, %v", r.Verdict, e)
	}
}

// Advice names a rate only where there is one.
func TestNoRateIsAdvisedOfNone(t *testing.T) {
	for rate, want := range map[float64]float64{-1: 0, 0: 0, 0.3: 0.1} {
		c := synthetic(40, map[string]func(float64) float64{GainDB: noisy(1, 8, level), LearningRate: func(float64) float64 { return rate }})
		r := expect(t, c, LearningRateTooHigh)
		near(t, "next rate", r.NextRate, want, 1e-12)
	}
}
