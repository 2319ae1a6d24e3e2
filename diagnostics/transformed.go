package diagnostics

import (
	"math"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/diagnostics/signal"
)

// transformed is what a curve shows of training images that were rotated, scaled and shifted: a stand-in for validation
// images. The loss and the error are those of the averaged weights where there are any, else of the trained ones; the
// changes are always those of the trained weights. All begin at the epoch at which learning began.
type transformed struct {
	lossName, failedName  string
	loss, failed, changes trace // changes smoothed
}

// weights says whose loss and error these are.
func (t transformed) weights() string {
	if strings.HasPrefix(t.lossName, signal.AveragedPrefix) {
		return "averaged weights"
	}
	return "weights"
}

// transformedOf reads the traces; ok is false if the loss or the changes were not measured.
func (f *features) transformedOf() (t transformed, ok bool) {
	t.lossName, t.failedName = signal.Averaged(signal.MixedLoss), signal.Averaged(signal.MixedError)
	if _, averaged := f.c.Series(t.lossName); !averaged {
		t.lossName, t.failedName = signal.MixedLoss, signal.MixedError
	}
	t.loss, t.failed = f.c.trace(t.lossName).since(f.begun), f.c.trace(t.failedName).since(f.begun)
	t.changes = f.c.trace(signal.MixedChanges).since(f.begun).smooth(f.t.Transformed.ChangesWeight)
	_, lossThere := f.c.Series(t.lossName)
	_, changesThere := f.c.Series(signal.MixedChanges)
	return t, lossThere && changesThere
}

// memorisingSince is the first epoch at which the trained network has begun to memorise labels that contradict what it had
// learnt: the predictions for transformed images change more again than they did, and the loss on them is above its
// lowest, for some epochs in a row. Each epoch is judged by those up to it alone, so that what was found stands when the
// curve grows. NaN if there is none.
func (f *features) memorisingSince(t transformed) (epoch, changesRise, lossRise float64) {
	r := f.t.Transformed
	fewest, lowest, run := math.Inf(1), math.Inf(1), 0
	for i, x := range t.loss.x {
		lowest = min(lowest, t.loss.y[i])
		k := slices.Index(t.changes.x, x)
		if k < 0 {
			continue
		}
		fewest = min(fewest, t.changes.y[k])
		changesRise, lossRise = t.changes.y[k]/fewest-1, t.loss.y[i]/lowest-1
		if !(changesRise >= r.ChangesRise && lossRise >= r.LossRise) || t.changes.y[k] < r.LeastChanges {
			run = 0
			continue
		}
		if run++; run >= r.Patience {
			return x, changesRise, lossRise
		}
	}
	return math.NaN(), changesRise, lossRise
}

// overfittingTransformed holds once labels are being memorised. The weights to keep are those of the lowest loss on
// transformed images up to then.
func overfittingTransformed(f *features) *finding {
	t, _ := f.transformedOf()
	epoch, changes, loss := f.memorisingSince(t)
	if math.IsNaN(epoch) {
		return nil
	}
	best, _ := t.loss.until(epoch).lowest()
	r := f.t.Transformed
	if failed := f.c.trace(TrainError).since(best); len(failed.y) > 0 && failed.y[0] < r.LeastError {
		return nil // nothing but right labels was left to learn
	}
	return &finding{verdict: Overfitting, kind: Memorised, epoch: best, best: best, confidence: transformedOverfitting, evidence: []Evidence{
		f.fact(signal.MixedChanges, "relative rise over their lowest", changes, "", r.ChangesRise, t.changes.until(epoch), true),
		f.fact(t.lossName, "relative rise over its lowest", loss, "", r.LossRise, t.loss.until(epoch), true),
	}}
}

