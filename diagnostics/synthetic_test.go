package diagnostics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// synthetic builds a curve from functions of the epoch, epochs 1 … n.
func synthetic(n int, series map[string]func(e float64) float64) *Curve {
	var points []point
	for e := 1; e <= n; e++ {
		values := map[string]float64{}
		for name, f := range series {
			values[name] = f(float64(e))
		}
		points = append(points, point{e, values})
	}
	return newCurve(points)
}

// noisy adds normal noise of the given standard deviation.
func noisy(seed uint64, sigma float64, f func(e float64) float64) func(e float64) float64 {
	r := rand.New(rand.NewPCG(seed, 3))
	return func(e float64) float64 { return f(e) + sigma*r.NormFloat64() }
}

// Shapes of a gain over 40 epochs, in dB.
func flattening(e float64) float64 { return -20 - 15*math.Exp(-e/3) }
func climbing(e float64) float64   { return -40 + 0.5*e }
func level(e float64) float64      { return -30 }

// expect fails unless the curve has the verdict.
func expect(t *testing.T, c *Curve, want Verdict) Report {
	t.Helper()
	r := Diagnose(c, DefaultThresholds())
	if r.Verdict != want {
		t.Errorf("got %v, want %v; evidence:", r.Verdict, want)
		for _, e := range r.Evidence {
			t.Log(e)
		}
	}
	if want != Undetermined && !(r.Confidence > 0 && r.Confidence <= 1) {
		t.Errorf("%v: confidence %v", want, r.Confidence)
	}
	if r.Advice == "" {
		t.Errorf("%v: no advice", want)
	}
	return r
}

// One gain alone, at noise levels from none to as much as the verdict allows.
func TestGainAloneFiresItsOwnVerdict(t *testing.T) {
	for _, test := range []struct {
		name   string
		want   Verdict
		shape  func(e float64) float64
		sigmas []float64
	}{
		{"rise and flattening", Converged, flattening, []float64{0, 0.05, 0.2, 0.5, 1}},
		{"constant", Converged, level, []float64{0, 0.05, 0.2, 0.5, 1}},
		{"gradual rise", StillLearning, climbing, []float64{0, 0.05, 0.2, 0.5, 1}},
		{"gradual fall", StillLearning, func(e float64) float64 { return -climbing(e) }, []float64{0, 0.5}},
		{"swings throughout", LearningRateTooHigh, level, []float64{5, 8, 15}},
		{"swings on the rise", LearningRateTooHigh, climbing, []float64{5, 8, 15}},
	} {
		for _, sigma := range test.sigmas {
			t.Run(fmt.Sprint(test.name, " ", sigma), func(t *testing.T) {
				for seed := range uint64(20) {
					expect(t, synthetic(40, map[string]func(float64) float64{GainDB: noisy(seed, sigma, test.shape)}), test.want)
				}
			})
		}
	}
}

func TestLateVariabilityIsOverfitting(t *testing.T) {
	for _, late := range []float64{2, 4, 8} {
		for seed := range uint64(20) {
			quiet, loud := noisy(seed, 0.2, flattening), noisy(seed+100, late, flattening)
			c := synthetic(60, map[string]func(float64) float64{GainDB: func(e float64) float64 {
				if e <= 30 {
					return quiet(e)
				}
				return loud(e)
			}})
			if r := expect(t, c, Overfitting); r.Epoch < 24 || r.Epoch > 36 {
				t.Errorf("scatter %v, seed %d: onset at %d, want about 30", late, seed, r.Epoch)
			}
		}
	}
}

