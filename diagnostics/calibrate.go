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

// calibrationSource begins the source of a calibration's noise levels.
const calibrationSource = "calibration"

// leastHighDB is the least scatter that is ever called high: below it a curve looks smooth to the eye.
const leastHighDB = 0.3

// Calibrate finds what scatter of each gain is high for a network and its data from pilots over a few learning rates.
// Pilots are healthy or not by their training loss alone: it is finite, falls, and its steps upward add up to less than
// the unsteady share of its range. The threshold is the geometric mean of the largest scatter of a healthy pilot and
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
	healthy, highest := 0, math.NaN()
	for _, p := range sorted {
		if healthyPilot(p, t) {
			healthy++
			highest = p.Rate
		}
	}
	if healthy < 2 {
		return t, fmt.Errorf("calibration: %d of %d pilots learnt steadily, want at least 2: try lower learning rates or more epochs",
			healthy, len(pilots))
	}
	for _, g := range []struct {
		name  string
		level *float64
	}{
		{GainDB, &t.Noise.ImpulseHighDB}, {PositionsMedianDB, &t.Noise.PositionsHighDB}, {PopulationGainDB, &t.Noise.PopulationHighDB},
	} {
		normal, unsteady, count := 0.0, math.Inf(1), 0
		for _, p := range sorted {
			scatter := featuresOf(p.Curve, t).scatter(g.name)
			switch {
			case math.IsNaN(scatter):
			case healthyPilot(p, t):
				normal = max(normal, scatter)
				count++
			case p.Rate > highest:
				unsteady = min(unsteady, scatter)
			}
		}
		if count < 2 {
			continue
		}
		*g.level = max(leastHighDB, healthyMargin*normal)
		if unsteady > normal && normal > 0 {
			*g.level = max(leastHighDB, min(*g.level, math.Sqrt(normal*unsteady)))
		}
	}
	t.Calibrated = true
	t.Source = fmt.Sprintf(calibrationSource+" over %d learning rates from %.3g to %.3g", len(sorted), sorted[0].Rate, sorted[len(sorted)-1].Rate)
	return t, nil
}

// scatter is the roughness of a gain since learning began, NaN if too little of it was measured.
func (f *features) scatter(name string) float64 {
	t := f.c.trace(name)
	if f.learnt {
		t = t.since(f.begun)
	}
	return t.roughness()
}

// healthyPilot tells whether a pilot learnt, and steadily.
func healthyPilot(p Pilot, t Thresholds) bool {
	f := featuresOf(p.Curve, t)
	if found := diverged(f); found != nil || len(f.loss.y) < 2 || !f.learnt {
		return false
	}
	unsteady, _ := unsteadiness(f.loss)
	return unsteady < t.Rules.UnsteadyLoss
}
