package models

import (
	"cmp"
	"fmt"

	"github.com/maxgain/maxgain/datasets/stream"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Param is one layer's weights or biases with what training keeps for them. The slices are in the
// order of the kernels, weights [kh,kw,in,out]; Export and Import translate. After writing to Value
// directly, call Net.Changed.
type Param struct {
	Name      string    // conv1.weight, conv1.bias
	Shape     []int     // [out,in,kh,kw] as PyTorch has it, or [out]
	Value     []float32 // the numbers in use
	Velocity  []float32 // momentum's memory, 0 at the start
	Grad      []float32 // of the mean loss, from the last Net.Train
	RateMult  float64   // multiplies the learning rate
	DecayMult float64   // multiplies the weight decay

	value, grad *tensor.Dense // Value and Grad as tensors
}

func newParam(name string, shape []int, rate float64) *Param {
	n := tensor.Shape(shape).TotalSize()
	p := &Param{Name: name, Shape: shape, RateMult: rate, DecayMult: 1,
		Value: make([]float32, n), Velocity: make([]float32, n), Grad: make([]float32, n)}
	internal := shape
	if len(shape) == 4 {
		internal = []int{shape[2], shape[3], shape[1], shape[0]}
	}
	p.value, p.grad = dense(p.Value, internal...), dense(p.Grad, internal...)
	return p
}

// newParams makes the parameters of every layer that has any: weights normal from the seed's stream "init",
// biases zero.
func newParams(layers []planned, seed uint64) []*Param {
	r := stream.New(seed, "init")
	var params []*Param
	for _, l := range layers {
		var noBias bool
		rate := &Multiplier{1, 1}
		switch t := l.layer.(type) {
		case Conv:
			noBias, rate = t.NoBias, cmp.Or(t.Rate, rate)
		case Dense:
			noBias, rate = t.NoBias, cmp.Or(t.Rate, rate)
		default:
			continue
		}
		w := newParam(l.name+".weight", []int{l.out.C, l.in.C, l.window.KH, l.window.KW}, rate.Weights)
		for i := range w.Value {
			w.Value[i] = float32(l.sigma * r.NormFloat64())
		}
		params = append(params, w)
		if !noBias {
			params = append(params, newParam(l.name+".bias", []int{l.out.C}, rate.Biases))
		}
	}
	return params
}

// Name, Value and Grad make a Param what Gorgonia's solvers work on.
type solverParam struct{ *Param }

// Value is the parameter's tensor.
func (p solverParam) Value() gorgonia.Value { return p.Param.value }

// Grad is the gradient's tensor.
func (p solverParam) Grad() (gorgonia.Value, error) { return p.Param.grad, nil }

// Export returns values (Value, Velocity or Grad) in the order of Shape.
func (p *Param) Export(values []float32) []float32 {
	out := make([]float32, len(values))
	p.transpose(func(internal, torch int) { out[torch] = values[internal] })
	return out
}

// Import fills values (Value or Velocity) from numbers in the order of Shape.
func (p *Param) Import(values, torch []float32) error {
	if len(torch) != len(values) {
		return fmt.Errorf("models: %s has %d numbers, got %d", p.Name, len(values), len(torch))
	}
	p.transpose(func(i, t int) { values[i] = torch[t] })
	return nil
}

// transpose calls move with every pair of indices, in [kh,kw,in,out] and in [out,in,kh,kw] order.
func (p *Param) transpose(move func(internal, torch int)) {
	if len(p.Shape) == 1 {
		for i := range p.Shape[0] {
			move(i, i)
		}
		return
	}
	out, in, taps := p.Shape[0], p.Shape[1], p.Shape[2]*p.Shape[3]
	for o := range out {
		for i := range in {
			for t := range taps {
				move((t*in+i)*out+o, (o*in+i)*taps+t)
			}
		}
	}
}
