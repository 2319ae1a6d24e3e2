package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/maxgain/maxgain/configs"
	"github.com/spf13/cobra"
)

// sweepFile is the sweep's own copy of its definition, in its folder: what a resumption is checked against.
const sweepFile = "sweep.txt"

// sweepFlags are the flags of the sweep commands.
type sweepFlags struct {
	configFlags
	outputFlags
	out    string
	jobs   int
	index  int
	owned  bool
	dryRun bool
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
  train sweep table runs/rates`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.sweep(c, f) },
	}
	f.addSweep(c)
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

// newSweepRun is "train sweep run": exactly one trial, for clusters.
func newSweepRun(a *app) *cobra.Command {
	var f sweepFlags
	c := &cobra.Command{
		Use:   "run --config SWEEP --out FOLDER --index N",
		Short: "Run exactly one trial of a sweep, or go on with it: for job arrays",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.sweepRun(c, f) },
	}
	f.addSweep(c)
	c.Flags().IntVar(&f.index, "index", -1, "`number` of the trial, from 0")
	c.Flags().BoolVar(&f.owned, "owned", false, "end when standard input does, which a sweep holds open")
	c.Flags().Lookup("owned").Hidden = true
	return c
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

// describe is the sweep in words, a line a trial: equal for equal sweeps.
func describe(s configs.Sweep) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "sweep of %s, %d trials", s.Base, len(s.Trials))
	if s.Prune {
		fmt.Fprint(&b, ", the hopeless ones ended early")
	}
	fmt.Fprintln(&b)
	for _, t := range s.Trials {
		fmt.Fprintf(&b, "%s %s %s\n", t.Name, t.Config.Hash(), strings.Join(t.Set, " "))
	}
	return b.Bytes()
}

// claim makes the sweep's folder, or makes sure that it is of the same sweep.
func claim(dir string, s configs.Sweep) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("sweep folder: %w", err)
	}
	path, want := filepath.Join(dir, sweepFile), describe(s)
	// Concurrent trials of a job array all come here: whoever links first has written the whole file.
	temp, err := os.CreateTemp(dir, ".sweep-*")
	if err != nil {
		return fmt.Errorf("sweep folder: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(want)
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("sweep folder: %w", err)
	}
	err = os.Link(temp.Name(), path)
	if err == nil {
		return nil
	}
	if _, missing := os.Stat(path); errors.Is(missing, os.ErrNotExist) { // not every file system has links
		return os.Rename(temp.Name(), path)
	}
	have, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("sweep folder: %w", err)
	}
	if !bytes.Equal(have, want) {
		return usage("%s holds another sweep (%s differs); choose another folder with --out", dir, path)
	}
	return nil
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
	if err := claim(f.out, s); err != nil {
		return err
	}
	if err := a.runTrials(c.Context(), s, f, c); err != nil {
		return err
	}
	return a.sweepTable(f.out, f.outputFlags)
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
		return writeJSON(a.stdout, rows)
	}
	fmt.Fprintf(a.stdout, "%d trials of %s\n", len(s.Trials), s.Base)
	for _, t := range s.Trials {
		fmt.Fprintf(a.stdout, "%5d  %s\n", t.Index, strings.Join(t.Set, "  "))
	}
	return nil
}
