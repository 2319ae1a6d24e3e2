package onnx

import (
	"fmt"
	"math"

	"github.com/maxgain/maxgain/models/onnx/internal/ops"
)

// reshape translates Reshape: 0 keeps a dimension unless allowzero is set, −1 takes what is left.
func reshape[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.input(0)
	if err != nil {
		return nil, err
	}
	want, err := n.ints(1)
	if err != nil {
		return nil, err
	}
	allowZero, err := n.intAttribute("allowzero", 0)
	if err != nil {
		return nil, err
	}
	dims, rest, known := make([]int, len(want)), -1, 1
	for i, d := range want {
		switch {
		case d == -1 && rest < 0:
			rest = i
			continue
		case d == 0 && allowZero == 0 && i < len(x.dims):
			dims[i] = x.dims[i]
		case d >= 0 && d <= int64(n.b.limit):
			dims[i] = int(d)
		default:
			return nil, fmt.Errorf("shape %v for an input of shape %v", want, x.dims)
		}
		if dims[i] > 0 && known > n.b.limit/dims[i] {
			return nil, fmt.Errorf("shape %v is too large", want)
		}
		known *= dims[i]
	}
	if rest >= 0 && known > 0 {
		dims[rest] = x.len() / known
	}
	if lenOf(dims) != x.len() || rest >= 0 && known == 0 {
		return nil, fmt.Errorf("shape %v does not fit an input of shape %v", want, x.dims)
	}
	return []*value[T]{view(x, dims)}, nil
}

// flatten translates Flatten: all dimensions before axis become one, and the others another.
func flatten[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.input(0)
	if err != nil {
		return nil, err
	}
	a, err := n.intAttribute("axis", 1)
	if err != nil {
		return nil, err
	}
	if a < 0 {
		a += len(x.dims)
	}
	if a < 0 || a > len(x.dims) {
		return nil, fmt.Errorf("axis %d of an input of shape %v", a, x.dims)
	}
	return []*value[T]{view(x, []int{lenOf(x.dims[:a]), lenOf(x.dims[a:])})}, nil
}

// squeeze translates Squeeze.
func squeeze[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.input(0)
	if err != nil {
		return nil, err
	}
	list, err := n.list("axes", 13, 1)
	if err != nil {
		return nil, err
	}
	drop, err := axes(list, len(x.dims))
	if err != nil {
		return nil, err
	}
	dims := []int{}
	for i, d := range x.dims {
		switch {
		case list == nil && d == 1:
		case drop[i] && d != 1:
			return nil, fmt.Errorf("dimension %d of shape %v is not 1", i, x.dims)
		case !drop[i]:
			dims = append(dims, d)
		}
	}
	return []*value[T]{view(x, dims)}, nil
}

// unsqueeze translates Unsqueeze.
func unsqueeze[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.input(0)
	if err != nil {
		return nil, err
	}
	list, err := n.list("axes", 13, 1)
	if err != nil {
		return nil, err
	}
	if len(list) > maxRank {
		return nil, fmt.Errorf("%d axes", len(list))
	}
	added, err := axes(list, len(x.dims)+len(list))
	if err != nil {
		return nil, err
	}
	dims, next := []int{}, 0
	for _, add := range added {
		if add {
			dims = append(dims, 1)
		} else {
			dims = append(dims, x.dims[next])
			next++
		}
	}
	return []*value[T]{view(x, dims)}, nil
}

// maxRank bounds the number of dimensions that an operator adds.
const maxRank = 64

