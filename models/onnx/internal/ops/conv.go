package ops

// Conv is a convolution (cross-correlation) in groups: every output channel of a group sees the group's input channels.
// Inputs: x [N,C,H,W]; weights and bias are constants.
type Conv[T Float] struct {
	In, Out Images
	Window  Window
	Groups  int
	Weights []T // [Out.C, In.C/Groups, KH, KW]
	Bias    []T // [Out.C]; nil: none

	transposed []T // [Groups, In.C/Groups·KH·KW, Out.C/Groups], made for the first Backward
}

// Needs implements Op.
func (o *Conv[T]) Needs(varies []bool) ([]bool, bool) { return none(varies) }

// depth is the number of products in one output value: the rows of the matrix of windows.
func (o *Conv[T]) depth() int { return o.In.C / o.Groups * o.Window.KH * o.Window.KW }

// depthwise says that a group is one input channel: too little for a matrix product.
func (o *Conv[T]) depthwise() bool { return o.In.C == o.Groups }

// pointwise says that the windows are single pixels, all of them in order.
func (o *Conv[T]) pointwise() bool {
	w := o.Window
	return w.KH == 1 && w.KW == 1 && w.StrideH == 1 && w.StrideW == 1 && o.In.H == o.Out.H && o.In.W == o.Out.W && w.Top == 0 && w.Left == 0
}

// minChunks is into how many parts a layer is cut where its size allows it.
const minChunks = 8

// blocks cuts n rows into blocks of equal size, a multiple of 8, so that there are about minChunks chunks with the
// given number of parts that there are already.
func blocks(n, parts int) (size, count int) {
	want := max(1, minChunks/parts)
	size = max(16, (n+want-1)/want+7) / 8 * 8
	return size, (n + size - 1) / size
}

// Forward implements Op. The windows of some output pixels are laid out as the columns of a matrix, which the weights
// are multiplied with.
func (o *Conv[T]) Forward(m *Machine[T], x, y [][]T) {
	if o.depthwise() {
		o.depthwiseForward(m, x[0], y[0])
		return
	}
	pixels, depth, filters := o.Out.H*o.Out.W, o.depth(), o.Out.C/o.Groups
	list := panels(pixels)
	size, count := blocks(filters, len(list)*o.In.N*o.Groups)
	m.workers.Run(o.In.N*o.Groups*len(list)*count, func(chunk, worker int) {
		p, first := list[chunk/count%len(list)], chunk%count*size
		image := chunk / count / len(list) // n·Groups + g
		g := image % o.Groups
		scratch := m.memory(worker, (depth+size)*p.cols)
		columns, spare := scratch[:depth*p.cols], scratch[depth*p.cols:]
		o.windows(columns, x[0][image*(o.In.C/o.Groups)*o.In.H*o.In.W:], p)
		rows := min(size, filters-first)
		to := y[0][(image*filters+first)*pixels+p.first:]
		filter := g*filters + first
		for i := range rows {
			bias := T(0)
			if o.Bias != nil {
				bias = o.Bias[filter+i]
			}
			for j := range to[i*pixels:][:p.cols] {
				to[i*pixels+j] = bias
			}
		}
		addProduct(to, pixels, o.Weights[filter*depth:], depth, columns, p.cols, rows, p.cols, depth, spare)
	})
}

// windows writes the windows of the panel's output pixels in the channels x of one group to dst [depth, p.cols], with
// zeros for the padding.
func (o *Conv[T]) windows(dst, x []T, p panel) {
	channels, plane := o.In.C/o.Groups, o.In.H*o.In.W
	if o.pointwise() {
		for c := range channels {
			copy(dst[c*p.cols:][:p.cols], x[c*plane+p.first:])
		}
		return
	}
	w := o.Window
	for c := range channels {
		for ky := range w.KH {
			for kx := range w.KW {
				o.windowRow(dst[:p.cols], x[c*plane:][:plane], p, ky, kx)
				dst = dst[p.cols:]
			}
		}
	}
}

// windowRow writes the pixels under tap (ky,kx) of the windows of a panel.
func (o *Conv[T]) windowRow(dst, x []T, p panel, ky, kx int) {
	w := o.Window
	for done := 0; done < p.cols; {
		oy, ox := (p.first+done)/o.Out.W, (p.first+done)%o.Out.W
		n := min(o.Out.W-ox, p.cols-done)
		row := dst[done : done+n]
		done += n
		iy, offset := oy*w.StrideH-w.Top+ky*w.DilationH, kx*w.DilationW-w.Left
		if iy < 0 || iy >= o.In.H {
			clear(row)
			continue
		}
		lo, hi := inside(ox, ox+n, w.StrideW, offset, o.In.W)
		clear(row[:lo-ox])
		clear(row[hi-ox:])
		if lo == hi {
			continue
		}
		from := x[iy*o.In.W+lo*w.StrideW+offset:]
		if w.StrideW == 1 {
			copy(row[lo-ox:hi-ox], from)
			continue
		}
		for i := range row[lo-ox : hi-ox] {
			row[lo-ox+i] = from[i*w.StrideW]
		}
	}
}

