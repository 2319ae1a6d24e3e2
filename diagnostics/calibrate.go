package diagnostics

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Pilot is one short run of a calibration: its learning rate and what was measured.
type Pilot struct {
	Rate   float64
	Epochs int // planned: a training that ended before has diverged; 0: not known
	Curve  *Curve
}

// cutShort tells whether the pilot ended before its planned epochs, as one does whose weights are no finite numbers any more.
func (p Pilot) cutShort() bool { return p.Curve.last() < p.Epochs }

// calibrationSource begins the source of a calibration's noise levels.
const calibrationSource = "calibration"

// Calibrate finds what scatter of each gain is high for a network and its data from pilots over a few learning rates.
// Pilots are healthy or not by their training loss alone: it is finite, its steps upward add up to less than the unsteady
// share of its range, and no healthy pilot at a lower rate has come a tenth lower. Pilots whose loss has fallen by less
// than a fifth, or only within the last four epochs, have learnt too little to tell anything; they are left out, and the
// Source of the result names them. The threshold is the geometric mean of the largest scatter of a healthy pilot and the
// least of an unhealthy one at a higher rate; three times the former if there is none. A gain that fewer than two healthy
// pilots have keeps its default. With fewer than two healthy pilots there is no result but an error.
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
	var idle []string
	sorted = slices.DeleteFunc(sorted, func(p Pilot) bool {
		if !learntLittle(p, t) {
			return false
		}
		idle = append(idle, fmt.Sprintf("%.3g", p.Rate))
		return true
	})
	leftOut := ""
	if len(idle) > 0 {
		leftOut = fmt.Sprintf("; left out, as they learnt too little: %s", strings.Join(idle, ", "))
	}
	healthy, count, highest, lowest := make([]bool, len(sorted)), 0, math.NaN(), math.Inf(1)
	for i, p := range sorted {
		loss := p.Curve.trace(TrainLoss).end(2)
		if healthy[i] = steadyPilot(p, t) && (1-beaten)*loss < lowest; healthy[i] {
			count++
			highest, lowest = p.Rate, min(lowest, loss)
		}
	}
	if count < 2 {
		remedy := "try lower learning rates or more epochs"
		if len(idle) > 0 {
			remedy = "try more epochs or more training images"
		}
		return t, fmt.Errorf("calibration: %d of %d pilots learnt steadily, want at least 2: %s%s", count, len(pilots), remedy, leftOut)
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
	t.Source = fmt.Sprintf(calibrationSource+" over %d learning rates from %.3g to %.3g", len(sorted), sorted[0].Rate, sorted[len(sorted)-1].Rate) + leftOut
	return t, nil
}

// learntLittle tells whether a pilot ran to its end with a finite loss and has learnt next to nothing.
func learntLittle(p Pilot, t Thresholds) bool {
	f := featuresOf(p.Curve, t)
	if p.cutShort() || diverged(f) != nil || lossLost(f) != nil || len(f.loss.y) < 2 {
		return false
	}
	return f.loss.end(2) > (1-leastFall)*quantile(f.loss.y, 1) || len(f.loss.since(f.begun).y) < leastPilotEpochs
}

// steadyPilot tells whether a pilot learnt, and steadily.
func steadyPilot(p Pilot, t Thresholds) bool {
	f := featuresOf(p.Curve, t)
	if p.cutShort() || diverged(f) != nil || lossLost(f) != nil || len(f.loss.y) < 2 || !f.learnt {
		return false
	}
	unsteady, _ := unsteadiness(f.loss)
	return unsteady < t.Rules.UnsteadyLoss
}
