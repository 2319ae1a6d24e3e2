package kernel

import "math"

// Constants of the normalisation, as PyTorch has them.
const (
	normEpsilon  = 1e-5
	normMomentum = 0.1 // share of the batch's value in the next running value while training
)

// Norm is what a normalisation knows of each channel: the scale Gamma and the offset Beta, which are learned, and
// the running Mean and (unbiased) Var.
type Norm[T Float] struct {
	Gamma, Beta, Mean, Var []T
	Share                  float64 // of a batch's value in the next running value; 0 stands for 0.1, as in training
}

// fold returns the weights [KH,KW,C,K] and biases of the convolution that normalises its output by Mean and Var.
func (n Norm[T]) fold(w, bias []T) (folded, shifted []T) {
	k := len(bias)
	scale := make([]T, k)
	shifted = make([]T, k)
	for c := range k {
		s := float64(n.Gamma[c]) / math.Sqrt(float64(n.Var[c])+normEpsilon)
		scale[c] = T(s)
		shifted[c] = T(float64(n.Beta[c]) + (float64(bias[c])-float64(n.Mean[c]))*s)
	}
	folded = make([]T, len(w))
	for i := 0; i < len(w); i += k {
		row := folded[i:][:k]
		for c, v := range w[i:][:k] {
			row[c] = v * scale[c]
		}
	}
	return folded, shifted
}

// norm is the normalisation of a block's map:
//
//	y = (z − mean)·scale + beta,   scale = gamma/√(variance + ε)
//
// per channel, over the batch or by given values.
type norm[T Float] struct {
	values   Norm[T]
	channels int
	pixels   int // of an image
	z        []T // [batch, map] the convolution's output; nil without a convolution
	parts    []normPart
	sums     [][2][]T  // per worker, per channel
	mean     []T       // by which the last Forward has normalised
	scale    []T       //
	inverse  []float64 // 1/(variance + ε) there
	// Of the last Backward, per channel: dz = scale·(g − gMean − (z − mean)·slope).
	gMean, slope []T
}

// normPart is one image's share of the statistics, per channel: first forward its mean and its sum of squared
// differences from that mean, then backward Σg and Σg·(z − mean).
type normPart struct{ a, b []float64 }

func newNorm[T Float](spec BlockSpec, shape Shape, batch, workers int) *norm[T] {
	c := shape.C
	n := &norm[T]{channels: c, pixels: shape.H * shape.W}
	for _, v := range []*[]T{&n.mean, &n.scale, &n.gMean, &n.slope} {
		*v = make([]T, c)
	}
	if spec.Norm == FixedNorm {
		return n
	}
	if spec.Out > 0 {
		n.z = make([]T, batch*shape.Len())
	}
	n.inverse = make([]float64, c)
	n.sums = make([][2][]T, workers)
	for i := range n.sums {
		n.sums[i] = [2][]T{make([]T, c), make([]T, c)}
	}
	n.parts = make([]normPart, batch)
	for i := range n.parts {
		n.parts[i] = normPart{make([]float64, c), make([]float64, c)}
	}
	return n
}

// set takes the values; those of a fixed normalisation are used as they are now.
func (n *norm[T]) set(values Norm[T]) {
	n.values = values
	if values.Share == 0 {
		n.values.Share = normMomentum
	}
	if n.parts == nil {
		copy(n.mean, values.Mean)
		for c := range n.scale {
			n.scale[c] = T(float64(values.Gamma[c]) / math.Sqrt(float64(values.Var[c])+normEpsilon))
		}
	}
}

// scaleGrad takes the gradient g back through a fixed normalisation into dst.
func (n *norm[T]) scaleGrad(g, dst []T) {
	for p := 0; p < len(g); p += n.channels {
		to := dst[p:][:n.channels]
		for c, v := range g[p:][:n.channels] {
			to[c] = v * n.scale[c]
		}
	}
}

