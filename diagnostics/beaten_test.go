package diagnostics

import "testing"

// A rate is not beaten by a lower one that is itself too high, however low that one's loss is.
func TestOnlyARateThatServesBeatsAnother(t *testing.T) {
	judged := JudgeRates([]Pilot{rateCurve(0.01, 0.05, 0.8, 9), rateCurve(0.1, 0.30, 0, 0.2)}, DefaultThresholds())
	if judged[0].Fit != RateTooHigh || judged[1].Fit != RateServes || judged[1].Beaten != 0 {
		t.Errorf("0.01, which swings, is judged %d; 0.1 %d, beaten by %v; want %d, %d and none", judged[0].Fit, judged[1].Fit, judged[1].Beaten, RateTooHigh, RateServes)
	}
}
