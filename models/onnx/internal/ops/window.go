package ops

// Window is a sliding window over images: the size of its kernel, stride, dilation and zero padding in pixels.
type Window struct {
	KH, KW                   int
	StrideH, StrideW         int
	DilationH, DilationW     int
	Top, Left, Bottom, Right int
}

// Images is the shape [N,C,H,W].
type Images struct{ N, C, H, W int }

// Len is the number of values.
func (s Images) Len() int { return s.N * s.C * s.H * s.W }

// inside returns the range of outputs o in [lo,hi) for which the input pixel o·stride + offset lies in [0,size). An empty
// one begins and ends at the same place in [lo,hi].
func inside(lo, hi, stride, offset, size int) (int, int) {
	first, end := lo, lo
	if offset < 0 {
		first = min(hi, max(lo, (-offset+stride-1)/stride))
	}
	if last := size - 1 - offset; last >= 0 {
		end = min(hi, last/stride+1)
	}
	return first, max(first, end)
}
