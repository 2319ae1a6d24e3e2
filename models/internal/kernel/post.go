package kernel

// The stages of a block, each in the fastest form there is for its element type.

// reluInto writes max(src, 0) to dst, and to mask (if not nil) 1 where src > 0; NaN stays NaN.
func reluInto[T Float](src, dst []T, mask []uint8) {
	copy(dst, src)
	reluForward(dst)
	if mask != nil {
		for i, v := range dst {
			mask[i] = 0
			if v > 0 {
				mask[i] = 1
			}
		}
	}
}

// reluGrad writes g where the ReLU's output y is positive, else 0, to dst.
func reluGrad[T Float](y, g, dst []T) {
	copy(dst, g)
	reluBackward(y, dst)
}

// reluGradMask writes g where mask is set, else 0, to dst.
func reluGradMask[T Float](mask []uint8, g, dst []T) {
	for i, m := range mask {
		dst[i] = 0
		if m != 0 {
			dst[i] = g[i]
		}
	}
}

func maxPool[T Float](in Shape, win Window, x, y []T, winner []uint8) {
	maxPoolForward(in, win, x, y, winner)
}

func maxPoolGrad[T Float](in Shape, win Window, dy []T, winner []uint8, dx []T) {
	maxPoolBackward(in, win, dy, winner, dx)
}

func avgPool[T Float](in Shape, win Window, x, y []T) { avgPoolForward(in, win, x, y) }

func avgPoolGrad[T Float](in Shape, win Window, dy, dx []T) { avgPoolBackward(in, win, dy, dx) }
