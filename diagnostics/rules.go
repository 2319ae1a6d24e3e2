package diagnostics

import (
	"fmt"
	"math"
	"slices"
)

// finding is a rule's answer: a verdict, how often such a one is right, and why.
type finding struct {
	verdict    Verdict
	kind       Kind
	epoch      float64
	best       float64
	confidence float64
	evidence   []Evidence
}

// Diagnose judges a curve. It is a pure function of the curve and the thresholds, reads no validation column, and is
// not moved by a constant added to the gains in dB. The first rule that holds decides: a run that diverged is nothing
// else, a rate too high hides the signs of overfitting, and what is left is converged or still learning.
// They are the four of Stamatescu & McDonnell (2018), section IV-C1, and where the signals of a population of images
// are there, those stand in for the single impulse.
func Diagnose(c *Curve, t Thresholds) Report {
	if t.PaperOnly {
		c = c.Only(GainDB, LearningRate)
	}
	f := featuresOf(c, t)
	rules := []func(*features) *finding{diverged, unrelated, lossLost, tooFew, tooVariable, unsteadyAlone, overfitting, settled}
	if _, ok := f.transformedOf(); ok {
		rules = []func(*features) *finding{diverged, unrelated, lossLost, tooFewTransformed, unsteadyTraining, overfittingTransformed, settledTransformed}
	}
	for _, rule := range rules {
		if found := rule(f); found != nil {
			return f.report(found)
		}
	}
	return f.report(&finding{verdict: Undetermined, epoch: float64(c.last()), best: float64(c.last())})
}

// defaultSource is where thresholds come from that carry over between networks.
const defaultSource = "default"

// noise is a fact whose threshold is a noise level, which may come from a calibration.
func (f *features) noise(signal, what string, value, threshold float64, t trace, supports bool) Evidence {
	e := f.fact(signal, what, value, "dB", threshold, t, supports)
	e.Source = f.t.Source
	return e
}

// fact is evidence of one value of a trace's window.
func (f *features) fact(signal, what string, value float64, unit string, threshold float64, t trace, supports bool) Evidence {
	e := Evidence{Signal: signal, What: what, Value: Number(value), Unit: unit, Threshold: Number(threshold), Supports: supports}
	if !math.IsNaN(threshold) {
		e.Source = defaultSource
	}
	if len(t.x) > 0 {
		e.From, e.To = int(t.x[0]), int(t.x[len(t.x)-1])
	}
	return e
}

// tooFew holds until a gain, or a training loss where no gain is measured, was measured often enough to be judged.
func tooFew(f *features) *finding {
	if f.withoutGain() {
		return f.tooFewLosses()
	}
	if len(f.gain.y) >= f.t.Rules.LeastEpochs {
		return nil
	}
	end := float64(f.c.last())
	return &finding{verdict: Undetermined, epoch: end, best: end, evidence: []Evidence{
		f.fact("epoch", "measurements of a gain", float64(len(f.gain.y)), "", float64(f.t.Rules.LeastEpochs), f.gain, true)}}
}

// tooFewTransformed is tooFew for the loss on transformed images.
func tooFewTransformed(f *features) *finding {
	t, _ := f.transformedOf()
	measured := f.c.trace(t.lossName)
	if len(measured.y) >= f.t.Transformed.LeastEpochs {
		return nil
	}
	end := float64(f.c.last())
	return &finding{verdict: Undetermined, epoch: end, best: end, evidence: []Evidence{
		f.fact(t.lossName, "measurements", float64(len(measured.y)), "", float64(f.t.Transformed.LeastEpochs), measured, true)}}
}

// unrelated holds when training loss and training error do not go together, although the loss varies: these are no curves
// of a training, and nothing can be said of them.
func unrelated(f *features) *finding {
	failed := f.c.trace(TrainError)
	if !slices.Equal(f.loss.x, failed.x) {
		return nil
	}
	var loss, wrong []float64 // where there are errors left: the loss goes on falling when there are none
	for i, share := range failed.y {
		if math.Abs(share) >= leastError {
			loss, wrong = append(loss, f.loss.y[i]), append(wrong, share)
		}
	}
	if len(loss) < f.t.Rules.LeastEpochs {
		return nil
	}
	high, low := quantile(loss, 0.9), quantile(loss, 0.1)
	agreement := rankCorrelation(loss, wrong)
	if high-low < variedLoss*math.Abs(high) || !(agreement < leastAgreement) {
		return nil
	}
	end := float64(f.c.last())
	return &finding{verdict: Undetermined, epoch: end, best: end, evidence: []Evidence{
		f.fact(TrainError, "rank correlation with the training loss", agreement, "", leastAgreement, f.loss, true)}}
}

// changing tells whether the smoothed share of predictions that change is above a limit at the end, and the fact.
func (f *features) changing(limit float64) (bool, Evidence) {
	end := f.changes.smooth(f.t.Rules.ChangesWeight)
	end.x, end.y = end.x[max(0, len(end.x)-1):], end.y[max(0, len(end.y)-1):]
	above := len(end.y) > 0 && end.y[0] > limit
	return above, f.fact(PredictionChanges, "smoothed share at the end", median(end.y), "", limit, end, above)
}

// nextRateFactor is by what the learning rate is changed for the next try.
var nextRateFactor = map[Verdict]float64{Diverged: 0.1, LearningRateTooHigh: 1.0 / 3}

// report puts a finding into words.
func (f *features) report(found *finding) Report {
	r := Report{Verdict: found.verdict, Kind: found.kind, Epoch: int(found.epoch), BestEpoch: int(found.best),
		Confidence: found.confidence, Evidence: found.evidence, Advice: verdictTable[found.verdict].advice}
	factor := nextRateFactor[found.verdict]
	switch found.kind {
	case RateTooLow:
		factor = 3
		r.Advice = "try a learning rate three times higher; if it swings, train for more epochs at this one"
	case MoreEpochs:
		r.Advice = fmt.Sprintf("train for about %d more epochs at this rate", max(1, f.c.last()/2))
	}
	switch found.verdict {
	case Overfitting:
		r.Advice = fmt.Sprintf("stop at epoch %d; more or cleaner training data would help", r.BestEpoch)
		if found.kind == Overconfident {
			r.Advice = fmt.Sprintf("stop at epoch %d if the probabilities matter; the error on new images may still hold", r.BestEpoch)
		}
	case Converged:
		r.Advice = fmt.Sprintf("training can stop: little has changed since epoch %d", r.Epoch)
		switch found.kind {
		case NothingCarriesOver:
			r.Advice = fmt.Sprintf("training can stop, or go on at a lower rate: nothing learnt since epoch %d has shown on moved images", r.Epoch)
		case TrainingLearnt:
			r.Advice = fmt.Sprintf("little is left to learn since epoch %d; as the gain still moves, a few more epochs may help a little", r.Epoch)
		}
	}
	if rates := f.c.trace(LearningRate); factor != 0 && len(rates.y) > 0 && rates.y[len(rates.y)-1] > 0 {
		r.NextRate = rates.y[len(rates.y)-1] * factor
		r.Advice += fmt.Sprintf(" (next learning rate to try: %.3g)", r.NextRate)
	}
	return r
}
