package kernel

// poolOp is one of the passes of the two pools.
type poolOp uint8

const (
	poolMaxForward poolOp = iota
	poolMaxBackward
	poolAvgForward
	poolAvgBackward
)

// maxPool32 takes the maximum over each window of one image x [H,W,C], cropped to the image; winner holds
// ky·KW+kx of the first maximum in row-major order. A NaN wins only if it comes first.
func maxPool32(in Shape, win Window, x, y []float32, winner []uint8) {
	if !poolVectors(poolMaxForward, in, win, x, y, winner) {
		maxPoolForward(in, win, x, y, winner)
	}
}

// maxPoolGrad32 gives each output gradient to its window's winner: dx [H,W,C] is overwritten.
func maxPoolGrad32(in Shape, win Window, dy []float32, winner []uint8, dx []float32) {
	if !poolVectors(poolMaxBackward, in, win, dx, dy, winner) {
		maxPoolBackward(in, win, dy, winner, dx)
	}
}

// avgPool32 takes the mean of the pixels of each window that lie inside the image x [H,W,C].
func avgPool32(in Shape, win Window, x, y []float32) {
	if !poolVectors(poolAvgForward, in, win, x, y, nil) {
		avgPoolForward(in, win, x, y)
	}
}

// avgPoolGrad32 spreads each output gradient evenly over its window: dx [H,W,C] is overwritten.
func avgPoolGrad32(in Shape, win Window, dy, dx []float32) {
	if !poolVectors(poolAvgBackward, in, win, dx, dy, nil) {
		avgPoolBackward(in, win, dy, dx)
	}
}
