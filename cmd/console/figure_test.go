package console

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	paper "github.com/maxgain/maxgain/diagnostics/figure"
	"github.com/maxgain/maxgain/diagnostics/judged"
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

// The numbers are printed as a table in Markdown whose columns stand under each other.
func TestPrintCurves(t *testing.T) {
	var b bytes.Buffer
	run := judged.Run{History: steadyThenRough(), Verdict: diagnostics.Report{Verdict: diagnostics.Converged, Epoch: 4}}
	PrintCurves(&b, paper.Training{Number: 8, Title: "A title", Curves: []paper.Curve{{Setting: "rate 0.1", Seed: 2, Run: run}}})
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 5 || lines[0] != "figure 8: A title" || lines[1] != "" {
		t.Fatalf("got\n%s", b.String())
	}
	want := []string{"rate 0.1", "2", "8", "-20.0", "-17.0", "0.00", "3.63", "0.1111", "7.0000", "2.0000 (3)", "25.00", "converged (4)"}
	cells := strings.Split(strings.Trim(lines[4], "|"), "|")
	for i, cell := range cells {
		if len(cells) != len(want) || strings.TrimSpace(cell) != want[i] {
			t.Errorf("cells %q, want %q", cells, want)
			break
		}
	}
	for _, line := range lines[3:] {
		if len([]rune(line)) != len([]rune(lines[2])) {
			t.Errorf("lines of different length:\n%s", b.String())
		}
	}
}
