package models

import (
	"errors"
	"math"
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// doubleNet is a float64 graph over copies of a net's weights: the yardstick for the float32 kernels.
type doubleNet struct {
	*graph[float64]
	net     *Net
	weights [][]float64 // per parameter, [kh,kw,in,out]
	grads   [][]float64
}

// newDoubleNet builds the graph; biases and norms are moved a little from 0 and 1, where they would hide mistakes.
// The net's float32 weights are set to the same numbers.
func newDoubleNet(spec Spec, o Options, what purpose) (*doubleNet, error) {
	n, err := New(spec, o)
	if err != nil {
		return nil, err
	}
	d := &doubleNet{net: n}
	var values, grads []*tensor.Dense
	r := rand.New(rand.NewPCG(5, 6))
	for _, p := range n.params {
		w, g := make([]float64, len(p.Value)), make([]float64, len(p.Value))
		for i := range w {
			if len(p.Shape) == 1 {
				p.Value[i] = p.Value[i] + float32(0.1*r.NormFloat64())
			}
			w[i] = float64(p.Value[i])
		}
		d.weights, d.grads = append(d.weights, w), append(d.grads, g)
		values, grads = append(values, dense(w, p.value.Shape()...)), append(grads, dense(g, p.value.Shape()...))
	}
	n.Changed()
	d.graph, err = build(n, newArena[float64](values, grads), o.Batch, what)
	return d, err
}

// loss is the mean loss over the first n images with the weights as they are now.
func (d *doubleNet) loss(n int) (float64, error) {
	d.step.version++
	err := d.run(n)
	return d.step.outcome.Loss / float64(n), err
}

// close frees what the graph and the net hold.
func (d *doubleNet) close() error {
	if err := d.vm.Close(); err != nil {
		return err
	}
	return d.net.Close()
}

// load puts a batch into the graph.
func (d *doubleNet) load(b Batch, number uint64) {
	for i, v := range b.X[:b.N*d.net.spec.Input.Len()] {
		d.x[i] = float64(v)
	}
	d.step.labels, d.step.weights, d.step.number = b.Labels, b.Weights, number
}

// strong gives every layer initial weights that keep its input's size, so that each matters.
func strong(s Spec) Spec {
	s.Init, s.Layers = Init{Rule: InitHe}, strongLayers(s.Layers)
	return s
}

func strongLayers(layers []Layer) []Layer {
	layers = append([]Layer(nil), layers...)
	for i, l := range layers {
		switch l := l.(type) {
		case Conv:
			l.Init = Init{}
			layers[i] = l
		case Dense:
			l.Init = Init{}
			layers[i] = l
		case Residual:
			l.Body = strongLayers(l.Body)
			layers[i] = l
		}
	}
	return layers
}

// randomBatch is a batch of standard normal images with random labels.
func randomBatch(s Spec, n int, seed uint64) Batch {
	r := rand.New(rand.NewPCG(seed, 1))
	b := Batch{X: make([]float32, n*s.Input.Len()), Labels: make([]uint16, n), N: n}
	for i := range b.X {
		b.X[i] = float32(r.NormFloat64())
	}
	for i := range b.Labels {
		b.Labels[i] = uint16(r.IntN(s.Classes))
	}
	return b
}

// GradientError is the largest error, over the net's weights and biases, of the float32 gradient at the
// CPU level in use: of the slope of the loss along a random direction, against the central difference of
// the float64 loss, as a share of the slope to be expected. It covers every operator of the net, dropout
// included. Float32 leaves about 1e-5.
func GradientError(spec Spec, workers int) (worst float64, err error) {
	const n, h = 4, 1e-6
	d, err := newDoubleNet(strong(spec), Options{Batch: n, Seed: 3, Workers: workers}, training)
	if err != nil {
		return 0, err
	}
	defer func() {
		if e := d.close(); err == nil {
			err = e
		}
	}()
	b := randomBatch(spec, n, 12) // no pool has two winners within float32 of each other
	d.load(b, 1)
	if _, err := d.net.Train(b, 1); err != nil {
		return 0, err
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i, p := range d.net.params {
		if p.Running() {
			continue
		}
		direction, norm, slope := make([]float64, len(p.Grad)), 0.0, 0.0
		scale := 1 / math.Sqrt(float64(len(p.Grad))) // a step of length h changes no ReLU's or pool's mind
		for j, g := range p.Grad {
			direction[j] = scale * r.NormFloat64()
			norm += float64(g) * float64(g)
			slope += float64(g) * direction[j]
		}
		var side [2]float64
		for s, sign := range [2]float64{1, -1} {
			for j, v := range direction {
				d.weights[i][j] = float64(p.Value[j]) + sign*h*v
			}
			if side[s], err = d.loss(n); err != nil {
				return 0, err
			}
		}
		for j, v := range p.Value {
			d.weights[i][j] = float64(v)
		}
		worst = math.Max(worst, math.Abs((side[0]-side[1])/(2*h)-slope)/(scale*math.Sqrt(norm)))
	}
	return worst, nil
}

// WorkerDifference trains the net for a few steps with 1, 2 and 4 workers and returns how many weights
// differ in any bit from those of one worker: 0 if all is well.
func WorkerDifference(spec Spec) (int, error) {
	var first []float32
	differ := 0
	for _, workers := range []int{1, 2, 4} {
		weights, err := weightsAfter(spec, workers, 3)
		if err != nil {
			return 0, err
		}
		if first == nil {
			first = weights
		}
		for i, v := range weights {
			if math.Float32bits(v) != math.Float32bits(first[i]) {
				differ++
			}
		}
	}
	return differ, nil
}

func weightsAfter(spec Spec, workers, steps int) ([]float32, error) {
	n, err := New(spec, Options{Batch: 10, Seed: 42, Workers: workers})
	if err != nil {
		return nil, err
	}
	for step := range steps {
		b := randomBatch(spec, 10-3*(step%2), uint64(step)) // partial batches too
		if _, err := n.Train(b, uint64(step)); err != nil {
			return nil, errors.Join(err, n.Close())
		}
		if err := n.Update(0.001, 0.9, 5e-4); err != nil {
			return nil, errors.Join(err, n.Close())
		}
	}
	var all []float32
	for _, p := range n.Params() {
		all = append(all, p.Value...)
	}
	return all, n.Close()
}
