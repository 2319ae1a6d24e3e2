package onnx

import (
	"math"
	"testing"

	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// each makes a twin of a function of one element.
func each(f func(v float64) float64) func([]float64) []float64 {
	return func(x []float64) []float64 {
		y := make([]float64, len(x))
		for i, v := range x {
			y[i] = f(v)
		}
		return y
	}
}

func TestFunctionsOfOneElement(t *testing.T) {
	clamp := func(v, lo, hi float64) float64 { return math.Min(math.Max(v, lo), hi) }
	for _, c := range []struct {
		name    string
		opset   int64
		node    *wire.Node
		weights []*wire.Tensor
		f       func(v float64) float64
	}{
		{"Relu", 13, do("Relu", "x", "y"), nil, func(v float64) float64 { return math.Max(v, 0) }},
		{"LeakyRelu", 13, do("LeakyRelu", "x", "y", number("alpha", 0.25)), nil, func(v float64) float64 { return math.Max(v, v/4) }},
		{"LeakyRelu by default", 13, do("LeakyRelu", "x", "y"), nil, func(v float64) float64 { return math.Max(v, 0.01*v) }},
		{"Elu", 13, do("Elu", "x", "y", number("alpha", 0.5)), nil, func(v float64) float64 {
			if v > 0 {
				return v
			}
			return (math.Exp(v) - 1) / 2
		}},
		{"Sigmoid", 13, do("Sigmoid", "x", "y"), nil, func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }},
		{"HardSigmoid", 13, do("HardSigmoid", "x", "y", number("alpha", 0.5), number("beta", 0.25)), nil, func(v float64) float64 { return clamp(v/2+0.25, 0, 1) }},
		{"HardSigmoid by default", 13, do("HardSigmoid", "x", "y"), nil, func(v float64) float64 { return clamp(float64(float32(0.2))*v+0.5, 0, 1) }},
		{"HardSwish", 14, do("HardSwish", "x", "y"), nil, func(v float64) float64 { return v * clamp(v/6+0.5, 0, 1) }},
		{"Tanh", 13, do("Tanh", "x", "y"), nil, math.Tanh},
		{"Exp", 13, do("Exp", "x", "y"), nil, math.Exp},
		{"Abs", 13, do("Abs", "x", "y"), nil, math.Abs},
		{"Neg", 13, do("Neg", "x", "y"), nil, func(v float64) float64 { return -v }},
		{"Erf", 13, do("Erf", "x", "y"), nil, math.Erf},
		{"Reciprocal", 13, do("Reciprocal", "x", "y"), nil, func(v float64) float64 { return 1 / v }},
		{"Softplus", 13, do("Softplus", "x", "y"), nil, func(v float64) float64 { return math.Log(1 + math.Exp(v)) }},
		{"Floor", 13, do("Floor", "x", "y"), nil, math.Floor},
		{"Ceil", 13, do("Ceil", "x", "y"), nil, math.Ceil},
		{"Clip of set 7", 7, do("Clip", "x", "y", number("min", -0.5), number("max", 0.75)), nil, func(v float64) float64 { return clamp(v, -0.5, 0.75) }},
		{"Clip of set 7 above only", 7, do("Clip", "x", "y", number("max", 0.75)), nil, func(v float64) float64 { return math.Min(v, 0.75) }},
		{"Clip of set 11", 11, do("Clip", "x lo hi", "y"), []*wire.Tensor{wire.NewFloats("lo", nil, []float32{-0.5}), wire.NewFloats("hi", nil, []float32{0.75})},
			func(v float64) float64 { return clamp(v, -0.5, 0.75) }},
		{"Clip of set 13 above only", 13, do("Clip", "x _ hi", "y"), []*wire.Tensor{wire.NewFloats("hi", nil, []float32{0.75})},
			func(v float64) float64 { return math.Min(v, 0.75) }},
		{"Identity", 13, do("Identity", "x", "y"), nil, func(v float64) float64 { return v }},
		{"Dropout of set 7", 7, do("Dropout", "x", "y", number("ratio", 0.3)), nil, func(v float64) float64 { return v }},
		{"Dropout of set 13", 13, do("Dropout", "x ratio", "y"), []*wire.Tensor{wire.NewFloats("ratio", nil, []float32{0.3})}, func(v float64) float64 { return v }},
		{"Cast", 13, do("Cast", "x", "y", integer("to", int64(wire.Double))), nil, func(v float64) float64 { return v }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := small{opset: c.opset, dims: []int{2, 3, 4, 5}, nodes: []*wire.Node{c.node}, weights: c.weights}
			check(t, s, s.dims, each(c.f))
		})
	}
	// Functions of positive numbers follow x².
	for name, f := range map[string]func(v float64) float64{"Log": math.Log, "Sqrt": math.Sqrt} {
		t.Run(name, func(t *testing.T) {
			s := small{opset: 13, dims: []int{2, 6}, nodes: []*wire.Node{do("Mul", "x x", "s"), do(name, "s", "y")}}
			check(t, s, s.dims, each(func(v float64) float64 { return f(v * v) }))
		})
	}
}

