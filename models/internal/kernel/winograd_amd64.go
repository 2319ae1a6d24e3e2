//go:build !noasm

package kernel

// The functions of winograd_avx2_amd64.go and winograd_avx512_amd64.go are the passes of winogradPasses in vectors of 8
// (AVX2) or 16 (AVX512) channels, for the scheme in their names: winograd45 is F(4×4, 5×5), winograd43 F(4×4, 3×3). In the loops that document them data, grad and
// weight are the scheme's matrices, pixel and step are those of table, places and steps count vectors, and sums may be
// taken in another order. winograd_generic.go has the same loops as Go.

// winogradPassesFor is what the present level has to offer.
func winogradPassesFor() *winogradLevel {
	switch level {
	case AVX512:
		return winogradAVX512
	case AVX2:
		return winogradAVX2
	}
	return winogradGeneric
}
