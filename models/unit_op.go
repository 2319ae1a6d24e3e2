package models

import (
	"fmt"

	"github.com/maxgain/maxgain/models/internal/kernel"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// unitOp is a unit as a Gorgonia operator: (x [N,H,W,C], its parameters) → y [N,OH,OW,K].
type unitOp[T kernel.Float] struct {
	baseOp
	step   *step
	unit   unit[T]
	wantDX bool // differentiate by x
	y      *tensor.Dense
	dx     *tensor.Dense   // nil unless wantDX
	grads  []*tensor.Dense // of the parameters, which are differentiated by if there are any
	params int
}

func (o *unitOp[T]) Arity() int { return 1 + o.params }

func (o *unitOp[T]) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	if o.step.rewind {
		return o.y, nil
	}
	x, err := values[T](in[0])
	if err != nil {
		return nil, err
	}
	y, err := values[T](o.y)
	if err != nil {
		return nil, err
	}
	o.unit.forward(x, y, o.step.n)
	return o.y, nil
}

func (o *unitOp[T]) DiffWRT(int) []bool {
	want := make([]bool, o.Arity())
	want[0] = o.wantDX
	for i := range o.grads {
		want[1+i] = true
	}
	return want
}

// SymDiff adds one backward node, which computes all gradients at once and returns dx, and a node for
// each parameter that hands out what the first has computed.
func (o *unitOp[T]) SymDiff(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	first := o.dx
	if first == nil {
		first = dense(make([]T, 1), 1)
	}
	back := &unitGradOp[T]{forward: o, dx: first}
	back.baseOp = newBaseOp(o.name+".grad", first.Shape(), tensorType[T](4), tensorType[T](4), tensorType[T](4), tensorType[T](first.Dims()))
	dx, err := gorgonia.ApplyOp(back, in[0], y, dy)
	if err != nil {
		return nil, fmt.Errorf("models: gradient of %s: %w", o.name, err)
	}
	grads := make(gorgonia.Nodes, o.Arity())
	if o.wantDX {
		grads[0] = dx
	}
	for i, t := range o.grads {
		get := &fetchOp{t: t}
		get.baseOp = newBaseOp(fmt.Sprintf("%s.grad%d", o.name, i), t.Shape(), tensorType[T](first.Dims()), tensorType[T](t.Dims()))
		if grads[1+i], err = gorgonia.ApplyOp(get, dx); err != nil {
			return nil, fmt.Errorf("models: gradient of %s: %w", o.name, err)
		}
	}
	return grads, nil
}

// unitGradOp is the backward pass of a unitOp: (x, y, dy) → dx, leaving the parameters' gradients in their tensors.
type unitGradOp[T kernel.Float] struct {
	baseOp
	forward *unitOp[T]
	dx      *tensor.Dense
}

func (o *unitGradOp[T]) Arity() int { return 3 }

func (o *unitGradOp[T]) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	v, err := operands[T](in)
	if err != nil {
		return nil, err
	}
	var dx []T
	if o.forward.wantDX {
		if dx, err = values[T](o.dx); err != nil {
			return nil, err
		}
	}
	o.forward.unit.backward(v[0], v[1], v[2], dx, nil, o.forward.step.n)
	return o.dx, nil
}

// fetchOp hands out a tensor that its input's operator has filled.
type fetchOp struct {
	baseOp
	t *tensor.Dense
}

func (o *fetchOp) Arity() int { return 1 }

func (o *fetchOp) Do(...gorgonia.Value) (gorgonia.Value, error) { return o.t, nil }
