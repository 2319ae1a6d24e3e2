package diagnostics

import (
	"context"
	"fmt"

	"github.com/maxgain/maxgain/trainer"
)

// Changes reports prediction_changes: the share of training images whose predicted class, as they were trained on,
// differs from the epoch before. It reports nothing while there is no epoch before. Label Wave, Yuan et al. (2024),
// arXiv:2502.07551.
type Changes struct{}

// Measure implements Probe.
func (Changes) Measure(_ context.Context, s Subject) (Reading, error) {
	if len(s.Predictions) == 0 || len(s.Previous) == 0 {
		return Reading{}, nil
	}
	if len(s.Predictions) != len(s.Previous) {
		return Reading{}, fmt.Errorf("prediction changes: %d predictions this epoch and %d in the last",
			len(s.Predictions), len(s.Previous))
	}
	changed := 0
	for i, class := range s.Predictions {
		if class != s.Previous[i] {
			changed++
		}
	}
	return Reading{Signals: []trainer.Signal{{Name: PredictionChanges, Value: float64(changed) / float64(len(s.Predictions))}}}, nil
}
