package diagnostics

import "math"

// Confidence of the verdicts that rest on a training loss alone: the share that was right among the runs of the bank's half
// that was tuned on, each whole and at many of its epochs, seen without any signal. Overfitting does not show in a training
// loss, so that many of the runs told to be converged or still learning overfit.
const (
	lossTooHigh   = 0.35 // of the learning rate: unsteady, or slid back
	lossUnlearnt  = 0.45 // still learning, as it never left its highest
	lossStill     = 0.3
	lossConverged = 0.65
)

// withoutGain tells whether the curve has a training loss and no gain.
func (f *features) withoutGain() bool { return f.gainName == "" && len(f.loss.y) > 0 }

// tooFewLosses holds until a training loss was measured often enough to be judged, and where it is negative: then it is no mean
// of −log softmax, and shares of it mean nothing.
func (f *features) tooFewLosses() *finding {
	end := float64(f.c.last())
	found := &finding{verdict: Undetermined, epoch: end, best: end}
	if lowest := quantile(f.loss.y, 0); lowest < 0 {
		found.evidence = []Evidence{f.fact(TrainLoss, "lowest value", lowest, "", 0, f.loss, true)}
		return found
	}
	if len(f.loss.y) >= f.t.Rules.LeastEpochs {
		return nil
	}
	found.evidence = []Evidence{
		f.fact("epoch", "measurements of the training loss", float64(len(f.loss.y)), "", float64(f.t.Rules.LeastEpochs), f.loss, true)}
	return found
}

// unsteadyAlone is rule 1 where there is no gain: a training loss whose steps upward add up to a good part of its range.
func unsteadyAlone(f *features) *finding {
	if !f.withoutGain() {
		return nil
	}
	unsteady, span := unsteadiness(f.loss)
	if len(f.loss.y) < leastScatter || span < leastLossRange || unsteady < f.t.Rules.UnsteadyLoss {
		return nil
	}
	end := float64(f.c.last())
	return &finding{verdict: LearningRateTooHigh, epoch: end, best: end, confidence: lossTooHigh, evidence: []Evidence{
		f.fact(TrainLoss, "steps upward, of its range,", unsteady, "", f.t.Rules.UnsteadyLoss, f.loss, true)}}
}

// settledByLoss is rules 2 and 3 where there is no gain: a training loss that still falls means still learning, one that no
// longer does, or at which nothing is left to learn, converged.
func (f *features) settledByLoss() *finding {
	end := float64(f.c.last())
	window := lastThird(f.atThisRate(f.loss))
	fall := 1 - window.end(2)/median(window.y[:2])
	level := window.end(2)
	falling, learnt := fall >= f.t.Rules.FallingLoss, level < f.t.Rules.LearntLoss
	evidence := []Evidence{
		f.fact(TrainLoss, "relative fall in the last third", fall, "", f.t.Rules.FallingLoss, window, falling),
		f.fact(TrainLoss, "level at the end", level, "", f.t.Rules.LearntLoss, window, !learnt),
	}
	if falling && !learnt {
		kind, why := f.pace()
		return &finding{verdict: StillLearning, kind: kind, epoch: end, best: end, confidence: lossStill, evidence: append(evidence, why)}
	}
	for i := range evidence {
		evidence[i].Supports = !evidence[i].Supports
	}
	found := &finding{verdict: Converged, best: end, confidence: lossConverged, evidence: evidence}
	if learnt {
		found.epoch = f.learntSince()
	} else {
		found.epoch = f.lossPlateau()
	}
	return found
}

// lossPlateau is the first epoch from which the training loss stays within the share that counts as falling above its end.
func (f *features) lossPlateau() float64 {
	level := f.loss.end(leastWindow)
	at := len(f.loss.y) - 1
	for at > 0 && math.Abs(f.loss.y[at-1]-level) <= f.t.Rules.FallingLoss*level {
		at--
	}
	return f.loss.x[at]
}
