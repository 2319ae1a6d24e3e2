package diagnostics

import (
	"fmt"
	"math"
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
// not moved by a constant added to the gains in dB. Rules are asked in the order of their claim: a diverged run is
// nothing else, a rate too high drowns the signs of overfitting, and what is left is converged or still learning.
// They are the four of Stamatescu & McDonnell (2018), section IV-C1, and where the signals of a population of images
// are there, those stand in for the single impulse.
func Diagnose(c *Curve, t Thresholds) Report {
	f := featuresOf(c, t)
	for _, rule := range []func(*features) *finding{diverged, tooFew, swinging, overfitting, settled} {
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

// deadEpochs is how many measurements in a row must show no response before a network is called dead.
const deadEpochs = 2

// collapseWindow is the number of last epochs that a collapse must have lasted.
const collapseWindow = 3

// regained is the share of its highest value that a training loss must reach again, after having been under
// wellUnder of it, to count as lost for good.
const (
	regained  = 0.98
	wellUnder = 0.8
)

// exploded is how many times its highest value a training loss must be to count as lost at once.
const exploded = 10

// diverged holds when a training loss was no number or has exploded, when the derivative is 0 everywhere in the last
// epochs, when the gain has collapsed, or when the training loss is back where it began.
func diverged(f *features) *finding {
	loss := f.c.series[TrainLoss]
	for i, epoch := range f.c.Epochs {
		if loss != nil && epoch >= 1 && math.IsInf(loss[i], 0) {
			return f.lost(float64(epoch), Evidence{Signal: TrainLoss, What: "no finite number:", Value: Number(loss[i]),
				Threshold: Number(math.NaN()), From: epoch, To: epoch, Supports: true})
		}
	}
	if n := len(f.loss.y) - 1; n >= 1 {
		if highest := quantile(f.loss.y[:n], 1); highest > 0 && f.loss.y[n] >= exploded*highest {
			return f.lost(f.loss.x[n], f.fact(TrainLoss, "level at the end", f.loss.y[n], "", exploded*highest, f.loss.since(f.loss.x[n]), true))
		}
	}
	if from, to, dead := f.deadGain(); dead {
		return f.lost(from, Evidence{Signal: f.gainName, What: "no response to the input:", Value: Number(math.Inf(-1)), Unit: "dB",
			Threshold: Number(math.NaN()), From: int(from), To: int(to), Supports: true})
	}
	if n := len(f.gain.y) - collapseWindow; n >= collapseWindow {
		before, after := trace{f.gain.x[:n], f.gain.y[:n]}, trace{f.gain.x[n:], f.gain.y[n:]}
		if fall := median(before.y) - quantile(after.y, 1); fall >= f.t.Rules.CollapseDB {
			return f.lost(after.x[0], f.fact(f.gainName, "fall under its median", fall, "dB", f.t.Rules.CollapseDB, after, true))
		}
	}
	if n := len(f.loss.y) - deadEpochs; n >= 1 {
		highest, lowest := quantile(f.loss.y[:n], 1), quantile(f.loss.y[:n], 0)
		if end := quantile(f.loss.y[n:], 0); lowest <= wellUnder*highest && end >= regained*highest {
			return f.lost(f.loss.x[n], f.fact(TrainLoss, "back at", end, "", regained*highest, f.loss.since(f.loss.x[n]), true))
		}
	}
	return stuck(f)
}

// stillGuesses is the training error from which a network is taken to guess, and stuckRange the range of the training
// loss, relative to its highest, within which it has not moved.
const (
	stillGuesses = 0.85
	stuckRange   = 0.02
)

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

// deadShare is the share of all measurements without a response from which a network is called dead even if it wakes.
const deadShare = 0.5

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

// tooFew holds until a gain was measured often enough to be judged.
func tooFew(f *features) *finding {
	if len(f.gain.y) >= f.t.Rules.LeastEpochs {
		return nil
	}
	end := float64(f.c.last())
	return &finding{verdict: Undetermined, epoch: end, best: end, evidence: []Evidence{
		f.fact("epoch", "measurements of a gain", float64(len(f.gain.y)), "", float64(f.t.Rules.LeastEpochs), f.gain, true)}}
}

// supportedScatter is the share of the high scatter that is enough when the training loss is unsteady as well.
const supportedScatter = 0.5

// restlessScatter is the same where a large share of the predictions changes at each epoch.
const restlessScatter = 1.0 / 3

// leastLossRange is the range of the training loss, relative to its highest, from which its unsteadiness means anything.
const leastLossRange = 0.05

// leastScatter is the number of measurements since learning began from which scatter can be told from the way up.
const leastScatter = 8

// halfScatter is the share of the high scatter that each half of the epochs must show by itself.
const halfScatter = 0.5

// leastImpulse is the same for a single impulse beside a steadier gain.
const leastImpulse = 16

// swinging is rule 1: high scatter of the gain over all epochs since learning began. A single impulse shows a rate too high
// where the steadier gain does not, but is noisy: it needs more epochs, and high scatter in each half of them.
func swinging(f *features) *finding {
	if found := f.gainSwings(); found != nil || f.gainName == GainDB {
		return found
	}
	impulse := f.sinceLearning(f.c.trace(GainDB))
	if len(impulse.y) < leastImpulse {
		return nil
	}
	early, late := halves(impulse)
	if limit := f.t.Noise.ImpulseHighDB; min(impulse.roughness(), early.roughness(), late.roughness()) >= limit {
		return f.tooHigh(GainDB, impulse, limit, limit)
	}
	return nil
}

// gainSwings is rule 1 on the steadiest gain, no half of the epochs being calm. An unsteady training loss lets half the
// scatter do, predictions of which a large share is another at each epoch a third.
func (f *features) gainSwings() *finding {
	gain := f.sinceLearning(f.gain)
	if len(gain.y) < leastScatter {
		return nil
	}
	early, late := halves(gain)
	scatter := min(gain.roughness(), early.roughness()/halfScatter, late.roughness()/halfScatter)
	unsteady, span := unsteadiness(f.loss)
	loud := span >= leastLossRange && unsteady >= f.t.Rules.UnsteadyLoss
	limit := f.gainHigh
	if loud {
		limit *= supportedScatter
	}
	changing, changes := f.changing(f.t.Rules.RestlessChanges)
	if changing {
		limit = min(limit, restlessScatter*f.gainHigh)
	}
	if !(scatter >= limit) {
		return nil
	}
	found := f.tooHigh(f.gainName, gain, limit, halfScatter*limit)
	if len(f.loss.y) > 0 {
		found.evidence = append(found.evidence,
			f.fact(TrainLoss, "steps upward, of its range,", unsteady, "", f.t.Rules.UnsteadyLoss, f.loss, loud))
	}
	if len(f.changes.y) > 0 {
		found.evidence = append(found.evidence, changes)
	}
	return found
}

// tooHigh is the finding of a gain whose scatter is above a limit, and in each half above another.
func (f *features) tooHigh(signal string, gain trace, limit, half float64) *finding {
	early, late := halves(gain)
	return &finding{verdict: LearningRateTooHigh, epoch: float64(f.c.last()), best: float64(f.c.last()), confidence: sureTooHigh,
		evidence: []Evidence{
			f.noise(signal, "variability", gain.roughness(), limit, gain, true),
			f.noise(signal, "variability, first half,", early.roughness(), half, early, true),
			f.noise(signal, "variability, second half,", late.roughness(), half, late, true),
		}}
}

// sinceLearning is a trace from the epoch on at which learning began, whole if it never did.
func (f *features) sinceLearning(t trace) trace {
	if !f.learnt {
		return t
	}
	return t.since(f.begun)
}

// halves are a trace's two halves, which share the points in the middle.
func halves(t trace) (early, late trace) {
	half := len(t.y) / 2
	return trace{t.x[:half+1], t.y[:half+1]}, trace{t.x[half-1:], t.y[half-1:]}
}

// changing tells whether the smoothed share of predictions that change is above a limit at the end, and the fact.
func (f *features) changing(limit float64) (bool, Evidence) {
	end := f.changes.smooth(f.t.Rules.ChangesWeight)
	end.x, end.y = end.x[max(0, len(end.x)-1):], end.y[max(0, len(end.y)-1):]
	above := len(end.y) > 0 && end.y[0] > limit
	return above, f.fact(PredictionChanges, "smoothed share at the end", median(end.y), "", limit, end, above)
}

// unsteadiness is the sum of the steps of the training loss upward over its range, and the range over its highest.
func unsteadiness(loss trace) (unsteady, relative float64) {
	if len(loss.y) < 2 {
		return 0, 0
	}
	up := 0.0
	for i := 1; i < len(loss.y); i++ {
		up += max(0, loss.y[i]-loss.y[i-1])
	}
	highest, lowest := quantile(loss.y, 1), quantile(loss.y, 0)
	if highest == lowest {
		return 0, 0
	}
	return up / (highest - lowest), (highest - lowest) / highest
}

// overfitting is rule 4. With the companions of the population gain it is their signs of memorising; with a gain
// alone, smoothness that turns into variability. The same signs show where a training loss rises as well, as it does before
// a rate too high blows the network up: whichever came first is told.
func overfitting(f *features) *finding {
	o, confidence := f.memorising(), sureSigns
	if len(f.moved.y) > 0 {
		confidence = sureMemorised
	}
	if back := f.backslide(); back != nil && !(o.found && o.epoch <= back.epoch) {
		return back
	}
	if !o.found && len(f.signs()) < 2 {
		o, confidence = f.variable(), sureVariable
	}
	if !o.found {
		return nil
	}
	return &finding{verdict: Overfitting, kind: o.kind, epoch: o.best, best: o.best, confidence: confidence, evidence: o.evidence}
}

// backslideEpochs is for how many epochs in a row a training loss must lie above its lowest to have slid back.
const backslideEpochs = 2

// backslide holds when the training loss, at one learning rate, has lain by the share of the thresholds above its lowest for
// some epochs, and has not been lower since. A loss at which nothing is left to learn is noise.
func (f *features) backslide() *finding {
	loss := f.atThisRate(f.loss)
	if len(loss.y) == 0 {
		return nil
	}
	turn, lowest := loss.lowest()
	after := loss.since(turn + 1)
	for i := backslideEpochs; i <= len(after.y); i++ {
		late := trace{after.x[i-backslideEpochs : i], after.y[i-backslideEpochs : i]}
		now := quantile(late.y, 0)
		if rise := now/lowest - 1; now >= f.t.Rules.LearntLoss && rise >= f.t.Rules.Backslide {
			epoch := after.x[i-1]
			return &finding{verdict: LearningRateTooHigh, epoch: epoch, best: turn, confidence: sureTooHigh, evidence: []Evidence{
				f.fact(TrainLoss, "rise over its lowest", rise, "", f.t.Rules.Backslide, late, true)}}
		}
	}
	return nil
}

// settled is rules 2 and 3: a gain that still moves smoothly means still learning, one that has flattened converged.
// Where there is a training loss, its fall means still learning too, and with nothing left to learn the run has
// converged whatever the gain does. How sure that is depends on whether the net still gets better on moved images and its
// predictions still change.
func settled(f *features) *finding {
	end := float64(f.c.last())
	if !f.learnt {
		return &finding{verdict: StillLearning, kind: RateTooLow, epoch: end, best: end, confidence: sureUnlearnt, evidence: []Evidence{
			f.fact(TrainLoss, "never under the share of its highest of", f.t.Rules.Begun, "", math.NaN(), f.loss, true)}}
	}
	m := f.motion()
	found := &finding{epoch: end, best: end, evidence: []Evidence{
		f.fact(f.gainName, "slope in the last third", m.slope, "dB an epoch", math.NaN(), m.window, m.moving),
		f.fact(f.gainName, "travel in the last third", m.travel, "dB", m.limit, m.window, m.moving),
		f.noise(f.gainName, "variability in the last third", m.window.roughness(), f.gainHigh, m.window, false),
	}}
	still, learnt, trust := m.moving, false, gainTrust
	if window := lastThird(f.atThisRate(f.loss)); len(window.y) >= 3 {
		fall := 1 - window.end(2)/median(window.y[:2])
		level := window.end(2)
		falling := fall >= f.t.Rules.FallingLoss
		learnt, trust = level < f.t.Rules.LearntLoss, lossTrust
		still = (falling || m.moving) && !learnt
		found.evidence = append(found.evidence,
			f.fact(TrainLoss, "relative fall in the last third", fall, "", f.t.Rules.FallingLoss, window, falling),
			f.fact(TrainLoss, "level at the end", level, "", f.t.Rules.LearntLoss, window, !learnt))
	}
	if moved, changes, ok := f.bystanders(); ok {
		found.evidence = append(found.evidence, moved, changes)
		trust = companyTrust(m.travel/m.limit, moved.Supports, changes.Supports)
	}
	if still {
		kind, why := f.pace()
		found.verdict, found.kind, found.confidence, found.evidence = StillLearning, kind, trust.still, append(found.evidence, why)
		return found
	}
	found.verdict, found.epoch, found.confidence = Converged, f.plateau(), trust.converged
	if learnt && m.moving {
		found.kind, found.epoch = TrainingLearnt, f.learntSince()
	}
	for i := range found.evidence {
		found.evidence[i].Supports = !found.evidence[i].Supports
	}
	return found
}

// bystanders are two facts by which it is not decided whether learning goes on, but which say how sure that is: how the loss
// on moved images fell in the last third, and how many predictions still change. Each supports that learning goes on.
// They are not ok without moved images and predictions.
func (f *features) bystanders() (moved, changes Evidence, ok bool) {
	late := lastThird(f.atThisRate(f.c.trace(ShiftLoss)))
	if len(late.y) < leastWindow || len(f.changes.y) == 0 {
		return moved, changes, false
	}
	fall := -late.slope() * (late.x[len(late.x)-1] - late.x[0]) / median(late.y)
	moved = f.fact(ShiftLoss, "relative fall in the last third", fall, "", f.t.Rules.ShiftTurn, late, fall >= f.t.Rules.ShiftTurn)
	_, changes = f.changing(settledChanges)
	return moved, changes, true
}

// learntSince is the first epoch from which the training loss stays at the level at which nothing is left to learn.
func (f *features) learntSince() float64 {
	at := len(f.loss.y) - 1
	for at > 0 && f.loss.y[at-1] < f.t.Rules.LearntLoss {
		at--
	}
	return f.loss.x[at]
}

// motion is what a gain did in the last third of its epochs.
type motion struct {
	window               trace
	slope, travel, limit float64
	moving               bool
}

// travelNoise is the travel, in standard deviations of the scatter, that a flat gain shows over a window of k points:
// three times √(12/k), the standard error of a fitted slope times the window's length.
func travelNoise(sigma float64, k int) float64 { return 3 * sigma * math.Sqrt(12/float64(k)) }

// motion measures whether the gain still moves.
func (f *features) motion() motion {
	w := lastThird(f.atThisRate(f.gain))
	m := motion{window: w, slope: w.slope()}
	m.travel = math.Abs(m.slope) * (w.x[len(w.x)-1] - w.x[0])
	m.limit = max(f.t.Rules.RisingDB, f.t.Rules.RisingShare*f.span(), travelNoise(f.gain.roughness(), len(w.x)))
	m.moving = m.travel >= m.limit
	return m
}

// span is the distance between the gain's 0.1- and 0.9-quantiles, in dB: the way up without its first steps.
func (f *features) span() float64 { return quantile(f.gain.y, 0.9) - quantile(f.gain.y, 0.1) }

// leastWindow is the number of measurements that the last third has at least.
const leastWindow = 4

// atThisRate is the part of a trace since the learning rate last changed, or all of it where that is too little to judge
// by: what a step of a schedule brings at once is no learning that goes on.
func (f *features) atThisRate(t trace) trace {
	rates := f.c.trace(LearningRate)
	since := 0.0
	for i := 1; i < len(rates.y); i++ {
		if rates.y[i] != rates.y[i-1] {
			since = rates.x[i]
		}
	}
	if late := t.since(since); len(late.y) >= leastWindow {
		return late
	}
	return t
}

// lastThird is the last third of a trace.
func lastThird(t trace) trace {
	from := len(t.x) - min(len(t.x), max(leastWindow, len(t.x)/3))
	return trace{t.x[from:], t.y[from:]}
}

// pace tells a rate too low from a run too short, and by what: with a rate too low the second half still goes about as
// fast as the first. The training loss is asked if there is one, else the gain.
func (f *features) pace() (Kind, Evidence) {
	t, name := f.loss, TrainLoss
	if len(t.y) < leastWindow {
		t, name = f.gain, f.gainName
	}
	half := len(t.y) / 2
	first, second := math.Abs(t.y[half]-t.y[0]), math.Abs(t.y[len(t.y)-1]-t.y[half])
	why := f.fact(name, "way of the second half over the first's", second/first, "", f.t.Rules.LinearPace, t, true)
	if second >= f.t.Rules.LinearPace*first {
		return RateTooLow, why
	}
	return MoreEpochs, why
}

// plateau is the first epoch from which the smoothed gain stays near its end.
func (f *features) plateau() float64 {
	whole := f.gain.smooth(f.t.Rules.Smoothing)
	margin := max(f.t.Rules.PlateauDB, f.t.Rules.RisingShare*f.span(), 2*f.gain.roughness())
	level := whole.end(leastWindow)
	at := len(whole.y) - 1
	for at > 0 && math.Abs(whole.y[at-1]-level) <= margin {
		at--
	}
	return whole.x[at]
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
		if found.kind == TrainingLearnt {
			r.Advice = fmt.Sprintf("little is left to learn since epoch %d; as the gain still moves, a few more epochs may help a little", r.Epoch)
		}
	}
	if rates := f.c.trace(LearningRate); factor != 0 && len(rates.y) > 0 {
		r.NextRate = rates.y[len(rates.y)-1] * factor
		r.Advice += fmt.Sprintf(" (next learning rate to try: %.3g)", r.NextRate)
	}
	return r
}
