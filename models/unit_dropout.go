package models

import (
	"math/rand/v2"

	"github.com/maxgain/maxgain/models/internal/kernel"
)

// dropoutUnit zeroes each value with probability rate and scales the rest by 1/(1−rate). The mask of an image
// depends on the seed, the layer, the step and its place in the batch.
type dropoutUnit[T kernel.Float] struct {
	step    *step
	workers *kernel.Workers
	seed    uint64
	rate    float64
	size    int     // values an image
	keep    []uint8 // 1 where a value passes
}

func (o *dropoutUnit[T]) forward(x, y []T, n int) {
	o.workers.Run(n, func(i, _ int) {
		keep := o.keep[i*o.size:][:o.size]
		o.draw(keep, uint64(i))
		o.apply(keep, x[i*o.size:][:o.size], y[i*o.size:][:o.size])
	})
}

// backward applies the forward pass's mask to the gradient.
func (o *dropoutUnit[T]) backward(_, _, dy, dx, plus []T, n int) {
	if dx == nil {
		return
	}
	o.workers.Run(n, func(i, _ int) {
		to := dx[i*o.size:][:o.size]
		o.apply(o.keep[i*o.size:][:o.size], dy[i*o.size:][:o.size], to)
		if plus != nil {
			for j, v := range plus[i*o.size:][:o.size] {
				to[j] += v
			}
		}
	})
}

// draw fills one image's mask; each value takes 16 random bits.
func (o *dropoutUnit[T]) draw(keep []uint8, image uint64) {
	limit := uint64(o.rate * (1 << 16))
	pcg := rand.NewPCG(o.seed, o.step.number<<16|image)
	var bits uint64
	for j := range keep {
		if j%4 == 0 {
			bits = pcg.Uint64()
		}
		keep[j] = 0
		if bits&0xffff >= limit {
			keep[j] = 1
		}
		bits >>= 16
	}
}

func (o *dropoutUnit[T]) apply(keep []uint8, src, dst []T) {
	scale := [2]T{0, T(1 / (1 - o.rate))}
	for j, v := range src {
		dst[j] = v * scale[keep[j]&1]
	}
}
