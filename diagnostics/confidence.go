package diagnostics

// A verdict's confidence is how often its like was right among the runs of the bank's half that was tuned on, each judged
// whole and at many of its epochs: by the rule that gave it and by the signals that this could read, rounded to 0.05. The
// page docs/diagnosis.md has the shares of the other half beside them.
const (
	sureDiverged  = 0.99 // wrong about nothing but a net that woke after 43 dead epochs
	sureUnlearnt  = 0.95 // still learning, as the training loss never left its highest
	sureIdle      = 0.45 // converged, as nothing learnt carries over
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

// trustWithShifts is the confidence where the prediction changes and the loss on shifted images were measured too. Converged is sure where predictions no longer
// change. Still learning is the surer the less the gain travels, relative to what counts as moving: with a training loss
// that falls, a gain that moves shows logits that grow on images known already.
func trustWithShifts(travel float64, movedFalls, predictionsChange bool) settledTrust {
	t := settledTrust{converged: 0.95}
	if predictionsChange {
		t.converged = 0.5
	}
	switch {
	case travel < growing && movedFalls:
		t.still = 0.75
	case travel < growing:
		t.still = 0.55
	case travel < 1:
		t.still = 0.45
	default:
		t.still = 0.2
	}
	return t
}
