package trainer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

func TestOptionsAreChecked(t *testing.T) {
	o := Options{Epochs: 0, BatchSize: 0, Momentum: 1, WeightDecay: -1, Checkpoints: CheckpointOptions{Every: -1, Minutes: -1, Resume: true}}
	_, err := New(newSoftmaxNet(), &datasets.Dataset{}, o)
	for _, want := range []string{"got 0 epochs", "batch size of 0", "momentum of 1", "weight decay of -1", "checkpoint every -1 epochs",
		"checkpoint every -1 minutes", "no training images", "cannot be resumed", "no learning rate"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want …%s…", err, want)
		}
	}
}

// The training figures are running averages over images, not over batches: 50 images, six batches of
// 8 with loss sums 8 and one wrong each, and one of 2 with loss sum 52 and two wrong.
func TestRunningAverages(t *testing.T) {
	data := digits(t)
	net := newSoftmaxNet()
	net.broken = func(step uint64, o *models.Outcome, _ *softmaxNet) {
		o.Loss, o.Wrong = 8, 1
		if step%7 == 6 {
			o.Loss, o.Wrong = 52, 2
		}
	}
	o := testOptions(t, t.TempDir())
	var shown []string
	o.Observer = observerFunc(func(epoch, done, total int, loss float64) {
		if epoch == 2 {
			shown = append(shown, fmt.Sprintf("%d/%d %g", done, total, loss))
		}
	})
	tr := mustNew(t, net, data, o)
	tr.now = clock()
	if _, err := tr.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(tr.history.Rows) != 4 {
		t.Fatalf("%d rows, want epochs 0 to 3", len(tr.history.Rows))
	}
	for i, rate := range []float64{0.5, 0.5, 0.1} {
		r := tr.history.Rows[i+1]
		if r.Epoch != i+1 || r.LearningRate != rate || r.TrainLoss != 2 || r.TrainError != 8.0/50 {
			t.Errorf("row %d: %+v, want rate %v, loss 2 and error 0.16", i+1, r, rate)
		}
	}
	if want := []string{"8/50 1", "16/50 1", "24/50 1", "32/50 1", "40/50 1", "48/50 1", "50/50 2"}; !slices.Equal(shown, want) {
		t.Errorf("shown %v, want %v", shown, want)
	}
	for i, step := range net.steps {
		if step != uint64(i) {
			t.Fatalf("steps %v, want 0 to 20", net.steps)
		}
	}
	if len(net.steps) != 21 || net.updates != 21 {
		t.Errorf("%d steps and %d updates, want 21", len(net.steps), net.updates)
	}
	zero := tr.history.Rows[0]
	if !math.IsNaN(zero.TrainLoss) || math.Abs(zero.ValLoss-math.Log(10)) > 1e-12 {
		t.Errorf("epoch 0: %+v, want no training loss and ln 10 in validation", zero)
	}
}

// Every image is trained on once an epoch, with its own label, and its prediction kept in its place.
func TestPredictionsAreInOrder(t *testing.T) {
	data := digits(t)
	net := newSoftmaxNet()
	net.broken = func(step uint64, o *models.Outcome, n *softmaxNet) {
		for i := range o.Predictions {
			o.Predictions[i] = uint16(step) // which step saw the image
		}
	}
	o := testOptions(t, t.TempDir())
	epochs := 0
	o.Hooks = []Hook{hookFunc(func(_ context.Context, s *State) error {
		epochs++
		e := s.Epoch()
		if e == 0 {
			if s.Predictions != nil || s.Previous != nil {
				t.Error("epoch 0 has predictions")
			}
			return nil
		}
		if (s.Previous == nil) != (e == 1) {
			t.Errorf("epoch %d: previous predictions %v", e, s.Previous)
		}
		order := make([]int, data.Train.Len())
		for shift, predictions := range [][]uint16{s.Predictions, s.Previous} {
			if predictions == nil {
				continue
			}
			shuffle(order, o.Seed, e-shift)
			for place, image := range order {
				if want := uint16((e-shift-1)*7 + place/8); predictions[image] != want {
					t.Errorf("epoch %d: image %d was seen in step %d, want %d", e-shift, image, predictions[image], want)
				}
			}
		}
		return nil
	})}
	if _, err := mustNew(t, net, data, o).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if epochs != 4 {
		t.Errorf("hook called %d times, want 4", epochs)
	}
}

