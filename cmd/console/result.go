package console

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/guptarohit/asciigraph"
	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// PrintResult writes how a run went for people; without its plots if it is to be short.
func PrintResult(w io.Writer, r *experiment.Result, short bool) {
	if !short {
		plotHistory(w, r.History)
	}
	fmt.Fprintln(w)
	PrintReport(w, r.Diagnosis)
	ended := r.Detail
	if r.State == trainer.StateStopped {
		ended, _, _ = strings.Cut(ended, ";") // what follows is the evidence above
	}
	Say(w, 2, fmt.Sprintf("%-8s %s", string(r.State)+":", ended))
	for _, warning := range r.Warnings {
		Say(w, 2, "warning: "+warning)
	}
	if r.State.Ended() && r.BestEpoch > 0 {
		Say(w, 2, "weights: "+weightsKept(r)+", in checkpoints/best.safetensors")
	}
	if r.Report != "" {
		fmt.Fprintf(w, "report:  %s\n", r.Report)
	}
	fmt.Fprintf(w, "run:     %s\n", r.Run)
}

// weightsKept says which weights an ended run holds.
func weightsKept(r *experiment.Result) string {
	if r.AverageFrom < r.BestEpoch {
		return fmt.Sprintf("the mean of those at the ends of epochs %d to %d", r.AverageFrom, r.BestEpoch)
	}
	return fmt.Sprintf("of epoch %d", r.BestEpoch)
}

// PrintReport writes a report for people, with its evidence and advice.
func PrintReport(w io.Writer, r diagnostics.Report) {
	from := ""
	if r.Epoch > 0 {
		from = fmt.Sprintf(" (epoch %d, confidence %.0f %%)", r.Epoch, 100*r.Confidence)
	}
	Say(w, 2, fmt.Sprintf("verdict: %s%s: %s", r.Verdict, from, r.Meaning()))
	for _, e := range r.Evidence {
		Say(w, 4, fmt.Sprintf("  %s", e))
	}
	Say(w, 2, "advice:  "+r.Advice)
}

// plotMargin is the room that a plot takes for its axis.
const plotMargin = 12

// plotHistory draws the gains and the losses over the epochs.
func plotHistory(w io.Writer, h *trainer.History) {
	for _, p := range []struct {
		title string
		value func(trainer.Row) float64
	}{
		{"Maximum Gain of the impulse, dB", func(r trainer.Row) float64 { return experiment.SignalOf(r, diagnostics.GainDB) }},
		{"population gain, dB", func(r trainer.Row) float64 { return experiment.SignalOf(r, diagnostics.PopulationGainDB) }},
		{"training loss", func(r trainer.Row) float64 { return r.TrainLoss }},
		{"validation loss", func(r trainer.Row) float64 { return r.ValLoss }},
	} {
		var series []float64
		for _, row := range h.Rows {
			if v := p.value(row); row.Epoch > 0 && !math.IsNaN(v) && !math.IsInf(v, 0) {
				series = append(series, v)
			}
		}
		if len(series) < 2 {
			continue
		}
		width := min(max(len(series), 40), 70)
		if line := WidthOf(w); line > 0 {
			width = max(20, min(width, line-plotMargin))
		}
		fmt.Fprintf(w, "\n%s\n", asciigraph.Plot(series, asciigraph.Height(6), asciigraph.Width(width),
			asciigraph.Precision(3), asciigraph.Caption(fmt.Sprintf("%s, epochs 1 to %d", p.title, h.Rows[len(h.Rows)-1].Epoch))))
	}
}
