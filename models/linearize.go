package models

import (
	"fmt"

	"gorgonia.org/tensor"
)

// Linearization is the derivative of a projection of a net's output with respect to its input, at each
// of N input images, and the output there.
type Linearization struct {
	Derivative []float64 // [N,H,W,C]
	Logits     []float64 // [N,K]
	Winner     []int     // class of the largest logit
	Score      []float64 // its softmax score
}

// preciseBatch is how many images go through the float64 graph at a time.
const preciseBatch = 4

// preciseProbe is the float64 probing graph with its own copy of the weights.
type preciseProbe struct {
	*graph[float64]
	weights [][]float64
	version uint64
}

// Linearize computes the derivative in float64 by plain loops with one summation order: the same number
// on every CPU, and ties in max pools stay ties. x is [count,H,W,C]. It is meant for few images.
func (n *Net) Linearize(x []float64, count int, p Projection) (Linearization, error) {
	size := n.spec.Input.Len()
	if count < 1 || len(x) < count*size {
		return Linearization{}, fmt.Errorf("models: %d input values for %d images of %v", len(x), count, n.spec.Input)
	}
	if err := n.preparePrecise(); err != nil {
		return Linearization{}, err
	}
	g := n.precise
	g.step.project = p
	var out Linearization
	for lo := 0; lo < count; lo += preciseBatch {
		m := min(preciseBatch, count-lo)
		copy(g.x, x[lo*size:(lo+m)*size])
		if err := g.run(m); err != nil {
			return Linearization{}, err
		}
		out.Derivative = append(out.Derivative, g.dx.Float64s()[:m*size]...)
		out.Logits = append(out.Logits, g.logits.Float64s()[:m*n.spec.Classes]...)
		out.Winner = append(out.Winner, g.project.winner[:m]...)
		out.Score = append(out.Score, g.project.score[:m]...)
	}
	return out, nil
}

// preparePrecise builds the float64 graph at its first use and brings its weights up to date.
func (n *Net) preparePrecise() error {
	if n.precise == nil {
		weights := make([][]float64, len(n.params))
		tensors := make([]*tensor.Dense, len(n.params))
		for i, p := range n.params {
			weights[i] = make([]float64, len(p.Value))
			tensors[i] = dense(weights[i], p.value.Shape()...)
		}
		g, err := build(n, newArena[float64](tensors, nil), preciseBatch, probing)
		if err != nil {
			return err
		}
		n.precise = &preciseProbe{graph: g, weights: weights}
	}
	if n.precise.version != n.version {
		for i, p := range n.params {
			for j, v := range p.Value {
				n.precise.weights[i][j] = float64(v)
			}
		}
		n.precise.version = n.version
		n.precise.step.version = n.version
	}
	return nil
}

// LinearizeBatch computes the derivatives of the winner's logit and of its margin over the next, in
// float32, from one forward pass over count images x [count,H,W,C], at most Options.Batch. The two
// results share Logits, Winner and Score.
func (n *Net) LinearizeBatch(x []float32, count int) (logit, margin Linearization, err error) {
	if err = n.check(count, len(x)); err != nil {
		return
	}
	g, err := n.graph(&n.probe, probing)
	if err != nil {
		return
	}
	copy(g.x, x[:count*n.spec.Input.Len()])
	derivative := func(p Projection) []float64 {
		g.step.project = p
		if err == nil {
			err = g.run(count)
		}
		return toFloat64(g.dx.Float32s()[:count*n.spec.Input.Len()])
	}
	logit.Derivative = derivative(Logit)
	g.step.rewind = true
	margin.Derivative = derivative(Margin)
	g.step.rewind = false
	logit.Logits = toFloat64(g.logits.Float32s()[:count*n.spec.Classes])
	logit.Winner = append([]int(nil), g.project.winner[:count]...)
	logit.Score = append([]float64(nil), g.project.score[:count]...)
	margin.Logits, margin.Winner, margin.Score = logit.Logits, logit.Winner, logit.Score
	return logit, margin, err
}

func toFloat64(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}
