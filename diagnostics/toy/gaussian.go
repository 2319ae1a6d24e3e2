package toy

import "math"

// toleranceDB is how near to the closed form a spectrum is promised to be above FloorDB.
const toleranceDB = 0.1

// line1D is the closed form of the filter's transform along one axis at f cycles a pixel, filter not cut off:
// Σ_k exp(−k²/2σ²) cos(2πfk) over its value at f = 0. By Poisson's sum formula it is
// Σ_m exp(−2π²σ²(f−m)²), the Gaussian and its aliases.
func (n *Net) line1D(f float64) float64 {
	theta := func(f float64) float64 {
		sum := 0.0
		for m := -aliases; m <= aliases; m++ {
			d := f - float64(m)
			sum += math.Exp(-2 * math.Pi * math.Pi * n.Sigma * n.Sigma * d * d)
		}
		return sum
	}
	return theta(f) / theta(0)
}

// aliases taken on either side; the next one is below 1e-300 of the first for σ ≥ 0.5 and below 1e-17 for σ ≥ 0.1.
const aliases = 20

// ClosedForm is the amplitude spectrum in dB [h,w], by frequency index, that theory gives the response of one active
// unit in an h×w image: the spectrum of the Gaussian, 0 dB at frequency 0.
func (n *Net) ClosedForm(h, w int) []float64 {
	rows, columns := n.axis(h), n.axis(w)
	out := make([]float64, h*w)
	for u := range h {
		for v := range w {
			out[u*w+v] = 20 * math.Log10(rows[u]*columns[v])
		}
	}
	return out
}

// axis is line1D at the frequencies of a transform of n samples.
func (n *Net) axis(samples int) []float64 {
	out := make([]float64, samples)
	for i := range out {
		out[i] = n.line1D(float64(min(i, samples-i)) / float64(samples))
	}
	return out
}

// density is the Gaussian exp(−r²/2σ²)/2πσ² around a pixel of an h×w image: the filter before its edge cuts it off and
// its sum is made 1 again.
func (n *Net) density(h, w, row, col int) []float64 {
	out := make([]float64, h*w)
	for i := range out {
		r, c := float64(i/w-row), float64(i%w-col)
		out[i] = math.Exp(-(r*r+c*c)/(2*n.Sigma*n.Sigma)) / (2 * math.Pi * n.Sigma * n.Sigma)
	}
	return out
}

// FloorDB is the level above which the response of one active unit, its filter wholly inside the image, is within
// 0.1 dB of ClosedForm. The filter's edge cuts off the share ε of the Gaussian's sum along each axis. That moves each
// factor G(f) of the spectrum by at most 2ε (what is missing, and the sum being 1 again), so the product by at most
// 4ε + 4ε², and rounding adds 1e-13. An error e is at most 0.1 dB where the spectrum is above e/(1 − 10^(−0.1/20)).
func (n *Net) FloorDB() float64 {
	half := n.Size / 2
	all, cut := 0.0, 0.0
	for k := 0; k <= half+int(40*n.Sigma)+1; k++ {
		g := 2 * math.Exp(-float64(k*k)/(2*n.Sigma*n.Sigma))
		if k == 0 {
			g = 1
		}
		all += g
		if k > half {
			cut += g
		}
	}
	e := cut / all
	return 20 * math.Log10((4*e+4*e*e+1e-13)/(1-math.Pow(10, -toleranceDB/20)))
}

// Comparison says how near a measured spectrum is to theory.
type Comparison struct {
	Worst   float64 // largest difference at the frequencies compared, in dB
	Count   int     // how many were above the floor
	FloorDB float64
}

// Compare holds a measured spectrum [h,w] in dB against theory [h,w], where theory is above the floor.
func Compare(measured, theory []float64, floorDB float64) Comparison {
	c := Comparison{FloorDB: floorDB}
	for i, want := range theory {
		if want < floorDB {
			continue
		}
		c.Count++
		if d := math.Abs(measured[i] - want); d > c.Worst || math.IsNaN(d) {
			c.Worst = d
		}
	}
	return c
}
