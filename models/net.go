package models

import (
	"errors"
	"fmt"

	"github.com/maxgain/maxgain/models/internal/kernel"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Options are what a net needs besides its description.
type Options struct {
	Batch   int    // the largest batch
	Seed    uint64 // of the initial weights and of dropout
	Workers int    // goroutines that compute; 0 means one a core

	// Nesterov takes the gradient step at the place to which the momentum leads (Sutskever et al. 2013):
	// w ← w + rate·(momentum·v − g) with the new v, as PyTorch does it.
	Nesterov bool
	// DecayWeightsOnly leaves biases and batch norms without weight decay.
	DecayWeightsOnly bool
}

// Net is a net with its weights. Its methods must not be called at the same time.
type Net struct {
	spec     Spec
	opts     Options
	groups   []group
	params   []*Param
	index    map[string]int // of params by name
	solver   sgd
	solve    []gorgonia.ValueGrad
	workers  *kernel.Workers
	version  uint64 // of the weights
	hasNorms bool

	memory  arena[float32] // of the float32 graphs, of which one runs at a time
	train   *graph[float32]
	eval    *graph[float32]
	probe   *graph[float32]
	measure *graph[float32]
	precise *preciseProbe
}

// Batch is what a step works on.
type Batch struct {
	X      []float32 // [N,H,W,C]
	Labels []uint16  // N class numbers
	N      int
	// Weights are N factors of the images' losses and gradients, for training; nil: all 1.
	Weights []float32
}

// Outcome is what a forward pass over a batch says.
type Outcome struct {
	Loss        float64   // sum over the images of −log softmax(logits)[label], times their weights
	Wrong       int       // images whose winner is not the label
	Predictions []uint16  // the winners; valid until the next call
	Logits      []float32 // [N,K] before the softmax; valid until the next call
}

// New makes a net with fresh weights. It takes no memory before it has checked that there is enough.
func New(spec Spec, o Options) (*Net, error) {
	if o.Batch < 1 {
		return nil, fmt.Errorf("models: batch %d, want at least 1", o.Batch)
	}
	plan, err := newPlan(spec)
	if err != nil {
		return nil, err
	}
	groups := fuse(plan)
	if err := plan.memory(groups, o).Fits(o.Batch); err != nil {
		return nil, fmt.Errorf("models: %s: %w", spec.Name, err)
	}
	n := &Net{spec: spec, opts: o, groups: groups, params: newParams(plan.layers, o), index: map[string]int{},
		workers: kernel.NewWorkers(o.Workers), version: 1}
	n.solver = sgd{workers: n.workers, nesterov: o.Nesterov}
	var values, grads []*tensor.Dense
	for i, p := range n.params {
		n.index[p.Name] = i
		values, grads = append(values, p.value), append(grads, p.grad)
		if p.Running() {
			n.hasNorms = true
		} else {
			n.solve = append(n.solve, solverParam{p})
		}
	}
	n.memory = newArena[float32](values, grads)
	return n, nil
}

// Close ends the net's goroutines and frees its graphs' machines.
func (n *Net) Close() error {
	n.workers.Close()
	var errs []error
	for _, g := range []*graph[float32]{n.train, n.eval, n.probe, n.measure} {
		if g != nil {
			errs = append(errs, g.vm.Close())
		}
	}
	if n.precise != nil {
		errs = append(errs, n.precise.vm.Close())
	}
	return errors.Join(errs...)
}

// Spec is the net's description.
func (n *Net) Spec() Spec { return n.spec }

// Params are the weights and biases, and batch norms' running values, in the order of the layers.
func (n *Net) Params() []*Param { return n.params }

// Changed must be called after the weights were written to by other means than Update.
func (n *Net) Changed() { n.version++ }

// Train computes the outcome of a batch and leaves the gradients of its mean loss in the parameters.
// Dropout masks depend on the net's seed and number, the training step's, alone.
func (n *Net) Train(b Batch, number uint64) (Outcome, error) {
	g, err := n.graph(&n.train, training)
	if err != nil {
		return Outcome{}, err
	}
	g.step.number = number
	out, err := n.classify(g, b)
	if n.hasNorms {
		n.version++ // the running values have moved
	}
	return out, err
}

// Evaluate computes the outcome of a batch without dropout.
func (n *Net) Evaluate(b Batch) (Outcome, error) {
	g, err := n.graph(&n.eval, evaluating)
	if err != nil {
		return Outcome{}, err
	}
	return n.classify(g, b)
}

// HasNorms says whether the net has batch norms.
func (n *Net) HasNorms() bool { return n.hasNorms }

// MeasureNorms sets the batch norms' running values by the images of b, without dropout: those of b alone if it is the
// first batch (number 0), and the mean of those of all batches so far if it is the one after number others. It is what
// the running values of averaged weights are found by (Izmailov et al. 2018, arXiv:1803.05407).
func (n *Net) MeasureNorms(b Batch, number int) error {
	if !n.hasNorms {
		return nil
	}
	n.version++ // so that blocks learn of the share
	g, err := n.graph(&n.measure, measuring)
	if err != nil {
		return err
	}
	g.step.share = 1 / float64(number+1)
	_, err = n.classify(g, b)
	n.version++ // the running values have moved
	return err
}

// Update moves the weights by one step of gradient descent along the gradients of the last Train.
func (n *Net) Update(rate, momentum, decay float64) error {
	n.solver.rate, n.solver.momentum, n.solver.decay = rate, momentum, decay
	n.version++
	return n.solver.Step(n.solve)
}

// graph returns the graph at slot, built at its first use.
func (n *Net) graph(slot **graph[float32], what purpose) (*graph[float32], error) {
	if *slot == nil {
		g, err := build(n, n.memory, n.opts.Batch, what)
		if err != nil {
			return nil, err
		}
		*slot = g
	}
	(*slot).step.version = n.version
	return *slot, nil
}

func (n *Net) classify(g *graph[float32], b Batch) (Outcome, error) {
	if err := n.check(b.N, len(b.X)); err != nil {
		return Outcome{}, err
	}
	switch {
	case len(b.Labels) < b.N:
		return Outcome{}, fmt.Errorf("models: %d labels for a batch of %d", len(b.Labels), b.N)
	case b.Weights != nil && len(b.Weights) < b.N:
		return Outcome{}, fmt.Errorf("models: %d weights for a batch of %d", len(b.Weights), b.N)
	}
	for i, l := range b.Labels[:b.N] {
		if int(l) >= n.spec.Classes {
			return Outcome{}, fmt.Errorf("models: label %d of image %d of the batch, want below %d", l, i, n.spec.Classes)
		}
	}
	copy(g.x, b.X[:b.N*n.spec.Input.Len()])
	g.step.labels, g.step.weights = b.Labels[:b.N], b.Weights
	err := g.run(b.N)
	return g.step.outcome, err
}

// check says whether x values can be count images of a batch.
func (n *Net) check(count, x int) error {
	if count < 1 || count > n.opts.Batch {
		return fmt.Errorf("models: batch of %d images, want 1 to %d", count, n.opts.Batch)
	}
	if x < count*n.spec.Input.Len() {
		return fmt.Errorf("models: %d input values for %d images of %v", x, count, n.spec.Input)
	}
	return nil
}
