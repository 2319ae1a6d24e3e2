//go:build !noasm

package kernel

//go:generate go -C _asm run .

// The functions below are the loop of (*strip).run in vectors of 8 (AVX2) or 16 (AVX512) columns: the
// number of vectors in a panel is in the name. Masked ones do not read B past the last column either;
// those without need every row of B padded to whole vectors.

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

// peakAVX2 and peakAVX512 do n rounds of 12 or 24 independent multiply-adds of whole vectors.
func peakAVX2(n int)
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
