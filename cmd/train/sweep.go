package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
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
	fmt.Fprintf(&b, "sweep of %s, %d trials\n", s.Base, len(s.Trials))
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
	if err == nil || !errors.Is(err, os.ErrExist) {
		return err
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
	if f.jobs < 1 {
		return usage("--jobs: got %d, want at least 1", f.jobs)
	}
	if err := claim(f.out, s); err != nil {
		return err
	}
	if err := a.runTrials(c.Context(), s, f, c); err != nil {
		return err
	}
	return a.sweepTable(f.out, f.outputFlags)
}

// runTrials runs the trials that are not finished, some at a time, each in a process of its own. Only an
// interruption ends it early.
func (a *app) runTrials(ctx context.Context, s configs.Sweep, f sweepFlags, c *cobra.Command) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("sweep: finding the program itself: %w", err)
	}
	next := make(chan configs.Trial)
	var wg sync.WaitGroup
	for range f.jobs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for t := range next {
				a.runTrial(ctx, self, t, f, c, len(s.Trials))
			}
		}()
	}
	for _, t := range s.Trials {
		if ended(filepath.Join(f.out, t.Name)) {
			continue
		}
		select {
		case next <- t:
		case <-ctx.Done():
		}
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("%w: the same command goes on with the sweep", context.Cause(ctx))
	}
	return nil
}

// ended says whether the trial in dir needs nothing more.
func ended(dir string) bool {
	status, err := rundir.ReadStatus(dir)
	if err != nil {
		return false
	}
	switch status.State {
	case trainer.StateFinished, trainer.StateStopped, trainer.StateDiverged:
		return true
	}
	return false
}

// runTrial runs one trial as "train sweep run --index N"; what it says goes to a log beside its folder.
func (a *app) runTrial(ctx context.Context, self string, t configs.Trial, f sweepFlags, c *cobra.Command, count int) {
	args := []string{"sweep", "run", "--quiet", "--config", f.config, "--out", f.out, "--index", fmt.Sprint(t.Index)}
	for _, o := range f.overrides(c) {
		args = append(args, "--set", o)
	}
	if f.jobs > 1 && f.workers == 0 {
		args = append(args, "--set", fmt.Sprint("train.workers=", max(1, runtime.NumCPU()/f.jobs)))
	}
	a.log.Info("trial", "index", t.Index, "of", count, "set", strings.Join(t.Set, " "))
	log, err := os.OpenFile(filepath.Join(f.out, t.Name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		a.log.Error("trial cannot be run", "index", t.Index, "error", err)
		return
	}
	defer func() {
		if err := log.Close(); err != nil {
			a.log.Error("trial's log", "index", t.Index, "error", err)
		}
	}()
	trial := exec.CommandContext(ctx, self, args...)
	trial.Stdout, trial.Stderr = log, log
	trial.Cancel = func() error { return trial.Process.Signal(os.Interrupt) } // it writes a checkpoint and ends
	if err := trial.Run(); err != nil {
		a.log.Warn("trial has not finished", "index", t.Index, "error", err, "log", log.Name())
	}
}

// sweepRun runs one trial in this process, or goes on with it.
func (a *app) sweepRun(c *cobra.Command, f sweepFlags) error {
	s, err := f.load(c)
	if err != nil {
		return err
	}
	if f.index < 0 || f.index >= len(s.Trials) {
		return usage("--index: got %d, want 0 to %d, the trials of %s", f.index, len(s.Trials)-1, f.config)
	}
	if err := claim(f.out, s); err != nil {
		return err
	}
	f.apply(a)
	t := s.Trials[f.index]
	run := trainFlags{outputFlags: f.outputFlags, out: filepath.Join(f.out, t.Name), prune: s.Prune}
	if ended(run.out) {
		a.log.Info("trial has ended before", "run", run.out)
		return nil
	}
	if _, err := os.Stat(filepath.Join(run.out, rundir.ConfigFile)); err == nil {
		run.resume = run.out
	}
	return a.trainConfig(c.Context(), t.Config, run)
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
