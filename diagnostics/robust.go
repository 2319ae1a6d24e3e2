package diagnostics

import (
	"cmp"
	"math"
	"slices"
)

// madToSigma makes the median absolute deviation of normal noise its standard deviation: 1/Φ⁻¹(3/4).
const madToSigma = 1.4826022185056018

// maxSlopePoints bounds the pairs of which a Theil–Sen slope takes the median; longer traces are thinned evenly.
const maxSlopePoints = 64

// roughness estimates the standard deviation of a trace's scatter from one measurement to the next, whatever its
// trend. Each inner point's deviation from the straight line between its two neighbours is divided by the standard
// deviation that unit noise would give it, √(1 + a² + b²), a and b the weights of the neighbours; the estimate is the
// median absolute value times 1.4826, so that a few jumps do not move it. NaN for fewer than three points.
// The differencing follows Gasser, Sroka & Jennen-Steinmetz (1986), doi 10.1093/biomet/73.3.625.
func (t trace) roughness() float64 {
	return madToSigma * median(t.deviations())
}

// deviations are the absolute scaled deviations of the inner points from the line between their neighbours.
func (t trace) deviations() []float64 {
	var out []float64
	for i := 1; i+1 < len(t.y); i++ {
		b := (t.x[i] - t.x[i-1]) / (t.x[i+1] - t.x[i-1])
		a := 1 - b
		out = append(out, math.Abs(t.y[i]-a*t.y[i-1]-b*t.y[i+1])/math.Sqrt(1+a*a+b*b))
	}
	return out
}

// slope is the Theil–Sen slope of a trace, the median over pairs of points of Δy/Δx, a unit an epoch; NaN for fewer
// than two points. Sen (1968), doi 10.1080/01621459.1968.10480934.
func (t trace) slope() float64 {
	n := len(t.x)
	step := max(1, (n+maxSlopePoints-1)/maxSlopePoints)
	var slopes []float64
	for i := 0; i < n; i += step {
		for j := i + step; j < n; j += step {
			slopes = append(slopes, (t.y[j]-t.y[i])/(t.x[j]-t.x[i]))
		}
	}
	return median(slopes)
}

// smooth is the exponential moving average of a trace: m ← m + weight·(y − m), begun at the first value. A value at
// one epoch depends on the epochs up to it alone.
func (t trace) smooth(weight float64) trace {
	out := trace{t.x, slices.Clone(t.y)}
	for i := 1; i < len(out.y); i++ {
		out.y[i] = out.y[i-1] + weight*(t.y[i]-out.y[i-1])
	}
	return out
}

// sharedPoints is the inflation for absolute deviations from neighbours. The deviations of white noise are correlated by
// −2/3 and 1/6 at distances 1 and 2, their sizes by about the squares of these: 1 + 2(4/9 + 1/36).
const sharedPoints = 1 + 2*(4.0/9+1.0/36)

// pettitt finds the place at which values most likely begin to be drawn from another distribution: values[:at] against
// values[at:], and the chance of so large a difference of ranks where nothing changes, 2·exp(−6U²/(i(n³+n²))),
// where i = 1 + 2·Σ of the values' serial correlations allows for values that are not independent.
// Pettitt (1979), doi 10.2307/2346729.
func pettitt(values []float64, inflation float64) (at int, chance float64) {
	n := len(values)
	sum, largest := 0.0, 0.0
	for i, r := range ranks(values) {
		sum += 2*r - float64(n+1)
		if math.Abs(sum) > largest {
			at, largest = i+1, math.Abs(sum)
		}
	}
	size := float64(n)
	return at, min(1, 2*math.Exp(-6*largest*largest/(inflation*(size*size*size+size*size))))
}

// ranks are the places of values in their order, 1 … n, equal values sharing the mean of theirs.
func ranks(values []float64) []float64 {
	n := len(values)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	rank := make([]float64, n)
	for i := 0; i < n; {
		j := i
		for j < n && values[order[j]] == values[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			rank[order[k]] = float64(i+j+1) / 2
		}
		i = j
	}
	return rank
}

// rankCorrelation is Spearman's: the correlation of the ranks of a and b, which have one length; NaN where one of them is
// constant. Spearman (1904), doi 10.2307/1412159.
func rankCorrelation(a, b []float64) float64 {
	ra, rb := ranks(a), ranks(b)
	middle := float64(len(a)+1) / 2
	both, squareA, squareB := 0.0, 0.0, 0.0
	for i := range ra {
		x, y := ra[i]-middle, rb[i]-middle
		both, squareA, squareB = both+x*y, squareA+x*x, squareB+y*y
	}
	return both / math.Sqrt(squareA*squareB)
}