func TestLoader(t *testing.T) {
	data := digits(t)
	l := newLoader(data.Train, 8)
	order := make([]int, 50)
	shuffle(order, 1, 1)
	l.start(order, 2, 1, func(number int) bool { return number%2 == 1 })
	want := make([]float32, 784)
	for number := 2; number < 7; number++ {
		s := l.next()
		if n := min(8, 50-8*number); s.batch.N != n || len(s.batch.X) != n*784 || len(s.batch.Labels) != n {
			t.Fatalf("batch %d: %d images, %d values, %d labels", number, s.batch.N, len(s.batch.X), len(s.batch.Labels))
		}
		for i := range s.batch.N {
			image := order[number*8+i]
			data.Train.Fill(want, []int{image}, number%2 == 1)
			if !slices.Equal(s.batch.X[i*784:(i+1)*784], want) || s.batch.Labels[i] != data.Train.Labels[image] {
				t.Errorf("batch %d, image %d is not training image %d", number, i, image)
			}
		}
		l.release(s)
	}
	l.stop()
	l.start(order, 0, 1, func(int) bool { return false })
	l.release(l.next())
	l.stop() // in the middle
	if len(l.free) != 2 || len(l.ready) != 0 {
		t.Errorf("%d free and %d ready buffers after stop, want 2 and 0", len(l.free), len(l.ready))
	}
}

func TestLoaderAllocatesNothing(t *testing.T) {
	data := digits(t)
	l := newLoader(data.Train, 1)
	long := slices.Repeat(l.all, 100)
	l.start(long, 0, 1, func(number int) bool { return flipBatch(1, 1, number) })
	defer l.stop()
	if n := testing.AllocsPerRun(1000, func() { l.release(l.next()) }); n != 0 {
		t.Errorf("%v allocations a batch", n)
	}
}

// A loss that is not finite ends the run within the step: no update, no hook, the checkpoint untouched.
func TestDivergedLoss(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		o := testOptions(t, t.TempDir())
		net := newSoftmaxNet()
		var before []byte
		net.broken = func(step uint64, out *models.Outcome, _ *softmaxNet) {
			if step == 10 {
				out.Loss = bad
				var err error
				if before, err = os.ReadFile(filepath.Join(o.Checkpoints.Dir.Name(), LastFile)); err != nil {
					t.Error(err)
				}
			}
		}
		hooks := 0
		o.Hooks = append(o.Hooks, hookFunc(func(context.Context, *State) error { hooks++; return nil }))
		var recorded Status
		o.Recorder = recorderFunc(func(_ *History, s Status) error { recorded = s; return nil })
		tr := mustNew(t, net, digits(t), o)
		s, err := tr.Run(context.Background())
		if !errors.Is(err, ErrDiverged) || s.State != StateDiverged || s.Reason != ReasonLoss || !reflect.DeepEqual(recorded, s) {
			t.Fatalf("%v: status %+v, recorded %+v, error %v", bad, s, recorded, err)
		}
		want := fmt.Sprintf("training diverged in epoch 2 at the learning rate 0.5: the training loss of step 3 is %v; the last good weights are in %s",
			bad, filepath.Join(o.Checkpoints.Dir.Name(), LastFile))
		if s.Detail != want || s.Epoch != 1 {
			t.Errorf("epoch %d, detail %q, want %q", s.Epoch, s.Detail, want)
		}
		if net.updates != 10 || hooks != 2 {
			t.Errorf("%d updates and %d calls of the hook, want 10 and 2", net.updates, hooks)
		}
		if after, err := os.ReadFile(filepath.Join(o.Checkpoints.Dir.Name(), LastFile)); err != nil || !bytes.Equal(before, after) {
			t.Errorf("the checkpoint has changed (error %v)", err)
		}
		rows := tr.history.Rows
		if last := rows[len(rows)-1]; len(rows) != 3 || last.Epoch != 2 || finite(last.TrainLoss) || !math.IsNaN(last.ValLoss) {
			t.Errorf("history ends with %+v", rows[len(rows)-1])
		}
	}
}

