package trainer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

// watcher keeps the batches that a net is trained on.
type watcher struct {
	*softmaxNet
	x       [][]float32
	weights [][]float32
	labels  [][]uint16
}

func (w *watcher) Train(b models.Batch, step uint64) (models.Outcome, error) {
	w.x = append(w.x, slices.Clone(b.X))
	w.weights = append(w.weights, slices.Clone(b.Weights))
	w.labels = append(w.labels, slices.Clone(b.Labels))
	return w.softmaxNet.Train(b, step)
}

// watched trains on 50 digits in batches of 8 and returns what the net was given.
func watched(t *testing.T, data *datasets.Dataset, o Options) *watcher {
	t.Helper()
	w := &watcher{softmaxNet: newSoftmaxNet()}
	if _, err := mustNew(t, w, data, o).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return w
}

// The trainer shows the images that the data set's changes make of the epoch's order, by the seed of the run and the number of
// the epoch.
func TestTrainingImagesAreAugmented(t *testing.T) {
	for _, a := range []datasets.Augment{
		{Flip: datasets.FlipNone}, {Flip: datasets.FlipBatches}, {Flip: datasets.FlipImages},
		{Flip: datasets.FlipBatches, Shift: 2, Rotate: 10, Scale: 0.1, Cutout: 6},
	} {
		data := digits(t)
		data.Augment = a
		o := Options{Epochs: 2, BatchSize: 8, Schedule: Constant(0.1), Seed: 7}
		w := watched(t, data, o)
		order := make([]int, 50)
		number, mirrored := 0, 0
		for epoch := 1; epoch <= 2; epoch++ {
			shuffle(order, 7, epoch)
			for from := 0; from < 50; from += 8 {
				index := order[from:min(from+8, 50)]
				want := make([]float32, len(index)*784)
				flip := a.Flip == datasets.FlipBatches && flipBatch(7, epoch, from/8)
				data.Train.Fill(want, index, flip)
				if a.PerImage() {
					datasets.NewAugmenter(a, data.Train, 7).Apply(want, index, epoch)
				}
				if !slices.Equal(w.x[number], want) {
					t.Fatalf("%+v: batch %d of epoch %d is not what it should be", a, from/8, epoch)
				}
				if flip {
					mirrored++
				}
				number++
			}
		}
		if number != len(w.x) || a.Flip == datasets.FlipBatches && (mirrored < 2 || mirrored > 12) {
			t.Errorf("%+v: %d batches of %d, %d mirrored", a, len(w.x), number, mirrored)
		}
	}
}

// The same batches are mirrored in no two epochs.
func TestFlipsDifferBetweenEpochs(t *testing.T) {
	seen := map[string]int{}
	for epoch := 1; epoch <= 20; epoch++ {
		flips := ""
		for step := range 100 {
			flips += fmt.Sprint(flipBatch(7, epoch, step))
		}
		if other, found := seen[flips]; found {
			t.Errorf("epochs %d and %d mirror the same batches", other, epoch)
		}
		seen[flips] = epoch
		if n := strings.Count(flips, "true"); n < 30 || n > 70 {
			t.Errorf("epoch %d mirrors %d of 100 batches", epoch, n)
		}
	}
}

func TestEvaluationIsNotAugmented(t *testing.T) {
	data := digits(t)
	data.Augment = datasets.Augment{Flip: datasets.FlipImages, Shift: 3}
	var got []float32
	net := evaluated{newSoftmaxNet(), &got}
	if _, _, err := Evaluate(context.Background(), net, data.Val, 8); err != nil {
		t.Fatal(err)
	}
	want := make([]float32, 20*784)
	index := make([]int, 20)
	for i := range index {
		index[i] = i
	}
	if data.Val.Fill(want, index, false); !slices.Equal(got, want) {
		t.Error("images of an evaluation were changed")
	}
}

// evaluated keeps the images that a net is evaluated on.
type evaluated struct {
	*softmaxNet
	x *[]float32
}

func (e evaluated) Evaluate(b models.Batch) (models.Outcome, error) {
	*e.x = append(*e.x, b.X...)
	return e.softmaxNet.Evaluate(b)
}

func TestClassWeightsReachTheNet(t *testing.T) {
	data := digits(t)
	weights := data.Train.BalancedWeights()
	w := watched(t, data, Options{Epochs: 1, BatchSize: 8, Schedule: Constant(0.1), Seed: 7, ClassWeights: weights})
	sum := 0.0
	for k, batch := range w.weights {
		if len(batch) != len(w.labels[k]) {
			t.Fatalf("batch %d: %d weights for %d images", k, len(batch), len(w.labels[k]))
		}
		for i, label := range w.labels[k] {
			if batch[i] != weights[label] {
				t.Fatalf("batch %d, image %d of class %d weighs %v, want %v", k, i, label, batch[i], weights[label])
			}
			sum += float64(batch[i])
		}
	}
	if sum < 49.99 || sum > 50.01 {
		t.Errorf("50 images weigh %v together, want 50", sum)
	}
	if w := watched(t, data, Options{Epochs: 1, BatchSize: 8, Schedule: Constant(0.1), Seed: 7}); w.weights[0] != nil {
		t.Errorf("without class weights the net got %v", w.weights[0])
	}
	for _, bad := range [][]float32{{1, 2}, {1, 1, 1, 1, 1, 1, 1, 1, 1, -1}} {
		if _, err := New(newSoftmaxNet(), data, Options{Epochs: 1, BatchSize: 8, Schedule: Constant(0.1), ClassWeights: bad}); err == nil {
			t.Errorf("class weights %v were taken", bad)
		}
	}
}

// A run with changed images and class weights, interrupted after any step, ends as if nothing had happened.
func TestResumeWithAugmentation(t *testing.T) {
	data := digits(t)
	data.Augment = datasets.Augment{Flip: datasets.FlipImages, Shift: 2, Rotate: 10, Scale: 0.1, Cutout: 6}
	run := func(t *testing.T, dir string, cut int) (*Trainer, error) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		o := testOptions(t, dir)
		o.ClassWeights = data.Train.BalancedWeights()
		o.Checkpoints.Resume = cut == 0
		seen := 0
		o.Observer = observerFunc(func(int, int, int, float64) {
			if seen++; seen == cut {
				cancel()
			}
		})
		tr := mustNew(t, newSoftmaxNet(), data, o)
		_, err := tr.Run(ctx)
		return tr, err
	}
	straight, err := run(t, t.TempDir(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	want := outcomeOf(t, straight)
	if plain := undisturbed(t, digits(t)); plain == want {
		t.Error("augmentation changes nothing")
	}
	for _, cut := range []int{1, 6, 7, 8, 20} {
		dir := t.TempDir()
		if _, err := run(t, dir, cut); !errors.Is(err, ErrInterrupted) {
			t.Fatalf("cut %d: %v", cut, err)
		}
		resumed, err := run(t, dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := outcomeOf(t, resumed); got != want {
			t.Errorf("cut %d: %v, undisturbed %v", cut, got, want)
		}
	}
}
