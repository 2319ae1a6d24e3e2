package diagnostics

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/maxgain/maxgain/diagnostics/signal"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// imageList is an ImageSource of images in memory.
type imageList struct {
	size   int
	images []float32
}

func (l imageList) Len() int { return len(l.images) / l.size }
func (l imageList) Fill(dst []float32, index []int, _ bool) {
	for i, k := range index {
		copy(dst[i*l.size:][:l.size], l.images[k*l.size:][:l.size])
	}
}

func randomImages(seed uint64, count int, s models.Shape, classes int) (imageList, []uint16) {
	r := rand.New(rand.NewPCG(seed, 5))
	l, labels := imageList{size: s.Len(), images: make([]float32, count*s.Len())}, make([]uint16, count)
	for i := range l.images {
		l.images[i] = float32(r.NormFloat64())
	}
	for i := range labels {
		labels[i] = uint16(r.IntN(classes))
	}
	return l, labels
}

// slowTransform turns an image [H,W,C] by degrees about its centre, enlarges it by scale and shifts it: each pixel of the
// result is looked up at the place that the forward transformation takes to it, found by Cramer's rule.
func slowTransform(image []float32, s models.Shape, degrees, scale, down, right float64) []float64 {
	out := make([]float64, s.Len())
	a := degrees * math.Pi / 180
	// Forward: (r, c) about the centre goes to scale·(r·cos a + c·sin a, −r·sin a + c·cos a) + (down, right).
	m11, m12, m21, m22 := scale*math.Cos(a), scale*math.Sin(a), -scale*math.Sin(a), scale*math.Cos(a)
	det := m11*m22 - m12*m21
	at := func(row, column, k int) float64 {
		row, column = max(0, min(s.H-1, row)), max(0, min(s.W-1, column))
		return float64(image[(row*s.W+column)*s.C+k])
	}
	for row := range s.H {
		for column := range s.W {
			y, x := float64(row)-float64(s.H-1)/2-down, float64(column)-float64(s.W-1)/2-right
			r := (y*m22-m12*x)/det + float64(s.H-1)/2
			c := (m11*x-m21*y)/det + float64(s.W-1)/2
			r, c = max(0, min(float64(s.H-1), r)), max(0, min(float64(s.W-1), c))
			r0, c0 := int(math.Floor(r)), int(math.Floor(c))
			for k := range s.C {
				sum := 0.0
				for dr := range 2 {
					for dc := range 2 {
						weight := (1 - math.Abs(r-float64(r0+dr))) * (1 - math.Abs(c-float64(c0+dc)))
						sum += weight * at(r0+dr, c0+dc, k)
					}
				}
				out[(row*s.W+column)*s.C+k] = sum
			}
		}
	}
	return out
}

func TestMixedAgainstSlowTwin(t *testing.T) {
	shape := models.Shape{H: 8, W: 10, C: 3}
	net := newLinearNet(4, shape, 4)
	const count = 130
	source, labels := randomImages(7, count, shape, 4)
	// 100 images of 130: the i-th is ⌊1.3·i⌋. Each has two versions, drawn in the order angle, scale, down, right.
	r := rand.New(rand.NewPCG(mixedSeed, 0))
	loss, wrong := 0.0, 0.0
	for i := range 100 {
		k := i * 13 / 10
		for range 2 {
			degrees, scale := -15+30*r.Float64(), 0.85+0.35*r.Float64()
			down, right := (-0.1+0.2*r.Float64())*8, (-0.1+0.2*r.Float64())*10
			_, s, winner, _ := net.logits(slowTransform(source.images[k*240:][:240], shape, degrees, scale, down, right))
			loss -= math.Log(s[labels[k]]) / 200
			if winner != int(labels[k]) {
				wrong += 1.0 / 200
			}
		}
	}
	for _, batch := range []int{1, 7, 100, 1000} {
		probe, err := NewMixed(source, labels, shape, batch)
		if err != nil {
			t.Fatal(err)
		}
		got := measure(t, probe, Subject{Net: net})
		near(t, signal.MixedLoss, got[signal.MixedLoss], loss, 1e-5)
		near(t, signal.MixedError, got[signal.MixedError], wrong, 1e-12)
		if _, there := got[signal.MixedChanges]; there {
			t.Error("changes without a measurement before")
		}
	}
}

// The number of images is a quarter of the training set's, but from 100 to 500, and never more than there are; they are
// spread over all of it.
func TestMixedTakesImagesFromTheWholeSet(t *testing.T) {
	shape := models.Shape{H: 1, W: 1, C: 1}
	for total, want := range map[int]int{1: 1, 60: 60, 250: 100, 400: 100, 404: 101, 1600: 400, 2000: 500, 50000: 500} {
		source, labels := randomImages(1, total, shape, 2)
		m, err := NewMixed(source, labels, shape, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.index) != want || len(m.maps) != 2*want || m.index[0] != 0 || m.index[want-1] != (want-1)*total/want {
			t.Errorf("of %d images: %d, the last at %d; want %d", total, len(m.index), m.index[len(m.index)-1], want)
		}
		for i, k := range m.index {
			if m.labels[i] != labels[k] {
				t.Errorf("of %d images: image %d has another's label", total, k)
			}
		}
	}
	for _, bad := range []struct{ images, labels, batch int }{{0, 0, 1}, {3, 2, 1}, {3, 3, 0}} {
		source, _ := randomImages(1, bad.images, shape, 2)
		if _, err := NewMixed(source, make([]uint16, bad.labels), shape, bad.batch); err == nil {
			t.Errorf("%+v accepted", bad)
		}
	}
}

