package ops

// depthwiseForward is Forward where each group is one input channel: every output channel is a sum of shifted copies
// of its input channel.
func (o *Conv[T]) depthwiseForward(m *Machine[T], x, y []T) {
	plane, pixels := o.In.H*o.In.W, o.Out.H*o.Out.W
	m.workers.Run(o.In.N*o.Out.C, func(chunk, _ int) {
		filter := chunk % o.Out.C
		to := y[chunk*pixels:][:pixels]
		bias := T(0)
		if o.Bias != nil {
			bias = o.Bias[filter]
		}
		for i := range to {
			to[i] = bias
		}
		from := x[o.channel(chunk)*plane:][:plane]
		o.taps(filter, func(weight T, oy, lo, hi, at int) {
			row, step := to[oy*o.Out.W+lo:oy*o.Out.W+hi], o.Window.StrideW
			if step == 1 {
				for i, v := range from[at:][:len(row)] {
					row[i] += T(weight * v)
				}
				return
			}
			for i := range row {
				row[i] += T(weight * from[at+i*step])
			}
		})
	})
}

// channel is the input channel, counted through all images, that an output channel so counted sees.
func (o *Conv[T]) channel(output int) int {
	n, filter := output/o.Out.C, output%o.Out.C
	return n*o.In.C + filter/(o.Out.C/o.In.C)
}

// taps calls f for every weight of the filter and every output row, with the range [lo,hi) of output columns whose
// pixel under the tap lies inside the image, and with the place of the first such pixel.
func (o *Conv[T]) taps(filter int, f func(weight T, oy, lo, hi, at int)) {
	w := o.Window
	for ky := range w.KH {
		top, bottom := inside(0, o.Out.H, w.StrideH, ky*w.DilationH-w.Top, o.In.H)
		for kx := range w.KW {
			offset := kx*w.DilationW - w.Left
			lo, hi := inside(0, o.Out.W, w.StrideW, offset, o.In.W)
			if lo == hi {
				continue
			}
			weight := o.Weights[(filter*w.KH+ky)*w.KW+kx]
			for oy := top; oy < bottom; oy++ {
				iy := oy*w.StrideH + ky*w.DilationH - w.Top
				f(weight, oy, lo, hi, iy*o.In.W+lo*w.StrideW+offset)
			}
		}
	}
}

// depthwiseBackward is Backward where each group is one input channel.
func (o *Conv[T]) depthwiseBackward(m *Machine[T], dy, dx []T) {
	plane, pixels, per := o.In.H*o.In.W, o.Out.H*o.Out.W, o.Out.C/o.In.C
	m.workers.Run(o.In.N*o.In.C, func(chunk, _ int) {
		to := dx[chunk*plane:][:plane]
		for k := range per {
			output := chunk*per + k
			from := dy[output*pixels:][:pixels]
			o.taps(output%o.Out.C, func(weight T, oy, lo, hi, at int) {
				row, step := from[oy*o.Out.W+lo:oy*o.Out.W+hi], o.Window.StrideW
				for i, v := range row {
					to[at+i*step] += T(weight * v)
				}
			})
		}
	})
}
