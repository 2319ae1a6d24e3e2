package models

import (
	"math"
	"slices"
	"testing"
)

// runningOf are copies of a net's running values by name.
func runningOf(n *Net) map[string][]float32 {
	values := map[string][]float32{}
	for _, p := range n.Params() {
		if p.Running() {
			values[p.Name] = slices.Clone(p.Value)
		}
	}
	return values
}

// A norm over the images themselves is measured to be the mean over the batches of each channel's mean and unbiased
// variance; no weight moves.
func TestMeasureNormsOfImages(t *testing.T) {
	spec := ownNet(t, "norms everywhere")
	n, err := New(spec, Options{Batch: 6, Seed: 1, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	var weights []float32
	for _, p := range n.Params() {
		if !p.Running() {
			weights = append(weights, p.Value...)
		}
	}
	var mean, variance [3]float64
	for number, count := range []int{6, 4, 2} {
		b := randomBatch(spec, count, uint64(number+5))
		if err := n.MeasureNorms(b, number); err != nil {
			t.Fatal(err)
		}
		pixels := float64(count * 8 * 6)
		for c := range 3 {
			sum, squares := 0.0, 0.0
			for i := c; i < count*8*6*3; i += 3 {
				sum += float64(b.X[i])
			}
			for i := c; i < count*8*6*3; i += 3 {
				squares += (float64(b.X[i]) - sum/pixels) * (float64(b.X[i]) - sum/pixels)
			}
			mean[c] += sum / pixels / 3
			variance[c] += squares / (pixels - 1) / 3
		}
	}
	got := runningOf(n)
	for c := range 3 {
		if a, b := float64(got["bn1.running_mean"][c]), mean[c]; math.Abs(a-b) > 1e-5*(1+math.Abs(b)) {
			t.Errorf("channel %d: mean %v, want %v", c, a, b)
		}
		if a, b := float64(got["bn1.running_var"][c]), variance[c]; math.Abs(a-b) > 1e-5*(1+math.Abs(b)) {
			t.Errorf("channel %d: variance %v, want %v", c, a, b)
		}
	}
	var after []float32
	for _, p := range n.Params() {
		if !p.Running() {
			after = append(after, p.Value...)
		}
	}
	if !slices.Equal(weights, after) {
		t.Error("weights have moved")
	}
}

// Every norm of a net without dropout is measured to be what a training step over the same batch moves a tenth of the way
// towards, whatever ran before, and training goes on as if nothing had been measured.
func TestMeasureNormsAgreesWithTraining(t *testing.T) {
	for _, name := range []string{"conv norm relu", "projection first"} {
		spec := ownNet(t, name)
		b := randomBatch(spec, 5, 3)
		net := func() *Net {
			n, err := New(spec, Options{Batch: 5, Seed: 1, Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { n.Close() })
			return n
		}
		n, other := net(), net()
		start := runningOf(n)
		if _, err := n.Train(b, 0); err != nil {
			t.Fatal(err)
		}
		trained := runningOf(n)
		if err := n.MeasureNorms(b, 0); err != nil {
			t.Fatal(err)
		}
		for key, values := range runningOf(n) {
			for c, got := range values {
				want := (float64(trained[key][c]) - 0.9*float64(start[key][c])) / 0.1
				if math.Abs(float64(got)-want) > 1e-5*(1+math.Abs(want)) {
					t.Errorf("%s: %s[%d] is %v, want %v", name, key, c, got, want)
				}
			}
		}
		for _, p := range n.Params() {
			if p.Running() {
				copy(p.Value, trained[p.Name])
			}
		}
		n.Changed()
		if _, err := other.Train(b, 0); err != nil {
			t.Fatal(err)
		}
		for _, one := range []*Net{n, other} {
			if _, err := one.Train(b, 1); err != nil {
				t.Fatal(err)
			}
		}
		for key, want := range runningOf(other) {
			if got := runningOf(n)[key]; !slices.Equal(got, want) {
				t.Errorf("%s: %s after the next training step is %v, want %v", name, key, got, want)
			}
		}
	}
}

func TestMeasureNormsWithoutNorms(t *testing.T) {
	n, err := New(ownNet(t, "stages first"), Options{Batch: 2, Seed: 1, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if n.HasNorms() {
		t.Error("it has norms")
	}
	if err := n.MeasureNorms(Batch{}, 0); err != nil {
		t.Error(err)
	}
}