// A shift by whole pixels is what Shifts makes, and no transformation leaves an image as it is.
func TestAffineOfWholePixels(t *testing.T) {
	shape := models.Shape{H: 5, W: 7, C: 2}
	source, _ := randomImages(3, 1, shape, 2)
	for _, d := range [][2]int{{0, 0}, {1, 0}, {-2, 3}, {0, -9}} {
		a := affine{rr: 1, cc: 1, r0: 2 - float64(d[0]), c0: 3 - float64(d[1])}
		got, want := make([]float32, shape.Len()), make([]float32, shape.Len())
		a.transform(got, source.images, shape)
		(&Shifts{Shape: shape}).move(want, source.images, d[0], d[1])
		if !slices.Equal(got, want) {
			t.Errorf("shifted by %v:\ngot  %v\nwant %v", d, got, want)
		}
	}
}

// changingNet predicts for each image a class that the test sets.
type changingNet struct {
	Linearizer
	class func(image int) uint16
	at    int
}

func (n *changingNet) Evaluate(b models.Batch) (models.Outcome, error) {
	var out models.Outcome
	for range b.N {
		out.Predictions = append(out.Predictions, n.class(n.at))
		n.at++
	}
	return out, nil
}

// Changes are counted from one measurement to the next; the memory is all that carries over.
func TestMixedChanges(t *testing.T) {
	shape := models.Shape{H: 2, W: 2, C: 1}
	source, labels := randomImages(3, 100, shape, 2)
	probe, err := NewMixed(source, labels, shape, 16)
	if err != nil {
		t.Fatal(err)
	}
	memory := map[string][]uint16{}
	for epoch, test := range []struct {
		class func(int) uint16
		want  float64
	}{
		{func(int) uint16 { return 300 }, math.NaN()},                   // the first: nothing to compare with
		{func(i int) uint16 { return uint16(300 + i%4/3) }, 50 / 200.0}, // one in four changes
		{func(i int) uint16 { return uint16(300 + i%4/3) }, 0},
		{func(i int) uint16 { return uint16(i % 2) }, 1},
	} {
		before := slices.Clone(memory["mixed"])
		held := memory["mixed"]
		r, err := probe.Measure(context.Background(), Subject{Net: &changingNet{class: test.class}, Memory: memory})
		if err != nil {
			t.Fatal(err)
		}
		got := math.NaN()
		for _, s := range r.Signals {
			if s.Name == signal.MixedChanges {
				got = s.Value
			}
		}
		near(t, fmt.Sprint("measurement ", epoch), got, test.want, 1e-12)
		if !slices.Equal(held, before) {
			t.Error("what was kept is written over: an epoch that is done again would go on from it")
		}
	}
}

// The probe that is measured again after a resumption, with the memory of the run, says the same.
func TestMixedIsTheSameAtEveryMeasurement(t *testing.T) {
	net := newLinearNet(4, small, 4)
	source, labels := randomImages(7, 120, small, 4)
	first, _ := NewMixed(source, labels, small, 32)
	second, _ := NewMixed(source, labels, small, 32)
	a := measure(t, first, Subject{Net: net, Memory: map[string][]uint16{}})
	measure(t, first, Subject{Net: net})
	if b := measure(t, second, Subject{Net: net}); a[signal.MixedLoss] != b[signal.MixedLoss] || a[signal.MixedError] != b[signal.MixedError] {
		t.Errorf("%v, then %v", a, b)
	}
}

// trainedNet is a changingNet that a trainer could train.
type trainedNet struct {
	changingNet
	trainer.Net
}

func (n *trainedNet) Evaluate(b models.Batch) (models.Outcome, error) {
	return n.changingNet.Evaluate(b)
}

// The monitor hands the run's memory to the probes of the trained weights, and none to those of the averaged ones, whose
// columns have a prefix.
func TestMonitorRemembers(t *testing.T) {
	shape := models.Shape{H: 2, W: 2, C: 1}
	source, labels := randomImages(3, 100, shape, 2)
	probe, err := NewMixed(source, labels, shape, 16)
	if err != nil {
		t.Fatal(err)
	}
	memory := map[string][]uint16{}
	m := &Monitor{Every: 1, Probes: []Probe{probe}, Averaged: []Probe{probe}}
	var row trainer.Row
	for epoch := range 2 {
		class := uint16(epoch) // all predictions change
		state := &trainer.State{Net: &trainedNet{changingNet: changingNet{class: func(int) uint16 { return class }}}, Memory: memory,
			History: &trainer.History{Rows: []trainer.Row{{Epoch: epoch}}}, Averaged: func(f func() error) error { return f() }}
		if err := m.AfterEpoch(context.Background(), state); err != nil {
			t.Fatal(err)
		}
		row = state.History.Rows[0]
	}
	got := map[string]float64{}
	for _, s := range row.Signals {
		got[s.Name] = s.Value
	}
	if len(got) != 5 || got[signal.MixedChanges] != 1 || got["avg_mixed_loss"] != got["mixed_loss"] {
		t.Errorf("got %v, want loss, error and changes of 1, and loss and error of the averaged weights", got)
	}
}