// pick selects elements of x along each dimension of the output; a negative offset gives fill.
func (n *node[T]) pick(x *value[T], index [][]int, fill float64) (*value[T], error) {
	if x.constant && x.ints != nil {
		s := ops.Select[int64]{Index: index, Fill: int64(fill)}
		if err := n.b.reserve(s.Shape()); err != nil {
			return nil, err
		}
		out := make([]int64, lenOf(s.Shape()))
		s.Apply(x.ints, out)
		v := intConstant[T](s.Shape(), out)
		v.kind = x.kind
		return v, nil
	}
	op := &ops.Pick[T]{Select: ops.Select[T]{Index: index, Fill: T(fill)}}
	out, err := n.b.emit(op, []*value[T]{x}, op.Shape())
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// whole is the index that leaves x as it is.
func whole(dims []int) [][]int { return broadcastIndex(dims, dims) }

// transpose translates Transpose.
func transpose[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.input(0)
	if err != nil {
		return nil, err
	}
	order, err := n.intsAttribute("perm")
	if err != nil {
		return nil, err
	}
	if order == nil {
		for i := range x.dims {
			order = append(order, int64(len(x.dims)-1-i))
		}
	}
	if _, err := axes(order, len(x.dims)); err != nil || len(order) != len(x.dims) {
		return nil, fmt.Errorf("attribute perm is %v for an input of shape %v", order, x.dims)
	}
	all := whole(x.dims)
	index := make([][]int, len(order))
	for i, a := range order {
		k, _ := axis(a, len(x.dims))
		index[i] = all[k]
	}
	return one(n.pick(x, index, 0))
}

// concat translates Concat.
func concat[T ops.Float](n *node[T]) ([]*value[T], error) {
	first, err := n.input(0)
	if err != nil {
		return nil, err
	}
	given, err := n.intAttribute("axis", math.MinInt32)
	if err != nil {
		return nil, err
	}
	a, err := axis(int64(given), len(first.dims))
	if err != nil {
		return nil, err
	}
	dims, ints := append([]int(nil), first.dims...), true
	dims[a] = 0
	inner := make([]int, len(n.in))
	for i := range n.in {
		v, err := n.input(i)
		if err != nil {
			return nil, err
		}
		if len(v.dims) != len(dims) {
			return nil, fmt.Errorf("inputs of shapes %v and %v", first.dims, v.dims)
		}
		for k, d := range v.dims {
			if k != a && d != dims[k] {
				return nil, fmt.Errorf("inputs of shapes %v and %v differ beside axis %d", first.dims, v.dims, a)
			}
		}
		dims[a] += v.dims[a]
		inner[i] = lenOf(v.dims[a:])
		ints = ints && v.constant && v.floats == nil
	}
	outer := lenOf(dims[:a])
	if !ints {
		return n.b.emit(&ops.Concat[T]{Outer: outer, Inner: inner}, n.in, dims)
	}
	if err := n.b.reserve(dims); err != nil {
		return nil, err
	}
	parts, out := make([][]int64, len(n.in)), make([]int64, lenOf(dims))
	for i, v := range n.in {
		parts[i] = v.ints
	}
	ops.Join(outer, inner, parts, out)
	return []*value[T]{intConstant[T](dims, out)}, nil
}

// inputAlong is the node's first input and its attribute axis, otherwise as a place in the input's shape.
func (n *node[T]) inputAlong(otherwise int) (x *value[T], at int, err error) {
	if x, err = n.input(0); err != nil {
		return nil, 0, err
	}
	given, err := n.intAttribute("axis", otherwise)
	if err != nil {
		return nil, 0, err
	}
	at, err = axis(int64(given), len(x.dims))
	return x, at, err
}

// split translates Split.
func split[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, a, err := n.inputAlong(0)
	if err != nil {
		return nil, err
	}
	sizes, err := n.list("split", 13, 1)
	if err != nil {
		return nil, err
	}
	count, size := len(n.Outputs), x.dims[a]
	if n.opset >= 18 {
		if count, err = n.intAttribute("num_outputs", count); err != nil {
			return nil, err
		}
	}
	if sizes == nil {
		if count < 1 || count > max(size, 1) || n.opset < 18 && size%count != 0 {
			return nil, fmt.Errorf("%d parts of the %d along axis %d", count, size, a)
		}
		part := (size + count - 1) / count // the last one may be smaller
		for range count {
			sizes = append(sizes, int64(max(0, min(part, size-len(sizes)*part))))
		}
	}
	all, at := whole(x.dims), int64(0)
	var parts []*value[T]
	for _, s := range sizes {
		if s < 0 || s > int64(size)-at {
			return nil, fmt.Errorf("parts of %v of the %d along axis %d", sizes, size, a)
		}
		index := append([][]int(nil), all...)
		index[a] = all[a][at : at+s]
		v, err := n.pick(x, index, 0)
		if err != nil {
			return nil, err
		}
		parts = append(parts, v)
		at += s
	}
	if at != int64(size) {
		return nil, fmt.Errorf("parts of %v of the %d along axis %d", sizes, size, a)
	}
	return parts, nil
}

// slice translates Slice, whose ranges became inputs in operator set 10.
func slice[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.input(0)
	if err != nil {
		return nil, err
	}
	var lists [4][]int64 // starts, ends, axes, steps
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		if lists[i], err = n.list(name, 10, i+1); err != nil {
			return nil, err
		}
	}
	starts, ends, along, steps := lists[0], lists[1], lists[2], lists[3]
	if len(ends) != len(starts) || along != nil && len(along) != len(starts) || steps != nil && len(steps) != len(starts) {
		return nil, fmt.Errorf("starts %v, ends %v, axes %v and steps %v differ in number", starts, ends, along, steps)
	}
	if along == nil {
		for i := range starts {
			along = append(along, int64(i))
		}
	}
	if _, err := axes(along, len(x.dims)); err != nil {
		return nil, err
	}
	index := whole(x.dims)
	for i, start := range starts {
		a, _ := axis(along[i], len(x.dims))
		step := int64(1)
		if steps != nil {
			step = steps[i]
		}
		if step == 0 {
			return nil, fmt.Errorf("a step is 0")
		}
		index[a] = sliceOf(index[a], start, ends[i], step)
	}
	return one(n.pick(x, index, 0))
}

