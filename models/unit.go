//lint:file-ignore U1000 the methods of units are used through unit[T], which the checker does not see.

package models

import (
	"fmt"

	"github.com/maxgain/maxgain/models/internal/kernel"
	"gorgonia.org/tensor"
)

// unit is a group of layers as it runs: a block, a dropout or a residual.
type unit[T kernel.Float] interface {
	// forward computes y from x for the first n images of both.
	forward(x, y []T, n int)
	// backward computes the gradient dx of x, unless it is nil, from the gradient dy of y, adds plus to it unless
	// that is nil, and leaves the gradients of its parameters where they belong. A residual takes no plus.
	backward(x, y, dy, dx, plus []T, n int)
}

// blockUnit is a convolution with what is fused to it.
type blockUnit[T kernel.Float] struct {
	step    *step
	block   *packedBlock[T]
	w, bias []T // nil without a convolution, or without a bias
	norm    kernel.Norm[T]
	grads   kernel.Gradients[T] // of the parameters; nil outside training
}

// packedBlock is a block with the version of the weights that it was packed with.
type packedBlock[T kernel.Float] struct {
	*kernel.Block[T]
	packed uint64
}

func (u *blockUnit[T]) forward(x, y []T, n int) {
	if u.block.packed != u.step.version {
		norm := u.norm
		norm.Share = u.step.share
		u.block.Pack(u.w, u.bias, norm)
		u.block.packed = u.step.version
	}
	u.block.Forward(x, y, n)
}

func (u *blockUnit[T]) backward(x, y, dy, dx, plus []T, n int) {
	g := u.grads
	g.DX, g.Plus = dx, plus
	u.block.Backward(x, y, dy, g, n)
}

// residualUnit is a residual: its body's last block adds the shortcut.
type residualUnit[T kernel.Float] struct {
	body     []unit[T]
	maps     [][]T // the body's results but the last, which is the residual's
	shortcut unit[T]
	last     *packedBlock[T] // which adds
	skip     []T             // the shortcut's result
	dskip    []T             // its gradient
	grads    [2][]T          // of the maps inside the body, by turns
	projGrad []T             // of the input, through the body, where there is a projection
}

func (u *residualUnit[T]) forward(x, y []T, n int) {
	skip := x
	if u.shortcut != nil {
		u.shortcut.forward(x, u.skip, n)
		skip = u.skip
	}
	u.last.SetSkip(skip, u.dskip)
	for i, b := range u.body {
		to := y
		if i+1 < len(u.body) {
			to = u.maps[i]
		}
		b.forward(x, to, n)
		x = to
	}
}

func (u *residualUnit[T]) backward(x, y, dy, dx, _ []T, n int) {
	for i := len(u.body) - 1; i >= 0; i-- {
		from, to := x, u.grads[i%2]
		if i > 0 {
			from = u.maps[i-1]
		}
		out := y
		if i+1 < len(u.body) {
			out = u.maps[i]
		}
		switch {
		case i > 0:
			u.body[i].backward(from, out, dy, to, nil, n)
		case u.shortcut != nil && dx != nil:
			u.body[0].backward(from, out, dy, u.projGrad, nil, n)
		case u.shortcut != nil:
			u.body[0].backward(from, out, dy, nil, nil, n)
		default:
			u.body[0].backward(from, out, dy, dx, u.dskip, n)
		}
		dy = to
	}
	if u.shortcut != nil {
		var through []T
		if dx != nil {
			through = u.projGrad
		}
		u.shortcut.backward(x, u.skip, u.dskip, dx, through, n)
	}
}

// unit makes a group's unit; first says that no gradient by its input is wanted in training.
func (b *builder[T]) unit(g *group, first bool) (unit[T], error) {
	switch {
	case g.isDropout:
		return b.dropout(g), nil
	case g.isResidual():
		return b.residual(g, first)
	}
	u, err := b.block(g, first)
	return u, err
}

// blockKey tells the blocks apart that graphs share.
func blockKey(g *group, direct bool, norm kernel.NormKind) string {
	return fmt.Sprintf("%s direct=%t norm=%d", g.name, direct, norm)
}

