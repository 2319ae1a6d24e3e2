package diagnostics

// sureTransformed is how often each verdict of the rules that read transformed images was right on the part of the bank that
// was tuned on.
var sureTransformed = map[Verdict]float64{
	LearningRateTooHigh: 0.8,
	StillLearning:       0.8,
	Converged:           0.8,
	Overfitting:         0.9,
}