// learning is a set of signals as a population of images shows them, of a run of n epochs. After the epoch turn the
// decision boundary comes nearer, high frequencies grow and predictions begin to change again.
func learning(seed uint64, noise, turn float64) map[string]func(float64) float64 {
	after := func(e float64) float64 { return max(0, e-turn) }
	return map[string]func(float64) float64{
		TrainLoss:         noisy(seed, 0.005*noise, func(e float64) float64 { return 0.01 + 2.3*math.Exp(-e/8) + 0.9*math.Exp(-e/30) }),
		PopulationGainDB:  noisy(seed+1, 0.2*noise, func(e float64) float64 { return flattening(e) + 0.3*after(e) }),
		BoundaryDistance:  noisy(seed+2, 5*noise, func(e float64) float64 { return 300 - 200*math.Exp(-e/3) - 8*min(after(e), 18) }),
		LowShare:          noisy(seed+3, 0.003*noise, func(e float64) float64 { return 0.87 - 0.5*math.Exp(-e/2) - 0.005*min(after(e), 20) }),
		PredictionChanges: noisy(seed+4, 0.002*noise, func(e float64) float64 { return 0.06 + 0.5*math.Exp(-e/3) + 0.006*min(after(e), 10) }),
	}
}

func TestSignsOfMemorisingAreOverfitting(t *testing.T) {
	for _, noise := range []float64{0, 0.5, 1, 2} {
		for seed := range uint64(20) {
			r := expect(t, synthetic(40, learning(10*seed, noise, 15)), Overfitting)
			if r.Kind != Memorised || r.Epoch < 12 || r.Epoch > 20 {
				t.Errorf("noise %v, seed %d: %v from epoch %d, want memorised labels from about 15", noise, seed, r.Kind, r.Epoch)
			}
		}
	}
}

func TestHealthySignsAreNotOverfitting(t *testing.T) {
	for _, noise := range []float64{0, 0.5, 1, 2} {
		for seed := range uint64(20) {
			expect(t, synthetic(40, learning(10*seed, noise, 1000)), StillLearning)
			series := learning(10*seed, noise, 1000)
			series[TrainLoss] = func(e float64) float64 { return 0.001 + 2.3*math.Exp(-e/3) }
			expect(t, synthetic(40, series), Converged)
		}
	}
}

// moved adds what moved images show to learning's signals: a loss that falls, and after the epoch turn rises by a share of
// its lowest, 1.2, each epoch, and an error that follows its half.
func moved(seed uint64, noise, turn, rise float64) map[string]func(float64) float64 {
	series := learning(seed, noise, 1000)
	loss := func(e float64) float64 { return 1.2*(1+rise*max(0, e-turn)) + 1.1*math.Exp(-e/2) }
	series[ShiftLoss] = noisy(seed+5, 0.01*noise, loss)
	series[ShiftError] = noisy(seed+6, 0.003*noise, func(e float64) float64 { return 0.3 + 0.1*(loss(e)-1.2) })
	return series
}

func TestMovedImagesTellOverfitting(t *testing.T) {
	for _, noise := range []float64{0, 0.5, 1, 2} {
		for seed := range uint64(20) {
			// The loss turns and predictions begin to change again: labels are learnt by heart.
			series := moved(10*seed, noise, 15, 0.02)
			series[PredictionChanges] = learning(10*seed, noise, 15)[PredictionChanges]
			r := expect(t, synthetic(40, series), Overfitting)
			if r.Kind != Memorised || r.BestEpoch < 9 || r.BestEpoch > 19 { // from 9 on the loss is within 0.01 of its floor
				t.Errorf("noise %v, seed %d: %v, best epoch %d, want memorised labels and the floor", noise, seed, r.Kind, r.BestEpoch)
			}
			// It rises by half while the boundary comes nearer, and predictions settle: the net grows too sure of itself.
			series = moved(10*seed, noise, 15, 0.02)
			series[BoundaryDistance] = learning(10*seed, noise, 15)[BoundaryDistance]
			series[TrainLoss] = func(e float64) float64 { return 0.001 + 2.3*math.Exp(-e/5) }
			if r := expect(t, synthetic(40, series), Overfitting); r.Kind != Overconfident {
				t.Errorf("noise %v, seed %d: %v, want overconfidence", noise, seed, r.Kind)
			}
		}
	}
}

