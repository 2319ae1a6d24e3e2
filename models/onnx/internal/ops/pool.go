package ops

import "math"

// MaxPool takes the maximum over windows; of equal values the first in row-major order wins and has the whole
// gradient. Padding never wins.
type MaxPool[T Float] struct {
	In, Out Images
	Window  Window
}

// Needs implements Op.
func (o *MaxPool[T]) Needs(varies []bool) ([]bool, bool) { return allInputs(varies) }

// Forward implements Op.
func (o *MaxPool[T]) Forward(m *Machine[T], x, y [][]T) {
	plane, pixels := o.In.H*o.In.W, o.Out.H*o.Out.W
	m.workers.Run(o.In.N*o.In.C, func(chunk, _ int) {
		from, to := x[0][chunk*plane:][:plane], y[0][chunk*pixels:][:pixels]
		for i := range to {
			if at := o.winner(from, i/o.Out.W, i%o.Out.W); at >= 0 {
				to[i] = from[at]
			} else {
				to[i] = T(math.Inf(-1))
			}
		}
	})
}

// winner is the place of the window's maximum, −1 if no pixel is inside. The first NaN, if there is one, wins.
func (o *MaxPool[T]) winner(x []T, oy, ox int) int {
	w := o.Window
	kyLo, kyHi := inside(0, w.KH, w.DilationH, oy*w.StrideH-w.Top, o.In.H)
	kxLo, kxHi := inside(0, w.KW, w.DilationW, ox*w.StrideW-w.Left, o.In.W)
	best := -1
	var top T
	for ky := kyLo; ky < kyHi; ky++ {
		at := (oy*w.StrideH-w.Top+ky*w.DilationH)*o.In.W + ox*w.StrideW - w.Left + kxLo*w.DilationW
		for range kxHi - kxLo {
			if v := x[at]; best < 0 || v > top || (v != v && top == top) {
				best, top = at, v
			}
			at += w.DilationW
		}
	}
	return best
}

// Backward implements Op.
func (o *MaxPool[T]) Backward(m *Machine[T], x, _, dy, dx [][]T) {
	if dx[0] == nil {
		return
	}
	plane, pixels := o.In.H*o.In.W, o.Out.H*o.Out.W
	m.workers.Run(o.In.N*o.In.C, func(chunk, _ int) {
		from, to := x[0][chunk*plane:][:plane], dx[0][chunk*plane:][:plane]
		for i, g := range dy[0][chunk*pixels:][:pixels] {
			if g == 0 {
				continue
			}
			if at := o.winner(from, i/o.Out.W, i%o.Out.W); at >= 0 {
				to[at] += g
			}
		}
	})
}

// AvgPool takes the mean over windows: of the pixels inside the image, or with CountPadding of the pixels inside the
// padded image, padding counting as 0. Pixels of a window beyond the padded image, where it was rounded up, never count.
type AvgPool[T Float] struct {
	In, Out      Images
	Window       Window
	CountPadding bool
}

// Needs implements Op.
func (o *AvgPool[T]) Needs(varies []bool) ([]bool, bool) { return none(varies) }

// span is one output's window along one axis: first pixel, number of pixels inside the image, and pixels that count.
func (o *AvgPool[T]) span(out, k, stride, dilation, before, after, size int) (first, n, count int) {
	start := out*stride - before
	lo, hi := inside(0, k, dilation, start, size)
	first, n, count = start+lo*dilation, hi-lo, hi-lo
	if o.CountPadding {
		_, hi = inside(0, k, dilation, start+before, before+size+after)
		count = hi
	}
	return first, n, count
}

// visit calls f for every output pixel i with the number of pixels that count and its first pixel, rows and columns.
func (o *AvgPool[T]) visit(f func(i, count, at, rows, cols int)) {
	w := o.Window
	for oy := range o.Out.H {
		y0, rows, county := o.span(oy, w.KH, w.StrideH, w.DilationH, w.Top, w.Bottom, o.In.H)
		for ox := range o.Out.W {
			x0, cols, countx := o.span(ox, w.KW, w.StrideW, w.DilationW, w.Left, w.Right, o.In.W)
			f(oy*o.Out.W+ox, county*countx, y0*o.In.W+x0, rows, cols)
		}
	}
}

// Forward implements Op.
func (o *AvgPool[T]) Forward(m *Machine[T], x, y [][]T) {
	plane, pixels := o.In.H*o.In.W, o.Out.H*o.Out.W
	down, right := o.Window.DilationH*o.In.W, o.Window.DilationW
	m.workers.Run(o.In.N*o.In.C, func(chunk, _ int) {
		from, to := x[0][chunk*plane:][:plane], y[0][chunk*pixels:][:pixels]
		o.visit(func(i, count, at, rows, cols int) {
			sum := T(0)
			for r := range rows {
				for c := range cols {
					sum += from[at+r*down+c*right]
				}
			}
			to[i] = sum / T(max(count, 1))
		})
	})
}

// Backward implements Op.
func (o *AvgPool[T]) Backward(m *Machine[T], _, _, dy, dx [][]T) {
	if dx[0] == nil {
		return
	}
	plane, pixels := o.In.H*o.In.W, o.Out.H*o.Out.W
	down, right := o.Window.DilationH*o.In.W, o.Window.DilationW
	m.workers.Run(o.In.N*o.In.C, func(chunk, _ int) {
		from, to := dy[0][chunk*pixels:][:pixels], dx[0][chunk*plane:][:plane]
		o.visit(func(i, count, at, rows, cols int) {
			g := from[i] / T(max(count, 1))
			for r := range rows {
				for c := range cols {
					to[at+r*down+c*right] += g
				}
			}
		})
	})
}
