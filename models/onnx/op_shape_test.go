package onnx

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// Computations of shapes are done when a program is built.
func TestShapeComputations(t *testing.T) {
	index := func(name string, v int64) *wire.Tensor { return wire.NewInts(name, nil, []int64{v}) }
	for _, c := range []struct {
		name    string
		opset   int64
		nodes   []*wire.Node
		weights []*wire.Tensor
		want    []int // of x [2,3,4,5]
		fault   string
	}{
		{"view(x.size(0), -1) of PyTorch", 11, []*wire.Node{
			do("Shape", "x", "s"), do("Gather", "s zero", "n", integer("axis", 0)), do("Unsqueeze", "n", "nn", integers("axes", 0)),
			do("Constant", "", "rest", tensorAttribute("value", ints("", -1))), do("Concat", "nn rest", "shape", integer("axis", 0)),
		}, []*wire.Tensor{index("zero", 0)}, []int{2, 60}, ""},
		{"the same from set 13 on", 13, []*wire.Node{
			do("Shape", "x", "s"), do("Gather", "s last", "n"), do("Unsqueeze", "n axes", "nn"),
			do("Constant", "", "rest", integers("value_ints", -1)), do("Concat", "rest nn", "shape", integer("axis", 0)),
		}, []*wire.Tensor{index("last", -1), ints("axes", 0)}, []int{24, 5}, ""},
		{"channel shuffle", 13, []*wire.Node{
			do("Shape", "x", "s"), do("Slice", "s one two", "c"), do("Constant", "", "three", integer("value_int", 3)),
			do("Div", "c three", "per"), do("Concat", "zero axes3 per rest", "shape", integer("axis", 0)),
		}, []*wire.Tensor{ints("one", 1), ints("two", 2), ints("zero", 0), ints("axes3", 3), ints("rest", 4, 5)}, []int{2, 3, 1, 4, 5}, ""},
		{"Shape of a range", 15, []*wire.Node{
			do("Shape", "x", "a", integer("start", 1), integer("end", -1)), do("ReduceProd", "a", "b"), do("Shape", "x", "c", integer("start", 3)),
			do("Concat", "c b two", "shape", integer("axis", 0)),
		}, []*wire.Tensor{ints("two", 2)}, []int{5, 12, 2}, ""},
		{"arithmetic", 13, []*wire.Node{
			do("Size", "x", "n"), do("Div", "n seven", "d"), do("Mod", "d ten", "m"), do("Mul", "m two", "w"), do("Sub", "w one", "v"), do("Add", "v one", "u"),
			do("Cast", "u", "f", integer("to", int64(wire.Float))), do("Floor", "f", "g"), do("Cast", "g", "i", integer("to", int64(wire.Int64))),
			do("Concat", "i rest", "shape", integer("axis", 0)),
		}, []*wire.Tensor{ints("seven", 7), ints("ten", 10), ints("two", 2), ints("one", 1), ints("rest", -1)}, nil, "shape [14 -1] does not fit an input of shape [2 3 4 5]"}, // 120/7 = 17, 17 mod 10 = 7
		{"ConstantOfShape, Equal, Where, Expand", 13, []*wire.Node{
			do("ConstantOfShape", "count", "ones", tensorAttribute("value", ints("", 1))), do("Mul", "ones minus", "m"),
			do("Equal", "want m", "isminus"), do("Where", "isminus ones want", "w"), do("Expand", "five count1", "e"), do("Concat", "w e", "shape", integer("axis", 0)),
		}, []*wire.Tensor{ints("count", 3), ints("minus", -1), ints("want", 6, -1, 4), ints("five", 5), ints("count1", 1)}, []int{6, 1, 4, 5}, ""},
		{"Range", 13, []*wire.Node{
			do("Range", "four ten five", "r"), do("Max", "r three", "m"), do("Min", "m nine", "i"), do("Neg", "i", "n"), do("Abs", "n", "a"),
			do("Transpose", "a", "t"), do("Squeeze", "t", "q"), do("Identity", "q", "p"), do("Concat", "p six half", "shape", integer("axis", 0)),
		}, []*wire.Tensor{index("four", 4), index("ten", 10), index("five", 5), ints("three", 3), ints("nine", 9), ints("six", 3), ints("half", -1)}, nil, "shape [4 9 3 -1] does not fit an input of shape [2 3 4 5]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := small{opset: c.opset, dims: []int{2, 3, 4, 5}, nodes: append(c.nodes, do("Reshape", "x shape", "y")), weights: c.weights}
			p, err := Compile[float64](s.model(t), Options{})
			switch {
			case c.fault != "":
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("error %v, want %q", err, c.fault)
				}
			case err != nil:
				t.Error(err)
			default:
				if p.Close(); !slices.Equal(p.OutputDims(), c.want) {
					t.Errorf("shape %v, want %v", p.OutputDims(), c.want)
				}
			}
		})
	}
}

// A net whose batch size is open takes any.
func TestOpenBatch(t *testing.T) {
	for _, d := range []wire.Dim{{Name: "N"}, {Name: "batch"}, {Value: 0}, {Value: -1}, {}} {
		w, wv := weight("w", 1, 12, 4)
		file := (&wire.Model{IRVersion: 7, Opsets: map[string]int64{"": 13}, Graph: wire.Graph{
			Nodes: []*wire.Node{do("Shape", "x", "s"), do("Slice", "s a b", "n"), do("Concat", "n rest", "shape", integer("axis", 0)),
				do("Reshape", "x shape", "f"), do("MatMul", "f w", "y")},
			Initializers: []*wire.Tensor{w, ints("a", 0), ints("b", 1), ints("rest", -1)},
			Inputs:       []wire.ValueInfo{{Name: "x", Type: wire.Float, Ranked: true, Dims: []wire.Dim{d, {Value: 3}, {Value: 2}, {Value: 2}}}},
			Outputs:      []wire.ValueInfo{{Name: "y", Type: wire.Float}},
		}}).Encode(nil)
		m, err := Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, batch := range []int{1, 3} {
			o := Options{Input: []int{batch, 3, 2, 2}}
			if batch == 1 {
				o = Options{}
			}
			p, err := Compile[float64](m, o)
			if err != nil {
				t.Fatal(fmt.Errorf("%+v: %w", d, err))
			}
			defer p.Close()
			_, x := randoms(3, batch*12)
			y, err := p.Forward(x, false)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, "output", y, naiveMatMul(x, wv, []int{batch, 12}, []int{12, 4}, []int{batch, 4}), 1e-12)
		}
	}
}
