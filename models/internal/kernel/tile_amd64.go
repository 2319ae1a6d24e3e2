//go:build !noasm

package kernel

//go:generate go -C _asm run .

// The functions below compute a panel of vectors of 8 (AVX2) or 16 (AVX512) columns; the number of vectors is in the
// name. With strides counted in values, row(i) = ⌊i/group⌋·(group·ai + ajump) + (i mod group)·ai, and n the panel's
// columns, each is
//
//	for i := range m {
//		for j := range n {
//			sum := float32(0) // or c[i*ci+j] with flagAcc, bias[j] with flagBias
//			offA, offB := row(i), 0
//			for range r {
//				for range t {
//					sum = fma(a[offA], b[offB+j], sum)
//					offA, offB = offA+at, offB+bt
//				}
//				offA, offB = offA+ar, offB+br
//			}
//			c[i*ci+j] = sum // or max(sum, 0) with flagReLU
//		}
//	}
//
// runGeneric is the same without fused products. Masked ones do not read b past the last column either; those without
// need every row of b padded to whole vectors. Of c only n columns are written.

//go:noescape
func stripAVX2x1(s *strip)

//go:noescape
func stripAVX2x2(s *strip)

//go:noescape
func stripAVX2x3(s *strip)

//go:noescape
func stripAVX2x1Masked(s *strip)

//go:noescape
func stripAVX2x2Masked(s *strip)

//go:noescape
func stripAVX2x3Masked(s *strip)

//go:noescape
func stripAVX512x1(s *strip)

//go:noescape
func stripAVX512x2(s *strip)

//go:noescape
func stripAVX512x3(s *strip)

// peakAVX2 is, with 12 vectors v of 8 numbers and constants a and b,
//
//	for range n {
//		for i := range v {
//			v[i] = fma(a, b, v[i])
//		}
//	}
func peakAVX2(n int)

// peakAVX512 is peakAVX2 with 24 vectors of 16 numbers.
func peakAVX512(n int)

// run computes one panel of vecs vectors at the present level.
func run(k *strip, vecs int, masked bool) {
	switch level {
	case AVX512:
		switch vecs {
		case 1:
			stripAVX512x1(k)
		case 2:
			stripAVX512x2(k)
		default:
			stripAVX512x3(k)
		}
	case AVX2:
		if masked {
			vecs += maxVecs
		}
		switch vecs {
		case 1:
			stripAVX2x1(k)
		case 2:
			stripAVX2x2(k)
		case 3:
			stripAVX2x3(k)
		case 4:
			stripAVX2x1Masked(k)
		case 5:
			stripAVX2x2Masked(k)
		default:
			stripAVX2x3Masked(k)
		}
	default:
		runGeneric(k, vecs)
	}
}

// peakRound runs n rounds of multiply-adds and returns the operations in a round.
func peakRound(n int) int {
	switch level {
	case AVX512:
		peakAVX512(n)
		return 24 * 16 * 2
	case AVX2:
		peakAVX2(n)
		return 12 * 8 * 2
	}
	return peakGeneric(n)
}
