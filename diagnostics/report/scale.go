package report

import (
	"math"
	"strconv"
	"strings"
)

// axis maps values to 0 … 1 and names some of them.
type axis struct {
	low, high float64
	log       bool
}

// logFrom is the ratio of the largest to the smallest value from which a loss is drawn on a logarithmic axis.
const logFrom = 10

// newAxis covers the finite values with a little room at both ends; a single value gets room around it. Only values
// above 0 count where log is true.
func newAxis(values []float64, log bool) axis {
	a := axis{math.Inf(1), math.Inf(-1), log}
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) && (!log || v > 0) {
			a.low, a.high = min(a.low, v), max(a.high, v)
		}
	}
	switch {
	case a.low > a.high:
		return axis{-0.05, 1.05, false}
	case log:
		room := math.Pow(a.high/a.low, 0.05)
		a.low, a.high = a.low/max(room, 1.05), a.high*max(room, 1.05)
	case a.low == a.high:
		room := max(math.Abs(a.low)*0.1, 1e-6)
		a.low, a.high = a.low-room, a.high+room
	default:
		room := 0.05 * (a.high - a.low)
		a.low, a.high = a.low-room, a.high+room
	}
	return a
}

// suitsLog tells whether values are better seen on a logarithmic axis.
func suitsLog(values []float64) bool {
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

// at is where a value lies between the ends of the axis.
func (a axis) at(v float64) float64 {
	if a.log {
		return math.Log(v/a.low) / math.Log(a.high/a.low)
	}
	return (v - a.low) / (a.high - a.low)
}

// ticks are about n round values within the axis.
func (a axis) ticks(n int) []float64 {
	if a.log {
		return a.logTicks(n)
	}
	step := niceStep((a.high - a.low) / float64(max(n, 1)))
	var out []float64
	for k := math.Ceil(a.low/step - 1e-9); k*step <= a.high+1e-9*step; k++ {
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
func (a axis) logTicks(n int) []float64 {
	decades := math.Log10(a.high / a.low)
	multiples := []float64{1}
	if decades*3 <= float64(n)+1 {
		multiples = []float64{1, 2, 5}
	}
	every := max(int(math.Ceil(decades/float64(n))), 1)
	var out []float64
	for e := int(math.Floor(math.Log10(a.low))); e <= int(math.Ceil(math.Log10(a.high))); e++ {
		if e%every != 0 {
			continue
		}
		for _, m := range multiples {
			if v := m * math.Pow(10, float64(e)); v >= a.low && v <= a.high {
				out = append(out, v)
			}
		}
	}
	return out
}

// epochTicks are about n whole numbers within the axis.
func epochTicks(a axis, n int) []float64 {
	var out []float64
	for _, v := range (axis{a.low, max(a.high, a.low+float64(n)), false}).ticks(n) {
		if v == math.Trunc(v) && v <= a.high {
			out = append(out, v)
		}
	}
	return out
}

// number is a value in a few digits for people, with a true minus sign.
func number(v float64, digits int) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 1):
		return "+∞"
	case math.IsInf(v, -1):
		return "−∞"
	case v == 0:
		return "0"
	}
	text := strconv.FormatFloat(v, 'g', digits, 64)
	if a := math.Abs(v); a >= 1e-4 && a < 1e6 {
		exponent := int(math.Floor(math.Log10(a)))
		text = strconv.FormatFloat(v, 'f', max(digits-1-exponent, 0), 64)
	}
	return strings.ReplaceAll(text, "-", "−")
}

// rateText is a learning rate.
func rateText(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }

// tickText is a tick's label: the number without needless digits.
func tickText(v float64) string {
	if a := math.Abs(v); a < 1e-12 {
		return "0"
	}
	return strings.ReplaceAll(strconv.FormatFloat(v, 'g', 6, 64), "-", "−")
}
