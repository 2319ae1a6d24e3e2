package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/spf13/cobra"
)

// diagnoseFlags are the flags of "train diagnose".
type diagnoseFlags struct {
	outputFlags
	failOn      []string
	columns     map[string]string
	mapped      map[string]string // the same, by the flag's former name
	steps       float64
	calibration string
	rules       string
}

// newDiagnose is "train diagnose".
func newDiagnose(a *app) *cobra.Command {
	var f diagnoseFlags
	c := &cobra.Command{
		Use:   "diagnose PATH…",
		Short: "Judge finished or running trainings by their curves: run folders, or logs of other programs",
		Long: `Judge trainings by their curves. A PATH is a run's folder, or the log of a training in another program: a CSV
file (Keras, Lightning, Weights & Biases, pandas, scripts/pytorch), JSON or JSON lines, a TensorBoard file of
events or a folder of them. It needs epochs or steps, and a training loss or a signal such as gain_db; a loss
alone is judged with little confidence. Columns are known by their usual names. Validation columns are never read.`,
		Example: `  train diagnose runs/fast
  train diagnose lightning_logs/version_0
  train diagnose other.csv --column train_loss=cost --column gain_db=max_gain --json
  train diagnose events.out.tfevents.17 --steps-per-epoch 391
  train diagnose runs/* --fail-on overfitting,diverged`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("train diagnose wants at least one run folder or log (CSV, JSON lines, TensorBoard)")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.diagnose(args, f) },
	}
	f.outputFlags.add(c)
	flags := c.Flags()
	flags.StringSliceVar(&f.failOn, "fail-on", nil, "exit with 5 if a `verdict` is one of these, separated by commas")
	flags.StringToStringVar(&f.columns, "column", nil, "read a column from one of another name, `ours=theirs`; repeatable")
	flags.StringToStringVar(&f.mapped, "map", nil, "the same, `ours=theirs`")
	flags.Float64Var(&f.steps, "steps-per-epoch", 0, "how many steps make an epoch, for logs that count steps (`number`)")
	flags.StringVar(&f.calibration, "calibration", "", "calibration `file` to judge by (else that of the run, or the defaults)")
	flags.StringVar(&f.rules, "rules", "", "`rules` to judge by: ours, on all signals, or paper, on the gain of the impulse (else those of the run, or ours)")
	if err := flags.MarkHidden("map"); err != nil {
		panic(err) // no such flag
	}
	return c
}

// diagnosed is one path's report.
type diagnosed struct {
	Path string `json:"path"`
	diagnostics.Report
	Notes []string `json:"notes,omitempty"` // how the log of another program was understood
}

func (a *app) diagnose(paths []string, f diagnoseFlags) error {
	f.apply(a)
	var failOn []diagnostics.Verdict
	for _, name := range f.failOn {
		v, err := diagnostics.ParseVerdict(name)
		if err != nil {
			return usage("--fail-on: %w", err)
		}
		failOn = append(failOn, v)
	}
	columns := maps.Clone(f.mapped)
	if columns == nil {
		columns = map[string]string{}
	}
	maps.Copy(columns, f.columns)
	how := experiment.Diagnosing{Columns: columns, StepsPerEpoch: f.steps, Calibration: f.calibration, Rules: f.rules}
	var all []diagnosed
	var faults []error
	for _, path := range paths {
		report, notes, err := how.Judge(path)
		faults = append(faults, err)
		all = append(all, diagnosed{path, report, notes})
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	switch {
	case f.json && len(all) == 1:
		if err := console.WriteJSON(a.stdout, all[0]); err != nil {
			return err
		}
	case f.json:
		if err := console.WriteJSON(a.stdout, all); err != nil {
			return err
		}
	default:
		a.printDiagnoses(all, f.quiet)
		if err := a.printDifferences(paths, f.quiet); err != nil {
			return err
		}
	}
	var matched []string
	for _, d := range all {
		if slices.Contains(failOn, d.Verdict) {
			matched = append(matched, fmt.Sprintf("%s: %s", d.Path, d.Verdict))
		}
	}
	if len(matched) > 0 {
		return fmt.Errorf("%w: %s", errFailOn, strings.Join(matched, "; "))
	}
	return nil
}
