package diagnostics

// tooVariable is rule 1: high scatter of the gain over all epochs since learning began. A single impulse shows a rate too high
// where the steadier gain does not, but is noisy: it needs more epochs, and high scatter in each half of them.
func tooVariable(f *features) *finding {
	if found := f.gainVaries(); found != nil || f.gainName == GainDB {
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

// gainVaries is rule 1 on the steadiest gain, no half of the epochs being calm. An unsteady training loss lets half the
// scatter do, predictions of which a large share is another at each epoch a third.
func (f *features) gainVaries() *finding {
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
