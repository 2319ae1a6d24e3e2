package diagnostics

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// RateFit says how a learning rate served in a pilot.
type RateFit int

// The fits. TooLittle is told of a pilot that learnt next to nothing in its steps.
const (
	RateTooLittle RateFit = iota
	RateServes
	RateTooHigh
)

// JudgedRate is a pilot with what is said of its learning rate.
type JudgedRate struct {
	Pilot  Pilot
	Fit    RateFit
	Report Report  // of the pilot's curve
	Beaten float64 // a lower rate that serves and came to a training loss lower by a tenth or more; 0 if there is none
}

// JudgeRates judges pilots over several learning rates by their training signals alone, in the order of their rates. A rate
// is too high if its curve is judged diverged or too high, by noise levels found from the pilots themselves where these
// suffice for a calibration, or if a lower rate that serves came to a clearly lower training loss.
func JudgeRates(pilots []Pilot, t Thresholds) []JudgedRate {
	if found, err := Calibrate(pilots, t); err == nil && !t.Calibrated {
		t = found
	}
	out := make([]JudgedRate, 0, len(pilots))
	for _, p := range pilots {
		out = append(out, JudgedRate{Pilot: p, Report: Diagnose(p.Curve, t)})
	}
	slices.SortFunc(out, func(a, b JudgedRate) int {
		switch {
		case a.Pilot.Rate < b.Pilot.Rate:
			return -1
		case a.Pilot.Rate > b.Pilot.Rate:
			return 1
		}
		return 0
	})
	lowest, by := math.Inf(1), 0.0
	for i := range out {
		j := &out[i]
		loss := j.Pilot.Curve.trace(TrainLoss).end(2)
		j.Fit = RateServes
		switch {
		case j.Pilot.cutShort() || j.Report.Verdict == Diverged || j.Report.Verdict == LearningRateTooHigh || lossLost(featuresOf(j.Pilot.Curve, t)) != nil:
			j.Fit = RateTooHigh
		case (1-beaten)*loss >= lowest && loss >= t.Rules.LearntLoss:
			j.Fit, j.Beaten = RateTooHigh, by
		case learntLittle(j.Pilot, t):
			j.Fit = RateTooLittle
		}
		if j.Fit == RateServes && loss < lowest {
			lowest, by = loss, j.Pilot.Rate
		}
	}
	return out
}

// Why says in a few words why the rate serves or does not.
func (j JudgedRate) Why() string {
	switch {
	case j.Fit == RateServes:
		return "serves"
	case j.Fit == RateTooLittle:
		return "learnt next to nothing in these epochs"
	case j.Beaten > 0:
		return fmt.Sprintf("too high: %.3g came to a lower training loss", j.Beaten)
	case j.Report.Verdict == LearningRateTooHigh:
		return "too high: " + j.Report.Meaning()
	}
	return "too high: diverged"
}

// Numbers are the training loss at the end, in nats, and the variability of the steadiest gain since learning began, in
// dB; NaN for what was not measured.
func (j JudgedRate) Numbers() (loss, variabilityDB float64) {
	f := featuresOf(j.Pilot.Curve, DefaultThresholds())
	return f.loss.end(1), f.sinceLearning(f.gain).roughness()
}

// Epochs is how many epochs the pilot trained for.
func (j JudgedRate) Epochs() int { return j.Pilot.Curve.last() }

// HighestServing is the highest rate that serves, with no rate below it that is too high; 0 if there is none.
func HighestServing(judged []JudgedRate) float64 {
	highest := 0.0
	for _, j := range judged {
		switch j.Fit {
		case RateTooHigh:
			return highest
		case RateServes:
			highest = j.Pilot.Rate
		}
	}
	return highest
}

// RateSearch is a search for the highest learning rate that serves: by steps of Coarse from Start to the first rate that
// is too high, then by halving the interval in logarithm until its ends are a factor of Fine apart or less.
type RateSearch struct {
	Start, Lowest, Highest float64
	Coarse, Fine           float64 // factors, above 1
}

// NewRateSearch is the search from a rate on, in steps of √10 and to a factor of 1.5.
func NewRateSearch(start float64) RateSearch {
	return RateSearch{Start: start, Lowest: start * 1e-5, Highest: start * 1e5, Coarse: math.Sqrt(10), Fine: 1.5}
}

// Next is the rate to try after those judged, which are in the order of their rates, and whether there is one.
func (s RateSearch) Next(judged []JudgedRate) (rate float64, more bool) {
	if len(judged) == 0 {
		return s.Start, true
	}
	below, above := 0.0, 0.0 // the highest rate that is not too high, and the lowest above it that is
	for _, j := range judged {
		if j.Fit == RateTooHigh {
			above = j.Pilot.Rate
			break
		}
		below = j.Pilot.Rate
	}
	switch {
	case above == 0:
		rate = roundRate(below * s.Coarse)
		return rate, rate <= s.Highest
	case below == 0:
		rate = roundRate(above / s.Coarse)
		return rate, rate >= s.Lowest
	case above/below <= s.Fine:
		return 0, false
	}
	rate = roundRate(math.Sqrt(below * above))
	return rate, below < rate && rate < above
}

// roundRate rounds to two significant digits, so that a rate reads well.
func roundRate(rate float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(rate, 'e', 1, 64), 64)
	if err != nil {
		return rate
	}
	return rounded
}
