//go:build !noasm

package kernel

import "unsafe"

// normRow is what the loops below work on: the first pixels of up to four maps, up to five vectors of a value a
// channel, the number of pixels, the bytes from a pixel to the next, and the vectors of eight channels to do. The
// generator knows this layout. Products may be fused with the sum that they go into.
type normRow struct {
	maps                [4]unsafe.Pointer
	values              [5]unsafe.Pointer
	pixels, pitch, vecs int
}

// momentSumsAVX2 is, over pixels p and channels c, with z the only map and the values first, sum, squares:
//
//	d := z[p][c] - first[c]; sum[c] += d; squares[c] += d * d
//
//go:noescape
func momentSumsAVX2(p *normRow)

// normApplyAVX2 is, with the maps z, dst and the values mean, scale, beta:
//
//	dst[p][c] = (z[p][c]-mean[c])*scale[c] + beta[c]
//
//go:noescape
func normApplyAVX2(p *normRow)

// normApplyReLUAVX2 is normApplyAVX2 with dst[p][c] = max(dst[p][c], 0), NaN staying NaN.
//
//go:noescape
func normApplyReLUAVX2(p *normRow)

// normApplyAddAVX2 is normApplyAVX2 with dst[p][c] += skip[p][c] of the third map.
//
//go:noescape
func normApplyAddAVX2(p *normRow)

// normApplyAddReLUAVX2 is normApplyAddAVX2 with dst[p][c] = max(dst[p][c], 0), NaN staying NaN.
//
//go:noescape
func normApplyAddReLUAVX2(p *normRow)

// gradSumsAVX2 is, with the maps g, z and the values mean, sum, product:
//
//	sum[c] += g[p][c]; product[c] += g[p][c] * (z[p][c] - mean[c])
//
//go:noescape
func gradSumsAVX2(p *normRow)

// gradSumsReLUAVX2 is gradSumsAVX2 for the values mean, scale, beta, sum, product, with 0 for g[p][c] unless
// (z[p][c]-mean[c])*scale[c]+beta[c] > 0.
//
//go:noescape
func gradSumsReLUAVX2(p *normRow)

// gradSumsKeepReLUAVX2 is gradSumsAVX2 with 0 for g[p][c] unless y[p][c] > 0, y being the third map. It writes the g
// that it has used to the fourth map.
//
//go:noescape
func gradSumsKeepReLUAVX2(p *normRow)

// normGradAVX2 is, with the maps g, z, dst and the values mean, scale, gMean, slope:
//
//	dst[p][c] = scale[c] * (g[p][c] - gMean[c] - (z[p][c]-mean[c])*slope[c])
//
//go:noescape
func normGradAVX2(p *normRow)

// normGradReLUAVX2 is normGradAVX2 for the values mean, scale, beta, gMean, slope, with 0 for g[p][c] unless
// (z[p][c]-mean[c])*scale[c]+beta[c] > 0.
//
//go:noescape
func normGradReLUAVX2(p *normRow)

// leakyAVX2 is, for i < n, n a multiple of 8: dst[i] = src[i] if src[i] > 0, else slope * src[i].
//
//go:noescape
func leakyAVX2(src, dst *float32, n int, slope float32)

// leakyGradAVX2 is, for i < n, n a multiple of 8: dst[i] = grad[i] if y[i] > 0, else slope * grad[i].
//
//go:noescape
func leakyGradAVX2(y, grad, dst *float32, n int, slope float32)

// normLoops are the loops by what they do.
var normLoops = [...]func(*normRow){
	loopMoments:      momentSumsAVX2,
	loopApply:        normApplyAVX2,
	loopApplyReLU:    normApplyReLUAVX2,
	loopApplyAdd:     normApplyAddAVX2,
	loopApplyAddReLU: normApplyAddReLUAVX2,
	loopSums:         gradSumsAVX2,
	loopSumsReLU:     gradSumsReLUAVX2,
	loopSumsKeepReLU: gradSumsKeepReLUAVX2,
	loopGrad:         normGradAVX2,
	loopGradReLU:     normGradReLUAVX2,
}

// normVectors runs a loop over the first channels of the maps, a multiple of eight, and returns how many it did.
func normVectors(loop normLoop, channels int, maps [4][]float32, values [5][]float32) int {
	done := vectors(channels)
	if done == 0 || len(maps[0]) == 0 {
		return done
	}
	r := normRow{pixels: len(maps[0]) / channels, pitch: 4 * channels, vecs: done / 8}
	for i, m := range maps {
		if m != nil {
			r.maps[i] = unsafe.Pointer(&m[:len(maps[0])][0])
		}
	}
	for i, v := range values {
		if v != nil {
			r.values[i] = unsafe.Pointer(&v[:channels][0])
		}
	}
	normLoops[loop](&r)
	return done
}

func leakyVectors(src, dst []float32, slope float32) int {
	n := vectors(len(src))
	if n > 0 {
		leakyAVX2(&src[0], &dst[0], n, slope)
	}
	return n
}

func leakyGradVectors(y, g, dst []float32, slope float32) int {
	n := vectors(len(g))
	if n > 0 {
		leakyGradAVX2(&y[0], &g[0], &dst[0], n, slope)
	}
	return n
}
