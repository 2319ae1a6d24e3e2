package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
	"github.com/spf13/cobra"
)

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
		if ended(filepath.Join(f.out, t.Name), t.Config) {
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

// ended says whether the trial in dir needs nothing more. Its report is written last.
func ended(dir string, c configs.Config) bool {
	status, err := rundir.ReadStatus(dir)
	if err != nil || !status.State.Ended() {
		return false
	}
	if !c.Output.Report {
		return true
	}
	_, err = os.Stat(filepath.Join(dir, reportFile))
	return err == nil
}

// runTrial runs one trial as "train sweep run --index N"; what it says goes to a log beside its folder.
func (a *app) runTrial(ctx context.Context, self string, t configs.Trial, f sweepFlags, c *cobra.Command, count int) {
	a.log.Info("trial", "index", t.Index, "of", count, "set", strings.Join(t.Set, " "))
	dir := filepath.Join(f.out, t.Name)
	err := startTrial(ctx, self, t, f, c, dir+".log")
	if ctx.Err() != nil {
		return
	}
	status, missing := rundir.ReadStatus(dir)
	if err != nil && (errors.Is(missing, fs.ErrNotExist) || status.State == trainer.StateRunning) { // it could not say so
		missing = rundir.Fail(dir, t.Config.Train.Epochs, fmt.Sprintf("the trial's process ended: %v", err))
		if missing == nil {
			status, missing = rundir.ReadStatus(dir)
		}
	}
	switch {
	case missing != nil:
		a.log.Error("trial's status", "index", t.Index, "error", missing)
	case !status.State.Ended():
		a.log.Warn("trial has not finished", "index", t.Index, "state", status.State, "detail", status.Detail, "log", dir+".log")
	default:
		a.log.Info("trial ended", "index", t.Index, "state", status.State, "detail", status.Detail)
	}
}

// startTrial runs a trial's process to its end.
func startTrial(ctx context.Context, self string, t configs.Trial, f sweepFlags, c *cobra.Command, logPath string) (err error) {
	args := []string{"sweep", "run", "--owned", "--quiet", "--config", f.config, "--out", f.out, "--index", fmt.Sprint(t.Index)}
	for _, o := range f.overrides(c) {
		args = append(args, "--set", o)
	}
	if f.jobs > 1 {
		share := max(1, runtime.GOMAXPROCS(0)/f.jobs)
		if w := t.Config.Train.Workers; w > 0 {
			share = min(share, w)
		}
		args = append(args, "--set", fmt.Sprint("train.workers=", share))
	}
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	trial := exec.CommandContext(ctx, self, args...)
	trial.Stdout, trial.Stderr = log, log
	owner, err := trial.StdinPipe()
	if err != nil {
		return err
	}
	// Not a signal: Ctrl-C reaches the trial by the terminal too, and a second one would end it without a checkpoint.
	trial.Cancel = owner.Close
	return trial.Run()
}

// whileOwned is a context that is cancelled, as if by SIGTERM, when owner ends: when the sweep closes it, or has been
// killed.
func whileOwned(ctx context.Context, owner io.Reader) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		io.Copy(io.Discard, owner) // how it ends does not matter
		cancel(signalError{syscall.SIGTERM})
	}()
	return ctx, cancel
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
	ctx := c.Context()
	if f.owned {
		owned, cancel := whileOwned(ctx, os.Stdin)
		defer cancel(nil)
		ctx = owned
	}
	for {
		err := a.trial(ctx, s, f)
		if !f.owned || !errors.Is(err, rundir.ErrLocked) {
			return err
		}
		// The trial of a sweep that was killed is still writing its checkpoint, or another sweep is at work here.
		a.log.Info("waiting for another process to leave the trial", "index", f.index)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lockWait):
		}
	}
}

// lockWait is the time from one try to get at a trial's folder to the next.
const lockWait = 200 * time.Millisecond

// trial runs the trial of that index if it has not ended. If it fails, its status says so.
func (a *app) trial(ctx context.Context, s configs.Sweep, f sweepFlags) error {
	t := s.Trials[f.index]
	run := trainFlags{outputFlags: f.outputFlags, out: filepath.Join(f.out, t.Name), prune: s.Prune}
	if ended(run.out, t.Config) {
		a.log.Info("trial has ended before", "run", run.out)
		return nil
	}
	if _, err := os.Stat(filepath.Join(run.out, rundir.ConfigFile)); err == nil {
		run.resume = run.out
	}
	err := a.trainConfig(ctx, t.Config, run)
	if err == nil || ctx.Err() != nil || errors.Is(err, rundir.ErrLocked) {
		return err
	}
	return errors.Join(err, rundir.Fail(run.out, t.Config.Train.Epochs, err.Error()))
}