// Labels are learnt by heart where the training loss, high at first, falls and that on moved images does not; and where
// it rises by a third from a turn at which the training loss was high. Where both losses fall nothing is amiss.
func TestLearningThatDoesNotCarryOver(t *testing.T) {
	slowly := func(e float64) float64 { return 1.1 * math.Exp(-e/80) } // 12 % in ten epochs, above 0.8 up to epoch 25
	for _, noise := range []float64{0, 0.5, 1} {
		for seed := range uint64(20) {
			series := moved(10*seed, noise, 1000, 0)
			if r := expect(t, synthetic(40, series), Overfitting); r.Kind != Memorised {
				t.Errorf("noise %v, seed %d: a stalled loss: %v, want memorised labels", noise, seed, r.Kind)
			}
			fast := series[TrainLoss]
			series[ShiftLoss] = func(e float64) float64 { return 0.5 + fast(e) }
			expect(t, synthetic(40, series), StillLearning)
			series = moved(10*seed, noise, 15, 0.02)
			series[TrainLoss] = slowly
			if r := expect(t, synthetic(40, series), Overfitting); r.Kind != Memorised {
				t.Errorf("noise %v, seed %d: a turn at a high training loss: %v, want memorised labels", noise, seed, r.Kind)
			}
		}
	}
}

// A loss on moved images that rises alone, as logits grow on images that the net has learnt for good, is no overfitting,
// nor is one that rises a little in company.
func TestMovedImagesAloneAreNotOverfitting(t *testing.T) {
	for _, noise := range []float64{0, 0.5, 1} {
		for seed := range uint64(20) {
			series := moved(10*seed, noise, 15, 0.03)
			series[TrainLoss] = func(e float64) float64 { return 0.001 + 2.3*math.Exp(-e/3) }
			expect(t, synthetic(40, series), Converged)
			series = moved(10*seed, noise, 15, 0.005)
			series[BoundaryDistance] = learning(10*seed, noise, 15)[BoundaryDistance]
			series[TrainLoss] = func(e float64) float64 { return 0.001 + 2.3*math.Exp(-e/3) }
			expect(t, synthetic(40, series), Converged)
		}
	}
}

// Beside a calm population gain, an impulse's that swings in both halves of 16 epochs or more means a rate too high.
func TestImpulseSwingsBesideCalmPopulation(t *testing.T) {
	alternating := func(sigma float64) func(e float64) float64 {
		return func(e float64) float64 { return -30 + sigma*math.Sqrt(1.5)/madToSigma/2*(1-2*math.Mod(e, 2)) }
	}
	run := func(n int, early, late float64) *Curve {
		return synthetic(n, map[string]func(float64) float64{PopulationGainDB: level, GainDB: func(e float64) float64 {
			if e <= float64(n)/2 {
				return alternating(early)(e)
			}
			return alternating(late)(e)
		}})
	}
	expect(t, run(16, 3.1, 3.1), LearningRateTooHigh)
	expect(t, run(40, 5, 3.1), LearningRateTooHigh)
	expect(t, run(15, 3.1, 3.1), Converged)
	expect(t, run(40, 5, 2), Converged)
	expect(t, run(40, 2, 5), Converged)
}

