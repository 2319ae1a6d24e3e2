package trainer

import (
	"context"
	"testing"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

// lenet is a fresh LeNet for batches of 20.
func lenet(t testing.TB, workers int) *models.Net {
	t.Helper()
	spec, err := models.Lookup("lenet-mnist")
	if err != nil {
		t.Fatal(err)
	}
	return newNet(t, spec, workers)
}

func newNet(t testing.TB, spec models.Spec, workers int) *models.Net {
	t.Helper()
	net, err := models.New(spec, models.Options{Batch: 20, Seed: 5, Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	return net
}

func lenetData(t testing.TB, count int) *datasets.Dataset {
	t.Helper()
	d, err := datasets.Open(context.Background(), datasets.Options{Name: "digits", TrainCount: count, ValCount: 40, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func lenetOptions() Options {
	return Options{Epochs: 2, BatchSize: 20, Schedule: Constant(0.001), Momentum: 0.9, WeightDecay: 5e-4, Seed: 5}
}

// probing looks at the net in every way a hook can.
func probing(t testing.TB, data *datasets.Dataset) Hook {
	x := make([]float32, 20*784)
	index := make([]int, 20)
	for i := range index {
		index[i] = i
	}
	data.Train.Fill(x, index, false)
	impulse := make([]float64, 784)
	impulse[14*28+14] = 1
	return hookFunc(func(_ context.Context, s *State) error {
		net := s.Net.(*models.Net)
		look := func() error {
			if _, err := net.Linearize(impulse, 1, models.LogScore); err != nil {
				return err
			}
			_, _, err := net.LinearizeBatch(x, 20)
			return err
		}
		if err := look(); err != nil || s.Averaged == nil {
			return err
		}
		if err := s.Averaged(look); err != nil {
			return err
		}
		return look()
	})
}

// 50 steps (two epochs of 500 images, 20 at a time) end in the same bits on any number of workers and
// whether hooks look on or not.
func TestLeNetIsTheSameOnAnyWorkers(t *testing.T) {
	data := lenetData(t, 500)
	want := ""
	for _, c := range []struct {
		workers int
		hooks   bool
	}{{1, false}, {2, true}, {4, false}} {
		o := lenetOptions()
		o.Average = 2
		if c.hooks {
			o.Hooks = []Hook{probing(t, data)}
		}
		net := lenet(t, c.workers)
		tr := mustNew(t, net, data, o)
		if _, err := tr.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		metrics, err := HistoryHash(tr.history)
		if err != nil {
			t.Fatal(err)
		}
		got := WeightsHash(net) + " " + metrics
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%d workers, hooks %v: weights and metrics %s, with one worker and none %s", c.workers, c.hooks, got, want)
		}
	}
}

// dropoutSpec is a small net with dropout.
// residualSpec has what keeps values beside the weights: batch norms, in a residual and outside, and dropout.
var residualSpec = models.Spec{
	Name: "residual", Input: models.Shape{H: 28, W: 28, C: 1}, Classes: 10,
	Layers: []models.Layer{
		models.Conv{Size: 3, Out: 8, Stride: 4, NoBias: true}, models.BatchNorm{}, models.ReLU{},
		models.Residual{Body: []models.Layer{models.Conv{Size: 3, Out: 8, Pad: models.Same(1)}, models.BatchNorm{}, models.Dropout{Rate: 0.2}}},
		models.ReLU{}, models.GlobalAvgPool{}, models.Dense{Out: models.OutClasses},
	},
}

var dropoutSpec = models.Spec{
	Name: "small", Input: models.Shape{H: 28, W: 28, C: 1}, Classes: 10,
	Layers: []models.Layer{
		models.Conv{Name: "conv1", Size: 28, Out: 16, Init: models.Normal(0.01)}, models.ReLU{}, models.Dropout{Rate: 0.5},
		models.Conv{Name: "conv2", Size: 1, Out: 10, Init: models.Normal(0.1)},
	},
}

// Interrupted within epochs, and each part done by another number of workers.
func TestNetsResumeExactly(t *testing.T) {
	lenetSpec, err := models.Lookup("lenet-mnist")
	if err != nil {
		t.Fatal(err)
	}
	data := lenetData(t, 210) // eleven steps, the last of ten images
	for _, spec := range []models.Spec{lenetSpec, dropoutSpec, residualSpec} {
		attempt := func(leg int) (Net, *datasets.Dataset, Options, func() error, error) {
			o := lenetOptions()
			o.Average = 3
			return newNet(t, spec, 1+leg%3), data, o, func() error { return nil }, nil
		}
		v, err := VerifyResume(context.Background(), attempt, 4, 2, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if !v.Equal() || len(v.Cuts) != 4 {
			t.Errorf("%s: %+v", spec.Name, v)
		}
	}
}

func BenchmarkLoader(b *testing.B) {
	data := lenetData(b, 1000)
	l := newLoader(data.Train, 100)
	order := make([]int, 0, b.N*100+1000)
	for len(order) < b.N*100 {
		order = append(order, l.all...)
	}
	b.ReportAllocs()
	b.ResetTimer()
	l.start(order[:b.N*100], 0, 1, func(int) bool { return false })
	defer l.stop()
	for range b.N {
		l.release(l.next())
	}
}
