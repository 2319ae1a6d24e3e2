package plot

import "math"

// Axis maps values from Low … High to 0 … 1, linearly or by their logarithm, and names some of them.
type Axis struct {
	Low, High float64
	Log       bool
}

// logFrom is the ratio of the largest to the smallest value from which a loss is drawn on a logarithmic axis.
const logFrom = 10

// Limits of an axis, so that its length and its ticks can be computed: no value above extreme in size is covered, and
// values that differ by no more than finest of their size are taken for one.
const (
	extreme = 1e300
	finest  = 1e-9
)

// NewAxis covers the finite values with a little room at both ends; a single value gets room around it. Only values
// above 0 count where log is true.
func NewAxis(values []float64, log bool) Axis {
	a := Axis{math.Inf(1), math.Inf(-1), log}
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) && (!log || v > 0) {
			a.Low, a.High = min(a.Low, v), max(a.High, v)
		}
	}
	switch {
	case a.Low > a.High:
		return Axis{-0.05, 1.05, false}
	case log:
		a.Low, a.High = min(max(a.Low, 1/extreme), extreme), min(max(a.High, 1/extreme), extreme)
		room := math.Pow(a.High/a.Low, 0.05)
		a.Low, a.High = a.Low/max(room, 1.05), a.High*max(room, 1.05)
	case a.High/2-a.Low/2 <= finest*max(math.Abs(a.Low), math.Abs(a.High)):
		room := max(math.Abs(a.Low)*0.1, 1e-6)
		a.Low, a.High = a.Low-room, a.High+room
	default:
		a.Low, a.High = max(a.Low, -extreme), min(a.High, extreme)
		room := 0.05 * (a.High - a.Low)
		a.Low, a.High = a.Low-room, a.High+room
	}
	return a
}

// SuitsLog tells whether values are better seen on a logarithmic axis.
func SuitsLog(values []float64) bool {
	low, high := math.Inf(1), 0.0
	for _, v := range values {
		if v <= 0 {
			return false
		}
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high = min(low, v), max(high, v)
		}
	}
	return high/low >= logFrom
}

// At is where a value lies between the ends of the axis.
func (a Axis) At(v float64) float64 {
	if a.Log {
		return math.Log(v/a.Low) / math.Log(a.High/a.Low)
	}
	return (v - a.Low) / (a.High - a.Low)
}

// Ticks are about n round values within the axis.
func (a Axis) Ticks(n int) []float64 {
	if a.Log {
		return a.logTicks(n)
	}
	step := niceStep((a.High - a.Low) / float64(max(n, 1)))
	var out []float64
	for k := math.Ceil(a.Low/step - 1e-9); k*step <= a.High+1e-9*step; k++ {
		out = append(out, k*step)
	}
	return out
}

// niceStep is the smallest of 1, 2 and 5 times a power of ten that is not below v.
func niceStep(v float64) float64 {
	ten := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*ten >= v*(1-1e-9) {
			return m * ten
		}
	}
	return 10 * ten
}

// logTicks are the powers of ten, with their doubles and fivefolds between where there is room.
func (a Axis) logTicks(n int) []float64 {
	decades := math.Log10(a.High / a.Low)
	multiples := []float64{1}
	if decades*3 <= float64(n)+1 {
		multiples = []float64{1, 2, 5}
	}
	every := max(int(math.Ceil(decades/float64(n))), 1)
	var out []float64
	for e := int(math.Floor(math.Log10(a.Low))); e <= int(math.Ceil(math.Log10(a.High))); e++ {
		if e%every != 0 {
			continue
		}
		for _, m := range multiples {
			if v := m * math.Pow(10, float64(e)); v >= a.Low && v <= a.High {
				out = append(out, v)
			}
		}
	}
	return out
}

// WholeTicks are about n whole numbers within the axis.
func (a Axis) WholeTicks(n int) []float64 {
	var out []float64
	for _, v := range (Axis{a.Low, max(a.High, a.Low+float64(n)), false}).Ticks(n) {
		if v == math.Trunc(v) && v <= a.High {
			out = append(out, v)
		}
	}
	return out
}
