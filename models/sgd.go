package models

import (
	"fmt"

	"github.com/maxgain/maxgain/models/internal/kernel"
	"gorgonia.org/gorgonia"
)

// sgd is gradient descent with momentum and weight decay as MatConvNet does it, a gorgonia.Solver:
// g = gradient + decay·w; v ← momentum·v − g; w ← w + rate·v, each parameter with its multipliers. With nesterov
// the weights move by rate·(momentum·v − g) instead.
type sgd struct {
	rate, momentum, decay float64
	nesterov              bool
	workers               *kernel.Workers
}

// sgdChunk is how many numbers one worker updates at a time.
const sgdChunk = 1 << 15

// Step implements gorgonia.Solver for this package's parameters.
func (s *sgd) Step(params []gorgonia.ValueGrad) error {
	update := kernel.SGD
	if s.nesterov {
		update = kernel.Nesterov
	}
	for _, vg := range params {
		sp, ok := vg.(solverParam)
		if !ok {
			return fmt.Errorf("models: sgd cannot update a %T", vg)
		}
		p := sp.Param
		rate, decay := float32(s.rate*p.RateMult), float32(s.decay*p.DecayMult)
		n := len(p.Value)
		s.workers.Run((n+sgdChunk-1)/sgdChunk, func(c, _ int) {
			lo, hi := c*sgdChunk, min((c+1)*sgdChunk, n)
			update(p.Value[lo:hi], p.Velocity[lo:hi], p.Grad[lo:hi], rate, float32(s.momentum), decay)
		})
	}
	return nil
}
