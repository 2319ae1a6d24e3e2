package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/report"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
	"github.com/spf13/cobra"
)

// newSweepTable is "train sweep table".
func newSweepTable(a *app) *cobra.Command {
	var f outputFlags
	c := &cobra.Command{
		Use:   "table FOLDER",
		Short: "Rank a sweep's trials: verdicts, losses, gain, and the learning rate advised",
		Args:  exactly(1, "the folder of a sweep"),
		RunE: func(_ *cobra.Command, args []string) error {
			f.apply(a)
			return a.sweepTable(args[0], f)
		},
	}
	f.add(c)
	return c
}

// trialRow is one trial in the table.
type trialRow struct {
	Trial       string              `json:"trial"`
	Set         string              `json:"set"`
	State       string              `json:"state"` // of the run; "missing" before it has begun
	Reason      string              `json:"reason"`
	Epoch       int                 `json:"epoch"`
	Epochs      int                 `json:"epochs"`
	Verdict     diagnostics.Verdict `json:"verdict"`
	Confidence  float64             `json:"confidence"`
	Advice      string              `json:"advice"`
	NextRate    float64             `json:"next_learning_rate,omitempty"`
	TrainLoss   diagnostics.Number  `json:"train_loss"`
	BestLoss    diagnostics.Number  `json:"best_train_loss"`
	ValLoss     diagnostics.Number  `json:"val_loss"`
	ValError    diagnostics.Number  `json:"val_error"`
	BestError   diagnostics.Number  `json:"best_val_error"`
	GainDB      diagnostics.Number  `json:"gain_db"`
	Variability diagnostics.Number  `json:"gain_variability_db"`
}

// sweepSummary is the whole table.
type sweepSummary struct {
	Trials      []trialRow `json:"trials"` // best first
	Best        string     `json:"best"`   // trial to go on with; empty if none is fit
	EpochsSaved int        `json:"epochs_saved"`
	Advice      string     `json:"advice"`
}

// sweepTable prints the ranked trials and writes the sweep's report.
func (a *app) sweepTable(dir string, f outputFlags) error {
	rows, runs, err := readTrials(dir)
	if err != nil {
		return err
	}
	s := summarise(rows)
	if len(runs) > 0 {
		if err := writeReport(filepath.Join(dir, reportFile), runs...); err != nil {
			return err
		}
	}
	if f.json {
		return writeJSON(a.stdout, s)
	}
	fmt.Fprintf(a.stdout, "%-11s %-36s %-12s %-7s %-23s %5s  %10s %8s %9s %6s\n",
		"trial", "set", "state", "epochs", "verdict", "conf", "train loss", "val err", "gain dB", "± dB")
	for _, r := range s.Trials {
		fmt.Fprintf(a.stdout, "%-11s %-36s %-12s %-7s %-23s %4.0f%%  %10s %8s %9s %6s\n", r.Trial, strings.ReplaceAll(r.Set, "train.", ""),
			r.State, fmt.Sprintf("%d/%d", r.Epoch, r.Epochs), r.Verdict, 100*r.Confidence,
			cell("%.4f", r.TrainLoss), cell("%.2f%%", 100*r.ValError), cell("%.2f", r.GainDB), cell("%.2f", r.Variability))
	}
	fmt.Fprintf(a.stdout, "\nadvice: %s\n", s.Advice)
	if len(runs) > 0 {
		fmt.Fprintf(a.stdout, "report: %s\n", filepath.Join(dir, reportFile))
	}
	return nil
}

// cell formats a number, or leaves a dash where there is none.
func cell(format string, n diagnostics.Number) string {
	if math.IsNaN(float64(n)) {
		return "–"
	}
	return fmt.Sprintf(format, float64(n))
}

