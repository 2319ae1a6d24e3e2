package experiment

import (
	"math"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// Result is how a run went, as JSON shows it. Of the last epoch's figures, what was not measured is null.
type Result struct {
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
	// AverageFrom is the first of the epochs, up to the best, over whose ends the kept weights are averaged; the best
	// epoch itself where they are its own.
	AverageFrom int `json:"average_from"`

	History *trainer.History `json:"-"`
	Report  string           `json:"-"` // path of the page; empty if none was written
}

// newResult is how a run went whose weights are averaged over so many epochs; 0 if they are not.
func newResult(run string, s trainer.Status, h *trainer.History, t diagnostics.Thresholds, average int) *Result {
	nan := math.NaN()
	last := trainer.Row{TrainLoss: nan, TrainError: nan, ValLoss: nan, ValError: nan, TestError: nan}
	if n := len(h.Rows); n > 0 {
		last = h.Rows[n-1]
	}
	return &Result{
		Run: run, Status: s, History: h,
		TrainLoss: diagnostics.Number(last.TrainLoss), TrainError: diagnostics.Number(last.TrainError),
		ValLoss: diagnostics.Number(last.ValLoss), ValError: diagnostics.Number(last.ValError),
		TestError: diagnostics.Number(last.TestError),
		GainDB:    diagnostics.Number(SignalOf(last, diagnostics.GainDB)),

		AverageFrom: min(s.BestEpoch, max(1, s.BestEpoch-average+1)),
		Diagnosis:   diagnostics.DiagnoseRun(diagnostics.FromHistory(h), s, t),
	}
}

// SignalOf is a row's signal of that name, NaN if it was not measured.
func SignalOf(r trainer.Row, name string) float64 {
	for _, s := range r.Signals {
		if s.Name == name {
			return s.Value
		}
	}
	return math.NaN()
}
