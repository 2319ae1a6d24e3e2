package kernel

// momentPixels is how many pixels are summed up in the maps' own precision before the sums go on in float64.
const momentPixels = 32

// moments sums, per channel, the differences d of all pixels of z [pixels, channels] from the first pixel, and d².
// work is memory for a part's sums.
func moments[T Float](z []T, work [2][]T, sum, squares []float64) {
	clear(sum)
	clear(squares)
	part, partSquares := work[0], work[1]
	channels := len(part)
	first := z[:channels]
	for from := 0; from < len(z); from += momentPixels * channels {
		clear(part)
		clear(partSquares)
		momentSums(z[from:min(len(z), from+momentPixels*channels)], first, part, partSquares)
		for c, v := range part {
			sum[c] += float64(v)
			squares[c] += float64(partSquares[c])
		}
	}
}

// momentSums adds d = z − first and d² of every pixel to sum and squares, each [channels].
func momentSums[T Float](z, first, sum, squares []T) {
	channels := len(first)
	for p := 0; p < len(z); p += channels {
		for c, v := range z[p:][:channels] {
			d := v - first[c]
			sum[c] += d
			squares[c] += T(d * d)
		}
	}
}

// gradMoments sums, per channel, the gradients g and g·(z − mean) over all pixels.
func gradMoments[T Float](g, z, mean []T, work [2][]T, sum, product []float64) {
	clear(sum)
	clear(product)
	channels := len(mean)
	part, partProduct := work[0], work[1]
	for from := 0; from < len(z); from += momentPixels * channels {
		to := min(len(z), from+momentPixels*channels)
		clear(part)
		clear(partProduct)
		gradSums(g[from:to], z[from:to], mean, part, partProduct)
		for c, v := range part {
			sum[c] += float64(v)
			product[c] += float64(partProduct[c])
		}
	}
}

// gradSums adds g and g·(z − mean) of every pixel to sum and product, each [channels].
func gradSums[T Float](g, z, mean, sum, product []T) {
	channels := len(mean)
	for p := 0; p < len(z); p += channels {
		gs := g[p:][:channels]
		for c, v := range z[p:][:channels] {
			sum[c] += gs[c]
			product[c] += T(gs[c] * (v - mean[c]))
		}
	}
}

// normApply sets dst = (z − mean)·scale + beta. dst may be z.
func normApply[T Float](z, dst, mean, scale, beta []T) {
	channels := len(mean)
	for p := 0; p < len(z); p += channels {
		to := dst[p:][:channels]
		for c, v := range z[p:][:channels] {
			to[c] = T((v-mean[c])*scale[c]) + beta[c]
		}
	}
}

// normGrad sets dst = scale·(g − gMean − (z − mean)·slope). dst may be g.
func normGrad[T Float](g, z, dst, mean, scale, gMean, slope []T) {
	channels := len(mean)
	for p := 0; p < len(z); p += channels {
		gs, to := g[p:][:channels], dst[p:][:channels]
		for c, v := range z[p:][:channels] {
			to[c] = scale[c] * (gs[c] - gMean[c] - T((v-mean[c])*slope[c]))
		}
	}
}
