package main

import (
	"cmp"
	"fmt"
	"path/filepath"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/cmd/sweep"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/report"
	"github.com/maxgain/maxgain/trainer/rundir"
	"github.com/spf13/cobra"
)

// reportFlags are the flags of "train report".
type reportFlags struct {
	outputFlags
	out   string
	plots bool
}

// newReport is "train report".
func newReport(a *app) *cobra.Command {
	var f reportFlags
	c := &cobra.Command{
		Use:   "report RUN|SWEEP…",
		Short: "Write one self-contained page about a run or a sweep, or one that compares several",
		Long: `Write report.html into the folder of a run or of a sweep. Of several folders write one page that lays their curves
over each other and lists the settings in which they differ.`,
		Example: `  train report runs/fast
  train report runs/fast runs/slow --out fast-and-slow.html`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("%s wants the folder of a run or of a sweep, or several", c.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			f.apply(a)
			return a.report(args, f)
		},
	}
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "print the result only")
	c.Flags().StringVarP(&f.out, "out", "o", "", "`file` of the page (else report.html in the folder, or comparison.html for several)")
	c.Flags().BoolVar(&f.plots, "png", false, "write the plots as PNG and SVG files too, into the folder plots beside the page")
	return c
}

// comparisonFile is the page about several folders, in the working folder.
const comparisonFile = "comparison.html"

func (a *app) report(dirs []string, f reportFlags) error {
	var runs []judged.Run
	for _, dir := range dirs {
		more, err := loadRuns(dir)
		if err != nil {
			return err
		}
		runs = append(runs, more...)
	}
	path := cmp.Or(f.out, comparisonFile)
	if len(dirs) == 1 {
		path = cmp.Or(f.out, filepath.Join(dirs[0], rundir.ReportFile))
	} else {
		judged.Distinguish(runs)
	}
	if err := experiment.WriteReport(path, runs...); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, path)
	if !f.plots {
		return nil
	}
	files, err := report.WritePlots(filepath.Join(filepath.Dir(path), "plots"), runs...)
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
