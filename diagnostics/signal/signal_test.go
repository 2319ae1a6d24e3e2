package signal

import (
	"fmt"
	"strings"
	"testing"
)

// Rules judge without held-out images: no column of them is readable, under its own name or the averaged one.
func TestRulesReadNothingHeldOut(t *testing.T) {
	for name, want := range map[string]bool{
		"val_loss": false, "val_error": false, "test_loss": false, "test_error": false, "avg_val_loss": false, "avg_test_error": false,
		"train_loss": true, "train_error": true, "learning_rate": true, "gain_db": true, "gain_db_c2": true,
		"gain_positions_median_db": true, "gain_positions_spread_db": true, "pop_gain_db": true, "boundary_distance": true,
		"low_share": true, "prediction_changes": true, "shift_loss": true, "shift_error": true, "mixed_loss": true, "mixed_error": true,
		"avg_mixed_loss": true, "avg_gain_db": true, "avg_gain_db_c0": true,
		"seconds": false, "": false, "avg_": false, "avg_avg_mixed_loss": false, "gain_db_c": false, "gain_db_cx": false,
		"gain_db_c-1": false, "gain_db_c01": false, "gain_db_c1 ": false, "Gain_db": false, "epoch": false,
		"avg_train_loss": false, "avg_learning_rate": false, "avg_prediction_changes": false,
	} {
		if got := Readable(name); got != want {
			t.Errorf("%q: readable %v, want %v", name, got, want)
		}
	}
}

func TestLookup(t *testing.T) {
	s, ok := Lookup("avg_gain_db_c12")
	if !ok || s.Name != "avg_gain_db_c12" || s.Line != "channel 12, averaged weights" || !s.Averaged || s.Chart != "gain" || s.Unit != "dB" || s.Screen.Width != 0 {
		t.Errorf("averaged channel: %+v", s)
	}
	s, ok = Lookup("shift_error")
	if !ok || s.Shown(0.25) != 25 || s.ShownUnit() != "%" || s.Averaged {
		t.Errorf("an error is shown in per cent: %+v", s)
	}
	s, _ = Lookup("shift_loss")
	if s.Shown(0.25) != 0.25 || s.ShownUnit() != "nats" {
		t.Errorf("a loss is shown as it is: %+v", s)
	}
	if Averaged(MixedLoss) != "avg_mixed_loss" {
		t.Errorf("got %q", Averaged(MixedLoss))
	}
}

// Every column is complete and names a chart that exists; every chart has a column; no name appears twice.
func TestTableIsComplete(t *testing.T) {
	drawn, seen, chart := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range Charts() {
		if c.File == "" || c.Title == "" || c.Unit == "" || c.Note == "" || chart[c.File] {
			t.Errorf("chart %+v lacks something or appears twice", c)
		}
		chart[c.File] = true
	}
	for _, s := range All() {
		if s.Name == "" || s.Line == "" || s.Unit == "" || !strings.HasSuffix(s.Meaning, ".") || seen[s.Name] {
			t.Errorf("signal %+v lacks something or appears twice", s)
		}
		if !chart[s.Chart] {
			t.Errorf("%s: chart %q does not exist", s.Name, s.Chart)
		}
		if w := s.Screen; (w.Width == 0) != (w.Title == "") || w.Width > 0 && (len(w.Title) > w.Width || !strings.HasPrefix(w.Format, "%") || strings.Contains(fmt.Sprintf(w.Format, 1.0), "!")) {
			t.Errorf("%s: column of the screen %+v", s.Name, w)
		}
		if s.Rule && s.Origin == Evaluation {
			t.Errorf("%s: a rule may read a figure of held-out images", s.Name)
		}
		if s.Percent && s.Unit != "share" {
			t.Errorf("%s: per cent of %s", s.Name, s.Unit)
		}
		seen[s.Name], drawn[s.Chart] = true, true
	}
	for name := range chart {
		if !drawn[name] {
			t.Errorf("chart %s draws nothing", name)
		}
	}
	All()[0].Name = "changed"
	if All()[0].Name != LearningRate {
		t.Error("a caller can change the table")
	}
}