// sliceOf is list[start:end:step] as in Python.
func sliceOf(list []int, start, end, step int64) []int {
	size := int64(len(list))
	lowest, highest := int64(0), size
	if step < 0 {
		lowest, highest = -1, size-1
	}
	limit := func(v int64) int64 {
		if v < 0 {
			v += size
		}
		return min(max(v, lowest), highest)
	}
	start, end = limit(start), limit(end)
	out := []int{}
	for i := start; step > 0 && i < end || step < 0 && i > end; {
		out = append(out, list[i])
		if step > size || step < -size {
			break
		}
		i += step
	}
	return out
}

// expand translates Expand.
func expand[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.input(0)
	if err != nil {
		return nil, err
	}
	want, err := n.shape(1)
	if err != nil {
		return nil, err
	}
	dims, err := ops.Broadcast(x.dims, want)
	if err != nil {
		return nil, err
	}
	if err := n.b.reserve(dims); err != nil {
		return nil, err
	}
	return one(n.pick(x, broadcastIndex(x.dims, dims), 0))
}

// tile translates Tile.
func tile[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.input(0)
	if err != nil {
		return nil, err
	}
	repeats, err := n.shape(1)
	if err != nil {
		return nil, err
	}
	if len(repeats) != len(x.dims) {
		return nil, fmt.Errorf("repeats %v for an input of shape %v", repeats, x.dims)
	}
	dims := make([]int, len(repeats))
	for i, r := range repeats {
		if x.dims[i] > 0 && r > n.b.limit/x.dims[i] {
			return nil, fmt.Errorf("repeats %v of an input of shape %v are too large", repeats, x.dims)
		}
		dims[i] = r * x.dims[i]
	}
	if err := n.b.reserve(dims); err != nil {
		return nil, err
	}
	index := whole(x.dims)
	for i, r := range repeats {
		part := index[i]
		index[i] = make([]int, 0, dims[i])
		for range r {
			index[i] = append(index[i], part...)
		}
	}
	return one(n.pick(x, index, 0))
}

// shape is input i, a constant shape.
func (n *node[T]) shape(i int) ([]int, error) {
	list, err := n.ints(i)
	if err != nil {
		return nil, err
	}
	dims := make([]int, len(list))
	for k, d := range list {
		if d < 0 || d > int64(n.b.limit) {
			return nil, fmt.Errorf("input %d is %v, want sizes up to %d", i, list, n.b.limit)
		}
		dims[k] = int(d)
	}
	return dims, nil
}

// gather translates Gather with constant indices.
func gather[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, a, err := n.inputAlong(0)
	if err != nil {
		return nil, err
	}
	list, err := n.ints(1)
	if err != nil {
		return nil, err
	}
	index := whole(x.dims)
	picked := make([]int, len(list))
	for i, k := range list {
		j, err := axis(k, x.dims[a])
		if err != nil {
			return nil, fmt.Errorf("index %d of the %d along axis %d", k, x.dims[a], a)
		}
		picked[i] = index[a][j]
	}
	index[a] = picked
	v, err := n.pick(x, index, 0)
	if err != nil {
		return nil, err
	}
	dims := append(append(append([]int{}, x.dims[:a]...), n.in[1].dims...), x.dims[a+1:]...)
	return []*value[T]{view(v, dims)}, nil
}
