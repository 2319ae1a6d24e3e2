package models

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// ownNets are small nets that between them have every layer, in the orders that people write.
var ownNets = map[string]string{
	"conv norm relu": `
- conv: {size: 3, out: 5, pad: same, bias: false}
- batch_norm
- relu
- max_pool: {size: 2}
- dense: {out: classes}`,
	"norms everywhere": `
- batch_norm
- conv: {size: 3, out: 4, stride: 2, pad: same}
- leaky_relu: {slope: 0.1}
- batch_norm
- avg_pool: {size: 3, stride: 2, pad: 1}
- batch_norm
- relu
- batch_norm
- dense: {out: 6, bias: false}
- batch_norm
- leaky_relu: {slope: 0.2}
- dropout: 0.3
- dense: {out: classes}
- batch_norm`,
	"stages first": `
- max_pool: {size: 2, stride: 1}
- leaky_relu: {slope: 0.3}
- conv: {size: 1, out: 3, stride: 2}
- relu
- conv: {size: 2, out: 4}
- leaky_relu: {slope: 0.1}
- max_pool: {size: 2, stride: 1}
- global_avg_pool
- conv: {size: 1, out: classes}`,
	"residuals": `
- conv: {size: 3, out: 8, pad: same, bias: false}
- batch_norm
- relu
- residual:
    body: [conv: {size: 3, out: 8, pad: same, bias: false}, batch_norm, relu, conv: {size: 3, out: 8, pad: same, bias: false}, batch_norm]
- relu
- residual:
    body: [conv: {size: 3, out: 6, stride: 2, pad: same, bias: false}, batch_norm, relu, conv: {size: 3, out: 6, pad: same, bias: false}, batch_norm]
    shortcut: projection
- relu
- dropout: 0.25
- residual:
    body: [batch_norm, relu, conv: {size: 3, out: 6, pad: same}]
- max_pool: {size: 2}
- residual: {body: [conv: {size: 1, out: 4}], shortcut: projection}
- leaky_relu: {slope: 0.1}
- batch_norm
- global_avg_pool
- dense: {out: classes}`,
	"residual first": `
- residual: {body: [conv: {size: 3, out: 3, pad: same}, leaky_relu: {slope: 0.1}, dropout: 0.4]}
- residual: {body: [dropout: 0.2, conv: {size: 3, out: 5, pad: same}, batch_norm, avg_pool: {size: 2}], shortcut: projection}
- relu
- residual: {body: [leaky_relu: {slope: 0.5}]}
- dense: {out: classes}`,
	"projection first": `
- residual: {body: [conv: {size: 3, out: 4, stride: 2, pad: same}, batch_norm, relu, conv: {size: 3, out: 4, pad: same}], shortcut: projection}
- relu
- residual: {body: [max_pool: {size: 3, stride: 1, pad: 1}]}
- dense: {out: 7}
- relu
- dense: {out: classes}`,
}

// ownNet is one of ownNets for images of 7×6×3 and 4 classes.
func ownNet(t testing.TB, name string) Spec {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(ownNets[name]), &document); err != nil {
		t.Fatal(err)
	}
	layers, err := ParseLayers(document.Content[0])
	if err != nil {
		t.Fatal(err)
	}
	return Spec{Name: name, Input: Shape{H: 8, W: 6, C: 3}, Classes: 4, Layers: layers}
}

