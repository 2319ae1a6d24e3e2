package trainer

import (
	"errors"
	"fmt"
	"math"
)

// Curve is how the learning rate goes from a piece's Rate to its To.
type Curve int

// The curves. They are followed step by step: with u the share of the piece's steps that is done in the middle of
// a step, the rate is
const (
	Flat   Curve = iota // Rate throughout
	Linear              // Rate + (To − Rate)·u, as for warming up
	Cosine              // To + (Rate − To)·(1 + cos πu)/2 (Loshchilov & Hutter 2017, arXiv:1608.03983)
)

// Piece is a number of epochs at one learning rate, or along a curve.
type Piece struct {
	Rate   float64
	Epochs int
	To     float64 // of a curve
	Curve  Curve
}

// at is the rate when the share u of the piece is done.
func (p Piece) at(u float64) float64 {
	switch p.Curve {
	case Linear:
		return p.Rate + (p.To-p.Rate)*u
	case Cosine:
		return p.To + (p.Rate-p.To)*(1+math.Cos(math.Pi*u))/2
	}
	return p.Rate
}

// Schedule gives the learning rate of each step: its pieces one after the other.
type Schedule []Piece

// Constant is one learning rate for ever.
func Constant(rate float64) Schedule { return Schedule{{Rate: rate, Epochs: math.MaxInt}} }

// Rate is the learning rate in the middle of an epoch, counted from 1; 0 outside the schedule.
func (s Schedule) Rate(epoch int) float64 { return s.At(epoch, 0, 1) }

// At is the learning rate of a step, counted from 0, in an epoch, counted from 1, of so many steps; 0 outside
// the schedule.
func (s Schedule) At(epoch, step, steps int) float64 {
	if epoch < 1 {
		return 0
	}
	for _, p := range s {
		if epoch <= p.Epochs {
			return p.at((float64(epoch-1) + (float64(step)+0.5)/float64(steps)) / float64(p.Epochs))
		}
		epoch -= p.Epochs
	}
	return 0
}

// check says whether the schedule is sound and covers the epochs.
func (s Schedule) check(epochs int) error {
	left := epochs
	for i, p := range s {
		switch flat := p.Curve == Flat; {
		case flat && !(p.Rate > 0) || !(p.Rate >= 0) || math.IsInf(p.Rate, 0):
			return fmt.Errorf("schedule: piece %d has the learning rate %v, want a finite number > 0", i+1, p.Rate)
		case !flat && (!(p.To >= 0) || math.IsInf(p.To, 0) || p.Rate == 0 && p.To == 0):
			return fmt.Errorf("schedule: piece %d goes from the learning rate %v to %v, want finite numbers >= 0, not both 0", i+1, p.Rate, p.To)
		case p.Curve < Flat || p.Curve > Cosine:
			return fmt.Errorf("schedule: piece %d has the unknown curve %d", i+1, p.Curve)
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