// readTrials reads the trials that the sweep's folder lists, and the runs that there are.
func readTrials(dir string) ([]trialRow, []report.Run, error) {
	list, err := os.ReadFile(filepath.Join(dir, sweepFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, usage("%s holds no sweep: there is no %s in it", dir, sweepFile)
	} else if err != nil {
		return nil, nil, fmt.Errorf("sweep: %w", err)
	}
	var rows []trialRow
	var runs []report.Run
	for i, line := range bytes.Split(bytes.TrimSpace(list), []byte("\n")) {
		if i == 0 {
			continue
		}
		fields := strings.SplitN(string(line), " ", 3)
		if len(fields) != 3 || strings.ContainsAny(fields[0], `/\`) {
			return nil, nil, fmt.Errorf("sweep: %s:%d: want a trial's name, hash and settings", filepath.Join(dir, sweepFile), i+1)
		}
		row := trialRow{Trial: fields[0], Set: fields[2], State: "missing"}
		path := filepath.Join(dir, row.Trial)
		judge, err := diagnoseFlags{}.thresholds(path)
		if err != nil {
			return nil, nil, err
		}
		run, err := report.Load(path, judge)
		if err == nil {
			runs = append(runs, run)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("sweep: %w", err)
		}
		row.fill(run, err == nil)
		if status, err := rundir.ReadStatus(path); err == nil {
			row.State, row.Reason, row.Epoch, row.Epochs = string(status.State), string(status.Reason), status.Epoch, status.Epochs
		}
		rows = append(rows, row)
	}
	return rows, runs, nil
}

// fill takes over a run's figures; what was not measured is NaN.
func (r *trialRow) fill(run report.Run, ran bool) {
	nan := math.NaN()
	last := trainer.Row{TrainLoss: nan, ValLoss: nan, ValError: nan}
	best, bestError := nan, nan
	if ran {
		r.Verdict, r.Confidence = run.Verdict.Verdict, run.Verdict.Confidence
		r.Advice, r.NextRate = run.Verdict.Advice, run.Verdict.NextRate
		for _, row := range run.History.Rows {
			best, bestError = lower(best, row.TrainLoss), lower(bestError, row.ValError)
			last = row
		}
	}
	r.TrainLoss, r.BestLoss = diagnostics.Number(last.TrainLoss), diagnostics.Number(best)
	r.ValLoss, r.ValError, r.BestError = diagnostics.Number(last.ValLoss), diagnostics.Number(last.ValError), diagnostics.Number(bestError)
	r.GainDB, r.Variability = diagnostics.Number(signalOf(last, diagnostics.GainDB)), diagnostics.Number(nan)
	if ran {
		r.Variability = diagnostics.Number(diagnostics.Variability(diagnostics.FromHistory(run.History)))
	}
}

// lower is the smaller of two numbers, of which either may be NaN.
func lower(a, b float64) float64 {
	if math.IsNaN(a) || b < a {
		return b
	}
	return a
}

// fitness orders verdicts for choosing a learning rate: those of healthy training first.
var fitness = map[diagnostics.Verdict]int{
	diagnostics.Converged: 0, diagnostics.Overfitting: 1, diagnostics.StillLearning: 1, diagnostics.Undetermined: 2,
	diagnostics.LearningRateTooHigh: 3, diagnostics.Diverged: 4,
}

// summarise ranks the trials: by verdict, then by the training loss; validation figures are shown, not used.
func summarise(rows []trialRow) sweepSummary {
	rank := func(r trialRow) int {
		switch {
		case r.State == string(trainer.StateDiverged):
			return fitness[diagnostics.Diverged]
		case math.IsNaN(float64(r.TrainLoss)):
			return fitness[diagnostics.Diverged] + 1
		}
		return fitness[r.Verdict]
	}
	loss := func(r trialRow) float64 {
		if v := float64(r.BestLoss); !math.IsNaN(v) {
			return v
		}
		return math.Inf(1)
	}
	slices.SortStableFunc(rows, func(a, b trialRow) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(loss(a), loss(b)), cmp.Compare(a.Trial, b.Trial))
	})
	s := sweepSummary{Trials: rows}
	for _, r := range rows {
		if r.Reason == string(trainer.ReasonPruned) || r.State == string(trainer.StateDiverged) {
			s.EpochsSaved += r.Epochs - r.Epoch
		}
	}
	switch {
	case len(rows) == 0 || rank(rows[0]) >= fitness[diagnostics.LearningRateTooHigh]:
		s.Advice = "no trial trains well; try lower learning rates"
	case rank(rows[0]) == fitness[diagnostics.Undetermined]:
		s.Best = rows[0].Trial
		s.Advice = fmt.Sprintf("no trial has run long enough for a verdict; so far %s (%s) is ahead by its training loss", rows[0].Trial, rows[0].Set)
	default:
		s.Best = rows[0].Trial
		s.Advice = fmt.Sprintf("go on with %s (%s): %s", rows[0].Trial, rows[0].Set, rows[0].Advice)
	}
	if s.EpochsSaved > 0 {
		s.Advice += fmt.Sprintf("; ending hopeless trials saved %d epochs", s.EpochsSaved)
	}
	return s
}