// A training loss that slides back by a quarter of its lowest for two epochs, at one rate and above what is noise, means a
// rate too high, until it comes lower than ever or overfitting had shown before.
func TestBackslide(t *testing.T) {
	falling := func(e float64) float64 { return 0.05 + 2*math.Exp(-e) }
	lowest := falling(12)
	slid := func(factors ...float64) *Curve { // what the loss is of its lowest, from epoch 13 on
		return synthetic(12+len(factors), map[string]func(float64) float64{GainDB: level, TrainLoss: func(e float64) float64 {
			if e > 12 {
				return lowest * factors[int(e)-13]
			}
			return falling(e)
		}})
	}
	for name, factors := range map[string][]float64{"just": {1.26, 1.26}, "rising": {1.1, 1.3, 2}, "and back, but not below": {1.3, 1.3, 1.01, 1.02}} {
		t.Run(name, func(t *testing.T) {
			if r := expect(t, slid(factors...), LearningRateTooHigh); r.BestEpoch != 12 {
				t.Errorf("best epoch %d, want 12, that of the lowest loss", r.BestEpoch)
			}
		})
	}
	for name, factors := range map[string][]float64{"too little": {1.24, 1.24, 1.24}, "one epoch": {3, 1.1}, "and below": {1.3, 1.3, 0.99}} {
		t.Run(name, func(t *testing.T) { expect(t, slid(factors...), Converged) })
	}
	small := func(e float64) float64 { return falling(e)/5 + 0.006*math.Mod(e, 4) } // 0.01–0.028: more than doubled for two epochs
	expect(t, synthetic(20, map[string]func(float64) float64{GainDB: level, TrainLoss: small}), Converged)

	// Overfitting that showed from epoch 15 on stays what it was when the loss slides back at 30.
	series := moved(0, 0, 15, 0.02)
	series[PredictionChanges] = learning(0, 0, 15)[PredictionChanges]
	loss := series[TrainLoss]
	series[TrainLoss] = func(e float64) float64 {
		if e > 30 {
			return 1.5 * loss(30)
		}
		return loss(e)
	}
	expect(t, synthetic(40, series), Overfitting)
}

// Where the training loss does not fall either, a loss on moved images that rises by half in company is no overfitting.
func TestBothLossesStay(t *testing.T) {
	series := moved(0, 0, 15, 0.02)
	series[BoundaryDistance] = learning(0, 0, 15)[BoundaryDistance]
	series[TrainLoss] = func(e float64) float64 { return 0.05 + 2.3*math.Exp(-e/2) } // within 3 % of its floor from epoch 15 on
	if r := Diagnose(synthetic(40, series), DefaultThresholds()); r.Verdict == Overfitting {
		t.Errorf("overfitting: %v", r.Evidence)
	}
	series[TrainLoss] = func(e float64) float64 { return 0.05 + 2.3*math.Exp(-e/5) }
	expect(t, synthetic(40, series), Overfitting)
}

// The confidence follows the table of docs/diagnosis.md: by whether predictions still change, how the gain travels and
// whether the loss on moved images falls.
func TestConfidenceOfCompany(t *testing.T) {
	constant := func(v float64) func(float64) float64 { return func(float64) float64 { return v } }
	rate := func(perEpoch float64) func(float64) float64 { return func(e float64) float64 { return 1 - perEpoch*e } }
	for _, test := range []struct {
		name    string
		changes float64
		moved   func(float64) float64
		gain    func(float64) float64
		loss    func(float64) float64
		want    Verdict
		told    float64
	}{
		{"nothing changes", 0.004, constant(1), level, constant(0.5), Converged, 0.95},
		{"predictions change", 0.006, constant(1), level, constant(0.5), Converged, 0.5},
		{"all still learn", 0.1, rate(0.01), level, rate(0.01), StillLearning, 0.7},
		{"moved images stay", 0.1, constant(1), level, rate(0.01), StillLearning, 0.55},
		// The last 13 epochs of 40 and 12 steps of 0.04 dB between them: 0.48 dB of the 0.75 that count as moving.
		{"gain moves a little", 0.1, rate(0.01), rate(-0.04), rate(0.01), StillLearning, 0.55},
		{"and moved images stay", 0.1, constant(1), rate(-0.04), rate(0.01), Converged, 0.4},
		{"gain moves", 0.1, rate(0.01), climbing, rate(0.01), StillLearning, 0.55},
		{"gain moves and moved images stay", 0.1, constant(1), climbing, rate(0.01), Converged, 0.4},
	} {
		t.Run(test.name, func(t *testing.T) {
			fallen := func(e float64) float64 { return test.loss(e) + 2*math.Exp(-2*e) } // learning begins at once
			r := expect(t, synthetic(40, map[string]func(float64) float64{PopulationGainDB: test.gain, TrainLoss: fallen, ShiftLoss: test.moved,
				ShiftError: constant(0.3), PredictionChanges: constant(test.changes), BoundaryDistance: constant(100)}), test.want)
			if r.Confidence != test.told {
				t.Errorf("confidence %v, want %v", r.Confidence, test.told)
			}
		})
	}
}

