package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/cmd/sweep"
	"github.com/maxgain/maxgain/configs"
	"github.com/spf13/cobra"
)

// sweepFlags are the flags of the sweep commands.
type sweepFlags struct {
	configFlags
	outputFlags
	out    string
	jobs   int
	index  int
	owned  bool
	dryRun bool
	find   bool
}

// newSweep is "train sweep" and its subcommands.
func newSweep(a *app) *cobra.Command {
	var f sweepFlags
	c := &cobra.Command{
		Use:   "sweep --config SWEEP --out FOLDER",
		Short: "Train over a grid or random draw of settings and rank the trials by verdict",
		Long: `Train one trial after the other, each in its own folder and its own process: a trial that fails or
diverges is recorded and ends nothing. The same command again goes on where a sweep was interrupted;
finished trials are left as they are. No validation data are needed for the ranking.`,
		Example: `  train sweep --config sweep_lenet_mnist.yaml --out runs/rates
  train sweep run --config sweep_lenet_mnist.yaml --out runs/rates --index 3
  train sweep table runs/rates
  train sweep --find-rate --config lenet_mnist.yaml`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if f.find {
				return a.findRate(c, f)
			}
			return a.sweep(c, f)
		},
	}
	f.addSweep(c)
	c.Flags().BoolVar(&f.find, "find-rate", false, "search for the highest learning rate that serves the config of a run, by short trainings")
	c.Flags().IntVarP(&f.jobs, "jobs", "j", 1, "trials at a time; the cores are shared out among them")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "list the trials, train nothing")
	c.AddCommand(newSweepRun(a), newSweepTable(a))
	return c
}

func (f *sweepFlags) addSweep(c *cobra.Command) {
	f.configFlags.add(c)
	f.outputFlags.add(c)
	c.Flags().StringVarP(&f.out, "out", "o", "", "`folder` of the sweep, a folder a trial in it")
}

// load reads the sweep; where it goes must be said unless nothing is written.
func (f sweepFlags) load(c *cobra.Command) (configs.Sweep, error) {
	if f.config == "" {
		return configs.Sweep{}, usage("--config is missing; try: %s --config sweep_lenet_mnist.yaml --out runs/rates", c.CommandPath())
	}
	if f.out == "" && !f.dryRun {
		return configs.Sweep{}, usage("--out is missing: the folder of the sweep")
	}
	return configs.LoadSweep(f.config, f.overrides(c))
}

// sweep runs all trials that are not finished.
func (a *app) sweep(c *cobra.Command, f sweepFlags) error {
	f.apply(a)
	s, err := f.load(c)
	if err != nil {
		return err
	}
	if f.dryRun {
		return a.listTrials(s, f)
	}
	if cores := runtime.GOMAXPROCS(0); f.jobs < 1 || f.jobs > cores {
		return usage("--jobs: got %d, want 1 to %d, the cores there are", f.jobs, cores)
	}
	if err := sweep.Claim(f.out, s); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("sweep: finding the program itself: %w", err)
	}
	r := sweep.Runner{Program: self, Config: f.config, Out: f.out, Set: f.overrides(c), Jobs: f.jobs, Log: a.log}
	bar := a.newBar(!f.quiet)
	r.Watch = func(p sweep.Progress) { showSweep(bar, p) }
	err = r.Run(c.Context(), s)
	bar.Clear()
	if err != nil {
		return err
	}
	return a.sweepTable(f.out, f.outputFlags)
}

// showSweep shows on a bar how a sweep goes on: all of its epochs, and those of the trials at work.
func showSweep(b *console.Bar, p sweep.Progress) {
	said := []string{fmt.Sprintf("%d of %d trials ended", p.Ended, p.Trials)}
	for _, r := range p.Running {
		said = append(said, fmt.Sprintf("%s: epoch %d/%d", r.Label, r.Epoch, r.Epochs))
	}
	b.Show("sweep, epochs", int64(p.Done), int64(p.Epochs), strings.Join(said, "; "))
}

// listTrials prints what a sweep would run.
func (a *app) listTrials(s configs.Sweep, f sweepFlags) error {
	if f.json {
		type row struct {
			Index int      `json:"index"`
			Name  string   `json:"name"`
			Set   []string `json:"set"`
		}
		rows := make([]row, len(s.Trials))
		for i, t := range s.Trials {
			rows[i] = row{t.Index, t.Name, t.Set}
		}
		return console.WriteJSON(a.stdout, rows)
	}
	fmt.Fprintf(a.stdout, "%d trials of %s\n", len(s.Trials), s.Base)
	for _, t := range s.Trials {
		fmt.Fprintf(a.stdout, "%5d  %s\n", t.Index, strings.Join(t.Set, "  "))
	}
	return nil
}
