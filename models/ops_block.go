package models

import (
	"fmt"

	"github.com/maxgain/maxgain/models/internal/kernel"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// blockOp is a convolution with what is fused to it: (x [N,H,W,C], w [KH,KW,C,K], b [K]) → y [N,OH,OW,K].
type blockOp[T kernel.Float] struct {
	baseOp
	step   *step
	block  *packedBlock[T]
	wantDX bool // differentiate by x
	wantDW bool // differentiate by w and b
	y      *tensor.Dense
	dx     *tensor.Dense // nil unless wantDX
	dw, db *tensor.Dense // nil unless wantDW
}

// packedBlock is a block with the version of the weights that it was packed with.
type packedBlock[T kernel.Float] struct {
	*kernel.Block[T]
	packed uint64
}

func (o *blockOp[T]) Arity() int { return 3 }

func (o *blockOp[T]) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	if o.step.rewind {
		return o.y, nil
	}
	v, err := operands[T](in)
	if err != nil {
		return nil, err
	}
	y, err := values[T](o.y)
	if err != nil {
		return nil, err
	}
	if o.block.packed != o.step.version {
		o.block.Pack(v[1], v[2])
		o.block.packed = o.step.version
	}
	o.block.Forward(v[0], y, o.step.n)
	return o.y, nil
}

func (o *blockOp[T]) DiffWRT(int) []bool { return []bool{o.wantDX, o.wantDW, o.wantDW} }

// SymDiff adds one backward node, which computes all gradients at once and returns dx, and a node for
// each of dw and db that hands out what the first has computed.
func (o *blockOp[T]) SymDiff(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	first := o.dx
	if first == nil {
		first = dense(make([]T, 1), 1)
	}
	back := &blockGradOp[T]{forward: o, dx: first}
	back.baseOp = newBaseOp(o.name+".grad", first.Shape(), tensorType[T](4), tensorType[T](4), tensorType[T](1),
		tensorType[T](4), tensorType[T](4), tensorType[T](first.Dims()))
	dx, err := gorgonia.ApplyOp(back, in[0], in[1], in[2], y, dy)
	if err != nil {
		return nil, fmt.Errorf("models: gradient of %s: %w", o.name, err)
	}
	grads := make(gorgonia.Nodes, 3)
	if o.wantDX {
		grads[0] = dx
	}
	if !o.wantDW {
		return grads, nil
	}
	for i, t := range []*tensor.Dense{o.dw, o.db} {
		get := &fetchOp{t: t}
		get.baseOp = newBaseOp(fmt.Sprintf("%s.grad%d", o.name, i), t.Shape(), tensorType[T](first.Dims()), tensorType[T](t.Dims()))
		if grads[i+1], err = gorgonia.ApplyOp(get, dx); err != nil {
			return nil, fmt.Errorf("models: gradient of %s: %w", o.name, err)
		}
	}
	return grads, nil
}

// blockGradOp is the backward pass of a blockOp: (x, w, b, y, dy) → dx, leaving dw and db in their tensors.
type blockGradOp[T kernel.Float] struct {
	baseOp
	forward *blockOp[T]
	dx      *tensor.Dense
}

func (o *blockGradOp[T]) Arity() int { return 5 }

func (o *blockGradOp[T]) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	v, err := operands[T](in)
	if err != nil {
		return nil, err
	}
	f := o.forward
	var dx, dw, db []T
	if f.wantDX {
		if dx, err = values[T](o.dx); err != nil {
			return nil, err
		}
	}
	if f.wantDW {
		if dw, err = values[T](f.dw); err != nil {
			return nil, err
		}
		if db, err = values[T](f.db); err != nil {
			return nil, err
		}
	}
	f.block.Backward(v[0], v[3], v[4], dx, dw, db, f.step.n)
	return o.dx, nil
}

// fetchOp hands out a tensor that its input's operator has filled.
type fetchOp struct {
	baseOp
	t *tensor.Dense
}

func (o *fetchOp) Arity() int { return 1 }

func (o *fetchOp) Do(...gorgonia.Value) (gorgonia.Value, error) { return o.t, nil }
