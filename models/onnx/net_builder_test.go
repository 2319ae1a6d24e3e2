package onnx

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// small is a net made for a test: one input x, one output y.
type small struct {
	opset   int64
	dims    []int // of x
	nodes   []*wire.Node
	weights []*wire.Tensor
}

// model encodes the net and reads it.
func (s small) model(t testing.TB) *Model {
	t.Helper()
	m, err := Parse(s.encode())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (s small) encode() []byte {
	in := wire.ValueInfo{Name: "x", Type: wire.Float, Ranked: true}
	for _, d := range s.dims {
		in.Dims = append(in.Dims, wire.Dim{Value: int64(d)})
	}
	return (&wire.Model{IRVersion: 7, Opsets: map[string]int64{"": s.opset}, Graph: wire.Graph{
		Name: "test", Nodes: s.nodes, Initializers: s.weights, Inputs: []wire.ValueInfo{in}, Outputs: []wire.ValueInfo{{Name: "y", Type: wire.Float}},
	}}).Encode(nil)
}

// do is a node; in and out are names with spaces between, _ for one that is left out.
func do(op, in, out string, attributes ...wire.Attribute) *wire.Node {
	names := func(s string) []string {
		list := strings.Fields(s)
		for i, name := range list {
			if name == "_" {
				list[i] = ""
			}
		}
		return list
	}
	return &wire.Node{Name: op + "_0", Op: op, Inputs: names(in), Outputs: names(out), Attributes: attributes}
}

func integers(name string, v ...int64) wire.Attribute {
	return wire.Attribute{Name: name, Type: wire.AttributeInts, Ints: v}
}

func integer(name string, v int64) wire.Attribute {
	return wire.Attribute{Name: name, Type: wire.AttributeInt, Int: v}
}

func number(name string, v float32) wire.Attribute {
	return wire.Attribute{Name: name, Type: wire.AttributeFloat, Float: v}
}

func text(name, v string) wire.Attribute {
	return wire.Attribute{Name: name, Type: wire.AttributeString, String: []byte(v)}
}

func tensorAttribute(name string, t *wire.Tensor) wire.Attribute {
	return wire.Attribute{Name: name, Type: wire.AttributeTensor, Tensor: t}
}

// randoms are n normal float32 numbers, as float64 too.
func randoms(seed uint64, n int) ([]float32, []float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	a, b := make([]float32, n), make([]float64, n)
	for i := range a {
		a[i] = float32(r.NormFloat64())
		b[i] = float64(a[i])
	}
	return a, b
}

// weight is a float32 initialiser of random numbers.
func weight(name string, seed uint64, dims ...int) (*wire.Tensor, []float64) {
	a, b := randoms(seed, lenOf(dims))
	list := make([]int64, len(dims))
	for i, d := range dims {
		list[i] = int64(d)
	}
	return wire.NewFloats(name, list, a), b
}

func ints(name string, v ...int64) *wire.Tensor {
	return wire.NewInts(name, []int64{int64(len(v))}, v)
}

// check compares a net with a slow twin: the output and its shape, the vector-Jacobian product with the twin's central
// differences at up to 120 of the inputs, float32 with float64, and one worker with three.
func check(t *testing.T, s small, outDims []int, twin func(x []float64) []float64) {
	t.Helper()
	m := s.model(t)
	p, err := Compile[float64](m, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if !slices.Equal(p.OutputDims(), outDims) {
		t.Fatalf("output has shape %v, want %v", p.OutputDims(), outDims)
	}
	narrow, x := randoms(7, lenOf(s.dims))
	y, err := p.Forward(x, true)
	if err != nil {
		t.Fatal(err)
	}
	want := twin(x)
	compare(t, "output", y, want, 1e-11)
	_, seed := randoms(8, len(y))
	dx, err := p.Backward(seed)
	if err != nil {
		t.Fatal(err)
	}
	const h = 1e-5
	project := func() float64 {
		sum := 0.0
		for i, v := range twin(x) {
			sum += seed[i] * v
		}
		return sum
	}
	places := rand.New(rand.NewPCG(9, 1)).Perm(len(x))
	var analytic, numeric []float64
	for _, i := range places[:min(len(x), 120)] {
		v := x[i]
		x[i] = v + h
		up := project()
		x[i] = v - h
		analytic, numeric = append(analytic, dx[i]), append(numeric, (up-project())/(2*h))
		x[i] = v
	}
	compare(t, "derivative", analytic, numeric, 1e-6)

	again, err := Compile[float64](m, Options{Workers: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	y3, err := again.Forward(x, true)
	if err != nil {
		t.Fatal(err)
	}
	dx3, err := again.Backward(seed)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(y, y3) || !slices.Equal(dx, dx3) {
		t.Error("three workers give other bits than one")
	}

	q, err := Compile[float32](m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	y32, err := q.Forward(narrow, true)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "float32 output", widen(y32), want, 2e-5)
	var seed32 []float32
	for _, v := range seed {
		seed32 = append(seed32, float32(v))
	}
	dx32, err := q.Backward(seed32)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "float32 derivative", widen(dx32), dx, 1e-4)
}

func widen(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

// compare fails where a value differs by more than tolerance times the largest one, or 1.
func compare(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	scale := 1.0
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	for i, v := range want {
		if d := math.Abs(got[i] - v); !(d <= tolerance*scale) && !(math.IsNaN(v) && math.IsNaN(got[i])) {
			t.Fatalf("%s: value %d is %g, want %g", what, i, got[i], v)
		}
	}
}