// Backward implements Op. The transposed weights times the output's gradient is the gradient of the matrix of windows,
// which is added up where windows overlap. The work is shared out by input channels, which do not meet.
func (o *Conv[T]) Backward(m *Machine[T], _, _, dy, dx [][]T) {
	if dx[0] == nil {
		return
	}
	if o.depthwise() {
		o.depthwiseBackward(m, dy[0], dx[0])
		return
	}
	o.transpose()
	channels, filters, taps := o.In.C/o.Groups, o.Out.C/o.Groups, o.Window.KH*o.Window.KW
	plane, pixels, depth := o.In.H*o.In.W, o.Out.H*o.Out.W, o.depth()
	list := panels(pixels)
	if o.pointwise() {
		size, count := blocks(channels, len(list)*o.In.N*o.Groups)
		m.workers.Run(o.In.N*o.Groups*len(list)*count, func(chunk, worker int) {
			p, first := list[chunk/count%len(list)], chunk%count*size
			image := chunk / count / len(list)
			scratch := m.memory(worker, (filters+size)*p.cols)
			packed, spare := scratch[:filters*p.cols], scratch[filters*p.cols:]
			gather(packed, dy[0][image*filters*pixels:], pixels, filters, p)
			addProduct(dx[0][(image*channels+first)*plane+p.first:], plane, o.transposed[(image%o.Groups*depth+first)*filters:], filters,
				packed, p.cols, min(size, channels-first), p.cols, filters, spare)
		})
		return
	}
	size := max((channels+minChunks-1)/minChunks, (15+taps)/taps)
	count := (channels + size - 1) / size
	m.workers.Run(o.In.N*o.Groups*count, func(chunk, worker int) {
		first, image := chunk%count*size, chunk/count
		rows := min(size, channels-first) * taps
		scratch := m.memory(worker, (2*rows+filters)*maxPanel)
		packed, columns, spare := scratch[:filters*maxPanel], scratch[filters*maxPanel:][:rows*maxPanel], scratch[(filters+rows)*maxPanel:]
		weights := o.transposed[(image%o.Groups*depth+first*taps)*filters:]
		to := dx[0][(image*channels+first)*plane:]
		for _, p := range list {
			gather(packed, dy[0][image*filters*pixels:], pixels, filters, p)
			clear(columns[:rows*p.cols])
			addProduct(columns, p.cols, weights, filters, packed, p.cols, rows, p.cols, filters, spare)
			for row := range rows {
				o.addWindowRow(to[row/taps*plane:][:plane], columns[row*p.cols:][:p.cols], p, row%taps/o.Window.KW, row%o.Window.KW)
			}
		}
	})
}

// gather copies the panel's columns of a matrix with the given row length to dst [rows, p.cols].
func gather[T Float](dst, src []T, length, rows int, p panel) {
	for i := range rows {
		copy(dst[i*p.cols:][:p.cols], src[i*length+p.first:])
	}
}

// addWindowRow adds gradients of the pixels under tap (ky,kx) to the pixels: the transpose of windowRow.
func (o *Conv[T]) addWindowRow(dx, columns []T, p panel, ky, kx int) {
	w := o.Window
	for done := 0; done < p.cols; {
		oy, ox := (p.first+done)/o.Out.W, (p.first+done)%o.Out.W
		n := min(o.Out.W-ox, p.cols-done)
		row := columns[done : done+n]
		done += n
		iy, offset := oy*w.StrideH-w.Top+ky*w.DilationH, kx*w.DilationW-w.Left
		if iy < 0 || iy >= o.In.H {
			continue
		}
		lo, hi := inside(ox, ox+n, w.StrideW, offset, o.In.W)
		if lo == hi {
			continue
		}
		to := dx[iy*o.In.W+lo*w.StrideW+offset:]
		for i, v := range row[lo-ox : hi-ox] {
			to[i*w.StrideW] += v
		}
	}
}

func (o *Conv[T]) transpose() {
	if o.transposed != nil {
		return
	}
	depth, filters := o.depth(), o.Out.C/o.Groups
	o.transposed = make([]T, len(o.Weights))
	for g := range o.Groups {
		from, to := o.Weights[g*filters*depth:], o.transposed[g*filters*depth:]
		for k := range filters {
			for q := range depth {
				to[q*filters+k] = from[k*depth+q]
			}
		}
	}
}
