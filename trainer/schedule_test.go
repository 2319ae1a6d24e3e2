package trainer

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/datasets/stream"
)

func TestScheduleRate(t *testing.T) {
	pieces := Schedule{{Rate: 0.05, Epochs: 30}, {Rate: 0.005, Epochs: 10}, {Rate: 0.0005, Epochs: 5}}
	for _, c := range []struct {
		s     Schedule
		epoch int
		want  float64
	}{
		{Constant(0.001), 1, 0.001}, {Constant(0.001), 1000, 0.001}, {Constant(0.001), 0, 0},
		{pieces, 1, 0.05}, {pieces, 30, 0.05}, {pieces, 31, 0.005}, {pieces, 40, 0.005}, {pieces, 41, 0.0005}, {pieces, 45, 0.0005}, {pieces, 46, 0},
	} {
		if got := c.s.Rate(c.epoch); got != c.want {
			t.Errorf("%v at epoch %d: %v, want %v", c.s, c.epoch, got, c.want)
		}
	}
}

// Two epochs of warming up to 0.1 and four along half a cosine down to 0.02, ten steps an epoch: the rate in the
// middle of a step. cos 45° = 0.70710678.
func TestScheduleCurves(t *testing.T) {
	s := Schedule{{Rate: 0, To: 0.1, Epochs: 2, Curve: Linear}, {Rate: 0.1, To: 0.02, Epochs: 4, Curve: Cosine}}
	for _, c := range []struct {
		epoch, step int
		want        float64
	}{
		{1, 0, 0.1 * 0.5 / 20},
		{1, 9, 0.1 * 9.5 / 20},
		{2, 9, 0.1 * 19.5 / 20},
		{3, 0, 0.02 + 0.08*(1+math.Cos(math.Pi*0.0125))/2},
		{6, 9, 0.02 + 0.08*(1+math.Cos(math.Pi*0.9875))/2},
		{7, 0, 0},
	} {
		if got := s.At(c.epoch, c.step, 10); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("epoch %d, step %d: %v, want %v", c.epoch, c.step, got, c.want)
		}
	}
	for epoch, want := range map[int]float64{1: 0.025, 2: 0.075, 4: 0.06 + 0.04*math.Cos(math.Pi*3/8), 5: 0.06 - 0.04*math.Cos(math.Pi*3/8)} {
		if got := s.Rate(epoch); math.Abs(got-want) > 1e-15 {
			t.Errorf("middle of epoch %d: %v, want %v", epoch, got, want)
		}
	}
	if err := s.check(6); err != nil {
		t.Error(err)
	}
	if a, b := s.At(4, 9, 10), s.At(5, 0, 10); math.Abs((a+b)/2-0.06) > 1e-15 {
		t.Errorf("around the middle of the cosine: %v and %v, want 0.06 between", a, b)
	}
}

func TestScheduleCheck(t *testing.T) {
	for _, c := range []struct {
		s    Schedule
		want string
	}{
		{Constant(0.1), ""},
		{Schedule{{Rate: 0.1, Epochs: 4}, {Rate: 0.01, Epochs: 6}}, ""},
		{nil, "there is no learning rate"},
		{Schedule{{Rate: 0.1, Epochs: 4}, {Rate: 0.01, Epochs: 5}}, "it covers 9 of the 10 epochs"},
		{Schedule{{Rate: 0.1, Epochs: 4}, {Rate: 0, Epochs: 6}}, "piece 2 has the learning rate 0"},
		{Constant(math.NaN()), "piece 1 has the learning rate NaN"},
		{Constant(math.Inf(1)), "piece 1 has the learning rate +Inf"},
		{Schedule{{Rate: 0.1, Epochs: 0}}, "piece 1 has 0 epochs"},
		{Schedule{{Rate: 0, To: 0, Epochs: 10, Curve: Cosine}}, "piece 1 goes from the learning rate 0 to 0"},
		{Schedule{{Rate: 0.1, To: -1, Epochs: 10, Curve: Linear}}, "piece 1 goes from the learning rate 0.1 to -1"},
		{Schedule{{Rate: -0.1, To: 1, Epochs: 10, Curve: Linear}}, "piece 1 has the learning rate -0.1"},
		{Schedule{{Rate: 0.1, To: 0.1, Epochs: 10, Curve: 7}}, "piece 1 has the unknown curve 7"},
	} {
		err := c.s.check(10)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: error %v, want %q", c.s, err, c.want)
		}
	}
}

// The stream's second seed is FNV-1a of the name and of each number's eight little-endian bytes.
func TestSeedStream(t *testing.T) {
	h := uint64(14695981039346656037)
	for _, b := range []byte("flip\x03\x00\x00\x00\x00\x00\x00\x00\x2c\x01\x00\x00\x00\x00\x00\x00") {
		h = (h ^ uint64(b)) * 1099511628211
	}
	var got rand.PCG
	stream.Seed(&got, 9, "flip", 3, 300)
	if want := rand.NewPCG(9, h); got != *want {
		t.Errorf("stream %v, want %v", got, *want)
	}
}

func TestShuffle(t *testing.T) {
	a, b := make([]int, 100), make([]int, 100)
	shuffle(a, 1, 5)
	shuffle(b, 1, 4)
	if slices.Equal(a, b) {
		t.Error("epochs 4 and 5 have the same order")
	}
	shuffle(b, 2, 5)
	if slices.Equal(a, b) {
		t.Error("seeds 1 and 2 have the same order")
	}
	shuffle(b, 1, 5)
	if !slices.Equal(a, b) {
		t.Error("the order of an epoch depends on what was shuffled before")
	}
	slices.Sort(b)
	for i, k := range b {
		if i != k {
			t.Fatalf("the order is no permutation: %v", a)
		}
	}
}

// Of 10,000 fair coins 5,000 ± 200 (4 standard deviations) say yes.
func TestFlipBatchIsFair(t *testing.T) {
	yes := 0
	for epoch := range 100 {
		for step := range 100 {
			if flipBatch(11, epoch, step) {
				yes++
			}
		}
	}
	if yes < 4800 || yes > 5200 {
		t.Errorf("%d of 10000 batches are mirrored", yes)
	}
}
