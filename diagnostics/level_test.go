package diagnostics

import (
	"math"
	"testing"
)

// The gain falls by 1 dB an epoch and swings by ±0.3 about that. An inner point lies 0.6 from the line between its
// neighbours, by √1.5 in units of the noise; the last third are −5.7, −7.3 and −7.7.
func TestGainLevel(t *testing.T) {
	epochs := []int{0, 1, 2, 3, 4, 5, 6, 7, 8}
	swinging := []float64{-99, -1.3, -1.7, -3.3, -3.7, -5.3, -5.7, -7.3, -7.7}
	impulse := []float64{-90, -8, -8, -8, -8, -8, -8, -8, -8}
	column, level, variability := GainLevel(table(epochs, map[string][]float64{GainDB: impulse, PopulationGainDB: swinging}))
	if want := 0.6 / math.Sqrt(1.5) * 1.4826022185056018; column != PopulationGainDB || level != -7.3 || math.Abs(variability-want) > 1e-12 {
		t.Errorf("%s at %v ± %v, want %s at -7.3 ± %v", column, level, variability, PopulationGainDB, want)
	}
	if column, level, variability = GainLevel(table(epochs, map[string][]float64{GainDB: impulse})); column != GainDB || level != -8 || variability != 0 {
		t.Errorf("%s at %v ± %v, want %s at -8 ± 0", column, level, variability, GainDB)
	}
	if column, level, variability = GainLevel(table([]int{0, 1}, map[string][]float64{TrainLoss: {math.NaN(), 1}})); column != "" ||
		!math.IsNaN(level) || !math.IsNaN(variability) {
		t.Errorf("without a gain: %q at %v ± %v", column, level, variability)
	}
}
