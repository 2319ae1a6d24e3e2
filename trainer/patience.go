package trainer

import (
	"context"
	"fmt"
	"math"
)

// Patience is the usual rule of early stopping, which needs validation data: it marks the epoch of the
// lowest validation loss as best and ends the run when there was no lower one for Epochs epochs
// (Prechelt 1998). The loss is that of the averaged weights where there are any, as they are the ones that
// are kept. It keeps no state: what it does follows from the history.
type Patience struct {
	Epochs int // without improvement; 0: never end the run, only mark the best epoch
}

// Name implements Hook.
func (p Patience) Name() string { return "validation patience" }

// AfterEpoch implements Hook. Epochs without a validation figure are an error.
func (p Patience) AfterEpoch(_ context.Context, s *State) error {
	epoch := s.Epoch()
	if epoch < 1 {
		return nil
	}
	best, loss, err := lowest(s.History)
	if err != nil {
		return err
	}
	if best == epoch {
		s.Best = true
	}
	if p.Epochs == 0 || epoch-best < p.Epochs {
		return nil
	}
	return &StopError{
		Reason: ReasonValidation,
		Detail: fmt.Sprintf("the validation loss has not fallen below %.4g of epoch %d for %d epochs",
			loss, best, epoch-best),
	}
}

// lowest is the first trained epoch with the lowest loss, and that loss.
func lowest(h *History) (epoch int, loss float64, err error) {
	loss = math.Inf(1)
	for _, r := range h.Rows {
		if r.Epoch < 1 {
			continue
		}
		v := r.Signal(AvgValLoss)
		if math.IsNaN(v) {
			v = r.ValLoss
		}
		if math.IsNaN(v) {
			return 0, 0, fmt.Errorf("epoch %d has no validation loss; this rule needs validation data", r.Epoch)
		}
		if v < loss {
			epoch, loss = r.Epoch, v
		}
	}
	return epoch, loss, nil
}
