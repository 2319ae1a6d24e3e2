package diagnostics

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// tableNet gives each image, whose first pixel is its number, the probabilities of a table.
type tableNet struct {
	Linearizer
	size          int
	probabilities [][]float64
}

func (n tableNet) Evaluate(b models.Batch) (models.Outcome, error) {
	var out models.Outcome
	for i := range b.N {
		for _, p := range n.probabilities[int(b.X[i*n.size])] {
			out.Logits = append(out.Logits, float32(math.Log(p))+3) // a constant changes no softmax
		}
	}
	return out, nil
}

// Listed are the images to which another class is more probable than their label by 0.1 or more, best first.
func TestSuspects(t *testing.T) {
	labels := []uint16{0, 0, 0, 1, 1, 1, 1, 2}
	net := tableNet{size: 1, probabilities: [][]float64{
		{0.9, 0.05, 0.05}, {0.8, 0.1, 0.1},
		{0.4, 0.58, 0.02}, // labelled 0, rather 1: by 0.18
		{0.05, 0.9, 0.05}, {0.1, 0.8, 0.1},
		{0.5, 0.45, 0.05}, // rather 0, but by 0.05 only
		{0.8, 0.15, 0.05}, // labelled 1, rather 0: by 0.65
		{0.25, 0.25, 0.5},
	}}
	source := imageList{size: 1, images: []float32{0, 1, 2, 3, 4, 5, 6, 7}}
	for _, batch := range []int{1, 3, 8, 100} {
		got, err := Suspects(context.Background(), net, source, labels, models.Shape{H: 1, W: 1, C: 1}, batch, false)
		if err != nil || len(got) != 2 {
			t.Fatalf("batches of %d: %v, %v", batch, got, err)
		}
		for i, want := range []Suspect{{6, 1, 0, 0.65}, {2, 0, 1, 0.18}} {
			near(t, "score", got[i].Score, want.Score, 1e-6)
			got[i].Score = want.Score
			if got[i] != want {
				t.Errorf("batches of %d: got %+v, want %+v", batch, got[i], want)
			}
		}
	}
	moved, err := Suspects(context.Background(), net, source, labels, models.Shape{H: 1, W: 1, C: 1}, 3, true)
	if err != nil || len(moved) != 2 || moved[0].Index != 6 { // an image of one pixel cannot be transformed
		t.Errorf("with transformed versions: %v, %v", moved, err)
	}
	for name, test := range map[string]struct {
		labels []uint16
		net    Linearizer
		want   string
	}{
		"labels":  {labels[:7], net, "8 images of 1×1×1 and 7 labels"},
		"classes": {[]uint16{0, 0, 0, 0, 0, 0, 0, 9}, net, "label 9, but the network has 3 classes"},
		"logits":  {labels, &changingNet{class: func(int) uint16 { return 0 }}, "gives no logits"},
	} {
		if _, err := Suspects(context.Background(), test.net, source, test.labels, models.Shape{H: 1, W: 1, C: 1}, 3, false); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}

// A network that is stopped early finds most of the labels that were drawn anew, and little else.
func TestSuspectsFindWrongLabels(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a net")
	}
	open := func(noise float64) *datasets.Dataset {
		d, err := datasets.Open(context.Background(), datasets.Options{Name: "digits", TrainCount: 600, ValCount: 10, LabelNoise: noise, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	data, clean := open(0.3), open(0)
	spec, err := models.Lookup("lenet-mnist")
	if err != nil {
		t.Fatal(err)
	}
	net, err := models.New(spec, models.Options{Batch: 100, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	data.Val = nil
	run, err := trainer.New(net, data, trainer.Options{Epochs: 7, BatchSize: 100, Schedule: trainer.Constant(0.003), Momentum: 0.9, WeightDecay: 5e-4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for i, label := range data.Train.Labels {
		if label != clean.Train.Labels[i] {
			wrong++
		}
	}
	found, err := Suspects(context.Background(), net, data.Train, data.Train.Labels, spec.Input, 100, true)
	if err != nil {
		t.Fatal(err)
	}
	hits, right := 0, 0
	for _, s := range found {
		if s.Label != clean.Train.Labels[s.Index] {
			hits++
			if s.Suggestion == clean.Train.Labels[s.Index] {
				right++
			}
		}
	}
	precision, recall := float64(hits)/float64(len(found)), float64(hits)/float64(wrong)
	t.Logf("%d wrong, %d listed, precision %.2f, recall %.2f, suggestion right %d", wrong, len(found), precision, recall, right)
	if f := 2 * precision * recall / (precision + recall); f < 0.7 || float64(right) < 0.8*float64(hits) {
		t.Errorf("F1 %.2f, %d of %d suggestions right", f, right, hits)
	}
}
