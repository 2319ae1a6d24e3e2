package trainer

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

// softmaxNet is a softmax regression on 7×7 block means of 28×28×1 images, in plain loops.
type softmaxNet struct {
	weight, bias *models.Param // [10,1,7,7], [10]
	predictions  []uint16
	steps        []uint64 // as given to Train
	updates      int
	broken       func(step uint64, o *models.Outcome, net *softmaxNet) // changes what Train says
}

func newSoftmaxNet() *softmaxNet {
	param := func(name string, shape ...int) *models.Param {
		n := 1
		for _, s := range shape {
			n *= s
		}
		return &models.Param{Name: name, Shape: shape, Value: make([]float32, n), Velocity: make([]float32, n), Grad: make([]float32, n)}
	}
	return &softmaxNet{weight: param("fc.weight", 10, 1, 7, 7), bias: param("fc.bias", 10)}
}

func (s *softmaxNet) Spec() models.Spec {
	return models.Spec{Name: "softmax", Input: models.Shape{H: 28, W: 28, C: 1}, Classes: 10}
}
func (s *softmaxNet) Params() []*models.Param { return []*models.Param{s.weight, s.bias} }
func (s *softmaxNet) Changed()                {}

// pass computes the outcome and, if wanted, the gradients of the mean loss.
func (s *softmaxNet) pass(b models.Batch, gradients bool) models.Outcome {
	clear(s.weight.Grad)
	clear(s.bias.Grad)
	s.predictions = s.predictions[:0]
	out := models.Outcome{}
	for i := range b.N {
		var feature [49]float32
		for y := range 28 {
			for x := range 28 {
				feature[y/4*7+x/4] += b.X[(i*28+y)*28+x] / (16 * 128)
			}
		}
		var logit [10]float64
		winner := 0
		for k := range logit {
			logit[k] = float64(s.bias.Value[k])
			for f, v := range feature {
				logit[k] += float64(v * s.weight.Value[f*10+k])
			}
			if logit[k] > logit[winner] {
				winner = k
			}
		}
		sum := 0.0
		for _, z := range logit {
			sum += math.Exp(z - logit[winner])
		}
		label := b.Labels[i]
		out.Loss += math.Log(sum) - logit[label] + logit[winner]
		if winner != int(label) {
			out.Wrong++
		}
		s.predictions = append(s.predictions, uint16(winner))
		for k := range logit {
			g := math.Exp(logit[k]-logit[winner]) / sum
			if k == int(label) {
				g--
			}
			s.bias.Grad[k] += float32(g) / float32(b.N)
			for f, v := range feature {
				s.weight.Grad[f*10+k] += float32(g) * v / float32(b.N)
			}
		}
	}
	out.Predictions = s.predictions
	return out
}

func (s *softmaxNet) Train(b models.Batch, step uint64) (models.Outcome, error) {
	s.steps = append(s.steps, step)
	out := s.pass(b, true)
	if s.broken != nil {
		s.broken(step, &out, s)
	}
	return out, nil
}
func (s *softmaxNet) Evaluate(b models.Batch) (models.Outcome, error) { return s.pass(b, false), nil }
func (s *softmaxNet) Update(rate, momentum, decay float64) error {
	s.updates++
	for _, p := range s.Params() {
		for i := range p.Value {
			p.Velocity[i] = float32(momentum)*p.Velocity[i] - p.Grad[i] - float32(decay)*p.Value[i]
			p.Value[i] += float32(rate) * p.Velocity[i]
		}
	}
	return nil
}

