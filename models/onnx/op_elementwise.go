package onnx

import (
	"fmt"
	"math"

	"github.com/maxgain/maxgain/models/onnx/internal/ops"
	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// apply adds a function of each element of x.
func (n *node[T]) apply(x *value[T], f *ops.Unary[T]) ([]*value[T], error) {
	return n.b.emit(f, []*value[T]{x}, x.dims)
}

// unary translates the functions of one element that have no parameters.
func unary[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.input(0)
	if err != nil {
		return nil, err
	}
	if x.constant && x.ints != nil {
		out := make([]int64, len(x.ints))
		for i, v := range x.ints {
			switch n.Op {
			case "Neg":
				out[i] = -v
			case "Abs":
				out[i] = max(v, -v)
			default:
				return nil, fmt.Errorf("input 0 holds %v, want floating-point numbers", x.kind)
			}
		}
		return []*value[T]{intConstant[T](x.dims, out)}, nil
	}
	return n.apply(x, ops.Functions[T]()[n.Op])
}

// leakyRelu translates LeakyRelu.
func leakyRelu[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.floats(0)
	if err != nil {
		return nil, err
	}
	alpha, err := n.floatAttribute("alpha", 0.01)
	if err != nil {
		return nil, err
	}
	return n.apply(x, &ops.Unary[T]{Rectifier: &ops.Rectifier[T]{Below: T(alpha), Min: T(math.Inf(-1)), Max: T(math.Inf(1))}})
}

// elu translates Elu.
func elu[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.floats(0)
	if err != nil {
		return nil, err
	}
	alpha, err := n.floatAttribute("alpha", 1)
	if err != nil {
		return nil, err
	}
	return n.apply(x, ops.Elu[T](alpha))
}

// hardSigmoid translates HardSigmoid.
func hardSigmoid[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.floats(0)
	if err != nil {
		return nil, err
	}
	alpha, err := n.floatAttribute("alpha", float64(float32(0.2)))
	if err != nil {
		return nil, err
	}
	beta, err := n.floatAttribute("beta", 0.5)
	if err != nil {
		return nil, err
	}
	return n.apply(x, ops.HardSigmoid[T](alpha, beta))
}

// clip translates Clip, whose bounds became inputs in operator set 11.
func clip[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.floats(0)
	if err != nil {
		return nil, err
	}
	bounds := [2]float64{math.Inf(-1), math.Inf(1)}
	for i, name := range []string{"min", "max"} {
		switch {
		case n.opset < 11:
			bounds[i], err = n.floatAttribute(name, bounds[i])
		case n.has(i + 1):
			bounds[i], err = scalarOf(n.in[i+1])
		}
		if err != nil {
			return nil, err
		}
	}
	return n.apply(x, &ops.Unary[T]{Rectifier: &ops.Rectifier[T]{Below: 1, Min: T(bounds[0]), Max: T(bounds[1])}})
}

// arithmetic translates the operations on two operands.
func arithmetic[T ops.Float](n *node[T]) ([]*value[T], error) {
	a, err := n.input(0)
	if err != nil {
		return nil, err
	}
	b, err := n.input(1)
	if err != nil {
		return nil, err
	}
	return one(n.combine(n.Op, a, b))
}

// combine broadcasts an operation over two operands.
func (n *node[T]) combine(kind string, a, b *value[T]) (*value[T], error) {
	if a.constant && b.constant && (a.ints != nil || b.ints != nil) {
		return n.combineInts(kind, a, b)
	}
	switch kind {
	case "Max", "Min": // of equal operands a constant goes first, so that there is no gradient on the bound
		if b.constant {
			a, b = b, a
		}
	case "Mod", "Equal", "Less", "Greater", "And", "Or":
		return nil, fmt.Errorf("this operator is supported for constants of integers only")
	}
	op, dims, err := ops.NewBinary[T](kind, a.dims, b.dims)
	if err != nil {
		return nil, err
	}
	out, err := n.b.emit(op, []*value[T]{a, b}, dims)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// combineInts computes an operation on two constants of integers.
func (n *node[T]) combineInts(kind string, a, b *value[T]) (*value[T], error) {
	dims, err := ops.Broadcast(a.dims, b.dims)
	if err != nil {
		return nil, err
	}
	if err := n.b.reserve(dims); err != nil {
		return nil, err
	}
	truth := func(yes bool) int64 {
		if yes {
			return 1
		}
		return 0
	}
	xs, err := n.expandInts(a, dims)
	if err != nil {
		return nil, err
	}
	ys, err := n.expandInts(b, dims)
	if err != nil {
		return nil, err
	}
	for i, y := range ys {
		x := &xs[i]
		if y == 0 && (kind == "Div" || kind == "Mod") {
			return nil, fmt.Errorf("division by zero")
		}
		switch kind {
		case "Add":
			*x += y
		case "Sub":
			*x -= y
		case "Mul":
			*x *= y
		case "Div":
			*x /= y
		case "Mod":
			if *x %= y; *x != 0 && (*x < 0) != (y < 0) { // the sign is the divisor's
				*x += y
			}
		case "Max":
			*x = max(*x, y)
		case "Min":
			*x = min(*x, y)
		case "Equal":
			*x = truth(*x == y)
		case "Less":
			*x = truth(*x < y)
		case "Greater":
			*x = truth(*x > y)
		case "And":
			*x = truth(*x != 0 && y != 0)
		case "Or":
			*x = truth(*x != 0 || y != 0)
		default:
			return nil, fmt.Errorf("this operator is not supported for integers")
		}
	}
	return intConstant[T](dims, xs), nil
}

// expandInts is a copy of a constant of integers in a shape that it broadcasts to.
func (n *node[T]) expandInts(v *value[T], dims []int) ([]int64, error) {
	if v.ints == nil && v.len() > 0 {
		return nil, fmt.Errorf("%q holds %v and the other operand integers", v.name, v.kind)
	}
	out := make([]int64, lenOf(dims))
	s := ops.Select[int64]{Index: broadcastIndex(v.dims, dims)}
	s.Apply(v.ints, out)
	return out, nil
}

// broadcastIndex says where each element of the shape to comes from in a tensor of the shape from.
func broadcastIndex(from, to []int) [][]int {
	strides, index := ops.Strides(from), make([][]int, len(to))
	for i, size := range to {
		index[i] = make([]int, size)
		k := i - (len(to) - len(from))
		if k < 0 || from[k] == 1 {
			continue
		}
		for j := range index[i] {
			index[i][j] = j * strides[k]
		}
	}
	return index
}

// variadic translates Sum, Mean, Max and Min of any number of operands.
func variadic[T ops.Float](n *node[T]) ([]*value[T], error) {
	kind := n.Op
	if kind == "Sum" || kind == "Mean" {
		kind = "Add"
	}
	result, err := n.input(0)
	if err != nil {
		return nil, err
	}
	for i := 1; i < len(n.in); i++ {
		v, err := n.input(i)
		if err != nil {
			return nil, err
		}
		if result, err = n.combine(kind, result, v); err != nil {
			return nil, err
		}
	}
	if n.Op == "Mean" {
		return one(n.scale(result, 1/float64(len(n.in))))
	}
	return []*value[T]{result}, nil
}

// scale is v times a number.
func (n *node[T]) scale(v *value[T], by float64) (*value[T], error) {
	if by == 1 {
		return v, nil
	}
	op := &ops.Affine[T]{C: 1, Inner: v.len(), A: []T{T(by)}, B: []T{0}}
	out, err := n.b.emit(op, []*value[T]{v}, v.dims)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// identity translates Identity.
func identity[T ops.Float](n *node[T]) ([]*value[T], error) { return one(n.input(0)) }

// dropout translates Dropout, which does nothing in evaluation mode.
func dropout[T ops.Float](n *node[T]) ([]*value[T], error) {
	if n.opset >= 12 && n.has(2) {
		training, err := scalarOf(n.in[2])
		if err != nil {
			return nil, err
		}
		if training != 0 {
			return nil, fmt.Errorf("training_mode is on: export the net in evaluation mode")
		}
	}
	return one(n.input(0))
}

// cast translates Cast. A tensor that depends on the image keeps the precision that the program computes in.
func cast[T ops.Float](n *node[T]) ([]*value[T], error) {
	v, err := n.input(0)
	if err != nil {
		return nil, err
	}
	to, err := n.intAttribute("to", 0)
	if err != nil {
		return nil, err
	}
	kind := wire.DataType(to)
	w := *v
	w.kind = kind
	switch {
	case !kind.IsFloat() && !kind.IsInt():
		return nil, fmt.Errorf("attribute to is %v, want a type of numbers", kind)
	case !v.constant && !kind.IsFloat():
		return nil, fmt.Errorf("a tensor that depends on the image becomes %v, which has no derivative", kind)
	case !v.constant || (v.ints == nil) == kind.IsFloat():
		if v.ints != nil && kind == wire.Bool {
			w.ints = make([]int64, len(v.ints))
			for i, x := range v.ints {
				w.ints[i] = min(max(x, -x), 1)
			}
		}
		return []*value[T]{&w}, nil
	}
	if err := n.b.reserve(v.dims); err != nil {
		return nil, err
	}
	w.floats, w.ints = nil, nil
	if kind.IsFloat() {
		w.floats = make([]T, len(v.ints))
		for i, x := range v.ints {
			w.floats[i] = T(x)
		}
		return []*value[T]{&w}, nil
	}
	w.ints = make([]int64, len(v.floats))
	for i, x := range v.floats {
		if kind == wire.Bool && x != 0 {
			x = 1
		}
		w.ints[i] = int64(x)
	}
	return []*value[T]{&w}, nil
}
