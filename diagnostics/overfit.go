package diagnostics

import "math"

// overfitting is rule 4. With the companions of the population gain it is their signs of memorising; with a gain
// alone, smoothness that turns into variability. The same signs show where a training loss rises as well, as it does before
// a rate too high blows the network up: whichever came first is told.
func overfitting(f *features) *finding {
	o, confidence := f.memorising(), sureSigns
	if len(f.moved.y) > 0 {
		confidence = sureMemorised
	}
	if back := f.backslide(); back != nil && !(o.found && o.epoch <= back.epoch) {
		if f.withoutGain() {
			back.confidence = lossTooHigh
		}
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

// onset is what the search for overfitting found.
type onset struct {
	found    bool
	epoch    float64 // at which the signs had held long enough
	best     float64 // the epoch whose weights to keep
	kind     Kind
	evidence []Evidence
}

// sign is one of the signals in which memorising shows: how far it has gone from the best it was.
type sign struct {
	name, what string
	smooth     trace   // smoothed, from the epoch at which learning began
	limit      float64 // the departure that counts
	depart     func(now, best float64) float64
	better     func(a, b float64) bool
}

// higher and lower tell which of two values a signal shows while a network learns well.
func higher(a, b float64) bool { return a > b }
func lower(a, b float64) bool  { return a < b }

// below is how far now lies under the best value, over how far above it, both relative.
func below(now, best float64) float64 { return 1 - now/best }
func over(now, best float64) float64  { return now/best - 1 }
func under(now, best float64) float64 { return best - now }

// signs lists those signals that the curve has.
func (f *features) signs() []sign {
	r := f.t.Rules
	all := []sign{
		{ShiftLoss, "relative rise over its lowest", f.moved, r.ShiftRise, over, lower},
		{LowShare, "fall under its highest", f.share.smooth(r.Smoothing), r.ShareFall, under, higher},
		{BoundaryDistance, "relative fall under its highest", f.distance.smooth(r.Smoothing), r.DistanceFall, below, higher},
		{PredictionChanges, "relative rise over their lowest", f.changes.smooth(r.ChangesWeight), r.ChangesRise, over, lower},
	}
	var out []sign
	for _, s := range all {
		if len(s.smooth.y) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// departures gives, at each epoch at which the sign was measured, how far it had gone from the best up to then.
func (s sign) departures() trace {
	out := trace{s.smooth.x, make([]float64, len(s.smooth.y))}
	best := s.smooth.y[0]
	for i, v := range s.smooth.y {
		if s.better(v, best) {
			best = v
		}
		out.y[i] = s.depart(v, best)
	}
	return out
}

// memorising looks for the first epoch at which the signs have held for as many epochs as patience asks. The search goes
// through the epochs in order and lets an epoch be judged by those up to it alone, so that what was found stands when the
// curve grows.
func (f *features) memorising() onset {
	signs := f.signs()
	if len(signs) < 2 {
		return onset{}
	}
	strength := map[string]map[float64]float64{} // departure over its limit, by signal and epoch
	departures := make([]trace, len(signs))
	for k, s := range signs {
		departures[k] = s.departures()
		strength[s.name] = map[float64]float64{}
		for i, d := range departures[k].y {
			strength[s.name][departures[k].x[i]] = d / s.limit
		}
	}
	run := 0
	for _, epoch := range f.epochs {
		if !f.signsHold(strength, epoch) {
			run = 0
			continue
		}
		if run++; run >= f.t.Rules.Patience {
			return f.describe(signs, departures, epoch)
		}
	}
	return onset{}
}

// signsHold tells whether the signs' strengths, by signal, mean overfitting at an epoch. On moved images labels learnt by
// heart show first as predictions that begin to change again while the loss no longer falls; overconfidence as a loss
// that has risen for good, together with a boundary that has come nearer, of a derivative with more high frequencies, or
// of a training loss that was high when the loss on moved images turned. A loss that rises by itself is no sign: it does
// so too where logits grow on images learnt for good.
//
// Where no moved images were looked at, the boundary must have come nearer and predictions begin to change again; or it
// must have come twice as near with the low-frequency share fallen as well, because some networks learn by heart
// without a rise of the changes. Share and changes alone are moved by a high learning rate too, and count together only
// where no distance was measured either.
func (f *features) signsHold(strength map[string]map[float64]float64, epoch float64) bool {
	distance, share, changes := strength[BoundaryDistance][epoch], strength[LowShare][epoch], strength[PredictionChanges][epoch]
	if len(f.moved.y) > 0 {
		shift := strength[ShiftLoss][epoch]
		turned := shift*f.t.Rules.ShiftRise >= f.t.Rules.ShiftTurn
		return changes >= 1 && turned || shift >= 1 && f.trainingGoesOn(epoch) && (distance >= 1 || share >= 1 || f.trainingLossWasHigh(epoch)) || f.stall(epoch).holds
	}
	if len(f.distance.y) > 0 {
		return distance >= 1 && changes >= 1 || distance >= 2 && share >= 1
	}
	return share >= 1 && changes >= 1
}

// describe fills in what stands behind overfitting seen at an epoch. Labels are being memorised when predictions begin
// to change more, when learning has stalled on moved images, or when the training loss was still high at the epoch to
// keep: what could not be learnt by then is being learnt by heart. Else the network only grows sure of itself.
func (f *features) describe(signs []sign, departures []trace, epoch float64) onset {
	o := onset{found: true, epoch: epoch, kind: Overconfident, best: f.keep(epoch)}
	for k, s := range signs {
		d := departures[k].until(epoch)
		value := d.y[len(d.y)-1]
		o.evidence = append(o.evidence, Evidence{Signal: s.name, What: s.what, Value: Number(value), Threshold: Number(s.limit),
			Source: defaultSource, From: int(d.x[0]), To: int(epoch), Supports: value >= s.limit})
	}
	if _, risen, ok := f.fewestChanges(epoch); ok && risen >= f.t.Rules.ChangesRise {
		o.kind = Memorised
	}
	if stalled := f.stall(epoch); stalled.holds {
		o.kind = Memorised
		o.evidence = append(o.evidence, stalled.evidence...)
	}
	if kept := f.loss.since(o.best); len(kept.y) > 0 {
		hard := kept.y[0] >= f.t.Rules.MemorisedLoss
		if hard {
			o.kind = Memorised
		}
		o.evidence = append(o.evidence, f.fact(TrainLoss, "at the epoch to keep", kept.y[0], "", f.t.Rules.MemorisedLoss,
			trace{kept.x[:1], kept.y[:1]}, hard))
	}
	return o
}

// trainingGoesOn tells whether the training loss has fallen by a good share since the epoch up to the given one at which that on
// moved images was lowest: where both rise, nothing is overfitted, but the rate is too high.
func (f *features) trainingGoesOn(epoch float64) bool {
	turn, _ := f.moved.until(epoch).lowest()
	since := f.loss.since(turn).until(epoch)
	return len(since.y) == 0 || since.y[len(since.y)-1] <= (1-f.t.Rules.StallFall)*since.y[0]
}

// trainingLossWasHigh tells whether the training loss was still high at the epoch up to the given one at which the loss on moved
// images was lowest: what is learnt after that does not carry over.
func (f *features) trainingLossWasHigh(epoch float64) bool {
	turn, _ := f.moved.until(epoch).lowest()
	at := f.loss.since(turn)
	return len(at.y) > 0 && at.y[0] >= f.t.Rules.MemorisedLoss
}

// stall is what the two losses did over the last epochs up to one.
type stall struct {
	holds    bool
	evidence []Evidence
}

// stall tells whether over the epochs up to the given one the training loss, high at first, has fallen by a good share
// while that on moved images hardly has: what is learnt no longer carries over, although nothing has turned yet.
func (f *features) stall(epoch float64) stall {
	r := f.t.Rules
	moved := f.moved.until(epoch).since(epoch - float64(r.StallEpochs))
	loss := f.loss.until(epoch).since(epoch - float64(r.StallEpochs))
	if len(loss.y) <= r.StallEpochs || len(moved.y) <= r.StallEpochs {
		return stall{}
	}
	fell := func(t trace) float64 { return 1 - t.y[len(t.y)-1]/t.y[0] }
	return stall{
		holds: loss.y[0] >= r.MemorisedLoss && fell(loss) >= r.StallFall && fell(moved) < r.StallShift,
		evidence: []Evidence{
			f.fact(TrainLoss, "relative fall", fell(loss), "", r.StallFall, loss, true),
			f.fact(ShiftLoss, "relative fall meanwhile", fell(moved), "", r.StallShift, moved, true),
		},
	}
}

// keep is the epoch up to the given one whose weights to keep: the one at which loss times squared error on moved images
// was lowest; where there are none, the last one at which the boundary had not come nearer by the share that the thresholds
// allow; without distances, the epoch of fewest prediction changes; with none of these, the given epoch itself. An epoch
// qualifies by those up to it alone: an online rule that marks every epoch that keeps itself has the right one marked last.
func (f *features) keep(epoch float64) float64 {
	loss, failed := f.moved.until(epoch), f.movedError.until(epoch)
	if len(loss.y) > 0 && len(loss.y) == len(failed.y) {
		product := trace{loss.x, make([]float64, len(loss.y))}
		for i, share := range failed.y {
			product.y[i] = loss.y[i] * share * share
		}
		best, _ := product.lowest()
		return best
	}
	if t := f.distance.smooth(f.t.Rules.Smoothing).until(epoch); len(t.y) > 0 {
		best, highest := t.x[0], t.y[0]
		for i, v := range t.y {
			highest = max(highest, v)
			if below(v, highest) <= f.t.Rules.DistanceKeep {
				best = t.x[i]
			}
		}
		return best
	}
	if best, _, ok := f.fewestChanges(epoch); ok {
		return best
	}
	return epoch
}

// fewestChanges is the epoch up to the given one at which the smoothed prediction changes were lowest, the last one of
// equals, and by what share they have risen since. An epoch's value depends on earlier epochs alone: an online rule
// that marks every new lowest has marked this one.
func (f *features) fewestChanges(epoch float64) (best, risen float64, ok bool) {
	t := f.changes.smooth(f.t.Rules.ChangesWeight).until(epoch)
	if len(t.y) == 0 {
		return 0, 0, false
	}
	best, lowest := t.lowest()
	if now := t.y[len(t.y)-1]; now > lowest {
		risen = now/lowest - 1
	}
	return best, risen, true
}

// variable is rule 4 of the paper, read off a single gain: smooth, then highly variable. Pettitt's test on the absolute
// deviations from neighbours gives the epoch of the change; the rule holds if the robust scatter after it is the greater
// by the factor of the thresholds.
func (f *features) variable() onset {
	t := f.gain
	d := t.deviations()
	at, chance := pettitt(d, sharedPoints)
	if at < leastSide || len(d)-at < leastSide || chance > onsetChance {
		return onset{}
	}
	early, late := madToSigma*median(d[:at]), madToSigma*median(d[at:])
	r := f.t.Rules
	if late < r.LateVariability*early || late < r.LateFloorDB {
		return onset{}
	}
	epoch := t.x[at]
	return onset{found: true, epoch: epoch, best: epoch, kind: NoKind, evidence: []Evidence{
		{Signal: f.gainName, What: "variability before the onset", Value: Number(early), Unit: "dB", Threshold: Number(math.NaN()),
			From: int(t.x[0]), To: int(epoch), Supports: true},
		{Signal: f.gainName, What: "variability after the onset", Value: Number(late), Unit: "dB",
			Threshold: Number(max(r.LateVariability*early, r.LateFloorDB)), Source: "same curve",
			From: int(epoch) + 1, To: int(t.x[len(t.x)-1]), Supports: true},
	}}
}
