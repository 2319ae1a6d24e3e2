package experiment

import (
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
)

// Training and validation share a chart; a column that has no averaged twin is not given one.
func TestEventCharts(t *testing.T) {
	for _, c := range eventCharts() {
		switch c.Title {
		case "Loss":
			if want := []string{"train_loss", "val_loss", "avg_val_loss", "test_loss", "avg_test_loss"}; !slices.Equal(c.Columns, want) {
				t.Errorf("loss: %q, want %q", c.Columns, want)
			}
		case "Maximum Gain of the impulse":
			if want := []string{"gain_db", "avg_gain_db", "gain_db_c[0-9]+", "avg_gain_db_c[0-9]+"}; !slices.Equal(c.Columns, want) {
				t.Errorf("gain: %q, want %q", c.Columns, want)
			}
		}
	}
}

func TestVerdictText(t *testing.T) {
	r := &Result{Diagnosis: diagnostics.Report{Verdict: diagnostics.Converged, Epoch: 8, Confidence: 0.95, Advice: "stop here", Evidence: []diagnostics.Evidence{
		{Signal: "train_loss", What: "level at the end", Value: 0.01, Threshold: 0.03, From: 7, To: 8, Supports: true},
		{Signal: "train_loss", What: "relative fall in the last third", Value: 0.5, Threshold: 0.05, From: 7, To: 8}}}}
	text := verdictText(r)
	for _, want := range []string{"**converged** at epoch 8, confidence 95 %", "- for it: training loss is low: 0.01 in epochs 7–8\n", "- against it: training loss still falls: 50 %", "Advice: stop here."} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	r.Diagnosis.Confidence = 0.5
	if text := verdictText(r); strings.Contains(text, "stop here") || !strings.Contains(text, "about half of such verdicts") {
		t.Errorf("a doubtful verdict: %s", text)
	}
	r.Diagnosis = diagnostics.Report{Verdict: diagnostics.Undetermined, Advice: "train for more epochs"}
	if text := verdictText(r); !strings.Contains(text, "Advice: train for more epochs.") {
		t.Errorf("undetermined: %s", text)
	}
}
