package models

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/maxgain/maxgain/models/internal/kernel"
)

func newTestDoubleNet(t *testing.T, spec Spec, batch int, what purpose) *doubleNet {
	t.Helper()
	d, err := newDoubleNet(spec, Options{Batch: batch, Seed: 3, Workers: 2}, what)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// mustLoss is doubleNet.loss.
func mustLoss(t *testing.T, d *doubleNet, n int) float64 {
	t.Helper()
	loss, err := d.loss(n)
	if err != nil {
		t.Fatal(err)
	}
	return loss
}

// slim is a built-in net whose convolutions have a share of the channels, so that a finite difference is quick.
func slim(t *testing.T, name string, divide int) Spec {
	t.Helper()
	s, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range s.Layers {
		if c, ok := l.(Conv); ok && c.Out != OutClasses {
			c.Out /= divide
			s.Layers[i] = c
		}
	}
	return strong(s)
}

// The gradient of the mean loss by every weight equals the central difference of the loss, over the
// whole net with its dropout masks, in float64.
func TestWholeNetGradients(t *testing.T) {
	for _, spec := range []Spec{slim(t, "lenet-mnist", 1), slim(t, "lenet-cifar10", 4), slim(t, "nin-cifar10", 32)} {
		t.Run(spec.Name, func(t *testing.T) {
			const n = 2
			d := newTestDoubleNet(t, spec, 3, training) // one image of the batch is not live
			b := randomBatch(spec, n, 11)
			d.load(b, 9)
			mustLoss(t, d, n)
			grads := make([][]float64, len(d.grads))
			for i, g := range d.grads {
				grads[i] = append([]float64(nil), g...)
			}
			r := rand.New(rand.NewPCG(1, 2))
			for i, p := range d.net.params {
				for range 6 {
					j := r.IntN(len(grads[i]))
					got := centralDifference(&d.weights[i][j], 1e-7, func() float64 { return mustLoss(t, d, n) })
					if want := grads[i][j]; math.Abs(got-want) > 1e-5*math.Max(math.Abs(want), 1e-3) {
						t.Errorf("%s[%d]: gradient %g, central difference %g", p.Name, j, want, got)
					}
				}
			}
		})
	}
}

// centralDifference is the fourth-order central difference of f by *x with step h, which must be small
// enough that no ReLU or pool changes its mind in between.
func centralDifference(x *float64, h float64, f func() float64) float64 {
	at, sum := *x, 0.0
	for _, s := range [...]struct{ step, weight float64 }{{-2, 1}, {-1, -8}, {1, 8}, {2, -1}} {
		*x = at + s.step*h
		sum += s.weight * f()
	}
	*x = at
	return sum / (12 * h)
}

// The derivative of every projection by the input equals the central difference of the projection.
func TestProjectionDerivatives(t *testing.T) {
	spec := slim(t, "lenet-cifar10", 4)
	d := newTestDoubleNet(t, spec, 1, probing)
	b := randomBatch(spec, 1, 4)
	d.load(b, 0)
	value := func() float64 {
		d.step.version++
		if err := d.run(1); err != nil {
			t.Fatal(err)
		}
		z := d.logits.Float64s()
		s, dz := make([]float64, len(z)), make([]float64, len(z))
		win := kernel.Scores(z, s)
		return project(d.step.project, z, s, win, dz)
	}
	r := rand.New(rand.NewPCG(8, 8))
	for _, p := range []Projection{LogScore, Score, Logit, Margin} {
		d.step.project = p
		value()
		dx := append([]float64(nil), d.dx.Float64s()...)
		for range 20 {
			j := r.IntN(len(dx))
			got := centralDifference(&d.x[j], 1e-6, value)
			if want := dx[j]; math.Abs(got-want) > 1e-5*math.Max(math.Abs(want), 1e-3) {
				t.Errorf("projection %d, input %d: derivative %g, central difference %g", p, j, want, got)
			}
		}
	}
}

// The float32 training step agrees with the float64 graph to float32's rounding.
func TestSinglePrecisionAgrees(t *testing.T) {
	for _, name := range []string{"lenet-mnist", "lenet-cifar10", "nin-cifar10-narrow"} {
		t.Run(name, func(t *testing.T) {
			spec, err := Lookup(name)
			if err != nil {
				t.Fatal(err)
			}
			spec = strong(spec)
			const n = 5
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
				var diff, norm float64
				for j, g := range d.grads[i] {
					diff += (g - float64(p.Grad[j])) * (g - float64(p.Grad[j]))
					norm += g * g
				}
				if e := math.Sqrt(diff / norm); !(e < 2e-5) {
					t.Errorf("%s: relative error of the float32 gradient %.2g", p.Name, e)
				}
			}
		})
	}
}