// The gradient of the mean loss by every parameter of nets with every layer equals the central difference of the
// loss in float64, for a batch of which one image is not live.
func TestGradientsOfEveryLayer(t *testing.T) {
	for name := range ownNets {
		t.Run(name, func(t *testing.T) {
			const n = 3
			spec := ownNet(t, name)
			d := newTestDoubleNet(t, spec, n+1, training)
			b := randomBatch(spec, n, 11)
			d.load(b, 9)
			mustLoss(t, d, n)
			grads := make([][]float64, len(d.grads))
			for i, g := range d.grads {
				grads[i] = append([]float64(nil), g...)
			}
			r := rand.New(rand.NewPCG(1, 2))
			for i, p := range d.net.params {
				if p.Running() {
					continue
				}
				for range 8 {
					j := r.IntN(len(grads[i]))
					got := centralDifference(&d.weights[i][j], 1e-6, func() float64 { return mustLoss(t, d, n) })
					if want := grads[i][j]; math.Abs(got-want) > 1e-5*math.Max(math.Abs(want), 1e-3) {
						t.Errorf("%s[%d]: gradient %g, central difference %g", p.Name, j, want, got)
					}
				}
			}
		})
	}
}

// The derivative of a projection by the input, with the norms folded, equals its central difference.
func TestInputDerivativesOfEveryLayer(t *testing.T) {
	for name := range ownNets {
		t.Run(name, func(t *testing.T) {
			spec := ownNet(t, name)
			d := newTestDoubleNet(t, spec, 2, probing)
			r := rand.New(rand.NewPCG(8, 8))
			for i, p := range d.net.params {
				if p.Running() {
					for j := range d.weights[i] {
						d.weights[i][j] += 0.3 * r.Float64()
					}
				}
			}
			b := randomBatch(spec, 2, 4)
			d.load(b, 0)
			d.step.project = LogScore
			value := func() float64 {
				d.step.version++
				if err := d.run(2); err != nil {
					t.Fatal(err)
				}
				sum := 0.0
				for i := range 2 {
					z := d.logits.Float64s()[i*4:][:4]
					top, total := z[d.project.winner[i]], 0.0
					for _, v := range z {
						total += math.Exp(v - top)
					}
					sum -= math.Log(total)
				}
				return sum
			}
			value()
			dx := append([]float64(nil), d.dx.Float64s()...)
			for range 20 {
				j := r.IntN(len(dx))
				got := centralDifference(&d.x[j], 1e-6, value)
				if want := dx[j]; math.Abs(got-want) > 1e-5*math.Max(math.Abs(want), 1e-3) {
					t.Errorf("input %d: derivative %g, central difference %g", j, want, got)
				}
			}
		})
	}
}

// The float32 training step of nets with every layer agrees with the float64 graph.
func TestSinglePrecisionOfEveryLayer(t *testing.T) {
	for name := range ownNets {
		t.Run(name, func(t *testing.T) {
			const n = 5
			spec := ownNet(t, name)
			d := newTestDoubleNet(t, spec, n, training)
			b := randomBatch(spec, n, 21)
			d.load(b, 2)
			want := mustLoss(t, d, n)
			got, err := d.net.Train(b, 2)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(got.Loss/n-want) > 1e-5*math.Abs(want) {
				t.Errorf("loss %g in float32, %g in float64", got.Loss/n, want)
			}
			for i, p := range d.net.params {
				values, doubles := p.Grad, d.grads[i]
				if p.Running() {
					values, doubles = p.Value, d.weights[i]
				}
				var diff, norm float64
				for j, g := range doubles {
					diff += (g - float64(values[j])) * (g - float64(values[j]))
					norm += g * g
				}
				// A bias before a norm has the gradient 0: a hundredth stands for the size of its rounding.
				if e := math.Sqrt(diff) / math.Max(math.Sqrt(norm), 0.01); !(e < 5e-5) {
					t.Errorf("%s: relative error in float32 %.2g", p.Name, e)
				}
			}
		})
	}
}

