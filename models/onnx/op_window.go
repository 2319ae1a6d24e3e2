package onnx

import (
	"fmt"

	"github.com/maxgain/maxgain/models/onnx/internal/ops"
)

// images is the shape of a map of one or two dimensions, the former as images of one row.
func images(dims []int) (ops.Images, error) {
	switch len(dims) {
	case 3:
		return ops.Images{N: dims[0], C: dims[1], H: 1, W: dims[2]}, nil
	case 4:
		return ops.Images{N: dims[0], C: dims[1], H: dims[2], W: dims[3]}, nil
	}
	return ops.Images{}, fmt.Errorf("input of shape %v: only maps of one or two dimensions are supported, [N,C,W] or [N,C,H,W]", dims)
}

// dimsOf is the inverse of images.
func dimsOf(s ops.Images, rank int) []int {
	if rank == 3 {
		return []int{s.N, s.C, s.W}
	}
	return []int{s.N, s.C, s.H, s.W}
}

// maxWindow bounds kernels, strides, dilations and pads.
const maxWindow = 1 << 20

// pair reads an attribute with a number for each spatial dimension; a map of one dimension has otherwise for its rows.
func (n *node[T]) pair(name string, rank, otherwise int) (h, w int, err error) {
	list, err := n.intsAttribute(name)
	if list == nil || err != nil {
		return otherwise, otherwise, err
	}
	if len(list) != rank-2 {
		return 0, 0, fmt.Errorf("attribute %s is %v, want %d numbers", name, list, rank-2)
	}
	for _, v := range list {
		if v < 1 || v > maxWindow {
			return 0, 0, fmt.Errorf("attribute %s is %v, want numbers from 1 to %d", name, list, maxWindow)
		}
	}
	if rank == 3 {
		return otherwise, int(list[0]), nil
	}
	return int(list[0]), int(list[1]), nil
}

// window reads the attributes that convolutions and pools share, and computes the size of the output. kh and kw are the
// kernel's size.
func (n *node[T]) window(in ops.Images, rank, kh, kw int, ceil bool) (w ops.Window, out ops.Images, err error) {
	w = ops.Window{KH: kh, KW: kw}
	if w.StrideH, w.StrideW, err = n.pair("strides", rank, 1); err != nil {
		return
	}
	if w.DilationH, w.DilationW, err = n.pair("dilations", rank, 1); err != nil {
		return
	}
	pads, err := n.intsAttribute("pads")
	if err != nil {
		return
	}
	if pads != nil {
		if len(pads) != 2*(rank-2) {
			return w, out, fmt.Errorf("attribute pads is %v, want %d numbers", pads, 2*(rank-2))
		}
		for _, v := range pads {
			if v < 0 || v > maxWindow {
				return w, out, fmt.Errorf("attribute pads is %v, want numbers from 0 to %d", pads, maxWindow)
			}
		}
		if rank == 3 {
			w.Left, w.Right = int(pads[0]), int(pads[1])
		} else {
			w.Top, w.Left, w.Bottom, w.Right = int(pads[0]), int(pads[1]), int(pads[2]), int(pads[3])
		}
	}
	auto, err := n.stringAttribute("auto_pad", "NOTSET")
	if err != nil {
		return
	}
	out = in
	if out.H, w.Top, w.Bottom, err = outputs(auto, in.H, kh, w.StrideH, w.DilationH, w.Top, w.Bottom, ceil); err != nil {
		return
	}
	out.W, w.Left, w.Right, err = outputs(auto, in.W, kw, w.StrideW, w.DilationW, w.Left, w.Right, ceil)
	return
}

// outputs is the number of windows along one dimension, and the padding there.
func outputs(auto string, in, k, stride, dilation, before, after int, ceil bool) (out, first, last int, err error) {
	if k > maxWindow {
		return 0, 0, 0, fmt.Errorf("a kernel of %d pixels, want at most %d", k, maxWindow)
	}
	extent := (k-1)*dilation + 1
	switch auto {
	case "NOTSET", "":
	case "VALID":
		before, after = 0, 0
	case "SAME_UPPER", "SAME_LOWER":
		out = (in + stride - 1) / stride
		total := max(0, (out-1)*stride+extent-in)
		before, after = total/2, total-total/2
		if auto == "SAME_LOWER" {
			before, after = after, before
		}
		return out, before, after, nil
	default:
		return 0, 0, 0, fmt.Errorf("attribute auto_pad is %q", auto)
	}
	room := in + before + after - extent
	if room < 0 {
		return 0, 0, 0, fmt.Errorf("a window of %d pixels does not fit %d pixels with padding %d and %d", extent, in, before, after)
	}
	out = room/stride + 1
	if ceil && room%stride > 0 && out*stride < in+before {
		out++ // unless the last window began beyond the image and the padding before it
	}
	return out, before, after, nil
}

