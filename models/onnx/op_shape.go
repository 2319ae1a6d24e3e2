package onnx

import (
	"fmt"

	"github.com/maxgain/maxgain/models/onnx/internal/ops"
	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// constant translates Constant.
func constant[T ops.Float](n *node[T]) ([]*value[T], error) {
	for _, a := range n.Attributes {
		switch a.Name {
		case "value":
			if a.Tensor == nil {
				return nil, fmt.Errorf("attribute value is no tensor")
			}
			return one(n.b.decode(a.Tensor))
		case "value_float":
			return []*value[T]{floatConstant([]int{}, []T{T(a.Float)})}, nil
		case "value_int":
			return []*value[T]{intConstant[T]([]int{}, []int64{a.Int})}, nil
		case "value_floats":
			floats := make([]T, len(a.Floats))
			for i, v := range a.Floats {
				floats[i] = T(v)
			}
			return []*value[T]{floatConstant([]int{len(floats)}, floats)}, nil
		case "value_ints":
			return []*value[T]{intConstant[T]([]int{len(a.Ints)}, append([]int64{}, a.Ints...))}, nil
		}
	}
	return nil, fmt.Errorf("there is no attribute value, value_float, value_floats, value_int or value_ints")
}

// constantOfShape translates ConstantOfShape.
func constantOfShape[T ops.Float](n *node[T]) ([]*value[T], error) {
	dims, err := n.shape(0)
	if err != nil {
		return nil, err
	}
	if err := n.b.reserve(dims); err != nil {
		return nil, err
	}
	fill := floatConstant([]int{1}, []T{0})
	a, err := n.attribute("value", wire.AttributeTensor)
	if err != nil {
		return nil, err
	}
	if a != nil && a.Tensor != nil {
		if fill, err = n.b.decode(a.Tensor); err != nil {
			return nil, err
		}
	}
	if fill.len() != 1 {
		return nil, fmt.Errorf("attribute value has shape %v, want one element", fill.dims)
	}
	return one(n.pick(view(fill, []int{1}), broadcastIndex([]int{1}, dims), 0))
}

// shape translates Shape: all shapes are known when a program is built.
func shape[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.input(0)
	if err != nil {
		return nil, err
	}
	start, err := n.intAttribute("start", 0)
	if err != nil {
		return nil, err
	}
	end, err := n.intAttribute("end", len(x.dims))
	if err != nil {
		return nil, err
	}
	list := []int64{}
	for _, d := range sliceOf(x.dims, int64(start), int64(end), 1) {
		list = append(list, int64(d))
	}
	return []*value[T]{intConstant[T]([]int{len(list)}, list)}, nil
}

// size translates Size.
func size[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.input(0)
	if err != nil {
		return nil, err
	}
	return []*value[T]{intConstant[T]([]int{}, []int64{int64(x.len())})}, nil
}

// integerRange translates Range of integers.
func integerRange[T ops.Float](n *node[T]) ([]*value[T], error) {
	var bounds [3]int64 // start, limit, step
	for i := range bounds {
		list, err := n.ints(i)
		if err != nil {
			return nil, err
		}
		if len(list) != 1 || list[0] > int64(n.b.limit) || list[0] < -int64(n.b.limit) {
			return nil, fmt.Errorf("input %d is %v, want one number up to %d", i, list, n.b.limit)
		}
		bounds[i] = list[0]
	}
	start, limit, step := bounds[0], bounds[1], bounds[2]
	if step == 0 {
		return nil, fmt.Errorf("the step is 0")
	}
	count := int64(0)
	if (limit-start > 0) == (step > 0) && limit != start {
		count = (limit - start + step - step/max(step, -step)) / step
	}
	if err := n.b.reserve([]int{int(count)}); err != nil {
		return nil, err
	}
	list := make([]int64, count)
	for i := range list {
		list[i] = start + int64(i)*step
	}
	return []*value[T]{intConstant[T]([]int{len(list)}, list)}, nil
}

// reduced reads which dimensions a reduction takes away, and the shape of its result. The axes became an input in
// operator set since.
func (n *node[T]) reduced(x *value[T], since int) (flags []bool, dims []int, err error) {
	list, err := n.list("axes", since, 1)
	if err != nil {
		return nil, nil, err
	}
	keep, err := n.intAttribute("keepdims", 1)
	if err != nil {
		return nil, nil, err
	}
	nothing, err := n.intAttribute("noop_with_empty_axes", 0)
	if err != nil {
		return nil, nil, err
	}
	if flags, err = axes(list, len(x.dims)); err != nil {
		return nil, nil, err
	}
	if len(list) == 0 && nothing == 0 {
		for i := range flags {
			flags[i] = true
		}
	}
	dims = []int{}
	for i, d := range x.dims {
		switch {
		case !flags[i]:
			dims = append(dims, d)
		case keep != 0:
			dims = append(dims, 1)
		}
	}
	return flags, dims, nil
}

// reduce translates a reduction of floating-point numbers.
func reduce[T ops.Float](kind ops.ReduceKind, since int) translator[T] {
	return func(n *node[T]) ([]*value[T], error) {
		x, err := n.floats(0)
		if err != nil {
			return nil, err
		}
		flags, dims, err := n.reduced(x, since)
		if err != nil {
			return nil, err
		}
		return n.reduce(kind, x, flags, dims)
	}
}

// reduceProduct translates ReduceProd of a vector of integers, as in computations of shapes.
func reduceProduct[T ops.Float](n *node[T]) ([]*value[T], error) {
	list, err := n.ints(0)
	if err != nil {
		return nil, err
	}
	flags, dims, err := n.reduced(n.in[0], 18)
	if err != nil {
		return nil, err
	}
	if len(flags) != 1 || !flags[0] {
		return nil, fmt.Errorf("input of shape %v: only the product of a vector's elements is supported", n.in[0].dims)
	}
	p := int64(1)
	for _, v := range list {
		p *= v
	}
	return []*value[T]{intConstant[T](dims, []int64{p})}, nil
}
