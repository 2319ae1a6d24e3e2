package kernel

// The stages of a block, each in the fastest form there is for its element type.

// single returns v as float32 numbers, if that is what T is.
func single[T Float](v []T) ([]float32, bool) {
	s, ok := any(v).([]float32)
	return s, ok
}

// pair is single for two slices of one type.
func pair[T Float](v, w []T) (v32, w32 []float32, ok bool) {
	v32, ok = any(v).([]float32)
	w32, _ = any(w).([]float32)
	return v32, w32, ok
}

// reluInto writes max(src, 0) to dst, and to mask (if not nil) 1 where src > 0; NaN stays NaN.
func reluInto[T Float](src, dst []T, mask []uint8) {
	if s, d, ok := pair(src, dst); ok {
		if mask == nil {
			relu32(s, d)
		} else {
			reluMask32(s, d, mask)
		}
		return
	}
	copy(dst, src)
	reluForward(dst)
	for i := range mask {
		mask[i] = 0
		if dst[i] > 0 {
			mask[i] = 1
		}
	}
}

// reluGrad writes g where the ReLU's output y is positive, else 0, to dst.
func reluGrad[T Float](y, g, dst []T) {
	if g32, d, ok := pair(g, dst); ok {
		y32, _ := single(y)
		reluGrad32(y32, g32, d)
		return
	}
	copy(dst, g)
	reluBackward(y, dst)
}

// reluGradMask writes g where mask is set, else 0, to dst.
func reluGradMask[T Float](mask []uint8, g, dst []T) {
	if g32, d, ok := pair(g, dst); ok {
		reluGradMask32(mask, g32, d)
		return
	}
	for i, m := range mask {
		dst[i] = 0
		if m != 0 {
			dst[i] = g[i]
		}
	}
}

func maxPool[T Float](in Shape, win Window, x, y []T, winner []uint8) {
	if x32, y32, ok := pair(x, y); ok {
		maxPool32(in, win, x32, y32, winner)
		return
	}
	maxPoolForward(in, win, x, y, winner)
}

func maxPoolGrad[T Float](in Shape, win Window, dy []T, winner []uint8, dx []T) {
	if dy32, dx32, ok := pair(dy, dx); ok {
		maxPoolGrad32(in, win, dy32, winner, dx32)
		return
	}
	maxPoolBackward(in, win, dy, winner, dx)
}

func avgPool[T Float](in Shape, win Window, x, y []T) {
	if x32, y32, ok := pair(x, y); ok {
		avgPool32(in, win, x32, y32)
		return
	}
	avgPoolForward(in, win, x, y)
}

func avgPoolGrad[T Float](in Shape, win Window, dy, dx []T) {
	if dy32, dx32, ok := pair(dy, dx); ok {
		avgPoolGrad32(in, win, dy32, dx32)
		return
	}
	avgPoolBackward(in, win, dy, dx)
}

// leakyInto writes src where it is positive, else slope·src, to dst, and to mask (if not nil) 1 where src > 0.
func leakyInto[T Float](src, dst []T, mask []uint8, slope T) {
	dst = dst[:len(src)]
	done := 0
	if s, d, ok := pair(src, dst); ok {
		done = leakyVectors(s, d, float32(slope))
	}
	for i := done; i < len(src); i++ {
		if v := src[i]; v > 0 {
			dst[i] = v
		} else {
			dst[i] = slope * v
		}
	}
	for i := range mask {
		mask[i] = 0
		if src[i] > 0 {
			mask[i] = 1
		}
	}
}

// leakyGrad writes g where the leaky ReLU's output is positive, by mask or, if that is nil, by y, else slope·g.
func leakyGrad[T Float](y []T, mask []uint8, g, dst []T, slope T) {
	dst = dst[:len(g)]
	done := 0
	if g32, d, ok := pair(g, dst); ok && mask == nil {
		y32, _ := single(y)
		done = leakyGradVectors(y32, g32, d, float32(slope))
	}
	for i := done; i < len(g); i++ {
		if mask != nil && mask[i] != 0 || mask == nil && y[i] > 0 {
			dst[i] = g[i]
		} else {
			dst[i] = slope * g[i]
		}
	}
}

// addInto adds src to dst.
func addInto[T Float](dst, src []T) {
	if d, s, ok := pair(dst, src); ok {
		add32(d, s)
		return
	}
	for i, v := range src {
		dst[i] += v
	}
}
