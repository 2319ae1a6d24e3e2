package diagnostics

import "math"

// features are the traces of a curve that the rules read, from epoch 1 or, where it says so, from the epoch at which
// learning began.
type features struct {
	c *Curve
	t Thresholds

	epochs            []float64 // from 1 on
	begun             float64   // the epoch from which learning shows
	learnt            bool      // whether it ever did; true if there is no loss to tell
	loss              trace
	gain              trace // the steadiest gain there is
	gainName          string
	gainHigh          float64 // its scatter that counts as high, dB
	moved, movedError trace   // loss and error on moved images, smoothed, since begun
	share             trace   // since begun
	distance          trace   // since begun
	changes           trace   // since begun
}

// featuresOf draws the traces from a curve.
func featuresOf(c *Curve, t Thresholds) *features {
	f := &features{c: c, t: t, loss: c.trace(TrainLoss)}
	for _, e := range c.Epochs {
		if e >= 1 {
			f.epochs = append(f.epochs, float64(e))
		}
	}
	for _, g := range []struct {
		name string
		high float64
	}{
		{PopulationGainDB, t.Noise.PopulationHighDB},
		{PositionsMedianDB, t.Noise.PositionsHighDB},
		{GainDB, t.Noise.ImpulseHighDB},
	} {
		if _, ok := c.Series(g.name); ok {
			f.gainName, f.gainHigh = g.name, g.high
			f.gain = c.trace(g.name)
			break
		}
	}
	f.findBegin()
	f.moved, f.movedError = c.trace(ShiftLoss).since(f.begun).smooth(t.Rules.Smoothing), c.trace(ShiftError).since(f.begun).smooth(t.Rules.Smoothing)
	f.share = c.trace(LowShare).since(f.begun)
	f.distance = c.trace(BoundaryDistance).since(f.begun)
	f.changes = c.trace(PredictionChanges).since(f.begun)
	return f
}

// findBegin sets the epoch at which learning began: the first whose training loss lies under the highest before it by
// the share of the thresholds. Without a training loss it is the first epoch.
func (f *features) findBegin() {
	f.begun, f.learnt = 1, len(f.loss.y) == 0
	highest := math.Inf(-1)
	for i, v := range f.loss.y {
		highest = max(highest, v)
		if v <= f.t.Rules.Begun*highest {
			f.begun, f.learnt = f.loss.x[i], true
			return
		}
	}
	if len(f.loss.y) > 0 {
		f.begun = math.Inf(1)
	}
}