// A training loss that falls while the gain climbs and moved images show nothing of it: the run has converged since the epoch
// at which the loss on them was lowest, and the report says in what.
func TestNothingCarriesOver(t *testing.T) {
	c := synthetic(40, map[string]func(float64) float64{PopulationGainDB: climbing, PredictionChanges: func(float64) float64 { return 0.05 },
		TrainLoss: func(e float64) float64 { return 0.1 + 0.6*math.Exp(-e/30) }, // under 0.8, from where labels are learnt by heart
		ShiftLoss: func(e float64) float64 { return 1 + 0.002*math.Abs(e-12) }, ShiftError: func(float64) float64 { return 0.3 }})
	r := expect(t, c, Converged)
	if r.Kind != NothingCarriesOver || r.Epoch < 11 || r.Epoch > 13 || strings.Contains(r.Meaning(), "flattened") {
		t.Errorf("%s from epoch %d: %s", r.Kind, r.Epoch, r.Meaning())
	}
	for _, e := range r.Evidence {
		if want := e.Signal != TrainLoss && e.Signal != PredictionChanges && e.What != "slope in the last third"; e.Supports != want {
			t.Errorf("%s speaks for it: %v", e, e.Supports)
		}
	}
}

// With nothing left to learn a run has converged although its gain still climbs, but nobody says that it has flattened.
func TestLearntWhileTheGainClimbs(t *testing.T) {
	c := synthetic(30, map[string]func(float64) float64{GainDB: climbing, TrainLoss: func(e float64) float64 { return 2.3 * math.Exp(-e/2) }})
	r := expect(t, c, Converged)
	if r.Kind != TrainingLearnt || r.Epoch != 9 /* 2.3·e⁻⁴·⁵ = 0.0256, 2.3·e⁻⁴ = 0.042 */ || strings.Contains(r.Meaning()+r.Advice, "flattened") {
		t.Errorf("%s from epoch %d: %s; %s", r.Kind, r.Epoch, r.Meaning(), r.Advice)
	}
	flat := synthetic(30, map[string]func(float64) float64{GainDB: level, TrainLoss: func(e float64) float64 { return 2.3 * math.Exp(-e/2) }})
	if r := expect(t, flat, Converged); r.Kind != NoKind || !strings.Contains(r.Meaning(), "flattened") {
		t.Errorf("a flat gain: %q, %s", r.Kind, r.Meaning())
	}
}

func TestTrainingLossSupports(t *testing.T) {
	for seed := range uint64(20) {
		gain := noisy(seed, 2, level)
		swing := noisy(seed+50, 0.3, func(float64) float64 { return 1.5 })
		series := map[string]func(float64) float64{GainDB: gain, TrainLoss: func(e float64) float64 { return 2.3*math.Exp(-e/3) + math.Abs(swing(e)) }}
		expect(t, synthetic(60, series), LearningRateTooHigh)
		// The same gain beside a loss that falls steadily: not too high, and not done.
		series = map[string]func(float64) float64{GainDB: noisy(seed, 2, level), TrainLoss: func(e float64) float64 { return 2.3 * math.Exp(-e/20) }}
		expect(t, synthetic(60, series), StillLearning)
	}
	slow := map[string]func(float64) float64{GainDB: level, TrainLoss: func(e float64) float64 { return 2.3026 - 1e-4*e }}
	if r := expect(t, synthetic(20, slow), StillLearning); r.Kind != RateTooLow {
		t.Errorf("a loss that hardly moves: %v, want %v", r.Kind, RateTooLow)
	}
}

