package datasets

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// smallSplit is two images of 1×3 pixels and 2 channels, minus a mean.
func smallSplit() *Split {
	return &Split{
		H: 1, W: 3, C: 2, Classes: 10, Labels: []uint16{0, 1},
		pixels: []byte{1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60},
		recipe: &Recipe{H: 1, W: 3, C: 2, Normalize: NormalizeMean, Mean: []float32{0.5, 1, 1.5, 2, 2.5, 3}},
	}
}

func TestFill(t *testing.T) {
	first, second := []float32{0.5, 1, 1.5, 2, 2.5, 3}, []float32{9.5, 19, 28.5, 38, 47.5, 57}
	for _, c := range []struct {
		index []int
		flip  bool
		want  []float32
	}{
		{[]int{0}, false, first},
		{[]int{1, 0}, false, append(slices.Clone(second), first...)},
		{[]int{0}, true, []float32{2.5, 3, 1.5, 2, 0.5, 1}},
		{[]int{1, 1}, true, []float32{47.5, 57, 28.5, 38, 9.5, 19, 47.5, 57, 28.5, 38, 9.5, 19}},
		{nil, true, nil},
	} {
		bytes, floats := smallSplit(), smallSplit()
		floats.ready = append(slices.Clone(first), second...)
		for name, s := range map[string]*Split{"subtracting": bytes, "ready": floats} {
			got := make([]float32, len(c.index)*6)
			s.Fill(got, c.index, c.flip)
			if !slices.Equal(got, c.want) {
				t.Errorf("%s %v flip %v: got %v, want %v", name, c.index, c.flip, got, c.want)
			}
		}
	}
}

func TestMeanImage(t *testing.T) {
	if got, want := meanImage(smallSplit()), []float32{5.5, 11, 16.5, 22, 27.5, 33}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMeanIsOfTrainingImagesAlone(t *testing.T) {
	d, err := openSmall(t, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 784)
	d.Val.Fill(got, []int{3}, false)
	if want := float32(103 - 9.5); got[0] != want || got[783] != want { // images 0 … 19 have mean 9.5
		t.Errorf("validation image 103 became %v, %v, want %v", got[0], got[783], want)
	}
}

func TestFillAllocatesNothing(t *testing.T) {
	s, index, dst := smallSplit(), []int{1, 0, 1}, make([]float32, 18)
	if got := testing.AllocsPerRun(100, func() { s.Fill(dst, index, true) }); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

func TestFillConcurrently(t *testing.T) {
	s := smallSplit()
	want := make([]float32, 12)
	s.Fill(want, []int{0, 1}, true)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			got := make([]float32, 12)
			for range 100 {
				if s.Fill(got, []int{0, 1}, true); !slices.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
					return
				}
			}
		})
	}
	wait.Wait()
}

// Batches of 100 from more images than the caches hold.
func BenchmarkFill(b *testing.B) {
	for _, c := range []struct {
		name  string
		ready bool
		size  [3]int
		flip  bool
	}{{"mnist", false, [3]int{28, 28, 1}, false}, {"cifar10", true, [3]int{32, 32, 3}, false}, {"cifar10-flip", true, [3]int{32, 32, 3}, true}} {
		b.Run(c.name, func(b *testing.B) {
			const count = 10_000
			s := &Split{H: c.size[0], W: c.size[1], C: c.size[2], Labels: make([]uint16, count)}
			if c.ready {
				s.ready = make([]float32, count*s.size())
			} else {
				s.pixels, s.recipe = make([]byte, count*s.size()), &Recipe{Normalize: NormalizeMean, Mean: make([]float32, s.size())}
			}
			order := rand.New(rand.NewPCG(1, 2)).Perm(count)
			dst := make([]float32, 100*s.size())
			b.ReportAllocs()
			for i := 0; b.Loop(); i = (i + 100) % count {
				s.Fill(dst, order[i:i+100], c.flip)
			}
		})
	}
}

// Up to 256 classes a label is one byte of the checksum, as it has always been; with more it is two, the lower first.
func TestLabelBytes(t *testing.T) {
	few := &Split{Classes: 256, Labels: []uint16{1, 255}}
	if got := few.labelBytes(); !slices.Equal(got, []byte{1, 255}) {
		t.Errorf("256 classes: %v", got)
	}
	many := &Split{Classes: 257, Labels: []uint16{1, 256}}
	if got := many.labelBytes(); !slices.Equal(got, []byte{1, 0, 0, 1}) {
		t.Errorf("257 classes: %v", got)
	}
}
