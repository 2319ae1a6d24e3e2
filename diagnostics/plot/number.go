package plot

import (
	"math"
	"strconv"
	"strings"
)

// Number is a value in a few significant digits for people, with a true minus sign.
func Number(v float64, digits int) string {
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

// Rate is a learning rate in at most three significant digits.
func Rate(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }

// TickText is the label of a tick: the number without needless digits.
func TickText(v float64) string {
	if a := math.Abs(v); a < 1e-12 {
		return "0"
	}
	return strings.ReplaceAll(strconv.FormatFloat(v, 'g', 6, 64), "-", "−")
}