// A loss that fell at a step of the schedule and stands still since then has nothing left to learn at this rate, unless
// the step was only just made.
func TestStepsOfAScheduleAreNoLearning(t *testing.T) {
	run := func(step float64) *Curve {
		at := func(high, low float64) func(float64) float64 {
			return func(e float64) float64 {
				if e < step {
					return high
				}
				return low
			}
		}
		return synthetic(30, map[string]func(float64) float64{LearningRate: at(0.05, 0.005), TrainLoss: func(e float64) float64 {
			return 2*math.Exp(-e) + at(0.8, 0.5)(e)
		}, GainDB: at(-30, -26)})
	}
	expect(t, run(24), Converged)
	expect(t, run(29), StillLearning)
}

func TestPaceTellsTheKind(t *testing.T) {
	for _, test := range []struct {
		loss func(e float64) float64
		want Kind
	}{
		{func(e float64) float64 { return 2.3 - 0.02*e }, RateTooLow},
		{func(e float64) float64 { return 2.3 * math.Exp(-e/15) }, MoreEpochs},
	} {
		if r := expect(t, synthetic(40, map[string]func(float64) float64{GainDB: climbing, TrainLoss: test.loss}), StillLearning); r.Kind != test.want {
			t.Errorf("got %v, want %v", r.Kind, test.want)
		}
	}
}

func TestDiverged(t *testing.T) {
	from := func(epoch float64, before func(float64) float64, after float64) func(float64) float64 {
		return func(e float64) float64 {
			if e >= epoch {
				return after
			}
			return before(e)
		}
	}
	falling := func(e float64) float64 { return 2.3 * math.Exp(-e/5) }
	for name, test := range map[string]struct {
		series map[string]func(float64) float64
		epoch  int
	}{
		"loss is infinite":    {map[string]func(float64) float64{GainDB: flattening, TrainLoss: from(7, falling, math.Inf(1))}, 7},
		"network is dead":     {map[string]func(float64) float64{GainDB: from(9, flattening, math.Inf(-1))}, 9},
		"dead from the start": {map[string]func(float64) float64{GainDB: from(1, flattening, math.Inf(-1))}, 1},
		"network wakes late": {map[string]func(float64) float64{GainDB: func(e float64) float64 {
			if e > 1 && e < 13 { // 11 of 20 epochs
				return math.Inf(-1)
			}
			return -30
		}}, 2},
		"gain collapses": {map[string]func(float64) float64{GainDB: from(18, flattening, -90)}, 18},
		"loss explodes":  {map[string]func(float64) float64{GainDB: flattening, TrainLoss: from(20, falling, 19)}, 20}, // 2.3·e⁻⁰·² is 1.88
		"loss is lost":   {map[string]func(float64) float64{GainDB: level, TrainLoss: from(12, falling, 2.3)}, 19},
	} {
		t.Run(name, func(t *testing.T) {
			if r := expect(t, synthetic(20, test.series), Diverged); r.Epoch != test.epoch {
				t.Errorf("from epoch %d, want %d", r.Epoch, test.epoch)
			}
		})
	}
	// Down to the loss of a guess and no further, with nine images in ten wrong; but one that never came down from it, and
	// moves by a hair at every epoch, is only slow.
	guess := map[string]func(float64) float64{GainDB: level, TrainError: func(float64) float64 { return 0.9 },
		TrainLoss: func(e float64) float64 { return 2.3 + math.Exp(-2*e) }}
	expect(t, synthetic(20, guess), Diverged)
	guess[TrainError] = func(float64) float64 { return 0.8 }
	expect(t, synthetic(20, guess), Converged)
	guess[TrainError], guess[TrainLoss] = func(float64) float64 { return 0.9 }, func(e float64) float64 { return 2.3026 - 1e-4*e }
	expect(t, synthetic(20, guess), StillLearning)
	// A network that was dead for half of the epochs and woke up is not.
	woken := synthetic(20, map[string]func(float64) float64{GainDB: from(11, func(float64) float64 { return math.Inf(-1) }, -30)})
	expect(t, woken, Converged)
	// Two epochs are enough for what is certain.
	expect(t, synthetic(2, map[string]func(float64) float64{GainDB: from(1, level, math.Inf(-1))}), Diverged)
}

