package toy

import (
	"math"
	"math/cmplx"
)

// ImpulseClosedForm is the amplitude spectrum in dB [h,w], by frequency index, that theory gives the derivative at an
// impulse image for p = 1 everywhere after a symmetric Hann window. All units within the filter's reach of the bright
// pixel are active, so that along each axis of N samples the derivative is the Gaussian summed over a square of Size
// pixels around c = ⌊N/2⌋, whose transform is
//
//	B(k) = G(k/N) · sin(πk·Size/N)/sin(πk/N) · exp(−2πikc/N)
//
// with G the Gaussian's spectrum (line1D). The window turns it into A(k) = 1/N Σ_j W(k−j) B(j), where W is the window's
// transform. nil where the squares do not fit, h or w < 2·Size − 1.
func (n *Net) ImpulseClosedForm(h, w int) []float64 {
	if min(h, w) < 2*n.Size-1 {
		return nil
	}
	rows, columns := n.impulseAxis(h), n.impulseAxis(w)
	out := make([]float64, h*w)
	for u := range h {
		for v := range w {
			out[u*w+v] = 20 * math.Log10(rows[u]*columns[v])
		}
	}
	return out
}

// ImpulseFloorDB is the level above which the response at the impulse image is within 0.1 dB of ImpulseClosedForm: the
// sum over Size×Size filters raises what FloorDB allows for by as much, and a window, never above 1, does not raise it.
func (n *Net) ImpulseFloorDB() float64 { return n.FloorDB() + 40*math.Log10(float64(n.Size)) }

// impulseAxis is |A(k)| of ImpulseClosedForm for N samples.
func (n *Net) impulseAxis(samples int) []float64 {
	N := float64(samples)
	b := make([]complex128, samples)
	for k, g := range n.axis(samples) {
		phase := -2 * math.Pi * float64(k*(samples/2)%samples) / N
		b[k] = cmplx.Rect(g*dirichlet(float64(k)/N, n.Size), phase)
	}
	out := make([]float64, samples)
	for k := range out {
		sum := complex(0, 0)
		for j, v := range b {
			sum += hannTransform(k-j, samples) * v
		}
		out[k] = cmplx.Abs(sum) / N
	}
	return out
}

// dirichlet is Σ cos(2πfm) over count whole m, an odd number of them around 0: sin(πf·count)/sin(πf).
func dirichlet(f float64, count int) float64 {
	s := math.Sin(math.Pi * f)
	if math.Abs(s) < 1e-12 {
		return float64(count)
	}
	return math.Sin(math.Pi*f*float64(count)) / s
}

// hannTransform is Σ_m w(m) exp(−2πikm/N) of the window w(m) = ½(1 − cos(2πm/(N−1))), m = 0 … N−1: half of a sum of
// exponentials at the frequency k/N, less a quarter of those at k/N ± 1/(N−1).
func hannTransform(k, samples int) complex128 {
	N := float64(samples)
	sum := func(f float64) complex128 { // Σ_m exp(−2πifm)
		s := math.Sin(math.Pi * f)
		if math.Abs(s) < 1e-12 {
			return complex(N, 0)
		}
		return cmplx.Rect(math.Sin(math.Pi*f*N)/s, -math.Pi*f*(N-1))
	}
	f, step := float64(k)/N, 1/(N-1)
	return sum(f)/2 - (sum(f-step)+sum(f+step))/4
}
