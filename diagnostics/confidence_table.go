package diagnostics

// How often each verdict of the rules that read transformed images was right on the part of the bank that was tuned on, each
// run judged whole and at many of its epochs: (right + 1)/(told + 2), rounded to 0.05. A test holds them against that part,
// and docs/diagnosis.md against the other.
const (
	transformedTooHigh     = 0.65
	transformedStill       = 0.8
	transformedSettled     = 0.65 // converged, and predictions for training images no longer change
	transformedConverged   = 0.3  // converged, while they still do
	transformedOverfitting = 0.75
)
