//go:build !noasm

package kernel

// The element-wise loops of elem.go, for an n that is a multiple of 8. They wait for memory, so that wider vectors
// would bring nothing: the AVX-512 level uses them too.

// reluAVX2 is
//
//	for i := range n {
//		dst[i] = max(src[i], 0) // NaN stays NaN, −0 becomes 0
//	}
//
//go:noescape
func reluAVX2(src, dst *float32, n int)

// reluGradAVX2 is
//
//	for i := range n {
//		if dst[i] = 0; y[i] > 0 {
//			dst[i] = grad[i]
//		}
//	}
//
//go:noescape
func reluGradAVX2(y, grad, dst *float32, n int)

// reluMaskAVX2 is
//
//	for i := range n {
//		if mask[i] = 0; src[i] > 0 {
//			mask[i] = 1
//		}
//		dst[i] = max(src[i], 0) // NaN stays NaN, −0 becomes 0
//	}
//
//go:noescape
func reluMaskAVX2(src, dst *float32, mask *uint8, n int)

// reluGradMaskAVX2 is
//
//	for i := range n {
//		if dst[i] = 0; mask[i] != 0 {
//			dst[i] = grad[i]
//		}
//	}
//
//go:noescape
func reluGradMaskAVX2(mask *uint8, grad, dst *float32, n int)

// addAVX2 is
//
//	for i := range n {
//		dst[i] += src[i]
//	}
//
//go:noescape
func addAVX2(dst, src *float32, n int)

// sgdAVX2 is, every product rounded before it is added,
//
//	for i := range n {
//		d := grad[i] + decay*w[i]
//		v[i] = momentum*v[i] - d
//		w[i] += rate * v[i]
//	}
//
//go:noescape
func sgdAVX2(w, v, grad *float32, n int, rate, momentum, decay float32)

// columnSumsAVX2 is, with pitch in bytes,
//
//	for r := range rows {
//		for c := range 8 * vecs {
//			sum[c] += m[r*pitch/4+c]
//		}
//	}
//
//go:noescape
func columnSumsAVX2(m, sum *float32, rows, pitch, vecs int)

// transposeAVX2 is, with pitches in bytes,
//
//	for r := range 8 * blocks {
//		for j := range 8 {
//			dst[r*dstPitch/4+j] = src[j*srcPitch/4+r]
//		}
//	}
//
//go:noescape
func transposeAVX2(dst, src *float32, blocks, dstPitch, srcPitch int)

// vectors is how many of n elements the assembly does: a multiple of 8, 0 at the generic level.
func vectors(n int) int {
	if level == Generic {
		return 0
	}
	return n &^ 7
}

// The functions below do the first elements of what their namesakes in elem.go do, and return how many.

func reluVectors(src, dst []float32) int {
	n := vectors(len(src))
	if n > 0 {
		reluAVX2(&src[0], &dst[0], n)
	}
	return n
}

func reluMaskVectors(src, dst []float32, mask []uint8) int {
	n := vectors(len(src))
	if n > 0 {
		reluMaskAVX2(&src[0], &dst[0], &mask[0], n)
	}
	return n
}

func reluGradVectors(y, g, dst []float32) int {
	n := vectors(len(y))
	if n > 0 {
		reluGradAVX2(&y[0], &g[0], &dst[0], n)
	}
	return n
}

func reluGradMaskVectors(mask []uint8, g, dst []float32) int {
	n := vectors(len(mask))
	if n > 0 {
		reluGradMaskAVX2(&mask[0], &g[0], &dst[0], n)
	}
	return n
}

func addVectors(dst, src []float32) int {
	n := vectors(len(dst))
	if n > 0 {
		addAVX2(&dst[0], &src[0], n)
	}
	return n
}

func columnVectors(m, sum []float32) int {
	n := vectors(len(sum))
	if n > 0 {
		columnSumsAVX2(&m[0], &sum[0], len(m)/len(sum), 4*len(sum), n/8)
	}
	return n
}

func sgdVectors(w, v, g []float32, rate, momentum, decay float32) int {
	n := vectors(len(w))
	if n > 0 {
		sgdAVX2(&w[0], &v[0], &g[0], n, rate, momentum, decay)
	}
	return n
}

// transposeVectors does the first rows of what transposeInto does for eight columns whose steps lie side by
// side, and returns how many.
func transposeVectors(dst []float32, width int, src []float32, rows, colStride int) int {
	n := vectors(rows)
	if n > 0 {
		_, _ = dst[(n-1)*width+7], src[7*colStride+n-1]
		transposeAVX2(&dst[0], &src[0], n/8, 4*width, 4*colStride)
	}
	return n
}
