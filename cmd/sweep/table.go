package sweep

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// Row is one trial in the table. Losses are in nats, errors shares, gains in dB; what was not measured is null.
type Row struct {
	Trial       string              `json:"trial"` // its folder
	Label       string              `json:"label"` // what varies: "learning_rate=0.001"
	Set         string              `json:"set"`
	State       string              `json:"state"` // of the run; "missing" before it has begun, "unreadable" if its files are damaged
	Reason      string              `json:"reason"`
	Detail      string              `json:"detail"` // what the state does not tell of a trial that failed
	Epoch       int                 `json:"epoch"`
	Epochs      int                 `json:"epochs"`
	Verdict     diagnostics.Verdict `json:"verdict"`
	Confidence  float64             `json:"confidence"`
	Advice      string              `json:"advice"`
	Rate        diagnostics.Number  `json:"learning_rate"` // of the last epoch
	NextRate    float64             `json:"next_learning_rate,omitempty"`
	TrainLoss   diagnostics.Number  `json:"train_loss"`
	LowestLoss  diagnostics.Number  `json:"lowest_train_loss"`
	ValLoss     diagnostics.Number  `json:"val_loss"`
	LowestVal   diagnostics.Number  `json:"lowest_val_loss"`
	ValError    diagnostics.Number  `json:"val_error"`
	LowestError diagnostics.Number  `json:"lowest_val_error"`
	GainColumn  string              `json:"gain_column"` // what level and variability were read from
	GainDB      diagnostics.Number  `json:"gain_level_db"`
	Variability diagnostics.Number  `json:"gain_variability_db"`

	run *judged.Run // nil if there is none
}

// Summary is the whole table.
type Summary struct {
	Trials      []Row   `json:"trials"` // best first
	Best        string  `json:"best"`   // trial to go on with; empty if none is fit
	Rate        float64 `json:"learning_rate,omitempty"`
	Pruned      int     `json:"pruned"`       // trials ended as hopeless
	EpochsSaved int     `json:"epochs_saved"` // by that
	Advice      string  `json:"advice"`
}

// Read reads the trials that the sweep's folder lists, and the runs that there are.
func Read(dir string) ([]Row, []judged.Run, error) {
	list, err := os.ReadFile(filepath.Join(dir, File))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, experiment.Usagef("%s holds no sweep: there is no %s in it", dir, File)
	} else if err != nil {
		return nil, nil, fmt.Errorf("sweep: %w", err)
	}
	var rows []Row
	var runs []judged.Run
	for i, line := range bytes.Split(bytes.TrimSpace(list), []byte("\n")) {
		if i == 0 {
			continue
		}
		fields := strings.SplitN(string(line), " ", 3)
		if len(fields) != 3 || strings.ContainsAny(fields[0], `/\`) || !filepath.IsLocal(fields[0]) {
			return nil, nil, fmt.Errorf("sweep: %s:%d: want a trial's name, hash and settings", filepath.Join(dir, File), i+1)
		}
		row := Row{Trial: fields[0], Set: fields[2], State: "missing"}
		row.read(filepath.Join(dir, row.Trial))
		if row.run != nil {
			runs = append(runs, *row.run)
		}
		rows = append(rows, row)
	}
	set := make([]string, len(rows))
	for i, r := range rows {
		set[i] = r.Set
	}
	for i, label := range labels(set) {
		rows[i].Label = label
	}
	return rows, runs, nil
}

// read takes over what a trial's folder holds. What cannot be read is said in the row: it is one trial's fault, and
// the others are to be ranked all the same.
func (r *Row) read(dir string) {
	status, err := rundir.ReadStatus(dir)
	if err == nil {
		r.State, r.Reason, r.Epoch, r.Epochs = string(status.State), string(status.Reason), status.Epoch, status.Epochs
		if status.State == trainer.StateFailed {
			r.Detail = status.Detail
		}
	}
	run := judged.Run{History: &trainer.History{}}
	loaded, loadErr := experiment.Load(dir)
	if loadErr == nil {
		run = loaded
		r.run = &run
	}
	for _, err := range []error{err, loadErr} {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.State, r.Detail = "unreadable", err.Error()
		}
	}
	f, n := run.Numbers(), func(v float64) diagnostics.Number { return diagnostics.Number(v) }
	r.Verdict, r.Confidence, r.Advice, r.NextRate = run.Verdict.Verdict, run.Verdict.Confidence, run.Verdict.Advice, run.Verdict.NextRate
	r.Rate, r.TrainLoss, r.LowestLoss = n(f.LearningRate), n(f.TrainLoss), n(f.LowestLoss)
	r.ValLoss, r.LowestVal, r.ValError, r.LowestError = n(f.ValLoss), n(f.LowestValLoss), n(f.ValError), n(f.LowestValError)
	r.GainColumn, r.GainDB, r.Variability = f.GainColumn, n(f.GainDB), n(f.GainVariability)
}

// Summarise ranks the trials as the report does, those without a run last.
func Summarise(rows []Row) Summary {
	slices.SortStableFunc(rows, func(a, b Row) int {
		if a.run != nil && b.run != nil {
			return judged.Compare(a.run, b.run)
		}
		return cmp.Compare(b2i(a.run == nil), b2i(b.run == nil))
	})
	s := Summary{Trials: rows}
	planned := 0
	for _, r := range rows {
		planned += r.Epochs
		if r.Reason == string(trainer.ReasonPruned) {
			s.Pruned++
			s.EpochsSaved += r.Epochs - r.Epoch
		}
	}
	s.advise()
	if s.Pruned > 0 {
		s.Advice += fmt.Sprintf(" Pruning (%d of the trials) saved %d of %d epochs.", s.Pruned, s.EpochsSaved, planned)
	}
	return s
}

// advise says which trial to go on with, and at which rate.
func (s *Summary) advise() {
	var runs []judged.Run
	for _, r := range s.Trials { // those without a run stand last
		if r.run != nil {
			run := *r.run
			run.Name = r.name()
			runs = append(runs, run)
		}
	}
	advice := judged.Advise(runs)
	s.Advice, s.Rate = advice.Text, advice.Rate
	if advice.Best >= 0 {
		s.Best = s.Trials[advice.Best].Trial
	}
}

// name is what a trial varies, with its folder.
func (r *Row) name() string {
	if r.Label == "" {
		return r.Trial
	}
	return fmt.Sprintf("%s (%s)", r.Label, r.Trial)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
