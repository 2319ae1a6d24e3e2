package models

import (
	"math"
	"slices"
	"testing"
)

// trainSteps returns all weights after some steps of training on random batches.
func trainSteps(t *testing.T, name string, workers, steps int, between func(n *Net)) []float32 {
	t.Helper()
	n := newNet(t, name, Options{Batch: 10, Seed: 42, Workers: workers})
	for step := range steps {
		b := randomBatch(n.Spec(), 10-3*(step%2), uint64(step)) // partial batches too
		if _, err := n.Train(b, uint64(step)); err != nil {
			t.Fatal(err)
		}
		if err := n.Update(0.001, 0.9, 5e-4); err != nil {
			t.Fatal(err)
		}
		if between != nil {
			between(n)
		}
	}
	var all []float32
	for _, p := range n.Params() {
		all = append(all, p.Value...)
	}
	return all
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

func TestSameBitsOnAnyWorkerCountAndWhenWatched(t *testing.T) {
	for _, name := range []string{"lenet-mnist", "nin-cifar10-narrow"} {
		t.Run(name, func(t *testing.T) {
			want := trainSteps(t, name, 1, 6, nil)
			for _, workers := range []int{2, 4} {
				if !sameBits(trainSteps(t, name, workers, 6, nil), want) {
					t.Errorf("%d workers give other weights than 1", workers)
				}
			}
			watched := trainSteps(t, name, 2, 6, func(n *Net) {
				size := n.Spec().Input.Len()
				if _, err := n.Linearize(make([]float64, size), 1, LogScore); err != nil {
					t.Fatal(err)
				}
				b := randomBatch(n.Spec(), 3, 99)
				if _, _, err := n.LinearizeBatch(b.X, 3); err != nil {
					t.Fatal(err)
				}
				if _, err := n.Evaluate(b); err != nil {
					t.Fatal(err)
				}
			})
			if !sameBits(watched, want) {
				t.Error("measuring between the steps changes the weights")
			}
		})
	}
}

func TestDropoutDependsOnStepAlone(t *testing.T) {
	n := newNet(t, "nin-cifar10-narrow", Options{Batch: 4, Seed: 1, Workers: 2})
	b := randomBatch(n.Spec(), 4, 1)
	loss := func(step uint64) float64 {
		o, err := n.Train(b, step)
		if err != nil {
			t.Fatal(err)
		}
		return o.Loss
	}
	first, other, again := loss(1), loss(2), loss(1)
	if first != again || first == other {
		t.Errorf("losses %g, %g, %g at steps 1, 2, 1: want the first and last equal, the middle different", first, other, again)
	}
}

// A probe of the whole batch in float32 agrees with the float64 loops, image by image.
func TestBatchProbeAgreesWithPreciseProbe(t *testing.T) {
	spec, err := Lookup("lenet-cifar10")
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(strong(spec), Options{Batch: 5, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	b := randomBatch(spec, 5, 3)
	logit, margin, err := n.LinearizeBatch(b.X, 5)
	if err != nil {
		t.Fatal(err)
	}
	x := toFloat64(b.X)
	for p, got := range map[Projection]Linearization{Logit: logit, Margin: margin} {
		want, err := n.Linearize(x, 5, p)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Winner, want.Winner) {
			t.Errorf("winners %v, want %v", got.Winner, want.Winner)
		}
		var diff, norm float64
		for i, v := range want.Derivative {
			diff += (v - got.Derivative[i]) * (v - got.Derivative[i])
			norm += v * v
		}
		if e := math.Sqrt(diff / norm); !(e < 1e-4) {
			t.Errorf("projection %d: relative error of the float32 derivative %.2g", p, e)
		}
		for i, s := range want.Score {
			if math.Abs(s-got.Score[i]) > 1e-5 {
				t.Errorf("score %g, want %g", got.Score[i], s)
			}
		}
	}
}

// With the same weights and input a net of scaled logits has derivatives scaled alike.
func TestScalingLogitsScalesTheDerivative(t *testing.T) {
	n := newNet(t, "lenet-mnist", Options{Batch: 1, Seed: 5})
	for _, p := range n.Params() {
		for i := range p.Value {
			p.Value[i] *= 8
		}
	}
	n.Changed()
	x := toFloat64(randomBatch(n.Spec(), 1, 6).X)
	before, err := n.Linearize(x, 1, Logit)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range n.Params()[6:] { // conv4: weights and biases
		for i := range p.Value {
			p.Value[i] *= 4
		}
	}
	n.Changed()
	after, err := n.Linearize(x, 1, Logit)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range before.Derivative {
		if math.Abs(after.Derivative[i]-4*v) > 1e-12*math.Abs(v) {
			t.Fatalf("derivative %d: %g, want 4 × %g", i, after.Derivative[i], v)
		}
	}
}

func TestExportIsPyTorchOrder(t *testing.T) {
	p := newParam("w", []int{2, 3, 1, 2}, []int{1, 2, 3, 2}, 1) // out 2, in 3, kernel 1×2
	for i := range p.Value {
		p.Value[i] = float32(i) // [kw,in,out]: kw·6 + in·2 + out
	}
	got := p.Export(p.Value)
	want := []float32{0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11} // out, in, kw
	if !slices.Equal(got, want) {
		t.Errorf("exported %v, want %v", got, want)
	}
	back := make([]float32, len(got))
	if err := p.Import(back, got); err != nil || !slices.Equal(back, p.Value) {
		t.Errorf("imported %v (%v), want %v", back, err, p.Value)
	}
	if err := p.Import(back, got[1:]); err == nil {
		t.Error("an import of 11 numbers into 12 is accepted")
	}
}

func TestBadNetsAndBatchesAreRefused(t *testing.T) {
	shape := Shape{H: 4, W: 4, C: 1}
	for name, s := range map[string]Spec{
		"wrong logits":   {Input: shape, Classes: 3, Layers: []Layer{Conv{Name: "c", Size: 4, Out: 2}}},
		"too large":      {Input: shape, Classes: 2, Layers: []Layer{Conv{Name: "c", Size: 5, Out: 2}}},
		"same name":      {Input: shape, Classes: 2, Layers: []Layer{Conv{Name: "c", Size: 4, Out: 2}, Conv{Name: "c", Size: 1, Out: 2}}},
		"dropout of all": {Input: shape, Classes: 2, Layers: []Layer{Conv{Name: "c", Size: 4, Out: 2}, Dropout{Rate: 1}}},
		"one class":      {Input: shape, Classes: 1, Layers: []Layer{Conv{Name: "c", Size: 4, Out: 1}}},
	} {
		if _, err := New(s, Options{Batch: 1}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	n := newNet(t, "lenet-mnist", Options{Batch: 2})
	good := randomBatch(n.Spec(), 2, 1)
	for name, b := range map[string]Batch{
		"too many":   {X: good.X, Labels: good.Labels, N: 3},
		"none":       {X: good.X, Labels: good.Labels},
		"few values": {X: good.X[1:], Labels: good.Labels, N: 2},
		"few labels": {X: good.X, Labels: good.Labels[1:], N: 2},
		"bad label":  {X: good.X, Labels: []uint16{1, 10}, N: 2},
	} {
		if _, err := n.Evaluate(b); err == nil {
			t.Errorf("batch with %s: accepted", name)
		}
	}
	if _, err := Lookup("lenet"); err == nil {
		t.Error("an unknown net is found")
	}
}

func TestSelfChecksPass(t *testing.T) {
	for _, name := range []string{"lenet-mnist", "lenet-cifar10-half", "nin-cifar10-narrow"} {
		spec, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if e, err := GradientError(spec, 2); err != nil || !(e < 1e-4) {
			t.Errorf("%s: error of the gradient %.2g (%v), want < 1e-4", name, e, err)
		}
		if differ, err := WorkerDifference(spec); err != nil || differ != 0 {
			t.Errorf("%s: %d weights depend on the worker count (%v)", name, differ, err)
		}
	}
}
