package diagnostics

import (
	"context"
	"maps"
	"math"
	"testing"

	"github.com/maxgain/maxgain/diagnostics/signal"
	"github.com/maxgain/maxgain/trainer"
)

var (
	avgMixedLoss  = signal.Averaged(signal.MixedLoss)
	avgMixedError = signal.Averaged(signal.MixedError)
)

// onTransformed is a set of signals of a run that learns. After the epoch turn the loss on transformed images rises by a share
// of its floor, 1, an epoch, and the changes rise from their floor, 0.1, to 0.1·(1 + rise) within five epochs.
func onTransformed(seed uint64, noise, turn, perEpoch, rise float64) map[string]func(float64) float64 {
	after := func(e float64) float64 { return max(0, e-turn) }
	return map[string]func(float64) float64{
		TrainLoss:           noisy(seed, 0.003*noise, func(e float64) float64 { return 0.02 + 2.3*math.Exp(-e/8) }),
		TrainError:          func(e float64) float64 { return 0.004 + 0.9*math.Exp(-e/7) },
		avgMixedLoss:        noisy(seed+1, 0.004*noise, func(e float64) float64 { return 1 + 1.2*math.Exp(-e/2) + perEpoch*after(e) }),
		avgMixedError:       noisy(seed+2, 0.002*noise, func(e float64) float64 { return 0.4 + 0.4*math.Exp(-e/2) }),
		signal.MixedChanges: noisy(seed+3, 0.003*noise, func(e float64) float64 { return 0.1*(1+rise*min(1, after(e)/5)) + 0.4*math.Exp(-e/1.5) }),
		PredictionChanges:   func(e float64) float64 { return 0.001 + 0.4*math.Exp(-e/2) },
		GainDB:              level,
	}
}

// with is a set of signals with one of them replaced, or left out if nil.
func with(series map[string]func(float64) float64, name string, f func(float64) float64) map[string]func(float64) float64 {
	out := maps.Clone(series)
	if out[name] = f; f == nil {
		delete(out, name)
	}
	return out
}

func TestMemorisingOnTransformedImages(t *testing.T) {
	for _, noise := range []float64{0, 0.5, 1} {
		for seed := range uint64(20) {
			r := expect(t, synthetic(40, onTransformed(10*seed, noise, 15, 0.02, 0.5)), Overfitting)
			if r.Kind != Memorised || r.BestEpoch < 9 || r.BestEpoch > 17 || r.Epoch != r.BestEpoch {
				t.Errorf("noise %v, seed %d: %v, epoch %d, best %d; want memorised labels and the floor", noise, seed, r.Kind, r.Epoch, r.BestEpoch)
			}
		}
	}
}

// Weights that come after labels were memorised are not gone back to, however low their loss.
func TestWhatComesAfterMemorisingIsNotKept(t *testing.T) {
	series := onTransformed(0, 0, 15, 0.02, 0.5)
	before := series[avgMixedLoss]
	series[avgMixedLoss] = func(e float64) float64 {
		if e > 30 {
			return 0.5
		}
		return before(e)
	}
	if r := expect(t, synthetic(40, series), Overfitting); r.BestEpoch != 15 {
		t.Errorf("best epoch %d, want 15", r.BestEpoch)
	}
}

// One sign alone is no overfitting, nor are both where they are too small, too short or meet nothing that could be memorised.
func TestWhatIsNoMemorising(t *testing.T) {
	base := func(perEpoch, rise float64) map[string]func(float64) float64 {
		return onTransformed(0, 0, 15, perEpoch, rise)
	}
	for name, series := range map[string]map[string]func(float64) float64{
		"the loss rises alone":        base(0.03, 0),
		"the changes rise alone":      base(0, 0.6),
		"changes by a fifth":          base(0.02, 0.2), // smoothed they come to 0.2 of their lowest at most
		"the loss by 7 % in the end":  base(0.0028, 0.6),
		"few changes":                 with(base(0.02, 0.6), signal.MixedChanges, func(e float64) float64 { return 0.005 + 0.02*min(1, max(0, e-15)/5) }),
		"nothing wrong in the labels": with(base(0.02, 0.6), TrainError, func(e float64) float64 { return 0.9 * math.Exp(-e/2.5) }), // 0.03 at epoch 8.5
		"3 % of errors at the floor":  with(base(0.02, 0.6), TrainError, func(e float64) float64 { return 0.03 * math.Exp((15-e)/4.4) }),
		"two epochs of a third more": with(base(0.03, 0), signal.MixedChanges, func(e float64) float64 {
			return map[bool]float64{true: 0.134, false: 0.1}[e == 30 || e == 31] // 0.114 and 0.122 smoothed, then 0.113
		}),
		"changes of one epoch": with(base(0.03, 0), signal.MixedChanges, func(e float64) float64 {
			return map[bool]float64{true: 0.18, false: 0.1}[e == 30] // 0.132 smoothed, 0.119 an epoch later
		}),
	} {
		t.Run(name, func(t *testing.T) { expect(t, synthetic(40, series), Converged) })
	}
	expect(t, synthetic(40, base(0.02, 0.25)), Overfitting)
	expect(t, synthetic(40, base(0.0036, 0.6)), Overfitting) // 9 %
	expect(t, synthetic(40, with(base(0.02, 0.6), TrainError, func(e float64) float64 { return 0.05 * math.Exp((15-e)/5.2) })), Overfitting)
}

