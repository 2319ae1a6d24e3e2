package trainer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/datasets"
)

// Interrupted after any step and resumed, a run ends as if nothing had happened.
func TestResumeAfterEveryStep(t *testing.T) {
	data := digits(t)
	want := undisturbed(t, data)
	const steps = 3 * 7
	for cut := 1; cut <= steps; cut++ {
		ctx, cancel := context.WithCancel(context.Background())
		o := testOptions(t, t.TempDir())
		seen := 0
		o.Observer = observerFunc(func(int, int, int, float64) {
			if seen++; seen == cut {
				cancel()
			}
		})
		tr := mustNew(t, newSoftmaxNet(), data, o)
		s, err := tr.Run(ctx)
		if !errors.Is(err, ErrInterrupted) || !errors.Is(err, context.Canceled) || s.State != StateInterrupted || s.Reason != ReasonInterrupted {
			t.Fatalf("cut %d: state %s, reason %s, error %v", cut, s.State, s.Reason, err)
		}
		if seen != cut {
			t.Errorf("cut %d: %d steps were done", cut, seen)
		}
		if got := resumed(t, data, o.Checkpoints.Dir.Name()); got != want {
			t.Errorf("cut %d: %v, undisturbed %v", cut, got, want)
		}
	}
}

// A run killed with nothing but the timer's checkpoint of any step, or the moment before, goes on alike.
func TestResumeAfterKill(t *testing.T) {
	data := digits(t)
	want := undisturbed(t, data)
	dir := t.TempDir()
	o := testOptions(t, dir)
	o.Checkpoints.Minutes = 1.0 / 60
	var crashed []string
	o.Observer = observerFunc(func(int, int, int, float64) { crashed = append(crashed, copyDir(t, dir)) })
	tr := mustNew(t, newSoftmaxNet(), data, o)
	tr.now = clock()
	if _, err := tr.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(crashed) != 21 {
		t.Fatalf("%d steps, want 21", len(crashed))
	}
	for i, dir := range crashed {
		c, err := (&store{mustOpen(t, dir)}).get(LastFile)
		if err != nil {
			t.Fatal(err)
		}
		// The observer is called before the timer: the checkpoint is of the step before.
		if at := c.progress.At; at != (position{Epoch: i/7 + 1, Step: i % 7}) {
			t.Errorf("kill after step %d: the checkpoint is at %+v", i+1, at)
		}
		if got := resumed(t, data, dir); got != want {
			t.Errorf("kill after step %d: %v, undisturbed %v", i+1, got, want)
		}
	}
}

func TestInterruptedInHookAndBeforeTraining(t *testing.T) {
	data := digits(t)
	want := undisturbed(t, data)
	for epoch := range 4 {
		ctx, cancel := context.WithCancel(context.Background())
		o := testOptions(t, t.TempDir())
		o.Hooks = append(o.Hooks, hookFunc(func(ctx context.Context, s *State) error {
			if s.Epoch() == epoch {
				cancel()
			}
			return ctx.Err()
		}))
		tr := mustNew(t, newSoftmaxNet(), data, o)
		if _, err := tr.Run(ctx); !errors.Is(err, ErrInterrupted) {
			t.Fatalf("epoch %d: error %v", epoch, err)
		}
		if n := len(tr.history.Rows); n != epoch {
			t.Errorf("epoch %d: the history has %d rows, want only those of the epochs before", epoch, n)
		}
		if got := resumed(t, data, o.Checkpoints.Dir.Name()); got != want {
			t.Errorf("epoch %d: %v, undisturbed %v", epoch, got, want)
		}
	}
}

func TestInterruptKeepsCause(t *testing.T) {
	cause := errors.New("SIGTERM")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	tr := mustNew(t, newSoftmaxNet(), digits(t), testOptions(t, t.TempDir()))
	_, err := tr.Run(ctx)
	for _, want := range []error{ErrInterrupted, context.Canceled, cause} {
		if !errors.Is(err, want) {
			t.Errorf("error %q is not %q", err, want)
		}
	}
}

