// Package kernel holds the computations of convolutional layers on NHWC tensors.
//
// reference.go has plain loops for float32 and float64: the yardstick of every test, the portable
// fallback, and, in float64, the engine of the gain measurement. Faster float32 kernels slide in
// underneath Block.
package kernel

// Shape is the size of one image or feature map: H rows of W pixels with C channels, stored [H,W,C].
type Shape struct{ H, W, C int }

// Len is the number of values.
func (s Shape) Len() int { return s.H * s.W * s.C }

// Window is a KH×KW sliding window with one stride for both directions and padding on four sides.
type Window struct {
	KH, KW, Stride           int
	Top, Bottom, Left, Right int
}

// OutH is ⌊(h+top+bottom−KH)/stride⌋+1, the number of window rows over h pixels.
func (w Window) OutH(h int) int { return outSize(h+w.Top+w.Bottom, w.KH, w.Stride) }

// OutW is ⌊(w+left+right−KW)/stride⌋+1, the number of window columns over width pixels.
func (w Window) OutW(width int) int { return outSize(width+w.Left+w.Right, w.KW, w.Stride) }

func outSize(padded, k, stride int) int {
	if padded < k || stride < 1 {
		return 0
	}
	return (padded-k)/stride + 1
}

// rows is the range of window rows ky that lie inside an image of height h for output row oy.
func (w Window) rows(oy, h int) (lo, hi int) { return inside(oy*w.Stride-w.Top, w.KH, h) }

// cols is the same for columns.
func (w Window) cols(ox, width int) (lo, hi int) { return inside(ox*w.Stride-w.Left, w.KW, width) }

func inside(start, k, n int) (lo, hi int) { return max(0, -start), max(0, min(k, n-start)) }

// Float is the element type of a kernel.
type Float interface{ float32 | float64 }
