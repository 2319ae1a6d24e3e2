package models

import (
	"math"
	"slices"
	"testing"

	"github.com/maxgain/maxgain/models/internal/kernel"
)

// dropped is what a dropout of a rate makes of images of ones, in a step of the training.
func dropped(t *testing.T, rate float64, seed, number uint64, images, size int) (*dropoutUnit[float32], []float32) {
	t.Helper()
	workers := kernel.NewWorkers(2)
	t.Cleanup(workers.Close)
	u := &dropoutUnit[float32]{step: &step{number: number}, workers: workers, seed: seed, rate: rate, size: size, keep: make([]uint8, images*size)}
	x := slices.Repeat([]float32{1}, images*size)
	y := make([]float32, len(x))
	u.forward(x, y, images)
	return u, y
}

// A share rate of the values is dropped, and the others are scaled by 1/(1−rate), so that the mean stays what it was.
func TestDropoutKeepsTheMean(t *testing.T) {
	const images, size = 4, 10_000
	for _, rate := range []float64{0.25, 0.5, 0.8} {
		_, y := dropped(t, rate, 1, 0, images, size)
		zeros := 0
		for _, v := range y {
			switch v {
			case 0:
				zeros++
			case float32(1 / (1 - rate)):
			default:
				t.Fatalf("rate %v: a value of 1 becomes %v, want 0 or %v", rate, v, 1/(1-rate))
			}
		}
		share := float64(zeros) / (images * size)
		if slack := 5 * math.Sqrt(rate*(1-rate)/(images*size)); math.Abs(share-rate) > slack {
			t.Errorf("rate %v: a share of %v is dropped, want %v ± %v", rate, share, rate, slack)
		}
	}
}

// Each image, each layer and each step has a mask of its own; the same step of the same layer has the same one again.
func TestDropoutMasks(t *testing.T) {
	const images, size = 2, 1000
	_, y := dropped(t, 0.5, 1, 7, images, size)
	_, again := dropped(t, 0.5, 1, 7, images, size)
	_, layer := dropped(t, 0.5, 2, 7, images, size)
	_, later := dropped(t, 0.5, 1, 8, images, size)
	if !slices.Equal(y, again) {
		t.Error("the same step of the same layer draws another mask")
	}
	for name, other := range map[string][]float32{"the other image": y[size:], "another layer": layer[:size], "the next step": later[:size]} {
		same := 0
		for i, v := range other {
			if v == y[i] {
				same++
			}
		}
		if same < 400 || same > 600 { // half of 1,000, ± 6 standard deviations
			t.Errorf("%s: the masks agree at %d of %d values, want about half", name, same, size)
		}
	}
}

// The gradient takes the way that the values took.
func TestDropoutBackward(t *testing.T) {
	u, y := dropped(t, 0.25, 1, 0, 2, 100)
	dy, plus := make([]float32, len(y)), make([]float32, len(y))
	for i := range dy {
		dy[i], plus[i] = float32(i+1), 1000
	}
	dx := make([]float32, len(y))
	u.backward(nil, nil, dy, dx, plus, 2)
	for i, v := range dx {
		want := float32(i+1)*y[i] + 1000
		if v != want {
			t.Fatalf("gradient %d is %v, want %v", i, v, want)
		}
	}
}
