package kernel

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// onePeak is the peak of one thread, measured once.
var onePeak = sync.OnceValue(func() float64 { return PeakGFLOPS(1) })

// fastest runs f b.N times in batches of about batch calls and returns the fastest batch's nanoseconds a call:
// other work on the machine makes the mean useless.
func fastest(b *testing.B, batch int, f func()) float64 {
	b.Helper()
	best := time.Duration(1 << 62)
	f()
	b.ResetTimer()
	for done := 0; done < b.N; done += batch {
		start := time.Now()
		for range batch {
			f()
		}
		best = min(best, time.Since(start))
	}
	b.ReportMetric(0, "ns/op")
	return float64(best.Nanoseconds()) / float64(batch)
}

// report gives the fastest rate of f, which does so many operations.
func report(b *testing.B, operations float64, f func()) {
	b.Helper()
	peak := onePeak()
	ns := fastest(b, int(2e6/operations)+1, f)
	b.ReportMetric(ns/1000, "µs")
	b.ReportMetric(operations/ns, "GFLOP/s")
	b.ReportMetric(100*operations/ns/peak, "%peak")
}

// benchmarkLayers are the shapes that training spends its time in.
var benchmarkLayers = []struct {
	name string
	convCase
}{
	{"MNIST/conv1", convCase{Shape{28, 28, 1}, Window{KH: 5, KW: 5, Stride: 1}, 20}},
	{"MNIST/conv2", convCase{Shape{12, 12, 20}, Window{KH: 5, KW: 5, Stride: 1}, 50}},
	{"CIFAR/conv1", convCase{Shape{32, 32, 3}, Window{5, 5, 1, 2, 2, 2, 2}, 32}},
	{"CIFAR/conv2", convCase{Shape{16, 16, 32}, Window{5, 5, 1, 2, 2, 2, 2}, 32}},
	{"CIFAR/conv3", convCase{Shape{8, 8, 32}, Window{5, 5, 1, 2, 2, 2, 2}, 64}},
	{"NIN/conv1", convCase{Shape{32, 32, 3}, Window{5, 5, 1, 2, 2, 2, 2}, 192}},
	{"NIN/cccp1", convCase{Shape{32, 32, 192}, Window{KH: 1, KW: 1, Stride: 1}, 160}},
	{"NIN/cccp2", convCase{Shape{32, 32, 160}, Window{KH: 1, KW: 1, Stride: 1}, 96}},
	{"NIN/conv2", convCase{Shape{15, 15, 96}, Window{5, 5, 1, 2, 2, 2, 2}, 192}},
	{"NIN/cccp3", convCase{Shape{15, 15, 192}, Window{KH: 1, KW: 1, Stride: 1}, 192}},
	{"NIN/conv3", convCase{Shape{7, 7, 192}, Window{3, 3, 1, 1, 1, 1, 1}, 192}},
	{"NIN/cccp5", convCase{Shape{7, 7, 192}, Window{KH: 1, KW: 1, Stride: 1}, 192}},
	{"NIN/cccp6", convCase{Shape{7, 7, 192}, Window{KH: 1, KW: 1, Stride: 1}, 10}},
}

func BenchmarkConv(b *testing.B) {
	for _, l := range benchmarkLayers {
		rng := rand.New(rand.NewPCG(1, 1))
		c := NewConv(l.in, l.win, l.out)
		x, bias := randoms(rng, l.in.Len()), randoms(rng, l.out)
		w := randoms(rng, l.win.KH*l.win.KW*l.in.C*l.out)
		y, dy := make([]float32, c.Output().Len()), randoms(rng, c.Output().Len())
		dx, dw, db := make([]float32, len(x)), make([]float32, len(w)), make([]float32, len(bias))
		s := c.NewScratch()
		c.Pack(w, bias, true)
		operations := 2 * float64(c.Output().H*c.Output().W*len(w))
		b.Run(l.name+"/forward", func(b *testing.B) { report(b, operations, func() { c.Forward(x, y, true, s) }) })
		b.Run(l.name+"/data", func(b *testing.B) { report(b, operations, func() { c.BackwardData(dy, dx, s) }) })
		b.Run(l.name+"/weights", func(b *testing.B) {
			report(b, operations, func() { c.BackwardWeights(x, dy, dw, db, s) })
		})
	}
}

// BenchmarkStrip is the inner loop alone, with everything in the first-level cache.
func BenchmarkStrip(b *testing.B) {
	for _, vecs := range []int{1, 2, 3} {
		n := vecs * lanes()
		const m, steps = 24, 150
		s := Strip{A: make([]float32, m*steps), B: make([]float32, steps*n), C: make([]float32, m*n), M: m, N: n,
			AI: steps, R: 1, T: steps, AT: 1, Steps: steps, CI: n}
		b.Run([]string{"one", "two", "three"}[vecs-1]+" vectors", func(b *testing.B) { report(b, 2*m*steps*float64(n), s.Run) })
	}
}

// BenchmarkPool gives the time of each pooling pass over a map of LeNet-CIFAR.
func BenchmarkPool(b *testing.B) {
	in, win := Shape{32, 32, 32}, Window{KH: 3, KW: 3, Stride: 2, Bottom: 1, Right: 1}
	x, dx := make([]float32, in.Len()), make([]float32, in.Len())
	y, winner := make([]float32, 16*16*32), make([]uint8, 16*16*32)
	for name, f := range map[string]func(){
		"max":              func() { maxPool32(in, win, x, y, winner) },
		"max gradient":     func() { maxPoolGrad32(in, win, y, winner, dx) },
		"average":          func() { avgPool32(in, win, x, y) },
		"average gradient": func() { avgPoolGrad32(in, win, y, dx) },
	} {
		b.Run(name, func(b *testing.B) { b.ReportMetric(fastest(b, 20, f)/1000, "µs") })
	}
}
