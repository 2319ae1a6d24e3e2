package diagnostics

import "math"

// diverged holds when a training loss was no number or has exploded, when the derivative is 0 everywhere in the last
// epochs, or when the gain has collapsed.
func diverged(f *features) *finding {
	loss := f.c.series[TrainLoss]
	for i, epoch := range f.c.Epochs {
		if loss != nil && epoch >= 1 && math.IsInf(loss[i], 0) {
			return f.lost(float64(epoch), Evidence{Signal: TrainLoss, What: "no finite number:", Value: Number(loss[i]),
				Threshold: Number(math.NaN()), From: epoch, To: epoch, Supports: true})
		}
	}
	if n := len(f.loss.y) - 1; n >= 1 {
		if highest := max(quantile(f.loss.y[:n], 1), f.t.Rules.LearntLoss); f.loss.y[n] >= exploded*highest {
			return f.lost(f.loss.x[n], f.fact(TrainLoss, "level at the end", f.loss.y[n], "", exploded*highest, f.loss.since(f.loss.x[n]), true))
		}
	}
	if from, to, dead := f.deadGain(); dead && !f.alive() {
		return f.lost(from, Evidence{Signal: f.gainName, What: "no response to the input:", Value: Number(math.Inf(-1)), Unit: "dB",
			Threshold: Number(math.NaN()), From: int(from), To: int(to), Supports: true})
	}
	if n := len(f.gain.y) - collapseWindow; n >= collapseWindow {
		before, after := trace{f.gain.x[:n], f.gain.y[:n]}, trace{f.gain.x[n:], f.gain.y[n:]}
		if fall := median(before.y) - quantile(after.y, 1); fall >= f.t.Rules.CollapseDB && !f.alive() {
			return f.lost(after.x[0], f.fact(f.gainName, "fall under its median", fall, "dB", f.t.Rules.CollapseDB, after, true))
		}
	}
	return nil
}

// lossLost holds when the training loss is back where it began, or came down to the level of a guess and no further.
func lossLost(f *features) *finding {
	if n := len(f.loss.y) - deadEpochs; n >= 1 {
		highest, lowest := quantile(f.loss.y[:n], 1), quantile(f.loss.y[:n], 0)
		if end := quantile(f.loss.y[n:], 0); highest > f.t.Rules.LearntLoss && lowest <= wellUnder*highest && end >= regained*highest {
			return f.lost(f.loss.x[n], f.fact(TrainLoss, "back at", end, "", regained*highest, f.loss.since(f.loss.x[n]), true))
		}
	}
	return stuck(f)
}

// stuck holds when the training loss came down from a bad beginning to the level of a guess, and has stayed there with
// nearly all images classified wrongly: nothing goes through the network any more.
func stuck(f *features) *finding {
	failed := lastThird(f.c.trace(TrainError))
	if len(f.loss.y) < f.t.Rules.LeastEpochs || len(failed.y) == 0 || !f.learnt {
		return nil
	}
	late := f.loss.since(f.loss.x[len(f.loss.x)/3])
	highest, lowest := quantile(late.y, 1), quantile(late.y, 0)
	if level := median(failed.y); level >= stillGuesses && highest-lowest <= stuckRange*highest {
		found := f.lost(late.x[0], f.fact(TrainError, "level in the last third", level, "", stillGuesses, failed, true))
		found.evidence = append(found.evidence, f.fact(TrainLoss, "range since", (highest-lowest)/highest, "", stuckRange, late, true))
		return found
	}
	return nil
}

// lost is the finding of a diverged run.
func (f *features) lost(epoch float64, e Evidence) *finding {
	return &finding{verdict: Diverged, epoch: epoch, best: max(epoch-1, 0), confidence: sureDiverged, evidence: []Evidence{e}}
}

// alive tells whether a derivative of 0 has another cause than a dead network: the untrained network had no response to
// the probe's image either; the training loss has come down although no response was ever seen; or the loss is so small
// that the scores are saturated.
func (f *features) alive() bool {
	gains := f.c.series[f.gainName]
	if len(gains) > 0 && f.c.Epochs[0] == 0 && math.IsInf(gains[0], -1) {
		return true
	}
	n := len(f.loss.y)
	if n == 0 {
		return false
	}
	now := quantile(f.loss.y[max(0, n-deadEpochs):], 1)
	return now < f.t.Rules.LearntLoss || len(f.gain.y) == 0 && now <= wellUnder*quantile(f.loss.y, 1)
}

// deadGain tells whether the last measurements of the steadiest gain were all −Inf, or most of all were, and since which
// epoch.
func (f *features) deadGain() (from, to float64, dead bool) {
	last, count, measured, first := 0, 0, 0, math.NaN() // of the last ones in a row; of all
	for i, v := range f.c.series[f.gainName] {
		epoch := float64(f.c.Epochs[i])
		if epoch < 1 || math.IsNaN(v) {
			continue
		}
		measured++
		if !math.IsInf(v, -1) {
			last = 0
			continue
		}
		if last++; last == 1 {
			from = epoch
		}
		if count++; count == 1 {
			first = epoch
		}
		to = epoch
	}
	if last >= deadEpochs {
		return from, to, true
	}
	return first, to, measured >= f.t.Rules.LeastEpochs && float64(count) > deadShare*float64(measured)
}
