package diagnostics

import (
	"math"
	"slices"
)

// quantile returns the q-quantile of values, 0 ≤ q ≤ 1, by linear interpolation between order statistics
// (Hyndman & Fan 1996, type 7). NaN values are left out; −Inf and +Inf keep their place at the ends, and a quantile
// that falls between an infinite and a finite value is infinite. With no values left it is NaN.
func quantile(values []float64, q float64) float64 {
	kept := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) {
			kept = append(kept, v)
		}
	}
	if len(kept) == 0 {
		return math.NaN()
	}
	slices.Sort(kept)
	at := q * float64(len(kept)-1)
	low := int(at)
	high := min(low+1, len(kept)-1)
	part := at - float64(low)
	if part == 0 || kept[low] == kept[high] {
		return kept[low]
	}
	if math.IsInf(kept[low], 0) || math.IsInf(kept[high], 0) {
		return kept[low] + kept[high]
	}
	return kept[low] + part*(kept[high]-kept[low])
}

// median is the middle of values, under the rules of quantile.
func median(values []float64) float64 { return quantile(values, 0.5) }
