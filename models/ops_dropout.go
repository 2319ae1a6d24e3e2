package models

import (
	"fmt"
	"math/rand/v2"

	"github.com/maxgain/maxgain/models/internal/kernel"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// dropoutOp zeroes each value with probability rate and scales the rest by 1/(1−rate): x → y, both
// [N,H,W,C]. The mask of an image depends on the seed, the layer, the step and its place in the batch.
type dropoutOp[T kernel.Float] struct {
	baseOp
	step    *step
	workers *kernel.Workers
	seed    uint64
	rate    float64
	size    int     // values an image
	keep    []uint8 // 1 where a value passes
	y, dx   *tensor.Dense
}

func (o *dropoutOp[T]) Arity() int { return 1 }

func (o *dropoutOp[T]) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	x, err := values[T](in[0])
	if err != nil {
		return nil, err
	}
	y, err := values[T](o.y)
	if err != nil {
		return nil, err
	}
	o.workers.Run(o.step.n, func(i, _ int) {
		keep := o.keep[i*o.size:][:o.size]
		o.draw(keep, uint64(i))
		o.apply(keep, x[i*o.size:][:o.size], y[i*o.size:][:o.size])
	})
	return o.y, nil
}

// draw fills one image's mask; each value takes 16 random bits.
func (o *dropoutOp[T]) draw(keep []uint8, image uint64) {
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

func (o *dropoutOp[T]) apply(keep []uint8, src, dst []T) {
	scale := [2]T{0, T(1 / (1 - o.rate))}
	for j, v := range src {
		dst[j] = v * scale[keep[j]&1]
	}
}

func (o *dropoutOp[T]) DiffWRT(int) []bool { return []bool{true} }

func (o *dropoutOp[T]) SymDiff(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	back := &dropoutGradOp[T]{forward: o}
	back.baseOp = newBaseOp(o.name+".grad", o.out, tensorType[T](4), tensorType[T](4), tensorType[T](4))
	dx, err := gorgonia.ApplyOp(back, y, dy)
	if err != nil {
		return nil, fmt.Errorf("models: gradient of %s: %w", o.name, err)
	}
	return gorgonia.Nodes{dx}, nil
}

// dropoutGradOp applies the forward pass's mask to the gradient: (y, dy) → dx.
type dropoutGradOp[T kernel.Float] struct {
	baseOp
	forward *dropoutOp[T]
}

func (o *dropoutGradOp[T]) Arity() int { return 2 }

func (o *dropoutGradOp[T]) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	f := o.forward
	dy, err := values[T](in[1])
	if err != nil {
		return nil, err
	}
	dx, err := values[T](f.dx)
	if err != nil {
		return nil, err
	}
	f.workers.Run(f.step.n, func(i, _ int) {
		f.apply(f.keep[i*f.size:][:f.size], dy[i*f.size:][:f.size], dx[i*f.size:][:f.size])
	})
	return f.dx, nil
}
