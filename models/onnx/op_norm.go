package onnx

import (
	"fmt"
	"math"

	"github.com/maxgain/maxgain/models/onnx/internal/ops"
)

// batchNormalization translates BatchNormalization in evaluation mode: scale·(x − mean)/√(variance + epsilon) + bias.
func batchNormalization[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.floats(0)
	if err != nil {
		return nil, err
	}
	if len(x.dims) < 2 {
		return nil, fmt.Errorf("input of shape %v, want [N,C,…]", x.dims)
	}
	training, err := n.intAttribute("training_mode", 0)
	if err != nil {
		return nil, err
	}
	if n.opset >= 14 && training != 0 {
		return nil, fmt.Errorf("training_mode is on: export the net in evaluation mode")
	}
	epsilon, err := n.floatAttribute("epsilon", float64(float32(1e-5)))
	if err != nil {
		return nil, err
	}
	c, inner := x.dims[1], lenOf(x.dims[2:])
	if spatial, err := n.intAttribute("spatial", 1); err != nil {
		return nil, err
	} else if n.opset < 9 && spatial == 0 { // a mean and a variance for each element
		c, inner = c*inner, 1
	}
	var parameters [4][]T // scale, bias, mean, variance
	for i := range parameters {
		v, err := n.constant(i + 1)
		if err != nil {
			return nil, err
		}
		if v.len() != c {
			return nil, fmt.Errorf("input %d has shape %v, want %d values", i+1, v.dims, c)
		}
		parameters[i] = v.floats
	}
	op := &ops.Affine[T]{C: c, Inner: inner, A: make([]T, c), B: make([]T, c)}
	for k := range c {
		a := float64(parameters[0][k]) / math.Sqrt(float64(parameters[3][k])+epsilon)
		op.A[k], op.B[k] = T(a), T(float64(parameters[1][k])-float64(parameters[2][k])*a)
	}
	return n.b.emit(op, []*value[T]{x}, x.dims)
}

// lrn translates LRN.
func lrn[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.floats(0)
	if err != nil {
		return nil, err
	}
	if len(x.dims) < 2 {
		return nil, fmt.Errorf("input of shape %v, want [N,C,…]", x.dims)
	}
	op := &ops.LRN[T]{Outer: x.dims[0], C: x.dims[1], Inner: lenOf(x.dims[2:])}
	if op.Size, err = n.intAttribute("size", 0); err != nil {
		return nil, err
	}
	if op.Size < 1 {
		return nil, fmt.Errorf("attribute size is %d, want a number above 0", op.Size)
	}
	if op.Alpha, err = n.floatAttribute("alpha", float64(float32(1e-4))); err != nil {
		return nil, err
	}
	if op.Beta, err = n.floatAttribute("beta", 0.75); err != nil {
		return nil, err
	}
	if op.Bias, err = n.floatAttribute("bias", 1); err != nil {
		return nil, err
	}
	return n.b.emit(op, []*value[T]{x}, x.dims)
}

// softmax translates Softmax and LogSoftmax. Before operator set 13 all dimensions from axis on are one.
func softmax[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.floats(0)
	if err != nil {
		return nil, err
	}
	otherwise := -1
	if n.opset < 13 {
		otherwise = 1
	}
	given, err := n.intAttribute("axis", otherwise)
	if err != nil {
		return nil, err
	}
	a := given
	if n.opset >= 13 || given != len(x.dims) { // the old one also takes the number of dimensions
		if a, err = axis(int64(given), len(x.dims)); err != nil {
			return nil, err
		}
	}
	op := &ops.Softmax[T]{Outer: lenOf(x.dims[:a]), N: lenOf(x.dims[a:]), Inner: 1, Log: n.Op == "LogSoftmax"}
	if n.opset >= 13 {
		op.N, op.Inner = x.dims[a], lenOf(x.dims[a+1:])
	}
	out, err := n.b.emit(op, []*value[T]{x}, x.dims)
	if err != nil {
		return nil, err
	}
	if !x.constant && len(x.dims) > 0 && op.Inner == 1 && op.Outer == x.dims[0] {
		out[0].logits = x
	}
	return out, nil
}