func TestUndetermined(t *testing.T) {
	for n := range 4 {
		expect(t, synthetic(n, map[string]func(float64) float64{GainDB: climbing}), Undetermined)
	}
	expect(t, synthetic(20, map[string]func(float64) float64{GainDB: func(float64) float64 { return math.NaN() }}), Undetermined)
	expect(t, synthetic(20, map[string]func(float64) float64{TrainLoss: climbing}), Undetermined)
	expect(t, &Curve{}, Undetermined)
}

// Spikes, gaps, single −Inf values and doubled epochs leave every verdict as it was.
func TestDisturbancesChangeNothing(t *testing.T) {
	shapes := map[Verdict]func(seed uint64) *Curve{
		Converged: func(s uint64) *Curve {
			return synthetic(40, map[string]func(float64) float64{GainDB: noisy(s, 0.2, flattening)})
		},
		StillLearning: func(s uint64) *Curve {
			return synthetic(40, map[string]func(float64) float64{GainDB: noisy(s, 0.2, climbing)})
		},
		LearningRateTooHigh: func(s uint64) *Curve {
			return synthetic(40, map[string]func(float64) float64{GainDB: noisy(s, 8, level)})
		},
		Overfitting: func(s uint64) *Curve { return synthetic(40, learning(s, 0.5, 15)) },
	}
	disturb := map[string]func(c *Curve, s []float64){
		"one spike up":   func(_ *Curve, s []float64) { s[20] += 12 },
		"one spike down": func(_ *Curve, s []float64) { s[31] -= 12 },
		"one −Inf":       func(_ *Curve, s []float64) { s[25] = math.Inf(-1) },
		"gaps":           func(_ *Curve, s []float64) { s[5], s[6], s[22], s[35] = math.NaN(), math.NaN(), math.NaN(), math.NaN() },
		"every other":    func(c *Curve, s []float64) { everyOther(c, s) },
	}
	for want, make := range shapes {
		for name, change := range disturb {
			for seed := range uint64(10) {
				t.Run(fmt.Sprint(want, " ", name, " ", seed), func(t *testing.T) {
					c := make(10 * seed)
					column := GainDB
					if _, ok := c.Series(GainDB); !ok {
						column = PopulationGainDB
					}
					s, _ := c.Series(column)
					change(c, s)
					expect(t, c, want)
				})
			}
		}
	}
}

// everyOther leaves out every second measurement.
func everyOther(_ *Curve, s []float64) {
	for i := 0; i < len(s); i += 2 {
		s[i] = math.NaN()
	}
}

// A constant added to the gains changes nothing at all.
func TestOffsetInvariance(t *testing.T) {
	for seed := range uint64(10) {
		for _, sigma := range []float64{0.25, 2, 8} {
			build := func(offset float64) Report {
				series := learning(seed, sigma, 15)
				gain := series[PopulationGainDB]
				series[PopulationGainDB] = func(e float64) float64 { return math.Round(gain(e)*1024)/1024 + offset } // sums stay exact
				return Diagnose(synthetic(40, series), DefaultThresholds())
			}
			a, b := build(0), build(128)
			if a.Verdict != b.Verdict || a.Epoch != b.Epoch || a.BestEpoch != b.BestEpoch || math.Abs(a.Confidence-b.Confidence) > 1e-9 {
				t.Errorf("seed %d: %v at %d becomes %v at %d", seed, a.Verdict, a.Epoch, b.Verdict, b.Epoch)
			}
		}
	}
}

func BenchmarkDiagnose1000Epochs(b *testing.B) {
	for name, series := range map[string]map[string]func(float64) float64{
		"company": learning(1, 1, 2000), "moved images": moved(1, 1, 2000, 0), "gain alone": {GainDB: noisy(1, 0.5, flattening)},
	} {
		c := synthetic(1000, series)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Diagnose(c, DefaultThresholds())
			}
		})
	}
}