// forwardNorm is Forward with the statistics of the batch: the whole batch's convolution, then the stages.
func (b *Block[T]) forwardNorm(x, y []T, n int) {
	z, size := x, b.shapes[0].Len()
	measure := func(i, worker int) { b.norm.measure(i, worker, z[i*size:][:size]) }
	if b.conv == nil {
		b.workers.Run(n, measure)
	} else {
		z = b.norm.z
		b.conv.forward(x, n, convSink[T]{target: func(i, _ int) []T { return z[i*size:][:size] }, finish: measure})
	}
	b.norm.settle(n)
	b.backwards(n, func(i, worker int) { b.stages(i, worker, z[i*size:][:size], b.image(y, i)) })
}

// backwards runs f for n images from the last to the first: the last ones' maps were written last, and are still in
// the cache, and the pass that follows begins with the first ones.
func (b *Block[T]) backwards(n int, f func(i, worker int)) {
	b.workers.Run(n, func(c, worker int) { f(n-1-c, worker) })
}

// measure finds the mean and the squared differences of image i's map.
func (n *norm[T]) measure(i, worker int, z []T) {
	p := n.parts[i]
	moments(z, n.sums[worker], p.a, p.b)
	pixels := float64(n.pixels)
	for c, first := range z[:n.channels] { // the sums are of differences from the first pixel
		sum := p.a[c]
		p.a[c] = float64(first) + sum/pixels
		p.b[c] = max(0, p.b[c]-sum*sum/pixels)
		if sum != sum {
			p.b[c] = sum // NaN stays
		}
	}
}

// settle brings the shares of n images together, in their order, and moves the running values. The only value of a
// channel, of one image of one pixel, has the variance 0 and leaves the running variance as it is.
func (n *norm[T]) settle(images int) {
	pixels := float64(n.pixels)
	count := pixels * float64(images)
	for c := range n.channels {
		mean := 0.0
		for _, p := range n.parts[:images] {
			mean += p.a[c]
		}
		mean /= float64(images)
		squares := 0.0
		for _, p := range n.parts[:images] {
			d := p.a[c] - mean
			squares += p.b[c] + pixels*d*d
		}
		n.mean[c] = T(mean)
		n.inverse[c] = 1 / (squares/count + normEpsilon)
		n.scale[c] = T(float64(n.values.Gamma[c]) * math.Sqrt(n.inverse[c]))
		move(&n.values.Mean[c], mean, n.values.Share)
		if count > 1 {
			move(&n.values.Var[c], squares/(count-1), n.values.Share)
		}
	}
}

// move moves a running value towards that of the batch.
func move[T Float](running *T, value, share float64) {
	*running = T((1-share)*float64(*running) + share*value)
}

// backwardNorm finds the sums over the batch that every gradient depends on, and returns the function that takes
// image i's gradient back to the convolution's output.
func (b *Block[T]) backwardNorm(x, y, dy []T, g Gradients[T], n int) func(i, worker int) []T {
	nm, size := b.norm, b.shapes[0].Len()
	z := nm.z
	if z == nil {
		z = x
	}
	b.backwards(n, func(i, worker int) {
		p := nm.parts[i]
		gradMoments(b.gradient(i, worker, y, dy, true), z[i*size:][:size], nm.mean, nm.scale, nm.values.Beta, nm.sums[worker], p.a, p.b)
	})
	nm.settleGradients(g, n)
	return func(i, worker int) []T {
		from := b.gradient(i, worker, y, dy, false)
		dst := b.other(worker, from.g)[:size]
		normGrad(from, z[i*size:][:size], dst, nm.mean, nm.scale, nm.values.Beta, nm.gMean, nm.slope)
		return dst
	}
}

// settleGradients brings the images' sums together, in their order.
func (n *norm[T]) settleGradients(g Gradients[T], images int) {
	count := float64(n.pixels) * float64(images)
	for c := range n.channels {
		var sum, product float64
		for _, p := range n.parts[:images] {
			sum += p.a[c]
			product += p.b[c]
		}
		n.gMean[c] = T(sum / count)
		n.slope[c] = T(product * n.inverse[c] / count)
		if g.DGamma != nil {
			g.DGamma[c] = T(product * math.Sqrt(n.inverse[c]))
			g.DBeta[c] = T(sum)
		}
	}
}