// digits are 50 training images (batches of 8: six and a partial one of 2) and 20 for validation,
// mirrored or not by the batch's coin.
func digits(t testing.TB) *datasets.Dataset {
	t.Helper()
	d, err := datasets.Open(context.Background(), datasets.Options{Name: "digits", TrainCount: 50, ValCount: 20, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	d.Augment.Flip = datasets.FlipBatches
	return d
}

// signals is a hook that appends figures which depend on weights, predictions and history.
type signals struct{}

func (signals) Name() string { return "signals" }
func (signals) AfterEpoch(_ context.Context, s *State) error {
	// What a hook keeps from epoch to epoch shows in the history, so that a resumed run that lost it would differ.
	kept := append(slices.Clone(s.Memory["kept"]), uint16(300*s.Epoch()))
	s.Memory["kept"], s.Memory["empty"] = kept, []uint16{}
	total := 0.0
	for _, v := range kept {
		total += float64(v)
	}
	sum := 0.0
	for _, p := range s.Net.Params() {
		for _, v := range p.Value {
			sum += math.Abs(float64(v))
		}
	}
	row := &s.History.Rows[len(s.History.Rows)-1]
	row.Signals = append(row.Signals, Signal{"kept", total}, Signal{"norm", sum}, Signal{"log", math.Log(sum)}) // −Inf at epoch 0
	if s.Previous != nil {
		changed := 0
		for i, k := range s.Predictions {
			if k != s.Previous[i] {
				changed++
			}
		}
		row.Signals = append(row.Signals, Signal{"changes", float64(changed)})
	}
	return nil
}

// hookFunc makes a hook of a function.
type hookFunc func(ctx context.Context, s *State) error

func (hookFunc) Name() string                                     { return "test" }
func (h hookFunc) AfterEpoch(ctx context.Context, s *State) error { return h(ctx, s) }

// mustOpen makes a folder and opens it for as long as the test runs; "" is none.
func mustOpen(t testing.TB, dir string) *os.Root {
	t.Helper()
	if dir == "" {
		return nil
	}
	root, err := makeFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func testOptions(t testing.TB, dir string) Options {
	t.Helper()
	return Options{
		Epochs: 3, BatchSize: 8, Average: 2, Schedule: Schedule{{Rate: 0.5, Epochs: 2}, {Rate: 0.1, Epochs: 1}}, Momentum: 0.9, WeightDecay: 0.001, Seed: 7,
		Hooks:       []Hook{signals{}, Patience{}},
		Checkpoints: CheckpointOptions{Dir: mustOpen(t, dir), Config: []byte("train: {momentum: 0.9, workers: 2}\n")},
	}
}

// outcome is what must be the same however a run was interrupted.
type outcome struct{ weights, history, best, last string }

func outcomeOf(t testing.TB, tr *Trainer) outcome {
	t.Helper()
	h, err := HistoryHash(tr.history)
	if err != nil {
		t.Fatal(err)
	}
	o := outcome{weights: WeightsHash(tr.net), history: h}
	best, err := tr.store.best()
	if err != nil {
		t.Fatal(err)
	}
	o.best = best.meta[metaEpoch] + " " + best.hash()
	last, err := tr.store.get(LastFile)
	if err != nil {
		t.Fatal(err)
	}
	o.last = last.hash()
	return o
}

func mustNew(t testing.TB, net Net, data *datasets.Dataset, o Options) *Trainer {
	t.Helper()
	tr, err := New(net, data, o)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// undisturbed is the outcome of a run that nothing interrupts.
func undisturbed(t testing.TB, data *datasets.Dataset) outcome {
	t.Helper()
	tr := mustNew(t, newSoftmaxNet(), data, testOptions(t, t.TempDir()))
	if s, err := tr.Run(context.Background()); err != nil || s.State != StateFinished {
		t.Fatalf("state %s, error %v", s.State, err)
	}
	return outcomeOf(t, tr)
}

// resumed finishes the run in dir with a fresh net.
func resumed(t testing.TB, data *datasets.Dataset, dir string) outcome {
	t.Helper()
	o := testOptions(t, dir)
	o.Checkpoints.Resume = true
	tr := mustNew(t, newSoftmaxNet(), data, o)
	if s, err := tr.Run(context.Background()); err != nil || s.State != StateFinished {
		t.Fatalf("state %s, error %v", s.State, err)
	}
	return outcomeOf(t, tr)
}

// observerFunc is called after each step.
type observerFunc func(epoch, done, total int, loss float64)

func (o observerFunc) BatchDone(epoch, done, total int, loss float64) { o(epoch, done, total, loss) }
func (o observerFunc) EpochDone(Row)                                  {}

// recorderFunc makes a recorder of a function.
type recorderFunc func(h *History, s Status) error

func (r recorderFunc) Record(h *History, s Status) error { return r(h, s) }

// clock returns a time one second later at each call.
func clock() func() time.Time {
	now := time.Unix(0, 0)
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

// copyDir copies the files of a folder as a crash would leave them.
func copyDir(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return to
}