// Same bits on 1, 2 and 4 workers and when watched, for nets with norms, dropout and residuals.
func TestSameBitsOfEveryLayer(t *testing.T) {
	for name := range ownNets {
		t.Run(name, func(t *testing.T) {
			var first []float32
			for _, workers := range []int{1, 2, 4} {
				for _, watched := range []bool{false, true} {
					n, err := New(ownNet(t, name), Options{Batch: 9, Seed: 5, Workers: workers})
					if err != nil {
						t.Fatal(err)
					}
					for step := range 5 {
						b := randomBatch(n.Spec(), 9-4*(step%2), uint64(step))
						if _, err := n.Train(b, uint64(step)); err != nil {
							t.Fatal(err)
						}
						if watched {
							watch(t, n)
						}
						if err := n.Update(0.01, 0.9, 5e-4); err != nil {
							t.Fatal(err)
						}
						if watched {
							watch(t, n)
						}
					}
					var all []float32
					for _, p := range n.Params() {
						all = append(all, p.Value...)
					}
					if first == nil {
						first = all
					}
					if !sameBits(all, first) {
						t.Errorf("%d workers, watched %t: other weights than with 1", workers, watched)
					}
					if err := n.Close(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
}

// watch does everything to a net that leaves its training alone.
func watch(t *testing.T, n *Net) {
	t.Helper()
	b := randomBatch(n.Spec(), 3, 99)
	if _, err := n.Linearize(toFloat64(b.X), 3, LogScore); err != nil {
		t.Fatal(err)
	}
	if _, _, err := n.LinearizeBatch(b.X, 3); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Evaluate(b); err != nil {
		t.Fatal(err)
	}
}

// The three ways to the logits with running values agree: evaluation, float32 probe and float64 probe.
func TestEvaluationAgreesWithProbes(t *testing.T) {
	for name := range ownNets {
		t.Run(name, func(t *testing.T) {
			n, err := New(ownNet(t, name), Options{Batch: 6, Seed: 5, Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			b := randomBatch(n.Spec(), 6, 1)
			before := ""
			for step := range uint64(3) {
				o, err := n.Evaluate(b)
				if err != nil {
					t.Fatal(err)
				}
				precise, err := n.Linearize(toFloat64(b.X), 6, Logit)
				if err != nil {
					t.Fatal(err)
				}
				single, _, err := n.LinearizeBatch(b.X, 6)
				if err != nil {
					t.Fatal(err)
				}
				loss := 0.0
				for i, label := range b.Labels {
					row := precise.Logits[i*4:][:4]
					sum := 0.0
					for _, v := range row {
						sum += math.Exp(v - row[label])
					}
					loss += math.Log(sum)
				}
				if math.Abs(loss-o.Loss) > 1e-4*loss {
					t.Errorf("step %d: loss %g in evaluation, %g by the float64 probe", step, o.Loss, loss)
				}
				for i, v := range precise.Logits {
					if math.Abs(v-single.Logits[i]) > 1e-4*(1+math.Abs(v)) {
						t.Errorf("step %d: logit %d is %g in float32, %g in float64", step, i, single.Logits[i], v)
					}
				}
				if now := fmt.Sprint(precise.Logits); now == before {
					t.Error("a training step has not moved the logits")
				} else {
					before = now
				}
				if _, err := n.Train(b, step); err != nil {
					t.Fatal(err)
				}
				if err := n.Update(0.05, 0.9, 0); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// Bench names each convolution once, with a time for every pass that training needs.
func TestBenchOfEveryLayer(t *testing.T) {
	for name := range ownNets {
		n, err := New(ownNet(t, name), Options{Batch: 4, Seed: 1, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		timing, err := Bench(n, time.Millisecond)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		weights := 0
		for _, p := range n.Params() {
			if len(p.Shape) > 1 {
				weights++
			}
		}
		seen := map[string]bool{}
		for _, l := range timing.Layers {
			if seen[l.Name] || !(l.Forward > 0 && l.BackwardWeights > 0 && l.FLOPs > 0) {
				t.Errorf("%s: %+v", name, l)
			}
			seen[l.Name] = true
		}
		if len(timing.Layers) != weights || !(timing.Train > 0 && timing.Forward > 0) {
			t.Errorf("%s: %d layers, want %d", name, len(timing.Layers), weights)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}
