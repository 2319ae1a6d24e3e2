package bank

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
)

// What a training loss alone is trusted with is what it was right in, on the half of the bank that was tuned on: to 0.05, and for a
// rate too high, of which there are a dozen, to the nearest.
func TestConfidenceOfALossAlone(t *testing.T) {
	all, err := Load(filepath.Join("..", "testdata", "bank"))
	if err != nil {
		t.Fatal(err)
	}
	runs := Where(all, func(r Run) bool { return r.Holdout == 0 && r.Tuning() })
	for i := range runs {
		runs[i].Curve = runs[i].Curve.Only(diagnostics.TrainLoss, diagnostics.TrainError, diagnostics.LearningRate)
	}
	seen := 0
	for _, c := range Reliability(runs, diagnostics.DefaultThresholds()) {
		if c.Verdict == diagnostics.Undetermined {
			continue
		}
		seen++
		if share := float64(c.Right) / float64(c.Total); math.Abs(share-c.Confidence) > 0.051 {
			t.Errorf("%v is told with %.0f %% and was right in %d of %d, %.0f %%", c.Verdict, 100*c.Confidence, c.Right, c.Total, 100*share)
		}
	}
	if seen < 5 {
		t.Errorf("%d kinds of verdicts were told, want 5", seen)
	}
}
