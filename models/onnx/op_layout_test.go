package onnx

import (
	"math"
	"testing"

	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// image returns the element (n,c,h,w) of an array [N,C,H,W] of the given shape.
type image struct {
	v    []float64
	dims []int
}

func (m image) at(place ...int) float64 {
	i := 0
	for k, p := range place {
		i = i*m.dims[k] + p
	}
	return m.v[i]
}

// filled makes an array of the shape from a function of the place.
func filled(dims []int, f func(p []int) float64) []float64 {
	y := make([]float64, lenOf(dims))
	for i := range y {
		p, rest := make([]int, len(dims)), i
		for k := len(dims) - 1; k >= 0; k-- {
			p[k], rest = rest%dims[k], rest/dims[k]
		}
		y[i] = f(p)
	}
	return y
}

func TestLayout(t *testing.T) {
	in := []int{2, 3, 4, 5}
	w, wv := weight("w", 1, 2, 2, 4, 5)
	for _, c := range []struct {
		name    string
		opset   int64
		nodes   []*wire.Node
		weights []*wire.Tensor
		out     []int
		f       func(x image, p []int) float64
	}{
		{"Transpose", 13, []*wire.Node{do("Transpose", "x", "y", integers("perm", 2, 0, 3, 1))}, nil, []int{4, 2, 5, 3},
			func(x image, p []int) float64 { return x.at(p[1], p[3], p[0], p[2]) }},
		{"Transpose by default", 13, []*wire.Node{do("Transpose", "x", "y")}, nil, []int{5, 4, 3, 2},
			func(x image, p []int) float64 { return x.at(p[3], p[2], p[1], p[0]) }},
		{"Slice of set 7", 7, []*wire.Node{do("Slice", "x", "y", integers("starts", 1, -3), integers("ends", 100, -1), integers("axes", 1, 3))}, nil,
			[]int{2, 2, 4, 2}, func(x image, p []int) float64 { return x.at(p[0], p[1]+1, p[2], p[3]+2) }},
		{"Slice of set 7 without axes", 7, []*wire.Node{do("Slice", "x", "y", integers("starts", 1, 0), integers("ends", 2, -1))}, nil,
			[]int{1, 2, 4, 5}, func(x image, p []int) float64 { return x.at(p[0]+1, p[1], p[2], p[3]) }},
		{"Slice of set 13", 13, []*wire.Node{do("Slice", "x starts ends axes steps", "y")},
			[]*wire.Tensor{ints("starts", 0, -1), ints("ends", math.MaxInt64, math.MinInt64), ints("axes", -1, 2), ints("steps", 2, -3)},
			[]int{2, 3, 2, 3}, func(x image, p []int) float64 { return x.at(p[0], p[1], 3-3*p[2], 2*p[3]) }},
		{"Slice to the last but one", 13, []*wire.Node{do("Slice", "x starts ends", "y")}, []*wire.Tensor{ints("starts", 0, 1), ints("ends", 2, -1)},
			[]int{2, 1, 4, 5}, func(x image, p []int) float64 { return x.at(p[0], p[1]+1, p[2], p[3]) }},
		{"Concat", 13, []*wire.Node{do("Neg", "x", "n"), do("Concat", "x w n", "y", integer("axis", 1))}, []*wire.Tensor{w}, []int{2, 8, 4, 5},
			func(x image, p []int) float64 {
				switch {
				case p[1] < 3:
					return x.at(p...)
				case p[1] < 5:
					return image{wv, []int{2, 2, 4, 5}}.at(p[0], p[1]-3, p[2], p[3])
				}
				return -x.at(p[0], p[1]-5, p[2], p[3])
			}},
		{"Concat along the last", 13, []*wire.Node{do("Concat", "x x", "y", integer("axis", -1))}, nil, []int{2, 3, 4, 10},
			func(x image, p []int) float64 { return x.at(p[0], p[1], p[2], p[3]%5) }},
		{"Split of set 7", 7, []*wire.Node{do("Split", "x", "a y", integers("split", 1, 4), integer("axis", 3))}, nil, []int{2, 3, 4, 4},
			func(x image, p []int) float64 { return x.at(p[0], p[1], p[2], p[3]+1) }},
		{"Split in equal parts", 11, []*wire.Node{do("Split", "x", "a y", integer("axis", 2))}, nil, []int{2, 3, 2, 5},
			func(x image, p []int) float64 { return x.at(p[0], p[1], p[2]+2, p[3]) }},
		{"Split of set 13", 13, []*wire.Node{do("Split", "x sizes", "a y b", integer("axis", -1))}, []*wire.Tensor{ints("sizes", 2, 2, 1)}, []int{2, 3, 4, 2},
			func(x image, p []int) float64 { return x.at(p[0], p[1], p[2], p[3]+2) }},
		{"Split of set 18 with a smaller last part", 18, []*wire.Node{do("Split", "x", "a b y", integer("axis", 3), integer("num_outputs", 3))}, nil,
			[]int{2, 3, 4, 1}, func(x image, p []int) float64 { return x.at(p[0], p[1], p[2], 4) }},
		{"Gather", 13, []*wire.Node{do("Gather", "x index", "y", integer("axis", 1))}, []*wire.Tensor{wire.NewInts("index", []int64{2, 2}, []int64{2, 0, -2, 0})},
			[]int{2, 2, 2, 4, 5}, func(x image, p []int) float64 { return x.at(p[0], [][]int{{2, 0}, {1, 0}}[p[1]][p[2]], p[3], p[4]) }},
		{"Gather of one", 13, []*wire.Node{do("Gather", "x index", "y", integer("axis", 2))}, []*wire.Tensor{wire.NewInts("index", nil, []int64{1})},
			[]int{2, 3, 5}, func(x image, p []int) float64 { return x.at(p[0], p[1], 1, p[2]) }},
		{"Flatten", 9, []*wire.Node{do("Flatten", "x", "y", integer("axis", 2))}, nil, []int{6, 20},
			func(x image, p []int) float64 { return x.at(p[0]/3, p[0]%3, p[1]/5, p[1]%5) }},
		{"Flatten from the end", 11, []*wire.Node{do("Flatten", "x", "y", integer("axis", -1))}, nil, []int{24, 5},
			func(x image, p []int) float64 { return x.at(p[0]/12, p[0]/4%3, p[0]%4, p[1]) }},
		{"Reshape", 8, []*wire.Node{do("Reshape", "x shape", "y")}, []*wire.Tensor{ints("shape", 0, -1, 2)}, []int{2, 30, 2},
			func(x image, p []int) float64 { return x.v[p[0]*60+p[1]*2+p[2]] }},
		{"Unsqueeze of set 7 and Squeeze", 7, []*wire.Node{do("Unsqueeze", "x", "u", integers("axes", 0, 3)), do("Squeeze", "u", "y", integers("axes", 0))}, nil,
			[]int{2, 3, 1, 4, 5}, func(x image, p []int) float64 { return x.at(p[0], p[1], p[3], p[4]) }},
		{"Unsqueeze of set 13 and Squeeze", 13, []*wire.Node{do("Unsqueeze", "x a", "u"), do("Squeeze", "u b", "y")},
			[]*wire.Tensor{ints("a", -1, 0), ints("b", -1)}, []int{1, 2, 3, 4, 5}, func(x image, p []int) float64 { return x.at(p[1:]...) }},
		{"Squeeze of all", 13, []*wire.Node{do("Unsqueeze", "x a", "u"), do("Squeeze", "u", "y")}, []*wire.Tensor{ints("a", 2, 5)}, in,
			func(x image, p []int) float64 { return x.at(p...) }},
		{"Expand", 13, []*wire.Node{do("ReduceMean", "x", "m", integers("axes", 1)), do("Expand", "m shape", "y")}, []*wire.Tensor{ints("shape", 2, 1, 3, 1, 5)},
			[]int{2, 2, 3, 4, 5}, func(x image, p []int) float64 {
				return (x.at(p[1], 0, p[3], p[4]) + x.at(p[1], 1, p[3], p[4]) + x.at(p[1], 2, p[3], p[4])) / 3
			}},
		{"Tile", 13, []*wire.Node{do("Tile", "x repeats", "y")}, []*wire.Tensor{ints("repeats", 1, 2, 1, 3)}, []int{2, 6, 4, 15},
			func(x image, p []int) float64 { return x.at(p[0], p[1]%3, p[2], p[3]%5) }},
		{"Pad of set 7", 7, []*wire.Node{do("Pad", "x", "y", integers("pads", 0, 0, 1, 2, 0, 0, 0, 1), number("value", 0.5))}, nil, []int{2, 3, 5, 8},
			func(x image, p []int) float64 {
				if p[2] < 1 || p[3] < 2 || p[3] > 6 {
					return 0.5
				}
				return x.at(p[0], p[1], p[2]-1, p[3]-2)
			}},
		{"Pad of set 11 that cuts off", 11, []*wire.Node{do("Pad", "x pads", "y")}, []*wire.Tensor{ints("pads", 0, 0, 0, 1, 0, 0, -1, -2)}, []int{2, 3, 3, 4},
			func(x image, p []int) float64 {
				if p[3] < 1 {
					return 0
				}
				return x.at(p[0], p[1], p[2], p[3]-1)
			}},
		{"Pad of set 18 along axes", 18, []*wire.Node{do("Pad", "x pads value axes", "y")},
			[]*wire.Tensor{ints("pads", 1, 2), wire.NewFloats("value", nil, []float32{-1}), ints("axes", -2)}, []int{2, 3, 7, 5},
			func(x image, p []int) float64 {
				if p[2] < 1 || p[2] > 4 {
					return -1
				}
				return x.at(p[0], p[1], p[2]-1, p[3])
			}},
		{"Pad by reflection", 13, []*wire.Node{do("Pad", "x pads", "y", text("mode", "reflect"))}, []*wire.Tensor{ints("pads", 0, 0, 2, 0, 0, 0, 1, 0)}, []int{2, 3, 7, 5},
			func(x image, p []int) float64 { return x.at(p[0], p[1], []int{2, 1, 0, 1, 2, 3, 2}[p[2]], p[3]) }},
		{"Pad by the edge", 13, []*wire.Node{do("Pad", "x pads", "y", text("mode", "edge"))}, []*wire.Tensor{ints("pads", 0, 0, 0, 2, 0, 0, 0, 1)}, []int{2, 3, 4, 8},
			func(x image, p []int) float64 { return x.at(p[0], p[1], p[2], []int{0, 0, 0, 1, 2, 3, 4, 4}[p[3]]) }},
		{"Pad around", 19, []*wire.Node{do("Pad", "x pads", "y", text("mode", "wrap"))}, []*wire.Tensor{ints("pads", 0, 0, 0, 2, 0, 0, 0, 1)}, []int{2, 3, 4, 8},
			func(x image, p []int) float64 { return x.at(p[0], p[1], p[2], []int{3, 4, 0, 1, 2, 3, 4, 0}[p[3]]) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := small{opset: c.opset, dims: in, nodes: c.nodes, weights: c.weights}
			check(t, s, c.out, func(v []float64) []float64 {
				return filled(c.out, func(p []int) float64 { return c.f(image{v, in}, p) })
			})
		})
	}
}

func TestReductions(t *testing.T) {
	in := []int{2, 3, 4, 5}
	// Over dimensions 1 and 3.
	visit := func(x image, n, h int, f func(v float64)) {
		for c := range 3 {
			for w := range 5 {
				f(x.at(n, c, h, w))
			}
		}
	}
	kinds := map[string]func(x image, n, h int) float64{
		"ReduceSum": func(x image, n, h int) (s float64) { visit(x, n, h, func(v float64) { s += v }); return },
		"ReduceMean": func(x image, n, h int) (s float64) {
			visit(x, n, h, func(v float64) { s += v / 15 })
			return
		},
		"ReduceMax": func(x image, n, h int) float64 {
			m := math.Inf(-1)
			visit(x, n, h, func(v float64) { m = math.Max(m, v) })
			return m
		},
		"ReduceMin": func(x image, n, h int) float64 {
			m := math.Inf(1)
			visit(x, n, h, func(v float64) { m = math.Min(m, v) })
			return m
		},
		"ReduceL2": func(x image, n, h int) float64 {
			s := 0.0
			visit(x, n, h, func(v float64) { s += v * v })
			return math.Sqrt(s)
		},
	}
	for name, f := range kinds {
		for _, keep := range []int64{0, 1} {
			out := []int{2, 4}
			if keep == 1 {
				out = []int{2, 1, 4, 1}
			}
			twin := func(v []float64) []float64 {
				return filled([]int{2, 4}, func(p []int) float64 { return f(image{v, in}, p[0], p[1]) })
			}
			byAttribute := small{opset: 11, dims: in, nodes: []*wire.Node{do(name, "x", "y", integers("axes", 1, -1), integer("keepdims", keep))}}
			t.Run(name+" by attribute", func(t *testing.T) { check(t, byAttribute, out, twin) })
			byInput := small{opset: 18, dims: in, nodes: []*wire.Node{do(name, "x axes", "y", integer("keepdims", keep))}, weights: []*wire.Tensor{ints("axes", -1, 1)}}
			t.Run(name+" by input", func(t *testing.T) { check(t, byInput, out, twin) })
		}
	}
	s := small{opset: 18, dims: in, nodes: []*wire.Node{do("ReduceMean", "x", "y", integer("keepdims", 0))}}
	check(t, s, []int{}, func(x []float64) []float64 { return []float64{sum(x) / 120} })
	s.nodes = []*wire.Node{do("ReduceMean", "x", "y", integer("noop_with_empty_axes", 1))}
	check(t, s, in, each(func(v float64) float64 { return v }))
}