// conv translates Conv.
func conv[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, err := n.floats(0)
	if err != nil {
		return nil, err
	}
	weights, err := n.constant(1)
	if err != nil {
		return nil, err
	}
	in, err := images(x.dims)
	if err != nil {
		return nil, err
	}
	kernel, err := images(weights.dims)
	if err != nil || len(weights.dims) != len(x.dims) {
		return nil, fmt.Errorf("weights of shape %v for an input of shape %v", weights.dims, x.dims)
	}
	groups, err := n.intAttribute("group", 1)
	if err != nil {
		return nil, err
	}
	if groups < 1 || in.C%groups != 0 || kernel.N%groups != 0 || kernel.C != in.C/groups || kernel.Len() == 0 {
		return nil, fmt.Errorf("weights of shape %v in %d groups do not fit an input of shape %v", weights.dims, groups, x.dims)
	}
	if h, w, err := n.pair("kernel_shape", len(x.dims), 0); err != nil || w != 0 && (w != kernel.W || len(x.dims) == 4 && h != kernel.H) {
		return nil, fmt.Errorf("attribute kernel_shape does not fit weights of shape %v", weights.dims)
	}
	window, out, err := n.window(in, len(x.dims), kernel.H, kernel.W, false)
	if err != nil {
		return nil, err
	}
	out.C = kernel.N
	op := &ops.Conv[T]{In: in, Out: out, Window: window, Groups: groups, Weights: weights.floats}
	if n.has(2) {
		bias, err := n.constant(2)
		if err != nil {
			return nil, err
		}
		if bias.len() != out.C {
			return nil, fmt.Errorf("bias of shape %v for %d output channels", bias.dims, out.C)
		}
		op.Bias = bias.floats
	}
	return n.b.emit(op, []*value[T]{x}, dimsOf(out, len(x.dims)))
}

// pool reads the attributes that both pools have.
func (n *node[T]) pool() (x *value[T], in, out ops.Images, w ops.Window, err error) {
	if x, err = n.floats(0); err != nil {
		return
	}
	if in, err = images(x.dims); err != nil {
		return
	}
	kh, kw, err := n.pair("kernel_shape", len(x.dims), 0)
	if err != nil {
		return
	}
	if len(x.dims) == 3 {
		kh = 1
	}
	if kw == 0 {
		err = fmt.Errorf("attribute kernel_shape is missing")
		return
	}
	ceil, err := n.intAttribute("ceil_mode", 0)
	if err != nil {
		return
	}
	w, out, err = n.window(in, len(x.dims), kh, kw, ceil != 0)
	return
}

// maxPool translates MaxPool.
func maxPool[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, in, out, w, err := n.pool()
	if err != nil {
		return nil, err
	}
	return n.b.emit(&ops.MaxPool[T]{In: in, Out: out, Window: w}, []*value[T]{x}, dimsOf(out, len(x.dims)))
}

// averagePool translates AveragePool.
func averagePool[T ops.Float](n *node[T]) ([]*value[T], error) {
	x, in, out, w, err := n.pool()
	if err != nil {
		return nil, err
	}
	padding, err := n.intAttribute("count_include_pad", 0)
	if err != nil {
		return nil, err
	}
	op := &ops.AvgPool[T]{In: in, Out: out, Window: w, CountPadding: padding != 0}
	return n.b.emit(op, []*value[T]{x}, dimsOf(out, len(x.dims)))
}

// globalPool translates GlobalAveragePool and GlobalMaxPool.
func globalPool[T ops.Float](kind ops.ReduceKind) translator[T] {
	return func(n *node[T]) ([]*value[T], error) {
		x, err := n.floats(0)
		if err != nil {
			return nil, err
		}
		if len(x.dims) < 2 {
			return nil, fmt.Errorf("input of shape %v, want [N,C,…]", x.dims)
		}
		reduced, dims := make([]bool, len(x.dims)), append([]int(nil), x.dims...)
		for i := 2; i < len(dims); i++ {
			reduced[i], dims[i] = true, 1
		}
		return n.reduce(kind, x, reduced, dims)
	}
}

// reduce adds a reduction whose result has the given shape.
func (n *node[T]) reduce(kind ops.ReduceKind, x *value[T], reduced []bool, dims []int) ([]*value[T], error) {
	if x.len() == 0 {
		return nil, fmt.Errorf("an input of shape %v has no elements", x.dims)
	}
	return n.b.emit(ops.NewReduce[T](kind, x.dims, reduced), []*value[T]{x}, dims)
}