// Weights that are not finite are seen at the end of the epoch, or by the timer's checkpoint, before hooks.
func TestDivergedWeights(t *testing.T) {
	for _, c := range []struct {
		name    string
		minutes float64
		at      int // step after which the net is spoilt
		spoil   func(n *softmaxNet)
		steps   int
		want    string
	}{
		// The decay of −Inf makes it NaN in the step that finds it, which is not reported as done.
		{"bias, in the next step", 0, 10, func(n *softmaxNet) { n.bias.Value[3] = float32(math.Inf(-1)) }, 10, "value 3 of fc.bias is NaN"},
		{"value, at the end of the epoch", 0, 10, func(n *softmaxNet) { n.weight.Value[3] = float32(math.NaN()) }, 14, "value 3 of fc.weight is NaN"},
		{"velocity, at the end of the epoch", 0, 14, func(n *softmaxNet) { n.weight.Velocity[9] = float32(math.Inf(-1)) }, 14, "velocity 9 of fc.weight is -Inf"},
		{"by the timer", 1.0 / 60, 10, func(n *softmaxNet) { n.bias.Value[3] = float32(math.NaN()) }, 10, "value 3 of fc.bias is NaN"},
	} {
		o := testOptions(t, t.TempDir())
		o.Checkpoints.Minutes = c.minutes
		net := newSoftmaxNet()
		seen, hooks := 0, 0
		o.Observer = observerFunc(func(int, int, int, float64) {
			if seen++; seen == c.at {
				c.spoil(net)
			}
		})
		net.broken = func(_ uint64, out *models.Outcome, _ *softmaxNet) {
			out.Loss = 1
			clear(net.weight.Grad)
			clear(net.bias.Grad)
		}
		o.Hooks = []Hook{hookFunc(func(context.Context, *State) error { hooks++; return nil })}
		tr := mustNew(t, net, digits(t), o)
		tr.now = clock()
		s, err := tr.Run(context.Background())
		if !errors.Is(err, ErrDiverged) || s.Reason != ReasonWeights || !strings.Contains(s.Detail, "learning rate 0.5: "+c.want+";") {
			t.Errorf("%s: status %+v, error %v, want …%s…", c.name, s, err, c.want)
		}
		if seen != c.steps || hooks != 2 {
			t.Errorf("%s: %d steps and %d calls of the hook, want %d and 2", c.name, seen, hooks, c.steps)
		}
		last, err := tr.store.get(LastFile)
		if err != nil {
			t.Fatal(err)
		}
		clean := newSoftmaxNet()
		if err := last.load(clean, true); err != nil {
			t.Fatal(err)
		}
		tr.net = clean
		if err := tr.checkWeights(); err != nil {
			t.Errorf("%s: the checkpoint kept is not sound: %v", c.name, err)
		}
	}
}

// stopAt marks one epoch as best and stops at another.
func stopAt(best, stop int) Hook {
	return hookFunc(func(_ context.Context, s *State) error {
		if s.Epoch() == best {
			s.Best = true
		}
		if s.Epoch() >= stop {
			return fmt.Errorf("verdict: %w", &StopError{Reason: ReasonOverfitting, Detail: "since epoch 1"})
		}
		return nil
	})
}

