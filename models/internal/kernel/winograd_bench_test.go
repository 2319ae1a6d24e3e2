package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkEngines compares the Winograd and the direct form over a batch of 100, on one worker and on two. The
// rates count the direct form's operations for both.
func BenchmarkEngines(b *testing.B) {
	five, three := Window{5, 5, 1, 2, 2, 2, 2}, Window{3, 3, 1, 1, 1, 1, 1}
	for _, l := range []struct {
		name string
		convCase
	}{
		{"MNIST/conv2", convCase{Shape{12, 12, 20}, Window{KH: 5, KW: 5, Stride: 1}, 50}},
		{"CIFAR/conv2", convCase{Shape{16, 16, 32}, five, 32}},
		{"CIFAR/conv3", convCase{Shape{8, 8, 32}, five, 64}},
		{"half/conv2", convCase{Shape{16, 16, 16}, five, 16}},
		{"half/conv3", convCase{Shape{8, 8, 16}, five, 32}},
		{"double/conv2", convCase{Shape{16, 16, 64}, five, 64}},
		{"double/conv3", convCase{Shape{8, 8, 64}, five, 128}},
		{"NIN/conv2", convCase{Shape{15, 15, 96}, five, 192}},
		{"NIN/conv3", convCase{Shape{7, 7, 192}, three, 192}},
	} {
		for _, count := range []int{1, 2} {
			workers := NewWorkers(count)
			spec := BlockSpec{In: l.in, Conv: l.win, Out: l.out, NeedDX: true}
			for name, conv := range map[string]convEngine[float32]{
				"winograd": newWinogradConv(spec, 100, workers), "direct": newDirectConv(spec, workers),
			} {
				b.Run(fmt.Sprintf("%s/%s/%d", l.name, name, count), func(b *testing.B) {
					benchmarkEngine(b, batchCase{l.convCase, 100}, conv, count)
				})
			}
			workers.Close()
		}
	}
}

func benchmarkEngine(b *testing.B, c batchCase, conv convEngine[float32], workers int) {
	d := c.random(rand.New(rand.NewPCG(1, 1)))
	d.dx, d.dw, d.db = make([]float32, len(d.x)), make([]float32, len(d.w)), make([]float32, len(d.b))
	out := c.outLen()
	y := make([]float32, workers*out)
	sink := convSink[float32]{
		target: func(_, worker int) []float32 { return y[worker*out:][:out] },
		finish: func(int, int) {},
	}
	grad := func(i, _ int) []float32 { return d.dy[i*out:][:out] }
	operations := 2 * float64(c.batch*out*c.win.KH*c.win.KW*c.in.C)
	conv.pack(d.w, d.b)
	for _, step := range []struct {
		name  string
		times float64
		f     func()
	}{
		{"pack", 0, func() { conv.pack(d.w, d.b) }},
		{"forward", 1, func() { conv.forward(d.x, c.batch, sink) }},
		{"data", 1, func() { conv.backward(d.x, Gradients[float32]{DX: d.dx}, c.batch, grad) }},
		{"weights", 1, func() { conv.backward(d.x, Gradients[float32]{DW: d.dw, DB: d.db}, c.batch, grad) }},
		{"backward", 2, func() { conv.backward(d.x, Gradients[float32]{DX: d.dx, DW: d.dw, DB: d.db}, c.batch, grad) }},
	} {
		b.Run(step.name, func(b *testing.B) {
			ns := fastest(b, 1, step.f)
			b.ReportMetric(ns/1e6, "ms")
			b.ReportMetric(step.times*operations/ns, "GFLOP/s")
		})
	}
}