// unsteadyTraining holds when the training loss goes up and down over a good part of its range, or ends well above its
// lowest: the learning rate is too high.
func unsteadyTraining(f *features) *finding {
	r := f.t.Transformed
	loss := f.atThisRate(f.loss)
	if len(loss.y) < leastWindow {
		return nil
	}
	lowest, highest := quantile(loss.y, 0), quantile(loss.y, 1)
	if highest-lowest < variedLoss*highest {
		return nil
	}
	unsteady, _ := unsteadiness(loss)
	stayed, tail := 0.0, max(leastTail, len(loss.y)/10)
	if turn, _ := loss.lowest(); turn < loss.x[max(0, len(loss.x)-tail)] { // else it is at its lowest now, and still falls
		stayed = (loss.end(tail) - lowest) / (highest - lowest)
	}
	if !(unsteady >= r.UnsteadyLoss || stayed >= r.StayedUp) {
		return nil
	}
	turn, _ := f.loss.lowest()
	return &finding{verdict: LearningRateTooHigh, epoch: float64(f.c.last()), best: turn, confidence: transformedTooHigh, evidence: []Evidence{
		f.fact(TrainLoss, "steps upward, of its range,", unsteady, "", r.UnsteadyLoss, loss, unsteady >= r.UnsteadyLoss),
		f.fact(TrainLoss, "end above its lowest, of its range,", stayed, "", r.StayedUp, loss, stayed >= r.StayedUp),
	}}
}

// settledTransformed tells whether learning goes on: whether the error on transformed images still falls.
func settledTransformed(f *features) *finding {
	end := float64(f.c.last())
	t, _ := f.transformedOf()
	r := f.t.Transformed
	found := &finding{verdict: Converged, epoch: end, best: end}
	if !f.learnt {
		return &finding{verdict: StillLearning, kind: RateTooLow, epoch: end, best: end, confidence: transformedStill, evidence: []Evidence{
			f.fact(TrainLoss, "never under the share of its highest of", f.t.Rules.Begun, "", math.NaN(), f.loss, true)}}
	}
	still := false
	if epochs := float64(f.c.last()) - f.begun + 1; strings.HasPrefix(t.lossName, signal.AveragedPrefix) && epochs < float64(r.SettledEpochs) {
		still = true
		found.evidence = append(found.evidence, f.fact(t.lossName, "epochs since learning began", epochs, "", float64(r.SettledEpochs), t.loss, true))
	}
	for _, s := range []struct {
		name string
		t    trace
	}{{t.failedName, t.failed}, {t.lossName, t.loss}} {
		window := lastQuarter(f.atThisRate(s.t))
		if len(window.y) < 2 {
			continue
		}
		tail := min(leastTail, len(window.y)/2)
		fall := 1 - window.end(tail)/median(window.y[:tail])
		falls := fall >= r.StillFall
		still = still || falls
		found.evidence = append(found.evidence, f.fact(s.name, "relative fall in the last quarter", fall, "", r.StillFall, window, falls))
	}
	if still {
		kind, why := f.pace()
		found.verdict, found.kind, found.confidence, found.evidence = StillLearning, kind, transformedStill, append(found.evidence, why)
		return found
	}
	for i := range found.evidence {
		found.evidence[i].Supports = !found.evidence[i].Supports
	}
	found.epoch, found.confidence = f.errorPlateau(t), transformedConverged
	if f.predictionsSettled() {
		found.confidence = transformedSettled
	}
	return found
}

// leastTail is the number of measurements of which the median is taken at the ends of a window, at least.
const leastTail = 3

// lastQuarter is the last quarter of a trace and the measurements that its beginning is taken from; of a short trace so many
// that its beginning and its end have none in common.
func lastQuarter(t trace) trace {
	n := len(t.x)
	from := max(0, min(n-1-n/4-leastTail/2, n-2*leastTail))
	return trace{t.x[from:], t.y[from:]}
}

// errorPlateau is the first epoch from which the error on transformed images stays near its end.
func (f *features) errorPlateau(t transformed) float64 {
	at := len(t.failed.y) - 1
	if at < 0 {
		return float64(f.c.last())
	}
	level := t.failed.end(leastTail)
	for at > 0 && math.Abs(t.failed.y[at-1]-level) <= f.t.Transformed.StillFall*level {
		at--
	}
	return t.failed.x[at]
}