func TestResumeFinishedRun(t *testing.T) {
	data := digits(t)
	o := testOptions(t, t.TempDir())
	first := mustNew(t, newSoftmaxNet(), data, o)
	if _, err := first.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	o.Checkpoints.Resume = true
	net := newSoftmaxNet()
	tr := mustNew(t, net, data, o)
	s, err := tr.Run(context.Background())
	if err != nil || s.State != StateFinished || s.Epoch != 3 || len(net.steps) != 0 {
		t.Errorf("state %s, epoch %d, %d steps, error %v", s.State, s.Epoch, len(net.steps), err)
	}
	if got, want := outcomeOf(t, tr), outcomeOf(t, first); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

// A run that is done, or was interrupted within its last epoch, and goes on for more epochs ends as one that was to
// have so many from the start.
func TestResumeForMoreEpochs(t *testing.T) {
	data := digits(t)
	options := func(dir string, epochs int) Options {
		o := testOptions(t, dir)
		o.Epochs, o.Schedule = epochs, Schedule{{Rate: 0.5, Epochs: 2}, {Rate: 0.1, Epochs: 3}}
		o.Checkpoints.Every = 2
		return o
	}
	straight := mustNew(t, newSoftmaxNet(), data, options(t.TempDir(), 5))
	if _, err := straight.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	want := outcomeOf(t, straight)
	for first := 1; first < 5; first++ {
		for _, cut := range []int{0, 3} { // steps left undone of the last epoch
			ctx, cancel := context.WithCancel(context.Background())
			o := options(t.TempDir(), first)
			seen := 0
			o.Observer = observerFunc(func(int, int, int, float64) {
				if seen++; cut > 0 && seen == 7*first-cut {
					cancel()
				}
			})
			if _, err := mustNew(t, newSoftmaxNet(), data, o).Run(ctx); (err != nil) != (cut > 0) {
				t.Fatal(err)
			}
			cancel()
			o = options(o.Checkpoints.Dir.Name(), 5)
			o.Checkpoints.Resume = true
			tr := mustNew(t, newSoftmaxNet(), data, o)
			s, err := tr.Run(context.Background())
			if err != nil || s.State != StateFinished || s.Epoch != 5 || s.Epochs != 5 {
				t.Fatalf("status %+v, error %v", s, err)
			}
			if got := outcomeOf(t, tr); got != want {
				t.Errorf("%d epochs less %d steps, then 5: %v, five from the start %v", first, cut, got, want)
			}
			if c, err := tr.store.get(EpochFile(4)); err != nil || c.meta[metaEpoch] != "4" {
				t.Errorf("%s: %v", EpochFile(4), err)
			}
		}
	}
}

// A refusal leaves the run's record as it was.
func TestResumeRefusesFewerEpochsThanDone(t *testing.T) {
	data := digits(t)
	o := testOptions(t, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	o.Observer = observerFunc(func(epoch, done, _ int, _ float64) {
		if epoch == 3 && done == 8 {
			cancel()
		}
	})
	if _, err := mustNew(t, newSoftmaxNet(), data, o).Run(ctx); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	o.Observer, o.Checkpoints.Resume = nil, true
	o.Recorder = recorderFunc(func(*History, Status) error { t.Error("recorded"); return nil })
	o.Epochs = 2
	s, err := mustNew(t, newSoftmaxNet(), data, o).Run(context.Background())
	if want := "resuming: got 2 epochs: the run has gone on for longer than that: epoch 3 is begun or done; want at least 3"; !errors.Is(err, ErrEpochs) || err.Error() != want || s.State != StateFailed {
		t.Errorf("state %s, error %v, want %s", s.State, err, want)
	}
	o.Seed++
	if _, err := mustNew(t, newSoftmaxNet(), data, o).Run(context.Background()); !errors.Is(err, ErrMismatch) {
		t.Errorf("another seed: %v", err)
	}
}

func TestResumeRefusesAnotherRun(t *testing.T) {
	data := digits(t)
	dir := t.TempDir()
	o := testOptions(t, dir)
	o.Checkpoints.Config = []byte("a")
	o.Checkpoints.Differences = func(was []byte) ([]string, error) {
		t.Error("compared without a checkpoint")
		return nil, nil
	}
	if _, err := mustNew(t, newSoftmaxNet(), data, o).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	o.Checkpoints.Resume = true
	for _, c := range []struct {
		name    string
		differ  []string
		seed    uint64
		data    string
		average int
		want    []string // lines after the first; nil: agrees
	}{
		{"same", nil, 7, data.Checksum, 2, nil},
		{"settings", []string{"train.momentum: checkpoint 0.9, now 0.8", "more"}, 7, data.Checksum, 2, []string{"train.momentum: checkpoint 0.9, now 0.8", "more"}},
		{"average", nil, 7, data.Checksum, 3, []string{"epochs over which the weights are averaged: checkpoint 2, now 3"}},
		{"seed and data", nil, 8, "other", 2, []string{
			"seed: checkpoint 7, now 8",
			fmt.Sprintf("data: checkpoint digits, 50 training images, %s, now digits, 50 training images, other", data.Checksum),
		}},
	} {
		o, data := o, *data
		o.Seed, o.Average, o.Checkpoints.Config, data.Checksum = c.seed, c.average, []byte("b"), c.data
		o.Checkpoints.Differences = func(was []byte) ([]string, error) {
			if string(was) != "a" {
				t.Errorf("%s: compared with %q, want the config of the checkpoint", c.name, was)
			}
			return c.differ, nil
		}
		s, err := mustNew(t, newSoftmaxNet(), &data, o).Run(context.Background())
		if c.want == nil {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			o.Checkpoints.Differences = func([]byte) ([]string, error) { return nil, errors.New("line 1") }
			if _, err := mustNew(t, newSoftmaxNet(), &data, o).Run(context.Background()); !errors.Is(err, ErrCheckpoint) || !strings.Contains(err.Error(), "its configuration: line 1") {
				t.Errorf("a config that cannot be read: error %v", err)
			}
			continue
		}
		if want := "resuming: the checkpoint is of another run:\n  " + strings.Join(c.want, "\n  "); !errors.Is(err, ErrMismatch) || err.Error() != want {
			t.Errorf("%s: error %q, want %q", c.name, err, want)
		}
		if s.State != StateFailed {
			t.Errorf("%s: state %s", c.name, s.State)
		}
	}
}

func TestResumeRefusesAnotherModel(t *testing.T) {
	data := digits(t)
	o := testOptions(t, t.TempDir())
	if _, err := mustNew(t, newSoftmaxNet(), data, o).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	o.Checkpoints.Resume = true
	net := newSoftmaxNet()
	net.bias.Shape = []int{5, 2, 1, 1}
	before := WeightsHash(net)
	_, err := mustNew(t, net, data, o).Run(context.Background())
	if !errors.Is(err, ErrMismatch) || !strings.Contains(err.Error(), "fc.bias has the shape [10], the model's is [5 2 1 1]") {
		t.Errorf("error %v", err)
	}
	if WeightsHash(net) != before {
		t.Error("the net was changed by a checkpoint that does not fit")
	}
}

// A damaged last checkpoint is put aside with a warning, and the one before it leads to the same end.
func TestResumeFromDamagedCheckpoint(t *testing.T) {
	data := digits(t)
	want := undisturbed(t, data)
	o := testOptions(t, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	o.Observer = observerFunc(func(epoch, done, _ int, _ float64) {
		if epoch == 3 && done == 24 {
			cancel()
		}
	})
	if _, err := mustNew(t, newSoftmaxNet(), data, o).Run(ctx); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(path string) error{
		"flipped bit": func(path string) error {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			b[len(b)-3] ^= 4
			return os.WriteFile(path, b, 0o644)
		},
		"truncated": func(path string) error { return os.Truncate(path, 1000) },
		"removed":   os.Remove,
	} {
		dir := copyDir(t, o.Checkpoints.Dir.Name())
		if err := damage(filepath.Join(dir, LastFile)); err != nil {
			t.Fatal(err)
		}
		var warnings []string
		o := testOptions(t, dir)
		o.Checkpoints.Resume = true
		o.Warn = func(s string) { warnings = append(warnings, s) }
		tr := mustNew(t, newSoftmaxNet(), data, o)
		if _, err := tr.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := outcomeOf(t, tr); got != want {
			t.Errorf("%s: %v, undisturbed %v", name, got, want)
		}
		if len(warnings) != 1 || !strings.Contains(warnings[0], LastFile) || !strings.Contains(warnings[0], "going on from the one before it, after epoch 2") {
			t.Errorf("%s: warnings %q", name, warnings)
		}
		if _, err := (&store{mustOpen(t, dir)}).get(previousFile); err != nil {
			t.Errorf("%s: the checkpoint before the last: %v", name, err)
		}
	}
}

func TestResumeWithoutUsableCheckpoint(t *testing.T) {
	data := digits(t)
	want := undisturbed(t, data)
	dir := t.TempDir()
	if got := resumed(t, data, dir); got != want {
		t.Errorf("begun anew: %v, undisturbed %v", got, want)
	}
	for _, name := range []string{LastFile, previousFile} {
		if err := os.Truncate(filepath.Join(dir, name), 100); err != nil {
			t.Fatal(err)
		}
	}
	o := testOptions(t, dir)
	o.Checkpoints.Resume = true
	s, err := mustNew(t, newSoftmaxNet(), data, o).Run(context.Background())
	if !errors.Is(err, ErrCheckpoint) || s.State != StateFailed {
		t.Errorf("both damaged: state %s, error %v", s.State, err)
	}
}

func TestVerifyResume(t *testing.T) {
	data := digits(t)
	momentum := func(leg int) float64 { return 0.9 }
	attempt := func(leg int) (Net, *datasets.Dataset, Options, func() error, error) {
		o := testOptions(t, "")
		o.Momentum = momentum(leg)
		return newSoftmaxNet(), data, o, func() error { return nil }, nil
	}
	v, err := VerifyResume(context.Background(), attempt, 5, 1, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if !v.Equal() || len(v.Cuts) != 5 {
		t.Errorf("%+v: want five cuts and equal hashes", v)
	}
	momentum = func(leg int) float64 { return 0.9 - 0.01*float64(leg) } // a resumption that is not exact
	if v, err = VerifyResume(context.Background(), attempt, 5, 1, t.TempDir()); err != nil || v.Equal() {
		t.Errorf("error %v, equal %v: want a difference to be seen", err, v.Equal())
	}
	if _, err = VerifyResume(context.Background(), attempt, 22, 1, t.TempDir()); err == nil {
		t.Error("more cuts than steps: no error")
	}
}

// A run is resumed at another CPU level only where that is allowed, and its status says so ever after.
func TestResumeAtOtherCPULevel(t *testing.T) {
	data := digits(t)
	o := testOptions(t, t.TempDir())
	o.Epochs, o.Schedule = 2, Constant(0.5)
	first := mustNew(t, newSoftmaxNet(), data, o)
	level := first.cpu
	first.cpu = "other"
	if _, err := first.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	o.Checkpoints.Resume, o.Epochs = true, 3
	want := "cpu: checkpoint other, now " + level + "; MAXGAIN_CPU=other goes on to the same bits where the CPU has that level, --allow-other-cpu to others"
	if _, err := mustNew(t, newSoftmaxNet(), data, o).Run(context.Background()); !errors.Is(err, ErrMismatch) || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
	o.Checkpoints.AllowOtherCPU = true
	var warned []string
	o.Warn = func(s string) { warned = append(warned, s) }
	s, err := mustNew(t, newSoftmaxNet(), data, o).Run(context.Background())
	want = "resumed after 0 of 7 steps of epoch 3 at the CPU level " + level + ", before other: the run does not end in the bits that it would have ended in"
	if err != nil || len(s.Warnings) != 1 || s.Warnings[0] != want || !slices.Equal(warned, s.Warnings) {
		t.Errorf("status %+v, warned %q, error %v, want %s", s, warned, err, want)
	}
	o.Checkpoints.AllowOtherCPU, o.Epochs, warned = false, 4, nil
	s, err = mustNew(t, newSoftmaxNet(), data, o).Run(context.Background())
	if err != nil || len(s.Warnings) != 1 || s.Warnings[0] != want || len(warned) != 0 {
		t.Errorf("resumed once more, at the same level: status %+v, warned %q, error %v", s, warned, err)
	}
}

// A file that the run reads is known by its content, not by its name.
func TestResumeWithOtherInputs(t *testing.T) {
	data := digits(t)
	o := testOptions(t, t.TempDir())
	o.Checkpoints.Inputs = map[string]string{"gain.image": "aa", "diagnosis.calibration": "bb"}
	if _, err := mustNew(t, newSoftmaxNet(), data, o).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	o.Checkpoints.Resume = true
	if _, err := mustNew(t, newSoftmaxNet(), data, o).Run(context.Background()); err != nil {
		t.Errorf("the same: error %v", err)
	}
	o.Checkpoints.Inputs = map[string]string{"gain.image": "cc", "diagnosis.calibration": "bb"}
	_, err := mustNew(t, newSoftmaxNet(), data, o).Run(context.Background())
	if want := "resuming: the checkpoint is of another run:\n  gain.image: the file's content has changed, its SHA-256 was aa and is cc"; !errors.Is(err, ErrMismatch) || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// What cannot be recorded is told even where the run has failed before.
func TestRecordErrorAfterFailure(t *testing.T) {
	full, fault := errors.New("disk full"), errors.New("hook failed")
	o := testOptions(t, t.TempDir())
	o.Hooks = []Hook{hookFunc(func(context.Context, *State) error { return fault })}
	o.Recorder = recorderFunc(func(_ *History, s Status) error {
		if s.State == StateFailed {
			return full
		}
		return nil
	})
	if _, err := mustNew(t, newSoftmaxNet(), digits(t), o).Run(context.Background()); !errors.Is(err, full) || !errors.Is(err, fault) {
		t.Errorf("error %v, want both faults", err)
	}
}
