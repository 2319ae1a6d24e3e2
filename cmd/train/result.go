package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/guptarohit/asciigraph"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// result is how a run went, as --json prints it. Of the last epoch's figures, what was not measured is
// null.
type result struct {
	Run string `json:"run"` // its folder
	trainer.Status
	TrainLoss  diagnostics.Number `json:"train_loss"`
	TrainError diagnostics.Number `json:"train_error"`
	ValLoss    diagnostics.Number `json:"val_loss"`
	ValError   diagnostics.Number `json:"val_error"`
	TestError  diagnostics.Number `json:"test_error"`
	GainDB     diagnostics.Number `json:"gain_db"`
	Seconds    diagnostics.Number `json:"seconds"` // of this process
	Diagnosis  diagnostics.Report `json:"diagnosis"`

	history *trainer.History
	report  string // path of the page; empty if none was written
}

func newResult(run string, s trainer.Status, h *trainer.History, t diagnostics.Thresholds) *result {
	nan := math.NaN()
	last := trainer.Row{TrainLoss: nan, TrainError: nan, ValLoss: nan, ValError: nan, TestError: nan}
	if n := len(h.Rows); n > 0 {
		last = h.Rows[n-1]
	}
	return &result{
		Run: run, Status: s, history: h,
		TrainLoss: diagnostics.Number(last.TrainLoss), TrainError: diagnostics.Number(last.TrainError),
		ValLoss: diagnostics.Number(last.ValLoss), ValError: diagnostics.Number(last.ValError),
		TestError: diagnostics.Number(last.TestError),
		GainDB:    diagnostics.Number(signalOf(last, diagnostics.GainDB)),
		Diagnosis: diagnostics.DiagnoseRun(diagnostics.FromHistory(h), s, t),
	}
}

// print writes the result for people; without its plots if it is to be short.
func (r *result) print(w io.Writer, short bool) {
	if !short {
		r.plot(w)
	}
	fmt.Fprintln(w)
	printReport(w, r.Diagnosis)
	ended := r.Detail
	if r.State == trainer.StateStopped {
		ended, _, _ = strings.Cut(ended, ";") // what follows is the evidence above
	}
	fmt.Fprintf(w, "%-8s %s\n", string(r.State)+":", ended)
	if r.Restored {
		fmt.Fprintf(w, "weights: of epoch %d, in checkpoints/best.safetensors\n", r.BestEpoch)
	}
	if r.report != "" {
		fmt.Fprintf(w, "report:  %s\n", r.report)
	}
	fmt.Fprintf(w, "run:     %s\n", r.Run)
}

// printReport writes a report for people, with its evidence and advice.
func printReport(w io.Writer, r diagnostics.Report) {
	fmt.Fprintf(w, "verdict: %s", r.Verdict)
	if r.Epoch > 0 {
		fmt.Fprintf(w, " (epoch %d, confidence %.0f %%)", r.Epoch, 100*r.Confidence)
	}
	fmt.Fprintf(w, ": %s\n", r.Meaning())
	for _, e := range r.Evidence {
		fmt.Fprintf(w, "  %s\n", e)
	}
	fmt.Fprintf(w, "advice:  %s\n", r.Advice)
}

// plot draws the gains and the losses over the epochs.
func (r *result) plot(w io.Writer) {
	for _, p := range []struct {
		title string
		value func(trainer.Row) float64
	}{
		{"Maximum Gain of the impulse, dB", func(r trainer.Row) float64 { return signalOf(r, diagnostics.GainDB) }},
		{"population gain, dB", func(r trainer.Row) float64 { return signalOf(r, diagnostics.PopulationGainDB) }},
		{"training loss", func(r trainer.Row) float64 { return r.TrainLoss }},
		{"validation loss", func(r trainer.Row) float64 { return r.ValLoss }},
	} {
		var series []float64
		for _, row := range r.history.Rows {
			if v := p.value(row); row.Epoch > 0 && !math.IsNaN(v) && !math.IsInf(v, 0) {
				series = append(series, v)
			}
		}
		if len(series) < 2 {
			continue
		}
		width := min(max(len(series), 40), 70)
		fmt.Fprintf(w, "\n%s\n", asciigraph.Plot(series, asciigraph.Height(6), asciigraph.Width(width),
			asciigraph.Precision(3), asciigraph.Caption(fmt.Sprintf("%s, epochs 1 to %d", p.title, r.history.Rows[len(r.history.Rows)-1].Epoch))))
	}
}

// writeJSON prints v as one indented JSON object.
func writeJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}
