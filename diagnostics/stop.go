package diagnostics

import (
	"context"
	"fmt"

	"github.com/maxgain/maxgain/trainer"
)

// Stop is a trainer.Hook that ends a run by its gain, without validation data. It marks the epochs whose weights are
// worth keeping as it goes, so that the trainer can put the last of them back.
type Stop struct {
	Thresholds    Thresholds
	OnOverfitting bool
	OnConvergence bool
}

// Name implements trainer.Hook.
func (s *Stop) Name() string { return "stop" }

// AfterEpoch implements trainer.Hook. It returns a *trainer.StopError when the run is to end.
func (s *Stop) AfterEpoch(_ context.Context, state *trainer.State) error {
	d := s.Decide(FromHistory(state.History))
	// A run that ends without having overfitted keeps the weights it ends with.
	ends := d.Stop && !d.Restore || state.Epoch() == state.Epochs && d.Report.Verdict != Overfitting && d.Report.BestEpoch == state.Epoch()
	if d.Keep || ends && state.Epoch() >= 1 {
		state.Best = true
	}
	if !d.Stop {
		return nil
	}
	reason := trainer.ReasonConverged
	if d.Report.Verdict == Overfitting {
		reason = trainer.ReasonOverfitting
	}
	return &trainer.StopError{Reason: reason, Detail: d.Detail}
}

// Decision is what the stop rule says at the last epoch of a curve.
type Decision struct {
	Keep    bool // the weights of this epoch are the best so far
	Stop    bool
	Restore bool // go back to the weights last kept, those of Epoch
	Epoch   int  // the epoch whose weights the run ends with if it stops
	Detail  string
	Report  Report
}

// predictionsSettled tells whether predictions hardly change any more; true where they were not watched. A gain may pause
// on its way, and a run is stopped only once.
func (f *features) predictionsSettled() bool {
	change, _ := f.changing(settledChanges)
	return !change
}

// Decide is the stop rule as a pure function of the curve up to an epoch.
func (s *Stop) Decide(c *Curve) Decision {
	f := featuresOf(c, s.Thresholds)
	end := float64(c.last())
	d := Decision{Epoch: c.last(), Report: Diagnose(c, s.Thresholds)}
	if t, ok := f.transformedOf(); ok && !s.Thresholds.PaperOnly {
		best, _ := t.loss.lowest()
		d.Keep = end >= 1 && best == end && d.Report.Verdict != Overfitting
	} else {
		d.Keep = end >= 1 && f.keep(end) == end
	}
	switch d.Report.Verdict {
	case Overfitting:
		if !s.OnOverfitting || d.Report.Kind == Overconfident && c.last()-int(f.keep(end)) < sureEpochs {
			return d
		}
		d.Stop, d.Epoch = true, d.Report.BestEpoch
		d.Restore = d.Epoch < c.last()
		d.Detail = fmt.Sprintf("overfitting since epoch %d", d.Report.Epoch)
		if t, ok := f.transformedOf(); ok && d.Report.Kind == Memorised && !s.Thresholds.PaperOnly {
			d.Detail += fmt.Sprintf(": wrong labels are being memorised, and the %s of epoch %d did best on transformed training images", t.weights(), d.Epoch)
		}
	case Converged:
		n := len(c.Epochs)
		if !s.OnConvergence || n < settledEpochs || !f.predictionsSettled() {
			return d
		}
		for k := n - settledEpochs + 1; k < n; k++ {
			if Diagnose(c.Prefix(k), s.Thresholds).Verdict != Converged {
				return d
			}
		}
		d.Stop = true
		d.Detail = fmt.Sprintf("converged: little has changed since epoch %d", d.Report.Epoch)
	default:
		return d
	}
	for _, e := range d.Report.Evidence {
		if e.Supports {
			d.Detail += "; " + e.String()
		}
	}
	return d
}
