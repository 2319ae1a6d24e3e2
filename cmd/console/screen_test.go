package console

import (
	"math"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// Each column of the table on the screen shows its own figure, errors in per cent.
func TestFiguresOnTheScreen(t *testing.T) {
	s, out := screenOf(t, 0)
	s.EpochDone(trainer.Row{Epoch: 12, LearningRate: 0.001, TrainLoss: 1.5, TrainError: 0.5, ValLoss: 1.25, ValError: 0.0725, ImagesPerSecond: 9000, Seconds: 2.5,
		Signals: []trainer.Signal{{Name: diagnostics.GainDB, Value: -20.5}, {Name: diagnostics.PopulationGainDB, Value: -10.25}, {Name: diagnostics.ShiftLoss, Value: 0.75}}})
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	if got, want := strings.Join(strings.Fields(lines[1]), " "), "12 0.001 1.5000 50.00 1.2500 7.25 -20.50 -10.25 0.75 9000 2.5"; got != want {
		t.Errorf("the row is %q, want %q", got, want)
	}
	if got := Figure("%.2f", math.NaN()); got != "" {
		t.Errorf("what was not measured is shown as %q", got)
	}
}