func TestStopByHook(t *testing.T) {
	data := digits(t)
	for _, c := range []struct {
		name    string
		average int
		mark    int
		kept    int
	}{
		{"an earlier epoch", 0, 1, 1},
		{"the last epoch", 0, 2, 2},
		{"none marked", 0, -1, 2},
		{"before training", 0, 0, 0},
		{"an earlier epoch, averaged", 2, 1, 1},
		{"none marked, averaged", 2, -1, 2},
		{"before training, averaged", 2, 0, 0},
	} {
		o := testOptions(t, t.TempDir())
		o.Average = c.average
		weights := map[int]string{}
		o.Hooks = []Hook{stopAt(c.mark, 2), hookFunc(func(_ context.Context, s *State) error {
			look := func() error {
				weights[s.Epoch()] = fmt.Sprint(s.Net.Params()[0].Value)
				return nil
			}
			if (s.Averaged != nil) != (c.average > 0 && s.Epoch() > 0) {
				t.Errorf("%s: epoch %d: averaged weights: %v", c.name, s.Epoch(), s.Averaged != nil)
			}
			if s.Averaged == nil {
				look()
			} else if err := s.Averaged(look); err != nil {
				t.Error(err)
			}
			if s.Epoch() == 2 {
				return &StopError{Reason: ReasonPruned} // too late: the first hook's reason counts
			}
			return nil
		})}
		warned := 0
		o.Warn = func(string) { warned++ }
		check := func(how string, net *softmaxNet, s Status, err error) {
			t.Helper()
			if err != nil || s.State != StateStopped || s.Reason != ReasonOverfitting || s.Detail != "since epoch 1" ||
				s.Epoch != 2 || s.BestEpoch != c.kept || s.Restored != (c.kept < 2) {
				t.Errorf("%s, %s: status %+v, error %v", c.name, how, s, err)
			}
			if got := fmt.Sprint(net.weight.Value); got != weights[c.kept] {
				t.Errorf("%s, %s: the weights are not those of epoch %d", c.name, how, c.kept)
			}
			best, err := (&store{o.Checkpoints.Dir}).best()
			if err != nil {
				t.Fatal(err)
			}
			kept := newSoftmaxNet()
			if err := best.load(kept, false); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(kept.weight.Value); got != weights[c.kept] || best.meta[metaEpoch] != fmt.Sprint(c.kept) {
				t.Errorf("%s, %s: %s holds the weights of epoch %s, or others", c.name, how, BestFile, best.meta[metaEpoch])
			}
		}
		net := newSoftmaxNet()
		s, err := mustNew(t, net, data, o).Run(context.Background())
		check("run", net, s, err)
		if warned != 0 {
			t.Errorf("%s: %d warnings, want none", c.name, warned)
		}
		o.Checkpoints.Resume, o.Hooks = true, nil
		again := newSoftmaxNet()
		s, err = mustNew(t, again, data, o).Run(context.Background())
		check("resumed", again, s, err)
		if len(again.steps) != 0 {
			t.Errorf("%s: a stopped run went on for %d steps", c.name, len(again.steps))
		}
	}
}

func TestStopErrorIsErrStop(t *testing.T) {
	err := fmt.Errorf("hook: %w", &StopError{Reason: ReasonConverged, Detail: "flat"})
	if !errors.Is(err, ErrStop) || err.Error() != "hook: stop training: converged: flat" {
		t.Errorf("%v", err)
	}
}

