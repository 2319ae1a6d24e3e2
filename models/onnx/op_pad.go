package onnx

import (
	"fmt"

	"github.com/maxgain/maxgain/models/onnx/internal/ops"
)

// pad translates Pad, whose widths became inputs in operator set 11. Negative widths cut off.
func pad[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.input(0)
	if err != nil {
		return nil, err
	}
	mode, err := n.stringAttribute("mode", "constant")
	if err != nil {
		return nil, err
	}
	widths, err := n.list("pads", 11, 1)
	if err != nil {
		return nil, err
	}
	fill := 0.0
	if n.opset < 11 {
		fill, err = n.floatAttribute("value", 0)
	} else if n.has(2) && n.in[2].len() > 0 {
		fill, err = scalarOf(n.in[2])
	}
	if err != nil {
		return nil, err
	}
	var along []int64
	if n.opset >= 18 && n.has(3) {
		if along, err = n.ints(3); err != nil {
			return nil, err
		}
	} else {
		for i := range x.dims {
			along = append(along, int64(i))
		}
	}
	if _, err := axes(along, len(x.dims)); err != nil {
		return nil, err
	}
	if len(widths) != 2*len(along) {
		return nil, fmt.Errorf("pads %v for %d axes, want two for each", widths, len(along))
	}
	dims := append([]int(nil), x.dims...)
	for i, given := range along {
		a, _ := axis(given, len(x.dims))
		before, after := widths[i], widths[i+len(along)]
		limit := int64(n.b.limit)
		if before < -limit || before > limit || after < -limit || after > limit || int64(dims[a])+before+after < 0 {
			return nil, fmt.Errorf("pads %v for an input of shape %v", widths, x.dims)
		}
		dims[a] += int(before + after)
	}
	if err := n.b.reserve(dims); err != nil {
		return nil, err
	}
	index := whole(x.dims)
	for i, given := range along {
		a, _ := axis(given, len(x.dims))
		if index[a], err = padded(index[a], int(widths[i]), dims[a], mode); err != nil {
			return nil, err
		}
	}
	return one(n.pick(x, index, fill))
}

// padded is the index of size places of which the first is before places before the list's first.
func padded(list []int, before, size int, mode string) ([]int, error) {
	out := make([]int, size)
	n := len(list)
	if n == 0 && mode != "constant" {
		return nil, fmt.Errorf("mode %q for a dimension of 0", mode)
	}
	for i := range out {
		k := i - before
		if k < 0 || k >= n {
			switch mode {
			case "constant":
				out[i] = -1
				continue
			case "edge":
				k = min(max(k, 0), n-1)
			case "reflect": // about the first and last pixel, which are not repeated
				period := max(1, 2*(n-1))
				k = ((k % period) + period) % period
				k = min(k, period-k)
			case "wrap":
				k = ((k % n) + n) % n
			default:
				return nil, fmt.Errorf("attribute mode is %q", mode)
			}
		}
		out[i] = list[k]
	}
	return out, nil
}

// where translates Where with a constant condition.
func where[T ops.Float](n *node[T]) ([]*value[T], error) {
	condition, err := n.ints(0)
	if err != nil {
		return nil, err
	}
	a, err := n.input(1)
	if err != nil {
		return nil, err
	}
	b, err := n.input(2)
	if err != nil {
		return nil, err
	}
	dims, err := ops.Broadcast(a.dims, b.dims)
	if err == nil {
		dims, err = ops.Broadcast(dims, n.in[0].dims)
	}
	if err != nil {
		return nil, err
	}
	if err := n.b.reserve(dims); err != nil {
		return nil, err
	}
	if a.constant && b.constant && a.ints != nil && b.ints != nil {
		xs, err := n.expandInts(a, dims)
		if err != nil {
			return nil, err
		}
		ys, err := n.expandInts(b, dims)
		if err != nil {
			return nil, err
		}
		cs, err := n.expandInts(n.in[0], dims)
		if err != nil {
			return nil, err
		}
		for i, c := range cs {
			if c == 0 {
				xs[i] = ys[i]
			}
		}
		return []*value[T]{intConstant[T](dims, xs)}, nil
	}
	// c·a + (1−c)·b would spread infinities; the condition must be one number here.
	if len(condition) != 1 {
		return nil, fmt.Errorf("a condition of shape %v is supported for constants of integers only", n.in[0].dims)
	}
	if condition[0] != 0 {
		b = a
	}
	return one(n.pick(b, broadcastIndex(b.dims, dims), 0))
}
