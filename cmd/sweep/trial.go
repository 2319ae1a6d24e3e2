package sweep

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// Trial is one trial of a sweep, to be run in this process.
type Trial struct {
	Sweep configs.Sweep
	Index int
	Out   string // folder of the sweep, which Claim has made
	Train experiment.RunFunc
	Log   *slog.Logger
}

// Run runs the trial, or goes on with it, unless it has ended. If it fails, its status says so.
func (t Trial) Run(ctx context.Context) error {
	trial := t.Sweep.Trials[t.Index]
	dir := filepath.Join(t.Out, trial.Name)
	if experiment.Ended(dir, trial.Config) {
		t.Log.Info("trial has ended before", "run", dir)
		return nil
	}
	err := t.Train(ctx, trial.Config, experiment.RunOptions{Out: dir, Resume: rundir.Begun(dir), Prune: t.Sweep.Prune})
	if err == nil || ctx.Err() != nil || errors.Is(err, rundir.ErrLocked) {
		return err
	}
	return errors.Join(err, rundir.Fail(dir, trial.Config.Train.Epochs, err.Error()))
}

// lockWait is the time from one try to get at a trial's folder to the next.
const lockWait = 200 * time.Millisecond

// RunWhenFree is Run that waits until no other process uses the trial's folder: the trial of a sweep that was killed may
// still be writing its checkpoint.
func (t Trial) RunWhenFree(ctx context.Context) error {
	for {
		err := t.Run(ctx)
		if !errors.Is(err, rundir.ErrLocked) {
			return err
		}
		t.Log.Info("waiting for another process to leave the trial", "index", t.Index)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lockWait):
		}
	}
}

// WhileOwned is a context that is cancelled with the cause when owner ends: when the sweep closes it, or has been killed.
func WhileOwned(ctx context.Context, owner io.Reader, cause error) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		io.Copy(io.Discard, owner) // how it ends does not matter
		cancel(cause)
	}()
	return ctx, cancel
}
