package main

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/cmd/sweep"
	"github.com/maxgain/maxgain/diagnostics"
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

// sweepTable prints the ranked trials and writes the sweep's report.
func (a *app) sweepTable(dir string, f outputFlags) error {
	rows, runs, err := sweep.Read(dir)
	if err != nil {
		return err
	}
	s := sweep.Summarise(rows)
	if len(runs) > 0 {
		if err := experiment.WriteReport(filepath.Join(dir, rundir.ReportFile), runs...); err != nil {
			return err
		}
	}
	if f.json {
		return writeJSON(a.stdout, s)
	}
	printSweep(a.stdout, s)
	if len(runs) > 0 {
		fmt.Fprintf(a.stdout, "report: %s\n", filepath.Join(dir, rundir.ReportFile))
	}
	return nil
}

// printSweep writes a sweep's table for people.
func printSweep(w io.Writer, s sweep.Summary) {
	fmt.Fprintf(w, "%-11s %-36s %-12s %-7s %-23s %5s  %10s %10s %9s %9s %6s %9s\n",
		"trial", "set", "state", "epochs", "verdict", "conf", "train loss", "lowest", "val err", "gain dB", "± dB", "next rate")
	for _, r := range s.Trials {
		next := diagnostics.Number(math.NaN())
		if r.NextRate > 0 {
			next = diagnostics.Number(r.NextRate)
		}
		fmt.Fprintf(w, "%-11s %-36s %-12s %-7s %-23s %4.0f%%  %10s %10s %9s %9s %6s %9s\n", r.Trial, strings.ReplaceAll(r.Set, "train.", ""),
			r.State, fmt.Sprintf("%d/%d", r.Epoch, r.Epochs), r.Verdict, 100*r.Confidence, cell("%.4f", r.TrainLoss), cell("%.4f", r.LowestLoss),
			cell("%.2f%%", 100*r.ValError), cell("%.2f", r.GainDB), cell("%.2f", r.Variability), cell("%.3g", next))
	}
	for _, r := range s.Trials {
		if r.Detail != "" {
			fmt.Fprintf(w, "%s: %s\n", r.Trial, r.Detail)
		}
	}
	fmt.Fprintf(w, "\nadvice: %s\n", s.Advice)
}

// cell formats a number, or leaves a dash where there is none.
func cell(format string, n diagnostics.Number) string {
	if math.IsNaN(float64(n)) {
		return "–"
	}
	return fmt.Sprintf(format, float64(n))
}