func TestFailures(t *testing.T) {
	boom := errors.New("no space left on device")
	data := digits(t)
	for _, c := range []struct {
		name   string
		change func(o *Options, net *softmaxNet)
		want   string
	}{
		{"recorder", func(o *Options, _ *softmaxNet) {
			o.Recorder = recorderFunc(func(h *History, s Status) error {
				if len(h.Rows) == 2 && s.State == StateRunning {
					return boom
				}
				return nil
			})
		}, "no space left on device"},
		{"hook", func(o *Options, _ *softmaxNet) {
			o.Hooks = []Hook{hookFunc(func(_ context.Context, s *State) error {
				if s.Epoch() == 2 {
					return boom
				}
				return nil
			})}
		}, "hook test after epoch 2: no space left on device"},
		{"predictions", func(_ *Options, n *softmaxNet) {
			n.broken = func(step uint64, o *models.Outcome, _ *softmaxNet) {
				if step == 8 {
					o.Predictions = nil
				}
			}
		}, "epoch 2, step 1: 0 predictions for 8 images"},
	} {
		o := testOptions(t, t.TempDir())
		net := newSoftmaxNet()
		c.change(&o, net)
		s, err := mustNew(t, net, data, o).Run(context.Background())
		if err == nil || err.Error() != c.want || s.State != StateFailed || s.Reason != ReasonError || s.Detail != c.want {
			t.Errorf("%s: status %+v, error %v, want %s", c.name, s, err, c.want)
		}
		if _, err := (&store{o.Checkpoints.Dir}).get(LastFile); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// With a test split and no checkpoints.
func TestTestSplit(t *testing.T) {
	data := *digits(t)
	data.Test, data.Val = data.Val, nil
	o := testOptions(t, "")
	o.Checkpoints = CheckpointOptions{}
	o.Hooks = nil
	tr := mustNew(t, newSoftmaxNet(), &data, o)
	if _, err := tr.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, r := range tr.history.Rows {
		if !math.IsNaN(r.ValLoss) || !finite(r.TestLoss) || !finite(r.TestError) {
			t.Errorf("row %+v, want test figures and no validation", r)
		}
	}
	loss, wrong, err := Evaluate(context.Background(), tr.net, data.Test, 3)
	last := tr.history.Rows[3]
	if err != nil || math.Abs(loss-last.Signal(AvgTestLoss)) > 1e-12 || wrong != last.Signal(AvgTestError) {
		t.Errorf("evaluated three at a time: %v, %v, error %v; in the run %+v", loss, wrong, err, last)
	}
	setWeights(tr.net, tr.average.ends[1].weights)
	loss, wrong, err = Evaluate(context.Background(), tr.net, data.Test, 3)
	if err != nil || math.Abs(loss-last.TestLoss) > 1e-12 || wrong != last.TestError {
		t.Errorf("the last epoch's weights: %v, %v, error %v; in the run %v, %v", loss, wrong, err, last.TestLoss, last.TestError)
	}
}

// A checkpoint is written within an epoch when as many minutes have gone by since the last, and never after 10¹² of them.
func TestCheckpointMinutes(t *testing.T) {
	for minutes, want := range map[float64][]position{ // of the checkpoint after each step, 50 seconds long
		0:    {{1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 0}},
		2:    {{1, 0}, {1, 0}, {1, 3}, {1, 3}, {1, 3}, {1, 6}, {1, 6}},
		2.5:  {{1, 0}, {1, 0}, {1, 3}, {1, 3}, {1, 3}, {1, 6}, {1, 6}},
		1e12: {{1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 0}},
	} {
		o := testOptions(t, t.TempDir())
		o.Epochs, o.Schedule = 1, Constant(0.1)
		o.Checkpoints.Minutes = minutes
		now := time.Unix(0, 0)
		var got []position
		look := func() {
			c, err := (&store{o.Checkpoints.Dir}).get(LastFile)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, c.progress.At)
		}
		o.Observer = observerFunc(func(epoch, done, total int, _ float64) {
			if done > 8 { // before the timer of this step, after that of the step before
				look()
			}
			now = now.Add(50 * time.Second)
		})
		o.Hooks = []Hook{hookFunc(func(_ context.Context, s *State) error {
			if s.Epoch() == 1 {
				look()
			}
			return nil
		})}
		tr := mustNew(t, newSoftmaxNet(), digits(t), o)
		tr.now = func() time.Time { return now }
		if _, err := tr.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v minutes: checkpoints %v, want %v", minutes, got, want)
		}
	}
}
