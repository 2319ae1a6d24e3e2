package sweep

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// twoTrials is a sweep of two trials, pruned or not, without reports.
func twoTrials(t *testing.T, prune string) configs.Sweep {
	t.Helper()
	s, err := configs.ParseSweep("s.yaml", []byte("config: quickstart.yaml\nprune: "+prune+
		"\nparameters: {train.seed: [7, 8]}\noverrides: {train.epochs: 9, output.report: false}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// made makes the run of a trial with a status.
func made(t *testing.T, dir string, c configs.Config, status trainer.Status) {
	t.Helper()
	d, err := rundir.Create(dir, c.YAML(), rundir.Env{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Record(&trainer.History{}, status), d.Close()); err != nil {
		t.Fatal(err)
	}
}

// A trial is trained in its own folder by its own settings, from the start or from where it was; one that has ended is not.
func TestTrialRun(t *testing.T) {
	for _, prune := range []string{"true", "false"} {
		s := twoTrials(t, prune)
		for name, c := range map[string]struct {
			status  *trainer.Status // of what is there before
			trained bool
			resume  bool
		}{
			"new":         {nil, true, false},
			"interrupted": {&trainer.Status{State: trainer.StateInterrupted, Epochs: 9}, true, true},
			"ended":       {&trainer.Status{State: trainer.StateStopped, Epochs: 9}, false, false},
		} {
			out := t.TempDir()
			dir := filepath.Join(out, s.Trials[1].Name)
			if c.status != nil {
				made(t, dir, s.Trials[1].Config, *c.status)
			}
			calls := 0
			trial := Trial{Sweep: s, Index: 1, Out: out, Log: slog.New(slog.DiscardHandler),
				Train: func(_ context.Context, config configs.Config, o experiment.RunOptions) error {
					calls++
					if config.Train.Seed != 8 || o.Out != dir || o.Resume != c.resume || o.Prune != (prune == "true") {
						t.Errorf("%s: seed %d, %+v", name, config.Train.Seed, o)
					}
					return nil
				}}
			if err := trial.Run(t.Context()); err != nil || (calls == 1) != c.trained {
				t.Errorf("%s: trained %d times, error %v", name, calls, err)
			}
		}
	}
}

// What goes wrong is recorded in the trial's folder, unless the trial was interrupted or another process is at work in it.
func TestTrialThatFails(t *testing.T) {
	s := twoTrials(t, "false")
	wrong := errors.New("no more disk")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx      context.Context
		err      error
		recorded bool
	}{
		"fails":       {t.Context(), wrong, true},
		"in use":      {t.Context(), rundir.ErrLocked, false},
		"interrupted": {cancelled, wrong, false},
	} {
		trial := Trial{Sweep: s, Out: t.TempDir(), Log: slog.New(slog.DiscardHandler),
			Train: func(context.Context, configs.Config, experiment.RunOptions) error { return c.err }}
		if err := trial.Run(c.ctx); !errors.Is(err, c.err) {
			t.Errorf("%s: error %v", name, err)
		}
		status, err := rundir.ReadStatus(filepath.Join(trial.Out, s.Trials[0].Name))
		if c.recorded && (err != nil || status.State != trainer.StateFailed || status.Detail != wrong.Error() || status.Epochs != 9) {
			t.Errorf("%s: %+v, error %v", name, status, err)
		}
		if !c.recorded && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %+v is recorded", name, status)
		}
	}
}

// A trial that another process uses is waited for, but not beyond an interruption.
func TestRunWhenFree(t *testing.T) {
	s := twoTrials(t, "false")
	calls := 0
	trial := Trial{Sweep: s, Out: t.TempDir(), Log: slog.New(slog.DiscardHandler),
		Train: func(context.Context, configs.Config, experiment.RunOptions) error {
			if calls++; calls < 3 {
				return rundir.ErrLocked
			}
			return nil
		}}
	if err := trial.RunWhenFree(t.Context()); err != nil || calls != 3 {
		t.Errorf("tried %d times, error %v", calls, err)
	}
	trial.Train = func(context.Context, configs.Config, experiment.RunOptions) error { return rundir.ErrLocked }
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	if err := trial.RunWhenFree(ctx); !errors.Is(err, stop) {
		t.Errorf("error %v, want %v", err, stop)
	}
}

// The context of an owned trial lasts as long as its owner.
func TestWhileOwned(t *testing.T) {
	reader, writer := io.Pipe()
	gone := errors.New("the sweep has ended")
	ctx, cancel := WhileOwned(t.Context(), reader, gone)
	defer cancel(nil)
	if ctx.Err() != nil {
		t.Fatal("cancelled while the owner is there")
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("not cancelled when the owner ended")
	}
	if err := context.Cause(ctx); err != gone {
		t.Errorf("cause %v, want %v", err, gone)
	}
}