// What was found stands when the curve grows, and is found at the same epoch whether the run is looked at then or later.
func TestMemorisingIsTheSameOnline(t *testing.T) {
	for seed := range uint64(10) {
		c := synthetic(40, onTransformed(10*seed, 1, 15, 0.02, 0.5))
		last := Diagnose(c, DefaultThresholds())
		since := 0
		for n := 1; n <= 40; n++ {
			r := Diagnose(c.Prefix(n), DefaultThresholds())
			if r.Verdict == Overfitting && since == 0 {
				since = n
			}
			if since > 0 && (r.Verdict != Overfitting || r.BestEpoch != last.BestEpoch) {
				t.Errorf("seed %d: told at %d, but at %d %v with the weights of %d", seed, since, n, r.Verdict, r.BestEpoch)
			}
		}
		if since < 18 || since > 28 {
			t.Errorf("seed %d: told at %d, want within ten epochs of 15", seed, since)
		}
	}
}

func TestSettledOnTransformedImages(t *testing.T) {
	flat := onTransformed(0, 0, 1000, 0, 0)
	falling := func(e float64) float64 { return 0.8 - 0.01*e }
	// slowly falls by a share of 0.4 from epoch 30, that of the last quarter's beginning, to 39, that of its end.
	slowly := func(share float64) func(float64) float64 {
		return func(e float64) float64 { return 0.4 * (1 - share*(e-30)/9) }
	}
	raw := with(with(with(with(flat, avgMixedLoss, nil), avgMixedError, nil), signal.MixedLoss, flat[avgMixedLoss]), signal.MixedError, flat[avgMixedError])
	for name, test := range map[string]struct {
		epochs int
		series map[string]func(float64) float64
		want   Verdict
		kind   Kind
		sure   float64
	}{
		"flat":                            {40, flat, Converged, NoKind, transformedSettled},
		"flat, but predictions change":    {40, with(flat, PredictionChanges, func(float64) float64 { return 0.05 }), Converged, NoKind, transformedConverged},
		"the error falls":                 {40, with(flat, avgMixedError, falling), StillLearning, MoreEpochs, transformedStill},
		"the error falls by 4 %":          {40, with(flat, avgMixedError, slowly(0.04)), StillLearning, MoreEpochs, transformedStill},
		"the error falls by 1.5 %":        {40, with(flat, avgMixedError, slowly(0.015)), Converged, NoKind, transformedSettled},
		"the loss falls":                  {40, with(flat, avgMixedLoss, func(e float64) float64 { return 2 - 0.02*e }), StillLearning, MoreEpochs, transformedStill},
		"averages that are too young":     {20, flat, StillLearning, MoreEpochs, transformedStill}, // learning began at epoch 2
		"and just old enough":             {21, flat, Converged, NoKind, transformedSettled},
		"trained weights need no waiting": {12, raw, Converged, NoKind, transformedConverged},
		"nothing learnt":                  {40, with(flat, TrainLoss, func(e float64) float64 { return 2.3026 - 1e-4*e }), StillLearning, RateTooLow, transformedStill},
		"too short":                       {7, raw, Undetermined, NoKind, 0},
		"just long enough":                {8, raw, StillLearning, MoreEpochs, transformedStill},
	} {
		t.Run(name, func(t *testing.T) {
			r := expect(t, synthetic(test.epochs, test.series), test.want)
			if r.Kind != test.kind || r.Confidence != test.sure {
				t.Errorf("%s at %v, want %s at %v", r.Kind, r.Confidence, test.kind, test.sure)
			}
		})
	}
}

