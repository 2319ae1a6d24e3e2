package kernel

// normLoop names a loop over all pixels of maps [pixels, channels] with a value for each channel.
type normLoop uint8

const (
	loopMoments normLoop = iota
	loopApply
	loopApplyReLU
	loopApplyAdd
	loopApplyAddReLU
	loopSums
	loopSumsReLU
	loopSumsKeepReLU
	loopGrad
	loopGradReLU
)

// vectorised does the first channels of a loop in assembly, where the maps are float32, and returns how many.
func vectorised[T Float](loop normLoop, channels int, maps [4][]T, values [5][]T) int {
	m, ok := any(maps).([4][]float32)
	if !ok {
		return 0
	}
	return normVectors(loop, channels, m, any(values).([5][]float32))
}

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
	done := vectorised(loopMoments, channels, [4][]T{z}, [5][]T{first, sum, squares})
	if done == channels {
		return
	}
	for p := 0; p < len(z); p += channels {
		for c := done; c < channels; c++ {
			d := z[p+c] - first[c]
			sum[c] += d
			squares[c] += T(d * d)
		}
	}
}

// gated is the gradient of a norm's output behind which a ReLU may stand. It is g; or, with relu, g where the norm's
// output is positive, else 0; or, unless y is nil, g where y is positive, else 0, which is then written to kept.
type gated[T Float] struct {
	g       []T
	relu    bool
	y, kept []T
}

// part is the gradient of values from to to.
func (g gated[T]) part(from, to int) gated[T] {
	out := gated[T]{g: g.g[from:to], relu: g.relu}
	if g.y != nil {
		out.y, out.kept = g.y[from:to], g.kept[from:to]
	}
	return out
}

// at is the gradient of value i, which the norm has turned into out.
func (g gated[T]) at(i int, out T) T {
	v := g.g[i]
	if g.relu && !(out > 0) {
		v = 0
	}
	if g.y != nil {
		if !(g.y[i] > 0) {
			v = 0
		}
		g.kept[i] = v
	}
	return v
}

// gradMoments sums, per channel, the gradients g and g·(z − mean) over all pixels.
func gradMoments[T Float](g gated[T], z, mean, scale, beta []T, work [2][]T, sum, product []float64) {
	clear(sum)
	clear(product)
	channels := len(mean)
	part, partProduct := work[0], work[1]
	for from := 0; from < len(z); from += momentPixels * channels {
		to := min(len(z), from+momentPixels*channels)
		clear(part)
		clear(partProduct)
		gradSums(g.part(from, to), z[from:to], mean, scale, beta, part, partProduct)
		for c, v := range part {
			sum[c] += float64(v)
			product[c] += float64(partProduct[c])
		}
	}
}

// gradSums adds g and g·(z − mean) of every pixel to sum and product, each [channels].
func gradSums[T Float](g gated[T], z, mean, scale, beta, sum, product []T) {
	channels := len(mean)
	loop, values := loopSums, [5][]T{mean, sum, product}
	switch {
	case g.relu:
		loop, values = loopSumsReLU, [5][]T{mean, scale, beta, sum, product}
	case g.y != nil:
		loop = loopSumsKeepReLU
	}
	done := vectorised(loop, channels, [4][]T{g.g, z, g.y, g.kept}, values)
	if done == channels {
		return
	}
	for p := 0; p < len(z); p += channels {
		for c := done; c < channels; c++ {
			d := z[p+c] - mean[c]
			v := g.at(p+c, T(d*scale[c])+beta[c])
			sum[c] += v
			product[c] += T(v * d)
		}
	}
}

// normApply sets dst = (z − mean)·scale + beta, plus skip unless that is nil, rectified if relu is set. dst may be z.
func normApply[T Float](z, dst, skip, mean, scale, beta []T, relu bool) {
	loop := loopApply
	switch {
	case skip != nil && relu:
		loop = loopApplyAddReLU
	case skip != nil:
		loop = loopApplyAdd
	case relu:
		loop = loopApplyReLU
	}
	channels := len(mean)
	done := vectorised(loop, channels, [4][]T{z, dst, skip}, [5][]T{mean, scale, beta})
	if done == channels {
		return
	}
	for p := 0; p < len(z); p += channels {
		for c := done; c < channels; c++ {
			v := T((z[p+c]-mean[c])*scale[c]) + beta[c]
			if skip != nil {
				v += skip[p+c]
			}
			if relu && v <= 0 {
				v = 0
			}
			dst[p+c] = v
		}
	}
}

// normGrad sets dst = scale·(g − gMean − (z − mean)·slope) for a g that nothing is kept of. dst may be g.g.
func normGrad[T Float](g gated[T], z, dst, mean, scale, beta, gMean, slope []T) {
	channels := len(mean)
	loop, values := loopGrad, [5][]T{mean, scale, gMean, slope}
	if g.relu {
		loop, values = loopGradReLU, [5][]T{mean, scale, beta, gMean, slope}
	}
	done := vectorised(loop, channels, [4][]T{g.g, z, dst}, values)
	if done == channels {
		return
	}
	for p := 0; p < len(z); p += channels {
		for c := done; c < channels; c++ {
			d := z[p+c] - mean[c]
			dst[p+c] = scale[c] * (g.at(p+c, T(d*scale[c])+beta[c]) - gMean[c] - T(d*slope[c]))
		}
	}
}
