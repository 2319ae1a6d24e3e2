package trainer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"

	"github.com/maxgain/maxgain/models"
)

// Run trains until the epochs are done or a hook stops the run, both of which return no error, and
// returns the final status. When ctx is cancelled the step in progress is finished, a checkpoint
// written and an error returned that is ErrInterrupted and ctx's. A loss or weights that are no finite
// numbers end the run with ErrDiverged before any hook sees them; the checkpoints stay as they were. A
// resumption that is refused leaves all that was recorded of the run as it was.
func (t *Trainer) Run(ctx context.Context) (Status, error) {
	err := t.begin()
	if err != nil && t.o.Checkpoints.Resume {
		t.status.State, t.status.Reason, t.status.Detail = StateFailed, ReasonError, err.Error()
		return t.status, err
	}
	if err == nil {
		err = t.run(ctx)
	}
	switch {
	case err == nil:
	case errors.Is(err, ErrDiverged):
		t.status.State, t.status.Detail = StateDiverged, err.Error()
	case errors.Is(err, ErrInterrupted):
		t.status.State, t.status.Reason, t.status.Detail = StateInterrupted, ReasonInterrupted, err.Error()
	default:
		t.status.State, t.status.Reason, t.status.Detail = StateFailed, ReasonError, err.Error()
	}
	if recordErr := t.record(); recordErr != nil {
		err = errors.Join(err, recordErr)
	}
	return t.status, err
}

// begin cleans the folder of checkpoints and puts the run where it is to go on.
func (t *Trainer) begin() error {
	if t.store != nil {
		if err := t.store.clean(); err != nil {
			return err
		}
	}
	if t.o.Checkpoints.Resume {
		if err := t.resume(); err != nil {
			return err
		}
	}
	return t.saveRecipe()
}

func (t *Trainer) run(ctx context.Context) error {
	if err := t.record(); err != nil {
		return err
	}
	t.saved = t.now()
	for t.stop == nil && t.at.Epoch <= t.o.Epochs {
		if err := t.epoch(ctx); err != nil {
			if ctx.Err() != nil && !errors.Is(err, ErrDiverged) {
				return t.interrupted(ctx, err)
			}
			return err
		}
	}
	return t.finish()
}

// finish states how the run ended and gives the net the weights that are kept: those that a hook marked last, or those
// of the last epoch.
func (t *Trainer) finish() error {
	if t.stop == nil {
		t.status.State, t.status.Reason = StateFinished, ReasonEpochs
		t.status.Detail = fmt.Sprintf("all %d epochs are done", t.o.Epochs)
	} else {
		t.status.State, t.status.Reason, t.status.Detail = StateStopped, t.stop.Reason, t.stop.Detail
	}
	if t.best == nil {
		t.keep(t.status.Epoch)
	}
	if err := t.saveBest(true); err != nil {
		return err
	}
	if err := t.removeRecipe(); err != nil {
		return err
	}
	setWeights(t.net, t.best)
	t.status.Restored = t.bestEpoch < t.status.Epoch
	return nil
}

// where is the run's position in words.
func (t *Trainer) where() string {
	if t.at.Epoch == 0 {
		return "before the first epoch"
	}
	return fmt.Sprintf("after %d of %d steps of epoch %d", t.at.Step, t.steps(), t.at.Epoch)
}

