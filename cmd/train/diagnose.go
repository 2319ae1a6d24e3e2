package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/spf13/cobra"
)

// diagnoseFlags are the flags of "train diagnose".
type diagnoseFlags struct {
	outputFlags
	failOn      []string
	columns     map[string]string
	calibration string
}

// newDiagnose is "train diagnose".
func newDiagnose(a *app) *cobra.Command {
	var f diagnoseFlags
	c := &cobra.Command{
		Use:   "diagnose PATH…",
		Short: "Judge finished or running trainings by their curves: run folders or CSV files",
		Long: `Judge trainings by their curves. A PATH is a run's folder or a CSV file with the columns epoch and
gain_db, or other signals by their names; train_loss and learning_rate help if they are there. Validation
columns are never read.`,
		Example: `  train diagnose runs/fast
  train diagnose other.csv --map gain_db=max_gain --json
  train diagnose runs/* --fail-on overfitting,diverged`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("train diagnose wants at least one run folder or CSV file")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.diagnose(args, f) },
	}
	f.outputFlags.add(c)
	flags := c.Flags()
	flags.StringSliceVar(&f.failOn, "fail-on", nil, "exit with 5 if a `verdict` is one of these, separated by commas")
	flags.StringToStringVar(&f.columns, "map", nil, "read a column from one of another name, `ours=theirs`; repeatable")
	flags.StringVar(&f.calibration, "calibration", "", "calibration `file` to judge by (else that of the run, or the defaults)")
	return c
}

// diagnosed is one path's report.
type diagnosed struct {
	Path string `json:"path"`
	diagnostics.Report
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
	how := experiment.Diagnosing{Columns: f.columns, Calibration: f.calibration}
	var all []diagnosed
	var faults []error
	for _, path := range paths {
		report, err := how.Judge(path)
		faults = append(faults, err)
		all = append(all, diagnosed{path, report})
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	switch {
	case f.json && len(all) == 1:
		if err := writeJSON(a.stdout, all[0]); err != nil {
			return err
		}
	case f.json:
		if err := writeJSON(a.stdout, all); err != nil {
			return err
		}
	default:
		a.printDiagnoses(all, f.quiet)
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

// printDiagnoses writes the reports for people: in full, or a line each.
func (a *app) printDiagnoses(all []diagnosed, short bool) {
	for i, d := range all {
		switch {
		case short:
			fmt.Fprintf(a.stdout, "%s: %s\n", d.Path, strings.TrimPrefix(headline(d.Report), "→ "))
		case len(all) == 1:
			printReport(a.stdout, d.Report)
		default:
			if i > 0 {
				fmt.Fprintln(a.stdout)
			}
			fmt.Fprintf(a.stdout, "%s\n", d.Path)
			printReport(a.stdout, d.Report)
		}
	}
}
