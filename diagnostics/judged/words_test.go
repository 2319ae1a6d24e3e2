package judged

import (
	"math"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/signal"
)

func TestSentence(t *testing.T) {
	nan := diagnostics.Number(math.NaN())
	for _, test := range []struct {
		e    diagnostics.Evidence
		want string
	}{
		{diagnostics.Evidence{Signal: "train_loss", What: "relative fall in the last third", Value: 0.604, Threshold: 0.05, From: 11, To: 14},
			"training loss still falls: 60.4 % in epochs 11–14"},
		{diagnostics.Evidence{Signal: "train_loss", What: "relative fall in the last third", Value: 0.04, Threshold: 0.05, From: 11, To: 14},
			"training loss hardly falls: 4 % in epochs 11–14"},
		{diagnostics.Evidence{Signal: "shift_loss", What: "relative fall in the last third", Value: -0.025, Threshold: 0.02, From: 11, To: 14},
			"loss on shifted images rises: 2.5 % in epochs 11–14"},
		{diagnostics.Evidence{Signal: "train_loss", What: "level at the end", Value: 0.00823, Threshold: 0.03, From: 11, To: 14},
			"training loss is low: 0.00823 in epochs 11–14"},
		{diagnostics.Evidence{Signal: "pop_gain_db", What: "travel in the last third", Value: 1.01, Unit: "dB", Threshold: 1.36, From: 11, To: 14},
			"population gain hardly moves: by 1.01 dB in epochs 11–14"},
		{diagnostics.Evidence{Signal: "pop_gain_db", What: "slope in the last third", Value: -0.337, Unit: "dB an epoch", Threshold: nan, From: 11, To: 14},
			"population gain falls by 0.337 dB an epoch in epochs 11–14"},
		{diagnostics.Evidence{Signal: "gain_db", What: "variability, first half,", Value: 4, Unit: "dB", Threshold: 3, From: 1, To: 8},
			"Maximum Gain of the impulse is rough: ± 4 dB from epoch to epoch, first half in epochs 1–8"},
		{diagnostics.Evidence{Signal: "prediction_changes", What: "smoothed share at the end", Value: 0.00757, Threshold: 0.005, From: 14, To: 14},
			"predictions still change: 0.757 % of the training images an epoch at epoch 14"},
		{diagnostics.Evidence{Signal: "train_error", What: "level in the last third", Value: 0.9, Threshold: 0.85, From: 9, To: 12},
			"training error is still 90 % in epochs 9–12"},
		{diagnostics.Evidence{Signal: "epoch", What: "measurements of a gain", Value: 2, Threshold: 4, From: 0, To: 2},
			"a gain was measured at 2 of the 4 epochs needed"},
		{diagnostics.Evidence{Signal: "status", What: "weights-not-finite:", Value: nan, Threshold: nan, From: 3, To: 3},
			"the run ended: weights not finite at epoch 3"},
		{diagnostics.Evidence{Signal: "boundary_distance", What: "relative fall under its highest", Value: 0.244, Threshold: 0.12, From: 4, To: 19},
			"boundary distance has fallen: 24.4 % under its highest in epochs 4–19"},
		{diagnostics.Evidence{Signal: "pop_gain_db", What: "variability", Value: 3, Unit: "dB", Threshold: 3, From: 1, To: 8},
			"population gain is rough: ± 3 dB from epoch to epoch in epochs 1–8"},
		{diagnostics.Evidence{Signal: "pop_gain_db", What: "variability in the last third", Value: 2.9, Unit: "dB", Threshold: 3, From: 6, To: 8},
			"population gain is smooth: ± 2.9 dB from epoch to epoch in epochs 6–8"},
		{diagnostics.Evidence{Signal: "pop_gain_db", What: "variability, second half,", Value: 2, Unit: "dB", Threshold: 3, From: 5, To: 8},
			"population gain is smooth: ± 2 dB from epoch to epoch, second half in epochs 5–8"},
		{diagnostics.Evidence{Signal: "train_loss", What: "at the epoch to keep", Value: 0.9, Threshold: 0.8, From: 7, To: 7},
			"training loss was still high where the weights are kept: 0.9 at epoch 7"},
		{diagnostics.Evidence{Signal: "train_loss", What: "steps upward, of its range,", Value: 0.02, Threshold: 0.1, From: 1, To: 7},
			"training loss seldom steps upward: 2 % of its range in epochs 1–7"},
		{diagnostics.Evidence{Signal: "train_loss", What: "rise over its lowest", Value: 0.3, Threshold: 0.25, From: 5, To: 7},
			"training loss has risen: 30 % above its lowest in epochs 5–7"},
		{diagnostics.Evidence{Signal: "pop_gain_db", What: "fall under its median", Value: 40, Unit: "dB", Threshold: 30, From: 5, To: 7},
			"population gain has collapsed: 40 dB under its median in epochs 5–7"},
		{diagnostics.Evidence{Signal: "train_loss", What: "relative fall meanwhile", Value: 0.01, Threshold: 0.03, From: 5, To: 7},
			"training loss hardly falls meanwhile: 1 % in epochs 5–7"},
		{diagnostics.Evidence{Signal: "pop_gain_db", What: "slope in the last third", Value: 0.5, Unit: "dB an epoch", Threshold: nan, From: 5, To: 7},
			"population gain rises by 0.5 dB an epoch in epochs 5–7"},
		{diagnostics.Evidence{Signal: "prediction_changes", What: "relative rise over their lowest", Value: 0.23, Threshold: 0.2, From: 2, To: 40},
			"share of prediction changes has risen: 23 % above its lowest in epochs 2–40"},
		{diagnostics.Evidence{Signal: "own_column", What: "some measure", Value: 12345, Unit: "m", Threshold: nan, From: 1, To: 2},
			"own_column some measure: 12345 m in epochs 1–2"},
	} {
		if got := Sentence(test.e); got != test.want {
			t.Errorf("%s, %s:\n got %q\nwant %q", test.e.Signal, test.e.What, got, test.want)
		}
	}
}

func TestColumnName(t *testing.T) {
	for column, want := range map[string]string{"train_loss": "training loss", "val_error": "validation error", "gain_db": "Maximum Gain of the impulse",
		"gain_db_c2": "Maximum Gain, channel 2", "pop_gain_db": "population gain", "avg_val_loss": "validation loss, averaged weights", "x": "x"} {
		if got := ColumnName(column); got != want {
			t.Errorf("%s: got %q, want %q", column, got, want)
		}
	}
	names := map[string]string{}
	for _, s := range signal.All() {
		if s.Numbered {
			continue
		}
		name := ColumnName(s.Name)
		if other, twice := names[name]; twice || strings.Contains(name, "_") {
			t.Errorf("%s is called %q, as is %s", s.Name, name, other)
		}
		names[name] = s.Name
	}
}

func TestHowOften(t *testing.T) {
	for confidence, want := range map[float64]string{0: "hardly any", 0.2: "about one in five", 0.35: "about a third", 0.4: "about two in five", 0.45: "about half",
		0.5: "about half", 0.65: "about two thirds", 0.75: "about three quarters", 0.8: "about four in five", 0.95: "about 19 in 20", 0.99: "nearly all"} {
		if got := HowOften(confidence); got != want {
			t.Errorf("%v: got %q, want %q", confidence, got, want)
		}
	}
}
