package main

import (
	"fmt"
	"path/filepath"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/cmd/sweep"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/report"
	"github.com/maxgain/maxgain/trainer/rundir"
	"github.com/spf13/cobra"
)

// newReport is "train report".
func newReport(a *app) *cobra.Command {
	var f outputFlags
	var plots bool
	c := &cobra.Command{
		Use:   "report RUN|SWEEP",
		Short: "Write report.html, one self-contained page, for a run or a sweep",
		Args:  exactly(1, "the folder of a run or of a sweep"),
		RunE: func(_ *cobra.Command, args []string) error {
			f.apply(a)
			return a.report(args[0], plots)
		},
	}
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "print the result only")
	c.Flags().BoolVar(&plots, "png", false, "write the plots of a run as PNG and SVG files too, into its folder plots")
	return c
}

func (a *app) report(dir string, plots bool) error {
	runs, err := loadRuns(dir)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, rundir.ReportFile)
	if err := experiment.WriteReport(path, runs...); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, path)
	if !plots {
		return nil
	}
	files, err := report.WritePlots(filepath.Join(dir, "plots"), runs...)
	for _, f := range files {
		fmt.Fprintln(a.stdout, f)
	}
	return err
}

// loadRuns loads the run in dir, or the runs of the sweep in it.
func loadRuns(dir string) ([]judged.Run, error) {
	if !sweep.IsFolder(dir) {
		run, err := experiment.Load(dir)
		return []judged.Run{run}, err
	}
	_, runs, err := sweep.Read(dir)
	if err == nil && len(runs) == 0 {
		err = fmt.Errorf("report: no trial of the sweep in %s has begun", dir)
	}
	return runs, err
}
