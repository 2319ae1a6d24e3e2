package models

import (
	"math"
	"testing"
)

// An image of weight 2 counts as if it were there twice, in the loss and in every gradient; one of weight 0 as if it were not there.
func TestBatchWeights(t *testing.T) {
	spec, err := Lookup("lenet-mnist")
	if err != nil {
		t.Fatal(err)
	}
	run := func(b Batch) (float64, [][]float32) {
		t.Helper()
		net, err := New(spec, Options{Batch: 4, Seed: 3, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer net.Close()
		out, err := net.Train(b, 1)
		if err != nil {
			t.Fatal(err)
		}
		var grads [][]float32
		for _, p := range net.Params() {
			grads = append(grads, p.Grad)
		}
		return out.Loss, grads
	}
	n := spec.Input.Len()
	b := randomBatch(spec, 4, 9)
	b.Weights = []float32{2, 0, 1, 1}
	twice := Batch{X: append(append([]float32{}, b.X[:n]...), b.X...), Labels: []uint16{b.Labels[0], b.Labels[0], b.Labels[2], b.Labels[3]}, N: 4}
	copy(twice.X[n:], b.X[:n])
	copy(twice.X[2*n:], b.X[2*n:4*n])
	twice.X = twice.X[:4*n]
	loss, grads := run(b)
	wantLoss, want := run(twice)
	if math.Abs(loss-wantLoss) > 1e-5*wantLoss {
		t.Errorf("loss %v, want %v", loss, wantLoss)
	}
	for k := range want {
		scale := 0.0
		for _, v := range want[k] {
			scale = max(scale, math.Abs(float64(v)))
		}
		for i, v := range want[k] {
			if math.Abs(float64(grads[k][i]-v)) > 1e-4*scale {
				t.Fatalf("parameter %d: gradient %d is %v, want %v", k, i, grads[k][i], v)
			}
		}
	}
	b.Weights = b.Weights[:3]
	net, err := New(spec, Options{Batch: 4, Seed: 3, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	if _, err := net.Train(b, 1); err == nil {
		t.Error("3 weights for 4 images were taken")
	}
}