// interrupted saves the position after a cancelled context made an epoch end with err.
func (t *Trainer) interrupted(ctx context.Context, err error) error {
	if !errors.Is(err, ctx.Err()) && !errors.Is(err, context.Cause(ctx)) {
		return err
	}
	where := t.where()
	if err := t.save(); err != nil {
		return fmt.Errorf("%w %s, and could not be saved: %w", ErrInterrupted, where, err)
	}
	cause := context.Cause(ctx)
	if !errors.Is(cause, ctx.Err()) {
		cause = fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return fmt.Errorf("%w %s: %w", ErrInterrupted, where, cause)
}

// epoch does what is left of the epoch in progress, from its next step to its checkpoint.
func (t *Trainer) epoch(ctx context.Context) error {
	begin, before := t.now(), t.sums.Elapsed
	if t.at.Epoch > 0 {
		err := t.trainEpoch(ctx)
		t.sums.Elapsed = before + t.now().Sub(begin).Seconds()
		if err != nil {
			return err
		}
	} else if err := ctx.Err(); err != nil {
		return err
	}
	row := t.row()
	if err := t.checkWeights(); err != nil {
		return t.diverged(row, ReasonWeights, err)
	}
	if t.average != nil && t.at.Epoch > 0 {
		if err := t.average.add(t.at.Epoch); err != nil {
			return err
		}
	}
	if err := t.evaluate(ctx, &row); err != nil {
		return err
	}
	row.Seconds = before + t.now().Sub(begin).Seconds()
	t.history.Rows = append(t.history.Rows, row)
	state := t.state()
	stop, err := callHooks(ctx, t.o.Hooks, state)
	if err != nil {
		t.history.Rows = t.history.Rows[:len(t.history.Rows)-1] // so that a resumed run writes it anew
		return err
	}
	last := &t.history.Rows[len(t.history.Rows)-1]
	last.Seconds = before + t.now().Sub(begin).Seconds()
	t.memory = state.Memory
	return t.closeEpoch(*last, stop, state.Best)
}

// row is the row of the epoch in progress with its training figures.
func (t *Trainer) row() Row {
	r := NewRow(t.at.Epoch)
	r.Seconds = t.sums.Elapsed
	if t.at.Epoch > 0 {
		r.LearningRate = t.o.Schedule.Rate(t.at.Epoch)
		r.TrainLoss = t.sums.Loss / float64(t.sums.Seen)
		r.TrainError = float64(t.sums.Wrong) / float64(t.sums.Seen)
		r.ImagesPerSecond = float64(t.sums.Seen) / t.sums.Training
	}
	return r
}

// state is what the hooks see after the epoch in progress.
func (t *Trainer) state() *State {
	s := &State{Net: t.net, Data: t.data, History: t.history, Epochs: t.o.Epochs, Memory: maps.Clone(t.memory)}
	if t.at.Epoch > 0 {
		s.Predictions = t.current
		s.Previous = t.previous
	}
	if t.average != nil && t.average.mean != nil {
		s.Averaged = t.average.use
	}
	return s
}

// closeEpoch takes note of what the hooks said, moves on to the next epoch, and records and saves.
func (t *Trainer) closeEpoch(row Row, stop *StopError, best bool) error {
	t.stop = stop
	t.status.Epoch = row.Epoch
	if best {
		t.keep(row.Epoch)
	} else if row.Epoch > 0 && row.Epoch == t.lost {
		t.keepWarning("the weights of epoch %d were kept before the interruption and are not now; %s is not those of an earlier epoch any more", row.Epoch, BestFile)
		t.bestEpoch, t.status.BestEpoch, t.best = -1, -1, nil
	}
	t.at, t.sums = position{Epoch: t.at.Epoch + 1}, sums{}
	if row.Epoch > 0 {
		if t.previous == nil {
			t.previous = make([]uint16, len(t.current))
		}
		t.previous, t.current = t.current, t.previous
	}
	if err := t.record(); err != nil {
		return err
	}
	if err := t.saveEpoch(row.Epoch, best); err != nil {
		return err
	}
	if t.o.Observer != nil {
		t.o.Observer.EpochDone(row)
	}
	return nil
}

// record hands the history to the recorder.
func (t *Trainer) record() error {
	if t.o.Recorder == nil {
		return nil
	}
	return t.o.Recorder.Record(t.history, t.status)
}

// diverged ends the run: the row, as far as it goes, closes the history.
func (t *Trainer) diverged(row Row, reason StopReason, what error) error {
	t.history.Rows = append(t.history.Rows, row)
	t.status.Reason = reason
	kept := "there is no checkpoint before it"
	if t.store != nil && t.at.Epoch > 0 {
		kept = fmt.Sprintf("the last good weights are in %s", t.store.path(LastFile))
	}
	return fmt.Errorf("%w in epoch %d at the learning rate %v: %w; %s", ErrDiverged,
		t.at.Epoch, t.o.Schedule.Rate(t.at.Epoch), what, kept)
}

// checkWeights says which weight or velocity is not a finite number, if any is.
func (t *Trainer) checkWeights() error {
	for _, p := range t.net.Params() {
		if err := checkParam(p); err != nil {
			return err
		}
	}
	return nil
}

// checkBiases is checkWeights for the biases alone: few enough to look at after every step, and where an infinite number
// may hide behind a ReLU from the loss.
func (t *Trainer) checkBiases() error {
	for _, p := range t.net.Params() {
		if len(p.Shape) > 1 {
			continue
		}
		if err := checkParam(p); err != nil {
			return err
		}
	}
	return nil
}

// checkParam says which of a parameter's numbers is not finite, if any is.
func checkParam(p *models.Param) error {
	for _, c := range []struct {
		kind   string
		values []float32
	}{{"value", p.Value}, {"velocity", p.Velocity}} {
		for i, v := range c.values {
			if !finite(float64(v)) {
				return fmt.Errorf("%s %d of %s is %v", c.kind, i, p.Name, v)
			}
		}
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
