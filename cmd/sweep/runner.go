package sweep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// Runner runs the trials of a sweep in processes of the train command.
type Runner struct {
	Program string   // path of the train command
	Config  string   // name or path of the sweep's file
	Out     string   // folder of the sweep, which Claim has made
	Set     []string // settings "key=value" for all trials
	Jobs    int      // trials at a time, among which the cores are shared out
	Log     *slog.Logger
	Watch   func(Progress) // is told every second how the trials go on; nil: nobody is
}

// Progress is how far a sweep has come.
type Progress struct {
	Ended, Trials int
	Done, Epochs  int       // epochs of all trials
	Running       []Running // by their indexes
}

// Running is a trial at work.
type Running struct {
	Label         string // what it varies
	Epoch, Epochs int
}

// watchEvery is the time from one look at the trials to the next.
const watchEvery = time.Second

// Run runs the trials that have not ended. What becomes of a trial is in its folder; only an interruption ends Run early.
func (r Runner) Run(ctx context.Context, s configs.Sweep) error {
	names := labelsOf(s)
	watching, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		r.watch(watching, s, names)
	}()
	defer func() {
		stop()
		<-watched
	}()
	next := make(chan configs.Trial)
	var wg sync.WaitGroup
	for range r.Jobs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for t := range next {
				r.trial(ctx, t, names[t.Index], len(s.Trials))
			}
		}()
	}
	for _, t := range s.Trials {
		if experiment.Ended(filepath.Join(r.Out, t.Name), t.Config) {
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

// watch tells now and then how the trials go on.
func (r Runner) watch(ctx context.Context, s configs.Sweep, names []string) {
	if r.Watch == nil {
		return
	}
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			r.Watch(r.progress(s, names))
		}
	}
}

// progress reads from the trials' folders how far they have come. A trial that has ended early has no epochs to come.
func (r Runner) progress(s configs.Sweep, names []string) Progress {
	p := Progress{Trials: len(s.Trials)}
	for _, t := range s.Trials {
		status, err := rundir.ReadStatus(filepath.Join(r.Out, t.Name))
		if err != nil { // it has not begun
			p.Epochs += t.Config.Train.Epochs
			continue
		}
		p.Done += status.Epoch
		switch {
		case status.State.Ended():
			p.Ended++
			p.Epochs += status.Epoch
			continue
		case status.State == trainer.StateRunning:
			p.Running = append(p.Running, Running{names[t.Index], status.Epoch, status.Epochs})
		}
		p.Epochs += status.Epochs
	}
	return p
}

// labelsOf are the names of a sweep's trials by what varies among them.
func labelsOf(s configs.Sweep) []string {
	set := make([]string, len(s.Trials))
	for i, t := range s.Trials {
		set[i] = strings.Join(t.Set, " ")
	}
	return labels(set)
}

// trial runs one of count trials as "train sweep run --index N"; what it says goes to a log beside its folder.
func (r Runner) trial(ctx context.Context, t configs.Trial, name string, count int) {
	r.Log.Info("trial", "index", t.Index, "of", count, "varies", name)
	dir := filepath.Join(r.Out, t.Name)
	err := r.start(ctx, t, dir+".log")
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
		r.Log.Error("trial's status", "varies", name, "error", missing)
	case !status.State.Ended():
		r.Log.Warn("trial has not finished", "varies", name, "state", status.State, "detail", status.Detail, "log", dir+".log")
	default:
		r.Log.Info("trial ended", "varies", name, "state", status.State, "detail", status.Detail)
	}
}

// start runs a trial's process to its end.
func (r Runner) start(ctx context.Context, t configs.Trial, logPath string) (err error) {
	args := []string{"sweep", "run", "--owned", "--quiet", "--config", r.Config, "--out", r.Out, "--index", fmt.Sprint(t.Index)}
	for _, o := range r.Set {
		args = append(args, "--set", o)
	}
	if r.Jobs > 1 {
		share := max(1, runtime.GOMAXPROCS(0)/r.Jobs)
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
	trial := exec.CommandContext(ctx, r.Program, args...)
	trial.Stdout, trial.Stderr = log, log
	owner, err := trial.StdinPipe()
	if err != nil {
		return err
	}
	// Not a signal: Ctrl-C reaches the trial by the terminal too, and a second one would end it without a checkpoint.
	trial.Cancel = owner.Close
	return trial.Run()
}
