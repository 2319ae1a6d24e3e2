package diagnostics

import (
	"math"
	"testing"
)

// lossCurve is a curve of a training loss alone over epochs from 1 on.
func lossCurve(t *testing.T, epochs int, loss func(x float64) float64) *Curve {
	t.Helper()
	var x []int
	var y []float64
	for i := 1; i <= epochs; i++ {
		x, y = append(x, i), append(y, loss(float64(i)))
	}
	c, err := NewCurve(x, map[string][]float64{TrainLoss: y})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLossAlone(t *testing.T) {
	zigzag := func(x float64) float64 { // steps upward of 0.5 at every other epoch, under a slow fall
		return 2 - x/40 + 0.5*math.Mod(x, 2)
	}
	for name, test := range map[string]struct {
		epochs     int
		loss       func(x float64) float64
		verdict    Verdict
		confidence float64
		epoch      int
	}{
		"too few epochs":         {5, func(x float64) float64 { return 2 / x }, Undetermined, 0, 5},
		"falls":                  {20, func(x float64) float64 { return 2 * math.Exp(-x/10) }, StillLearning, lossStill, 20},
		"flat since epoch 7":     {20, func(x float64) float64 { return 1 + max(0, 7-x) }, Converged, lossConverged, 7},
		"nothing left to learn":  {20, func(x float64) float64 { return 2 * math.Exp(-x) }, Converged, lossConverged, 5}, // 2·exp(−5) = 0.0135, at epoch 4 still 0.037
		"never falls":            {20, func(x float64) float64 { return 2.3 }, StillLearning, lossUnlearnt, 20},
		"zigzag":                 {20, zigzag, LearningRateTooHigh, lossTooHigh, 20},
		"slides back at epoch 9": {12, func(x float64) float64 { return map[bool]float64{true: 2 / x, false: 0.4}[x < 8] }, LearningRateTooHigh, lossTooHigh, 9},
		"negative":               {20, func(x float64) float64 { return -x }, Undetermined, 0, 20},
		"no number":              {8, func(x float64) float64 { return map[bool]float64{true: 1, false: math.Inf(1)}[x < 8] }, Diverged, sureDiverged, 8},
	} {
		r := Diagnose(lossCurve(t, test.epochs, test.loss), DefaultThresholds())
		if r.Verdict != test.verdict || r.Confidence != test.confidence || r.Epoch != test.epoch {
			t.Errorf("%s: %v since epoch %d, confidence %v, want %v since epoch %d, %v; %v", name, r.Verdict, r.Epoch, r.Confidence, test.verdict, test.epoch, test.confidence, r.Evidence)
		}
	}
}

func TestNewCurve(t *testing.T) {
	column := func(name string, v ...float64) map[string][]float64 { return map[string][]float64{name: v} }
	c, err := NewCurve([]int{0, 2}, column(GainDB, -1, math.NaN()))
	if s, ok := c.Series(GainDB); err != nil || !ok || s[0] != -1 || !math.IsNaN(s[1]) {
		t.Errorf("curve %v, %v", c, err)
	}
	for _, test := range []struct {
		epochs  []int
		columns map[string][]float64
		want    string
	}{
		{[]int{1, 1}, nil, "curve: epoch 1 at place 1: want ascending numbers from 0 on"},
		{[]int{-1, 1}, nil, "curve: epoch -1 at place 0: want ascending numbers from 0 on"},
		{[]int{1, 2}, column(GainDB, 1), "curve: column gain_db has 1 values for 2 epochs"},
		{[]int{1}, column("val_loss", 1), `curve: no rule reads a column "val_loss"`},
	} {
		if _, err := NewCurve(test.epochs, test.columns); err == nil || err.Error() != test.want {
			t.Errorf("%v %v: got %v, want %s", test.epochs, test.columns, err, test.want)
		}
	}
}

// A run is stopped as converged when it has been for ten epochs, not before: at its eighth there are none to look back at.
func TestStopByALossAlone(t *testing.T) {
	s := &Stop{Thresholds: DefaultThresholds(), OnConvergence: true, OnOverfitting: true}
	loss := func(x float64) float64 { return 2 * math.Exp(-x) }
	for epochs := 6; epochs <= 9; epochs++ {
		d := s.Decide(lossCurve(t, epochs, loss))
		if d.Report.Verdict != Converged || d.Stop {
			t.Errorf("after %d epochs: %v, stop %v; want converged and no stop", epochs, d.Report.Verdict, d.Stop)
		}
	}
	if d := s.Decide(lossCurve(t, 30, loss)); !d.Stop {
		t.Errorf("after 30 epochs, converged for more than ten: no stop, %v", d.Report.Verdict)
	}
}
