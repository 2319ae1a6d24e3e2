package trainer

import (
	"context"
	"fmt"
	"math"
)

// Patience is the usual rule of early stopping, which needs validation data: it marks the epoch of the
// lowest validation loss (or error) as best and ends the run when there was no lower one for Epochs
// epochs (Prechelt 1998). It keeps no state: what it does follows from the history.
type Patience struct {
	Epochs  int  // without improvement; 0: never end the run, only mark the best epoch
	ByError bool // judge by the validation error, not by the loss
}

// Name implements Hook.
func (p Patience) Name() string { return "validation patience" }

// AfterEpoch implements Hook. Epochs without a validation figure are an error.
func (p Patience) AfterEpoch(_ context.Context, s *State) error {
	epoch := s.Epoch()
	if epoch < 1 {
		return nil
	}
	best, lowest, err := p.best(s.History)
	if err != nil {
		return err
	}
	if best == epoch {
		s.MarkBest()
	}
	if p.Epochs == 0 || epoch-best < p.Epochs {
		return nil
	}
	return &StopError{
		Reason: ReasonValidation,
		Detail: fmt.Sprintf("the validation %s has not fallen below %.4g of epoch %d for %d epochs",
			p.figure(), lowest, best, epoch-best),
		Restore: true,
	}
}

func (p Patience) figure() string {
	if p.ByError {
		return "error"
	}
	return "loss"
}

// best is the first trained epoch with the lowest figure.
func (p Patience) best(h *History) (epoch int, lowest float64, err error) {
	lowest = math.Inf(1)
	for _, r := range h.Rows {
		if r.Epoch < 1 {
			continue
		}
		v := r.ValLoss
		if p.ByError {
			v = r.ValError
		}
		if math.IsNaN(v) {
			return 0, 0, fmt.Errorf("epoch %d has no validation %s; this rule needs validation data", r.Epoch, p.figure())
		}
		if v < lowest {
			epoch, lowest = r.Epoch, v
		}
	}
	return epoch, lowest, nil
}
