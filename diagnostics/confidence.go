package diagnostics

// The confidence of a verdict without transformed images is how often its like was right among the runs of the first bank,
// each judged whole and at many of its epochs: by the rule that gave it and by the signals that this could read, rounded to
// 0.05. The page docs/diagnosis.md has the shares of both halves of that bank beside them.
const (
	sureDiverged  = 0.95
	sureUnlearnt  = 0.95 // still learning, as the training loss never left its highest
	sureIdle      = 0.4  // converged, as nothing learnt carries over
	sureTooHigh   = 0.65 // of the learning rate
	sureMemorised = 0.95 // overfitting by the loss on moved images and its companions
	sureSigns     = 0.8  // overfitting by companions alone
	sureVariable  = 0.4  // overfitting by a gain alone
)

// settledTrust is the confidence of the two verdicts that say whether learning goes on.
type settledTrust struct{ still, converged float64 }

// gainTrust is that of a gain alone, lossTrust that of a gain and a training loss.
var (
	gainTrust = settledTrust{0.1, 0.35}
	lossTrust = settledTrust{0.45, 0.65}
)

// trustWithShifts is the confidence where the prediction changes and the loss on shifted images were measured too. Converged
// is sure where predictions no longer change, still learning where the gain is nearly still and the loss on shifted images
// falls.
func trustWithShifts(travel float64, movedFalls, predictionsChange bool) settledTrust {
	t := settledTrust{still: 0.55, converged: 0.95}
	if predictionsChange {
		t.converged = 0.5
	}
	if travel < growing && movedFalls {
		t.still = 0.7
	}
	return t
}
