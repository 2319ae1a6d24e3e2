package diagnostics

import (
	"fmt"
	"math"
	"slices"
)

// Pilot is one short run of a calibration: its learning rate and what was measured.
type Pilot struct {
	Rate  float64
	Curve *Curve
}

// healthyMargin is by how much scatter must exceed that of healthy pilots to count as high when no pilot was unhealthy.
const healthyMargin = 3

// beaten is by how much lower a training loss must be, relative, for a lower rate to have done better.
const beaten = 0.1

// calibrationSource begins the source of a calibration's noise levels.
const calibrationSource = "calibration"

// leastHigh is the least scatter that a calibration calls high, as a share of the default: what is measured on one size of
// training set is used on smaller ones too, whose gains scatter more.
const leastHigh = 1.0 / 3

// Calibrate finds what scatter of each gain is high for a network and its data from pilots over a few learning rates.
// Pilots are healthy or not by their training loss alone: it is finite, falls, its steps upward add up to less than the
// unsteady share of its range, and no healthy pilot at a lower rate has come a tenth lower. The threshold is the geometric mean of the largest scatter of a healthy pilot and
// the least of an unhealthy one at a higher rate; three times the former if there is none. A gain that fewer than two
// healthy pilots have keeps its default.
func Calibrate(pilots []Pilot, t Thresholds) (Thresholds, error) {
	sorted := slices.Clone(pilots)
	slices.SortFunc(sorted, func(a, b Pilot) int {
		switch {
		case a.Rate < b.Rate:
			return -1
		case a.Rate > b.Rate:
			return 1
		}
		return 0
	})
	healthy, count, highest, lowest := make([]bool, len(sorted)), 0, math.NaN(), math.Inf(1)
	for i, p := range sorted {
		loss := p.Curve.trace(TrainLoss).end(2)
		if healthy[i] = steadyPilot(p, t) && (1-beaten)*loss < lowest; healthy[i] {
			count++
			highest, lowest = p.Rate, min(lowest, loss)
		}
	}
	if count < 2 {
		return t, fmt.Errorf("calibration: %d of %d pilots learnt steadily, want at least 2: try lower learning rates or more epochs",
			count, len(pilots))
	}
	for _, g := range []struct {
		name  string
		level *float64
	}{
		{GainDB, &t.Noise.ImpulseHighDB}, {PositionsMedianDB, &t.Noise.PositionsHighDB}, {PopulationGainDB, &t.Noise.PopulationHighDB},
	} {
		normal, unsteady, count := 0.0, math.Inf(1), 0
		for i, p := range sorted {
			f := featuresOf(p.Curve, t)
			scatter := f.sinceLearning(p.Curve.trace(g.name)).roughness()
			switch {
			case math.IsNaN(scatter):
			case healthy[i]:
				normal = max(normal, scatter)
				count++
			case p.Rate > highest:
				unsteady = min(unsteady, scatter)
			}
		}
		if count < 2 {
			continue
		}
		least := *g.level * leastHigh
		high := healthyMargin * normal
		if unsteady > normal && normal > 0 {
			high = min(high, math.Sqrt(normal*unsteady))
		}
		*g.level = max(least, high)
	}
	t.Calibrated = true
	t.Source = fmt.Sprintf(calibrationSource+" over %d learning rates from %.3g to %.3g", len(sorted), sorted[0].Rate, sorted[len(sorted)-1].Rate)
	return t, nil
}

// steadyPilot tells whether a pilot learnt, and steadily.
func steadyPilot(p Pilot, t Thresholds) bool {
	f := featuresOf(p.Curve, t)
	if found := diverged(f); found != nil || len(f.loss.y) < 2 || !f.learnt {
		return false
	}
	unsteady, _ := unsteadiness(f.loss)
	return unsteady < t.Rules.UnsteadyLoss
}
