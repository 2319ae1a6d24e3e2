package figures

import (
	"math"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// steadyThenRough is a run of 8 epochs whose gain is flat in the first half and jumps by 3 dB in the second.
func steadyThenRough() *trainer.History {
	h := &trainer.History{}
	for epoch, gain := range []float64{-90, -20, -20, -20, -20, -20, -17, -20, -17} {
		h.Rows = append(h.Rows, trainer.Row{Epoch: epoch, TrainLoss: 1 / float64(epoch+1), ValLoss: 2 + math.Abs(float64(epoch)-3), ValError: 0.25,
			Signals: []trainer.Signal{{Name: diagnostics.GainDB, Value: gain}}})
	}
	return h
}

func TestNumbersOfCurve(t *testing.T) {
	got := NumbersOf(steadyThenRough())
	// Each inner point of the second half lies 3 dB off the line between its neighbours; such points of noise of
	// deviation 1 lie √1.5 off it, and 1.4826 makes a median a standard deviation.
	late := 3 / math.Sqrt(1.5) * 1.4826022185056018
	want := Numbers{First: -20, Level: -17, Late: late, TrainLoss: 1. / 9, ValLoss: 7, Lowest: 2, LowestAt: 3, ValError: 25, Epochs: 8}
	if math.Abs(got.Late-late) > 1e-12 {
		t.Errorf("late scatter %v, want %v", got.Late, late)
	}
	if got.Late = late; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if n := NumbersOf(&trainer.History{Rows: []trainer.Row{{}}}); n.Epochs != 0 || n.LowestAt != 0 || !math.IsNaN(n.First) || !math.IsNaN(n.Lowest) {
		t.Errorf("of a run without Epochs: %+v", n)
	}
}
