package diagnostics

import "math"

// settled is rules 2 and 3: a gain that still moves smoothly means still learning, one that has flattened converged.
// Where there is a training loss, its fall means still learning too, and with nothing left to learn the run has
// converged whatever the gain does. So has one that gets no better on moved images while its gain travels: what falls then
// is the loss on images known already, by logits that grow.
func settled(f *features) *finding {
	end := float64(f.c.last())
	if !f.learnt {
		sure := sureUnlearnt
		if f.withoutGain() {
			sure = lossUnlearnt
		}
		return &finding{verdict: StillLearning, kind: RateTooLow, epoch: end, best: end, confidence: sure, evidence: []Evidence{
			f.fact(TrainLoss, "never under the share of its highest of", f.t.Rules.Begun, "", math.NaN(), f.loss, true)}}
	}
	if f.withoutGain() {
		return f.settledByLoss()
	}
	m := f.motion()
	scatter := m.window.roughness()
	found := &finding{epoch: end, best: end, evidence: []Evidence{
		f.fact(f.gainName, "slope in the last third", m.slope, "dB an epoch", math.NaN(), m.window, m.moving),
		f.fact(f.gainName, "travel in the last third", m.travel, "dB", m.limit, m.window, m.moving),
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
	idle := false
	if moved, changes, ok := f.shiftsAndChanges(); ok {
		found.evidence = append(found.evidence, moved, changes)
		trust = trustWithShifts(m.travel/m.limit, moved.Supports, changes.Supports)
		idle = still && !moved.Supports && m.travel >= growing*m.limit
	}
	if still && !idle {
		kind, why := f.pace()
		found.verdict, found.kind, found.confidence = StillLearning, kind, trust.still
		found.evidence = append(found.evidence, why, f.noise(f.gainName, "variability in the last third", scatter, f.gainHigh, m.window, scatter < f.gainHigh))
		return found
	}
	found.verdict, found.epoch, found.confidence = Converged, f.plateau(), trust.converged
	for i := range found.evidence {
		found.evidence[i].Supports = !found.evidence[i].Supports
	}
	found.evidence = append(found.evidence, f.noise(f.gainName, "variability in the last third", scatter, f.gainHigh, m.window, scatter < f.gainHigh))
	switch {
	case idle:
		found.kind, found.confidence = NothingCarriesOver, sureIdle
		found.epoch, _ = f.moved.lowest()
		found.evidence[1].Supports = true // the travel
	case learnt && m.moving:
		found.kind, found.epoch = TrainingLearnt, f.learntSince()
	}
	return found
}

// shiftsAndChanges are two facts that support that learning goes on, or do not, and say how sure that is: how the loss on moved
// images fell in the last third, and how many predictions still change.
// They are absent (ok is false) without moved images and predictions.
func (f *features) shiftsAndChanges() (moved, changes Evidence, ok bool) {
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