// The derivative at a kink: strictly inside for ReLU, Clip and the hard sigmoid; the slope below for a leaky ReLU.
func TestKinks(t *testing.T) {
	for _, c := range []struct {
		node  *wire.Node
		x, dx []float64
	}{
		{do("Relu", "x", "y"), []float64{-1, 0, 1}, []float64{0, 0, 1}},
		{do("LeakyRelu", "x", "y", number("alpha", 0.5)), []float64{-1, 0, 1}, []float64{0.5, 0.5, 1}},
		{do("Clip", "x", "y", number("min", 0), number("max", 6)), []float64{0, 3, 6}, []float64{0, 1, 0}},
		{do("HardSigmoid", "x", "y", number("alpha", 0.5), number("beta", 0.5)), []float64{-1, 0, 1}, []float64{0, 0.5, 0}},
		{do("HardSwish", "x", "y"), []float64{-3, 0, 3}, []float64{0, 0.5, 1}},
		{do("Abs", "x", "y"), []float64{-2, 0, 2}, []float64{-1, 0, 1}},
	} {
		s := small{opset: 10, dims: []int{1, 3}, nodes: []*wire.Node{c.node}}
		p, err := Compile[float64](s.model(t), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Forward(c.x, true); err != nil {
			t.Fatal(err)
		}
		dx, err := p.Backward([]float64{1, 1, 1})
		if err != nil {
			t.Fatal(err)
		}
		compare(t, c.node.Op, dx, c.dx, 0)
		p.Close()
	}
	// max(x, 0) is a ReLU: a constant bound takes a tie.
	s := small{opset: 13, dims: []int{1, 3}, nodes: []*wire.Node{do("Max", "x zero", "y")}, weights: []*wire.Tensor{wire.NewFloats("zero", nil, []float32{0})}}
	p, err := Compile[float64](s.model(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Forward([]float64{-1, 0, 1}, true); err != nil {
		t.Fatal(err)
	}
	dx, err := p.Backward([]float64{1, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "Max", dx, []float64{0, 0, 1}, 0)
}

// at is the element of an array of shape from, broadcast to the shape to, at place i of the latter.
func at(v []float64, from, to []int, i int) float64 {
	place, stride := 0, 1
	for k := 1; k <= len(to); k++ {
		size := to[len(to)-k]
		j := i % size
		i /= size
		if k <= len(from) {
			if n := from[len(from)-k]; n > 1 {
				place += j * stride
				stride *= n
			}
		}
	}
	return v[place]
}

func TestOperationsOfTwoOperands(t *testing.T) {
	operations := map[string]func(a, b float64) float64{
		"Add": func(a, b float64) float64 { return a + b },
		"Sub": func(a, b float64) float64 { return a - b },
		"Mul": func(a, b float64) float64 { return a * b },
		"Div": func(a, b float64) float64 { return a / b },
		"Max": math.Max,
		"Min": math.Min,
		"PRelu": func(a, b float64) float64 {
			if a < 0 {
				return a * b
			}
			return a
		},
	}
	for _, c := range []struct {
		name       string
		x, w, outs []int
	}{
		{"same shape", []int{2, 3, 4}, []int{2, 3, 4}, []int{2, 3, 4}},
		{"one number", []int{2, 3, 4}, []int{}, []int{2, 3, 4}},
		{"by channel", []int{2, 3, 4, 5}, []int{3, 1, 1}, []int{2, 3, 4, 5}},
		{"by image and channel", []int{2, 3, 4, 5}, []int{2, 3, 1, 1}, []int{2, 3, 4, 5}},
		{"by last dimension", []int{2, 3, 4}, []int{4}, []int{2, 3, 4}},
		{"by middle and last", []int{2, 3, 1, 4}, []int{5, 4}, []int{2, 3, 5, 4}},
		{"x grows", []int{3, 1}, []int{2, 1, 4}, []int{2, 3, 4}},
	} {
		for name, f := range operations {
			t.Run(name+" "+c.name, func(t *testing.T) {
				w, values := weight("w", 3, c.w...)
				s := small{opset: 13, dims: c.x, weights: []*wire.Tensor{w}, nodes: []*wire.Node{do(name, "x w", "y")}}
				check(t, s, c.outs, func(x []float64) []float64 {
					y := make([]float64, lenOf(c.outs))
					for i := range y {
						y[i] = f(at(x, c.x, c.outs, i), at(values, c.w, c.outs, i))
					}
					return y
				})
				// Both operands depend on the image: w is one number of x for each broadcast place.
				if len(c.x) < len(c.w) || name == "Max" || name == "Min" {
					return
				}
				s.nodes = []*wire.Node{do("Mul", "x x", "xx"), do("ReduceSum", "xx", "one"), do("Mul", "w one", "v"), do(name, "x v", "y")}
				s.opset = 13
				check(t, s, c.outs, func(x []float64) []float64 {
					one := 0.0
					for _, v := range x {
						one += v * v
					}
					y := make([]float64, lenOf(c.outs))
					for i := range y {
						y[i] = f(at(x, c.x, c.outs, i), one*at(values, c.w, c.outs, i))
					}
					return y
				})
			})
		}
	}
}

func TestPow(t *testing.T) {
	three := wire.NewFloats("three", nil, []float32{3})
	s := small{opset: 13, dims: []int{2, 3}, weights: []*wire.Tensor{three}, nodes: []*wire.Node{do("Pow", "x three", "y")}}
	check(t, s, s.dims, each(func(v float64) float64 { return v * v * v }))
}

func TestOperationsOfManyOperands(t *testing.T) {
	w, values := weight("w", 3, 4)
	for name, f := range map[string]func(a, b, c float64) float64{
		"Sum":  func(a, b, c float64) float64 { return a + b + c },
		"Mean": func(a, b, c float64) float64 { return (a + b + c) / 3 },
		"Max":  func(a, b, c float64) float64 { return math.Max(a, math.Max(b, c)) },
		"Min":  func(a, b, c float64) float64 { return math.Min(a, math.Min(b, c)) },
	} {
		s := small{opset: 8, dims: []int{3, 4}, weights: []*wire.Tensor{w}, nodes: []*wire.Node{do("Neg", "x", "n"), do(name, "x w n", "y")}}
		check(t, s, s.dims, func(x []float64) []float64 {
			y := make([]float64, len(x))
			for i, v := range x {
				y[i] = f(v, values[i%4], -v)
			}
			return y
		})
	}
}
