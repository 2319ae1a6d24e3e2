package main

import (
	"fmt"
	"path/filepath"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/cmd/sweep"
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
		return console.WriteJSON(a.stdout, s)
	}
	console.PrintSweep(a.stdout, s)
	if len(runs) > 0 {
		fmt.Fprintf(a.stdout, "report: %s\n", filepath.Join(dir, rundir.ReportFile))
	}
	return nil
}