func (b *builder[T]) block(g *group, first bool) (*blockUnit[T], error) {
	spec := g.block
	spec.Direct, spec.NeedDX = b.what == probing, b.what == probing || !first
	if g.norm != "" {
		spec.Norm = kernel.FixedNorm
		switch b.what {
		case training, measuring:
			spec.Norm = kernel.BatchNorm
		case evaluating:
			spec.NeedDX = false // its block is not shared with the training graph
		}
	}
	key := blockKey(g, spec.Direct, spec.Norm)
	packed := b.memory.blocks[key]
	if packed == nil {
		kb, err := kernel.NewBlock[T](spec, b.batch, b.net.workers)
		if err != nil {
			return nil, fmt.Errorf("models: %s: %w", g.name, err)
		}
		packed = &packedBlock[T]{Block: kb}
		b.memory.blocks[key] = packed
	}
	u := &blockUnit[T]{step: b.step, block: packed}
	for name, to := range map[string]struct{ value, grad *[]T }{
		g.conv + ".weight":       {&u.w, &u.grads.DW},
		g.conv + ".bias":         {&u.bias, &u.grads.DB},
		g.norm + ".weight":       {&u.norm.Gamma, &u.grads.DGamma},
		g.norm + ".bias":         {&u.norm.Beta, &u.grads.DBeta},
		g.norm + ".running_mean": {&u.norm.Mean, nil},
		g.norm + ".running_var":  {&u.norm.Var, nil},
	} {
		i, ok := b.net.index[name]
		if !ok {
			continue
		}
		var err error
		if *to.value, err = values[T](b.memory.params[i]); err != nil {
			return nil, err
		}
		if b.what == training && to.grad != nil {
			if *to.grad, err = values[T](b.memory.dparams[i]); err != nil {
				return nil, err
			}
		}
	}
	return u, nil
}

func (b *builder[T]) residual(g *group, first bool) (unit[T], error) {
	u := &residualUnit[T]{}
	last := len(g.body) - 1
	for i := range g.body {
		inner := &g.body[i]
		if inner.isDropout && b.what != training {
			continue
		}
		one, err := b.unit(inner, first && i == 0)
		if err != nil {
			return nil, err
		}
		u.body = append(u.body, one)
		if i == last {
			u.last = one.(*blockUnit[T]).block
		} else {
			u.maps = append(u.maps, b.buffer(inner.name, inner.output()))
		}
	}
	if g.shortcut != nil {
		one, err := b.unit(g.shortcut, first)
		if err != nil {
			return nil, err
		}
		u.shortcut, u.skip = one, b.buffer(g.shortcut.name, g.shortcut.output())
	}
	if b.what == evaluating || b.what == measuring {
		return u, nil
	}
	added := g.in
	if g.shortcut != nil {
		added = g.shortcut.output()
		u.projGrad = b.buffer("projection gradient", g.in)
	}
	u.dskip = b.buffer("shortcut gradient", added)
	for i := range u.maps {
		for k := range u.grads {
			if n := len(u.maps[i]); n > len(u.grads[k]) {
				u.grads[k] = b.buffer(fmt.Sprintf("residual gradient %d", k), Shape{H: 1, W: 1, C: n / b.batch})
			}
		}
	}
	return u, nil
}

// buffer is memory for a batch of maps.
func (b *builder[T]) buffer(name string, s Shape) []T {
	return b.memory.slice(name, nhwc(b.batch, s))
}

// slice is the buffer of that name, as long as the shape asks for.
func (m arena[T]) slice(name string, shape tensor.Shape) []T {
	n := shape.TotalSize()
	if len(m.buffers[name]) < n {
		m.buffers[name] = make([]T, n)
	}
	return m.buffers[name][:n]
}

// tensor is the buffer of that name as a tensor; buffers grow to their largest user's need.
func (m arena[T]) tensor(name string, shape tensor.Shape) *tensor.Dense {
	return dense(m.slice(name, shape), shape...)
}