// A training loss that goes up and down, or ends well above its lowest, means a rate too high; a step of the schedule does not.
func TestUnsteadyTrainingLoss(t *testing.T) {
	flat := onTransformed(0, 0, 1000, 0, 0)
	for name, test := range map[string]struct {
		loss func(e float64) float64
		want Verdict
	}{
		// From 2.3 down to 1, with nine steps upward of 0.09 (0.62 of the range) or 0.08 (0.55).
		"steps upward": {func(e float64) float64 {
			return 1 + 1.3*math.Exp(-(e-1)/3) + map[bool]float64{true: 0.09}[math.Mod(e, 2) == 0 && e > 21]
		}, LearningRateTooHigh},
		"smaller steps": {func(e float64) float64 {
			return 1 + 1.3*math.Exp(-(e-1)/3) + map[bool]float64{true: 0.07}[math.Mod(e, 2) == 0 && e > 21]
		}, Converged},
		"ends above its lowest": {func(e float64) float64 { return 1 + 1.3*math.Exp(-(e-1)/3) + 0.6*max(0, e-35)/5 }, LearningRateTooHigh},
	} {
		t.Run(name, func(t *testing.T) {
			failed := func(e float64) float64 { return test.loss(e) / 2.5 }
			expect(t, synthetic(40, with(with(flat, TrainLoss, test.loss), TrainError, failed)), test.want)
		})
	}
}

// The paper's rules see the gain of the impulse and nothing else.
func TestPaperOnly(t *testing.T) {
	paper := DefaultThresholds()
	paper.PaperOnly = true
	series := onTransformed(0, 0, 15, 0.02, 0.5)
	for name, test := range map[string]struct {
		gain func(float64) float64
		want Verdict
	}{
		"high variability":    {noisy(1, 8, level), LearningRateTooHigh},
		"gradual rise":        {climbing, StillLearning},
		"rise and flattening": {flattening, Converged},
	} {
		c := synthetic(40, with(series, GainDB, test.gain))
		if r := Diagnose(c, paper); r.Verdict != test.want {
			t.Errorf("%s: %v, want %v", name, r.Verdict, test.want)
		}
		if r := Diagnose(c, DefaultThresholds()); r.Verdict != Overfitting {
			t.Errorf("%s: by our rules %v", name, r.Verdict)
		}
	}
}

// A run that overfits ends with the weights of the lowest loss on transformed images; one that does not, with its last.
func TestStopOnTransformedImages(t *testing.T) {
	for name, test := range map[string]struct {
		series map[string]func(float64) float64
		over   bool
		ended  int // 0: never stopped
		kept   int
	}{
		// The floor at 15 is 1.0007, the loss 1.08 at 19 and 1.10 at 20; changes, smoothed, are 22 % up from 19 on. Twice is at 21.
		"overfits":        {onTransformed(0, 0, 15, 0.02, 0.5), true, 21, 15},
		"but may go on":   {onTransformed(0, 0, 15, 0.02, 0.5), false, 0, 15},
		"and gets lower":  {with(onTransformed(0, 0, 15, 0.02, 0.5), avgMixedLoss, func(e float64) float64 { return 1 + 1.2*math.Exp(-e/2) + 0.02*max(0, e-15) - 0.9*max(0, e-28) }), false, 0, 15},
		"rises alone":     {with(onTransformed(0, 0, 15, 0.02, 0), PredictionChanges, func(float64) float64 { return 0.1 }), true, 0, 30},
		"learns on":       {with(onTransformed(0, 0, 1000, 0, 0), avgMixedError, func(e float64) float64 { return 0.9 - 0.02*e }), true, 0, 30},
		"settles for ten": {onTransformed(0, 0, 1000, 0, 0), true, 30, 30}, // converged from 21 on
	} {
		t.Run(name, func(t *testing.T) {
			h := historyOf(synthetic(30, test.series))
			stop := &Stop{Thresholds: DefaultThresholds(), OnOverfitting: test.over, OnConvergence: true}
			kept, ended := 0, 0
			for n := 1; n <= len(h.Rows) && ended == 0; n++ {
				state := &trainer.State{History: &trainer.History{Rows: h.Rows[:n]}, Epochs: 30}
				err := stop.AfterEpoch(context.Background(), state)
				if state.Best {
					kept = n - 1
				}
				if err != nil {
					ended = n - 1
				}
			}
			if ended != test.ended || kept != test.kept {
				t.Errorf("ended at %d with the weights of %d, want %d and %d", ended, kept, test.ended, test.kept)
			}
			if r := Diagnose(FromHistory(h), DefaultThresholds()); test.ended == 0 && r.BestEpoch != kept {
				t.Errorf("the verdict names epoch %d, kept are the weights of %d", r.BestEpoch, kept)
			}
		})
	}
}
