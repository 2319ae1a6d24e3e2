package trainer

import (
	"errors"
	"fmt"
	"math"
)

// Piece is a number of epochs at one learning rate.
type Piece struct {
	Rate   float64
	Epochs int
}

// Schedule gives the learning rate of each epoch: its pieces one after the other.
type Schedule []Piece

// Constant is one learning rate for ever.
func Constant(rate float64) Schedule { return Schedule{{Rate: rate, Epochs: math.MaxInt}} }

// Rate is the learning rate of an epoch, counted from 1; 0 outside the schedule.
func (s Schedule) Rate(epoch int) float64 {
	if epoch < 1 {
		return 0
	}
	for _, p := range s {
		if epoch <= p.Epochs {
			return p.Rate
		}
		epoch -= p.Epochs
	}
	return 0
}

// check says whether the schedule is sound and covers the epochs.
func (s Schedule) check(epochs int) error {
	left := epochs
	for i, p := range s {
		if !(p.Rate > 0) || math.IsInf(p.Rate, 0) {
			return fmt.Errorf("schedule: piece %d has the learning rate %v, want a finite number > 0", i+1, p.Rate)
		}
		if p.Epochs < 1 {
			return fmt.Errorf("schedule: piece %d has %d epochs, want at least 1", i+1, p.Epochs)
		}
		left -= min(left, p.Epochs)
	}
	if len(s) == 0 {
		return errors.New("schedule: there is no learning rate")
	}
	if left > 0 {
		return fmt.Errorf("schedule: it covers %d of the %d epochs", epochs-left, epochs)
	}
	return nil
}
