package models

import (
	"errors"
	"runtime"
	"testing"

	"github.com/maxgain/maxgain/models/memory"
)

// What a net really takes, after training, evaluation and both probes, is within a fifth of the estimate.
func TestMemoryIsWhatIsTaken(t *testing.T) {
	for _, name := range []string{"lenet-cifar10", "nin-cifar10-narrow", "vgg-small", "resnet20-cifar10"} {
		t.Run(name, func(t *testing.T) {
			spec, err := Lookup(name)
			if err != nil {
				t.Fatal(err)
			}
			const batch = 20
			o := Options{Batch: batch, Workers: 2}
			m, err := spec.Memory(o)
			if err != nil {
				t.Fatal(err)
			}
			b := randomBatch(spec, batch, 1)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			n, err := New(spec, o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := n.Train(b, 1); err != nil {
				t.Fatal(err)
			}
			if _, err := n.Evaluate(b); err != nil {
				t.Fatal(err)
			}
			if _, _, err := n.LinearizeBatch(b.X, batch); err != nil {
				t.Fatal(err)
			}
			if _, err := n.Linearize(make([]float64, spec.Input.Len()), 1, Logit); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			taken := float64(after.TotalAlloc) - float64(before.TotalAlloc)
			if ratio := m.Total() / taken; ratio < 0.8 || ratio > 1.25 {
				t.Errorf("estimated %s (%+v), taken %s: a ratio of %.2f", Gigabytes(m.Total()), m, Gigabytes(taken), ratio)
			}
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A net that no machine has the memory for is refused before any is taken.
func TestNetsThatDoNotFitAreRefused(t *testing.T) {
	if _, known := memory.Available(); !known {
		t.Skip("this system does not say how much memory it has")
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, layers := range [][]Layer{
		{Conv{Size: 3, Out: 60_000, Pad: Same(1)}, GlobalAvgPool{}, Dense{Out: OutClasses}},
		{Conv{Size: 1, Out: 60_000}, Conv{Size: 1, Out: 30_000}, GlobalAvgPool{}, Dense{Out: OutClasses}},
		{Conv{Size: 1, Out: 8, Pad: Same(1000)}, Conv{Size: 1, Out: 60_000}, GlobalAvgPool{}, Dense{Out: OutClasses}},
	} {
		_, err := New(Spec{Input: Shape{H: 256, W: 256, C: 3}, Classes: 10, Layers: layers}, Options{Batch: 10_000})
		if !errors.Is(err, ErrMemory) {
			t.Errorf("%v: error %v", layers, err)
		}
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 10e6 {
		t.Errorf("%d bytes taken to refuse", taken)
	}
}
