package models

import (
	"fmt"
	"math/rand/v2"

	"github.com/maxgain/maxgain/datasets/stream"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Param is one layer's weights or biases with what training keeps for them, or the running values of a batch norm.
// The slices are in the order of the kernels, weights [kh,kw,in,out]; Export and Import translate. After writing to
// Value directly, call Net.Changed.
type Param struct {
	Name string // conv1.weight, conv1.bias, bn1.weight, bn1.bias, bn1.running_mean, bn1.running_var, fc1.weight, …
	// Shape is as PyTorch has it: [out,in,kh,kw] of a convolution, [out, in] of a dense layer, whose inputs are ordered
	// by channel, row and column, else [channels].
	Shape     []int
	Value     []float32 // the numbers in use
	Velocity  []float32 // momentum's memory, 0 at the start; nil for running values
	Grad      []float32 // of the mean loss, from the last Net.Train; nil for running values
	RateMult  float64   // multiplies the learning rate
	DecayMult float64   // multiplies the weight decay

	kernel      []int         // shape in the kernels: [kh,kw,in,out] or [channels]
	value, grad *tensor.Dense // Value and Grad as tensors
}

// Running says whether these are a batch norm's running mean or variance, which Net.Train moves and no gradient.
func (p *Param) Running() bool { return p.Velocity == nil }

// newParam makes a parameter of zeros. kernel is its shape in the kernels.
func newParam(name string, shape, kernel []int, rate float64) *Param {
	n := tensor.Shape(shape).TotalSize()
	p := &Param{Name: name, Shape: shape, RateMult: rate, DecayMult: 1,
		Value: make([]float32, n), Velocity: make([]float32, n), Grad: make([]float32, n), kernel: kernel}
	p.value, p.grad = dense(p.Value, kernel...), dense(p.Grad, kernel...)
	return p
}

// vector makes a parameter of n equal numbers.
func vector(name string, n int, value float32, rate, decay float64) *Param {
	p := newParam(name, []int{n}, []int{n}, rate)
	p.DecayMult = decay
	for i := range p.Value {
		p.Value[i] = value
	}
	return p
}

// running makes the running values of n channels of a batch norm.
func running(name string, n int, value float32) *Param {
	p := vector(name, n, value, 0, 0)
	p.Velocity, p.Grad, p.grad = nil, nil, nil
	return p
}

// newParams makes the parameters of every layer that has any: weights normal from the seed's stream "init",
// biases zero, norms 1 and 0.
func newParams(layers []planned, o Options) []*Param {
	m := &paramMaker{random: stream.New(o.Seed, "init"), decay: 1}
	if o.DecayWeightsOnly {
		m.decay = 0
	}
	m.chain(layers)
	return m.params
}

type paramMaker struct {
	params []*Param
	random *rand.Rand
	decay  float64 // multiplies the weight decay of biases and norms
}

func (m *paramMaker) chain(layers []planned) {
	for _, l := range layers {
		switch t := l.layer.(type) {
		case Conv:
			m.weights(l, []int{l.out.C, l.in.C, l.window.KH, l.window.KW}, t.NoBias, t.Rate)
		case Dense:
			m.weights(l, []int{l.out.C, l.in.Len()}, t.NoBias, t.Rate)
		case BatchNorm:
			m.params = append(m.params,
				vector(l.name+".weight", l.in.C, 1, 1, m.decay), vector(l.name+".bias", l.in.C, 0, 1, m.decay),
				running(l.name+".running_mean", l.in.C, 0), running(l.name+".running_var", l.in.C, 1))
		case Residual:
			m.chain(l.body)
			m.chain(l.project)
		}
	}
}

// weights adds the parameters of a convolution or a dense layer.
func (m *paramMaker) weights(l planned, shape []int, noBias bool, rate *Multiplier) {
	if rate == nil {
		rate = &Multiplier{1, 1}
	}
	w := newParam(l.name+".weight", shape, []int{l.window.KH, l.window.KW, l.in.C, l.out.C}, rate.Weights)
	for i := range w.Value {
		w.Value[i] = float32(l.sigma * m.random.NormFloat64())
	}
	m.params = append(m.params, w)
	if !noBias {
		m.params = append(m.params, vector(l.name+".bias", l.out.C, 0, rate.Biases, m.decay))
	}
}

// Name, Value and Grad make a Param what Gorgonia's solvers work on.
type solverParam struct{ *Param }

// Value is the parameter's tensor.
func (p solverParam) Value() gorgonia.Value { return p.Param.value }

// Grad is the gradient's tensor.
func (p solverParam) Grad() (gorgonia.Value, error) { return p.Param.grad, nil }

// Export returns values (Value, Velocity or Grad) in the order of Shape; nothing where there are none.
func (p *Param) Export(values []float32) []float32 {
	if len(values) == 0 {
		return nil
	}
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
	out, in, taps := p.Shape[0], p.Shape[1], 1
	if len(p.kernel) == 4 { // of a dense layer: Shape has inputs and taps as one
		in, taps = p.kernel[2], p.kernel[0]*p.kernel[1]
	} else if len(p.Shape) == 4 {
		taps = p.Shape[2] * p.Shape[3]
	}
	for o := range out {
		for i := range in {
			for t := range taps {
				move((t*in+i)*out+o, (o*in+i)*taps+t)
			}
		}
	}
}
