package trainer

import (
	"context"
	"errors"
	"fmt"

	"github.com/maxgain/maxgain/datasets"
)

// State is what a hook sees after an epoch.
type State struct {
	Net  Net // in evaluation only; a hook must not change its weights
	Data *datasets.Dataset
	// History's last row is the epoch just ended; a hook appends its signals to that row. What a hook
	// says must follow from History, Net and the predictions alone, so that a resumed run says the same.
	History *History
	// Predictions [training images] is the class each was given while it was trained on in this epoch,
	// Previous the same one epoch before. Nil before epoch 1 and epoch 2.
	Predictions, Previous []uint16
	Epochs                int // planned
	// Memory is what hooks keep from epoch to epoch, each under a name of its own. Checkpoints hold it, so that a resumed run
	// goes on with it. A hook puts in a new slice instead of writing to the old one: an epoch whose hooks fail is done again.
	Memory map[string][]uint16
	// Averaged calls f while Net holds the averaged weights, which are those that a run with averaged weights keeps. Nil
	// where there are none: without averaging, and before epoch 1.
	Averaged func(f func() error) error
	// Best is set by a hook that wants the weights of this epoch (the averaged ones where there are any) kept in place of
	// those kept before: when all hooks have been called they are written to best.safetensors. A run ends with the weights
	// that were kept last, or where none were with those of its last epoch.
	Best bool
}

// Epoch is the number of the epoch just ended; 0 before training, −1 without a history.
func (s *State) Epoch() int {
	if s.History == nil || len(s.History.Rows) == 0 {
		return -1
	}
	return s.History.Rows[len(s.History.Rows)-1].Epoch
}

// Hook is called after every epoch, and once as epoch 0 before training. It only looks: training goes
// on to the same bits with or without it, unless it returns a *StopError. Any other error fails the run.
type Hook interface {
	Name() string
	AfterEpoch(ctx context.Context, s *State) error
}

// ErrStop is what every *StopError is, by errors.Is.
var ErrStop = errors.New("stop training")

// StopError is returned by a hook to end the run: the only way in which a hook steers it. The hooks
// after it are still called for the epoch.
type StopError struct {
	Reason StopReason
	Detail string // a sentence for people: the evidence
}

// Error implements error.
func (e *StopError) Error() string { return fmt.Sprintf("%v: %s: %s", ErrStop, e.Reason, e.Detail) }

// Is makes a StopError an ErrStop.
func (e *StopError) Is(target error) bool { return target == ErrStop }

// callHooks calls every hook on the epoch just ended. The first wish to stop is kept and the hooks
// after it are still called; any other error ends the calls.
func callHooks(ctx context.Context, hooks []Hook, s *State) (*StopError, error) {
	var stop *StopError
	for _, h := range hooks {
		err := h.AfterEpoch(ctx, s)
		var wish *StopError
		switch {
		case err == nil:
		case errors.As(err, &wish):
			if stop == nil {
				stop = wish
			}
		default:
			return nil, fmt.Errorf("hook %s after epoch %d: %w", h.Name(), s.Epoch(), err)
		}
	}
	return stop, nil
}
