package onnx

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// windows describes a sliding window as the test wants it, all numbers written out: strides, dilations and pads
// (top, left, bottom, right).
type windows struct {
	k, s, d [2]int
	p       [4]int
}

// naiveConv is a convolution by its definition.
func naiveConv(x []float64, n, c, h, wd int, weights, bias []float64, filters, groups int, w windows, oh, ow int) []float64 {
	y := make([]float64, n*filters*oh*ow)
	per, fper := c/groups, filters/groups
	for i := range y {
		ox, oy, f, b := i%ow, i/ow%oh, i/ow/oh%filters, i/ow/oh/filters
		sum := 0.0
		if bias != nil {
			sum = bias[f]
		}
		for q := range per {
			for ky := range w.k[0] {
				for kx := range w.k[1] {
					iy, ix := oy*w.s[0]+ky*w.d[0]-w.p[0], ox*w.s[1]+kx*w.d[1]-w.p[1]
					if iy >= 0 && iy < h && ix >= 0 && ix < wd {
						sum += x[((b*c+f/fper*per+q)*h+iy)*wd+ix] * weights[((f*per+q)*w.k[0]+ky)*w.k[1]+kx]
					}
				}
			}
		}
		y[i] = sum
	}
	return y
}

func TestConvAgainstDefinition(t *testing.T) {
	ones := [2]int{1, 1}
	for _, c := range []struct {
		name                   string
		n, c, h, w, filters, g int
		win                    windows
		oh, ow                 int
		bias                   bool
		extra                  []wire.Attribute
	}{
		{"plain", 2, 3, 7, 9, 5, 1, windows{k: [2]int{3, 2}, s: ones, d: ones}, 5, 8, true, nil},
		{"pointwise", 1, 5, 9, 11, 70, 1, windows{k: ones, s: ones, d: ones}, 9, 11, true, nil},
		{"pointwise with stride", 1, 4, 7, 6, 3, 1, windows{k: ones, s: [2]int{2, 3}, d: ones}, 4, 2, false, nil},
		{"asymmetric pads", 1, 3, 6, 7, 20, 1, windows{k: [2]int{3, 3}, s: [2]int{2, 2}, d: ones, p: [4]int{0, 2, 1, 1}}, 3, 4, true, nil},
		{"pads wider than the window", 1, 2, 3, 3, 3, 1, windows{k: [2]int{2, 2}, s: ones, d: ones, p: [4]int{3, 2, 2, 3}}, 7, 7, false, nil},
		{"dilations", 1, 2, 9, 10, 4, 1, windows{k: [2]int{3, 2}, s: [2]int{1, 2}, d: [2]int{2, 3}, p: [4]int{1, 1, 2, 0}}, 8, 4, true, nil},
		{"groups", 2, 6, 5, 5, 8, 2, windows{k: [2]int{3, 3}, s: ones, d: ones, p: [4]int{1, 1, 1, 1}}, 5, 5, true, nil},
		{"depthwise", 2, 5, 6, 7, 5, 5, windows{k: [2]int{3, 3}, s: [2]int{2, 1}, d: [2]int{1, 2}, p: [4]int{1, 2, 0, 1}}, 3, 6, true, nil},
		{"depthwise with two filters each", 1, 3, 5, 6, 6, 3, windows{k: [2]int{2, 3}, s: ones, d: ones, p: [4]int{1, 0, 0, 2}}, 5, 6, false, nil},
		{"many columns and rows", 1, 4, 13, 17, 37, 1, windows{k: [2]int{5, 3}, s: ones, d: ones, p: [4]int{2, 1, 2, 1}}, 13, 17, true, nil},
		// Panels of 48 outputs end within rows of 17, some of them within the padding.
		{"wide row", 1, 2, 17, 17, 3, 1, windows{k: [2]int{1, 7}, s: ones, d: ones, p: [4]int{0, 3, 0, 3}}, 17, 17, false, nil},
		{"wide row with stride", 1, 2, 20, 33, 3, 1, windows{k: [2]int{2, 9}, s: [2]int{1, 2}, d: ones, p: [4]int{1, 6, 0, 5}}, 20, 18, false, nil},
		{"high column", 1, 2, 17, 17, 3, 1, windows{k: [2]int{7, 1}, s: ones, d: ones, p: [4]int{3, 0, 3, 0}}, 17, 17, false, nil},
		{"long sums", 1, 40, 3, 2, 300, 1, windows{k: [2]int{3, 3}, s: ones, d: ones, p: [4]int{1, 1, 1, 1}}, 3, 2, true, nil},
		{"long sums of single pixels", 1, 300, 3, 2, 270, 1, windows{k: ones, s: ones, d: ones}, 3, 2, true, nil},
		{"SAME_UPPER", 1, 2, 6, 7, 3, 1, windows{k: [2]int{3, 4}, s: [2]int{2, 2}, d: ones, p: [4]int{0, 1, 1, 2}}, 3, 4, false,
			[]wire.Attribute{text("auto_pad", "SAME_UPPER")}},
		{"SAME_LOWER", 1, 2, 6, 7, 3, 1, windows{k: [2]int{3, 4}, s: [2]int{2, 2}, d: ones, p: [4]int{1, 2, 0, 1}}, 3, 4, false,
			[]wire.Attribute{text("auto_pad", "SAME_LOWER")}},
		{"VALID", 1, 2, 6, 7, 3, 1, windows{k: [2]int{3, 4}, s: ones, d: ones}, 4, 4, false, []wire.Attribute{text("auto_pad", "VALID")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, values := weight("w", 1, c.filters, c.c/c.g, c.win.k[0], c.win.k[1])
			s := small{opset: 13, dims: []int{c.n, c.c, c.h, c.w}, weights: []*wire.Tensor{w}}
			in := "x w"
			var bias []float64
			if c.bias {
				var b *wire.Tensor
				b, bias = weight("b", 2, c.filters)
				s.weights = append(s.weights, b)
				in = "x w b"
			}
			list := append([]wire.Attribute{integer("group", int64(c.g)), integers("strides", int64(c.win.s[0]), int64(c.win.s[1])),
				integers("dilations", int64(c.win.d[0]), int64(c.win.d[1]))}, c.extra...)
			if c.extra == nil {
				list = append(list, integers("pads", int64(c.win.p[0]), int64(c.win.p[1]), int64(c.win.p[2]), int64(c.win.p[3])))
			}
			s.nodes = []*wire.Node{do("Conv", in, "y", list...)}
			check(t, s, []int{c.n, c.filters, c.oh, c.ow}, func(x []float64) []float64 {
				return naiveConv(x, c.n, c.c, c.h, c.w, values, bias, c.filters, c.g, c.win, c.oh, c.ow)
			})
		})
	}
}

func TestConvOfOneDimension(t *testing.T) {
	w, values := weight("w", 1, 4, 3, 3)
	s := small{opset: 11, dims: []int{2, 3, 10}, weights: []*wire.Tensor{w},
		nodes: []*wire.Node{do("Conv", "x w", "y", integers("strides", 2), integers("pads", 1, 0), integers("kernel_shape", 3))}}
	win := windows{k: [2]int{1, 3}, s: [2]int{1, 2}, d: [2]int{1, 1}, p: [4]int{0, 1, 0, 0}}
	check(t, s, []int{2, 4, 5}, func(x []float64) []float64 {
		return naiveConv(x, 2, 3, 1, 10, values, nil, 4, 1, win, 1, 5)
	})
}

// naivePool visits every window pixel by pixel; value is nil for padding.
func naivePool(x []float64, planes, h, wd int, w windows, oh, ow int, f func(inside []float64, padding int) float64) []float64 {
	y := make([]float64, planes*oh*ow)
	for i := range y {
		ox, oy, c := i%ow, i/ow%oh, i/ow/oh
		var inside []float64
		padding := 0
		for ky := range w.k[0] {
			for kx := range w.k[1] {
				iy, ix := oy*w.s[0]+ky*w.d[0]-w.p[0], ox*w.s[1]+kx*w.d[1]-w.p[1]
				switch {
				case iy >= 0 && iy < h && ix >= 0 && ix < wd:
					inside = append(inside, x[(c*h+iy)*wd+ix])
				case iy < h+w.p[2] && ix < wd+w.p[3]:
					padding++
				}
			}
		}
		y[i] = f(inside, padding)
	}
	return y
}

func TestPoolsAgainstDefinition(t *testing.T) {
	ones := [2]int{1, 1}
	for _, c := range []struct {
		name   string
		h, w   int
		win    windows
		oh, ow int
		extra  []wire.Attribute
	}{
		{"plain", 6, 8, windows{k: [2]int{2, 2}, s: [2]int{2, 2}, d: ones}, 3, 4, nil},
		{"overlap and pads", 7, 6, windows{k: [2]int{3, 2}, s: [2]int{2, 1}, d: ones, p: [4]int{1, 0, 0, 1}}, 3, 6, nil},
		{"dilations", 9, 8, windows{k: [2]int{3, 2}, s: ones, d: [2]int{2, 3}, p: [4]int{1, 1, 1, 0}}, 7, 6, nil},
		// 6 pixels, windows of 3 at stride 2: the floor gives 2, the ceiling 3, of which the last begins at pixel 4.
		{"ceil", 6, 6, windows{k: [2]int{3, 3}, s: [2]int{2, 2}, d: ones}, 3, 3, []wire.Attribute{integer("ceil_mode", 1)}},
		{"ceil with pads", 6, 6, windows{k: [2]int{3, 3}, s: [2]int{2, 2}, d: ones, p: [4]int{1, 1, 1, 1}}, 4, 4, []wire.Attribute{integer("ceil_mode", 1)}},
		// 4 pixels and 1 of padding on both sides, windows of 2 at stride 3: a third one would begin at pixel 5.
		{"ceil beyond the image", 4, 4, windows{k: [2]int{2, 2}, s: [2]int{3, 3}, d: ones, p: [4]int{1, 1, 1, 1}}, 2, 2, []wire.Attribute{integer("ceil_mode", 1)}},
		{"SAME_UPPER", 5, 6, windows{k: [2]int{2, 3}, s: [2]int{2, 2}, d: ones, p: [4]int{0, 0, 1, 1}}, 3, 3, []wire.Attribute{text("auto_pad", "SAME_UPPER")}},
		{"SAME_LOWER", 5, 6, windows{k: [2]int{2, 3}, s: [2]int{2, 2}, d: ones, p: [4]int{1, 1, 0, 0}}, 3, 3, []wire.Attribute{text("auto_pad", "SAME_LOWER")}},
	} {
		list := append([]wire.Attribute{integers("kernel_shape", int64(c.win.k[0]), int64(c.win.k[1])),
			integers("strides", int64(c.win.s[0]), int64(c.win.s[1])), integers("dilations", int64(c.win.d[0]), int64(c.win.d[1]))}, c.extra...)
		if c.extra == nil || c.extra[0].Name == "ceil_mode" {
			list = append(list, integers("pads", int64(c.win.p[0]), int64(c.win.p[1]), int64(c.win.p[2]), int64(c.win.p[3])))
		}
		s := small{opset: 19, dims: []int{2, 3, c.h, c.w}}
		for name, f := range map[string]func(inside []float64, padding int) float64{
			"MaxPool": func(inside []float64, _ int) float64 {
				top := math.Inf(-1)
				for _, v := range inside {
					top = max(top, v)
				}
				return top
			},
			"AveragePool":         func(inside []float64, _ int) float64 { return sum(inside) / float64(len(inside)) },
			"AveragePool padding": func(inside []float64, padding int) float64 { return sum(inside) / float64(len(inside)+padding) },
		} {
			t.Run(fmt.Sprint(name, " ", c.name), func(t *testing.T) {
				s := s
				switch name {
				case "AveragePool padding":
					s.nodes = []*wire.Node{do("AveragePool", "x", "y", append(list, integer("count_include_pad", 1))...)}
				default:
					s.nodes = []*wire.Node{do(name, "x", "y", list...)}
				}
				check(t, s, []int{2, 3, c.oh, c.ow}, func(x []float64) []float64 { return naivePool(x, 6, c.h, c.w, c.win, c.oh, c.ow, f) })
			})
		}
	}
}

func sum(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x
	}
	return s
}

// Of equal values in a window the first in row-major order has the whole gradient.
func TestMaxPoolTies(t *testing.T) {
	s := small{opset: 12, dims: []int{1, 1, 3, 3}, nodes: []*wire.Node{do("MaxPool", "x", "y", integers("kernel_shape", 2, 2))}}
	p, err := Compile[float64](s.model(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Forward([]float64{1, 5, 5, 5, 0, 5, 5, 5, 5}, true); err != nil {
		t.Fatal(err)
	}
	dx, err := p.Backward([]float64{1, 10, 100, 1000})
	if err != nil {
		t.Fatal(err)
	}
	// Windows {1,5,5,0}: pixel 1; {5,5,0,5}: pixel 1; {5,0,5,5}: pixel 3; {0,5,5,5}: pixel 5.
	compare(t, "derivative", dx, []float64{0, 11, 0, 100, 0, 1000, 0, 0, 0}, 0)
}

func TestGlobalPools(t *testing.T) {
	s := small{opset: 9, dims: []int{2, 3, 4, 5}, nodes: []*wire.Node{do("GlobalAveragePool", "x", "y")}}
	check(t, s, []int{2, 3, 1, 1}, func(x []float64) []float64 {
		y := make([]float64, 6)
		for i := range y {
			y[i] = sum(x[i*20:][:20]) / 20
		}
		return y
	})
	s.nodes = []*wire.Node{do("GlobalMaxPool", "x", "y")}
	check(t, s, []int{2, 3, 1, 1}, func(x []float64) []float64 {
		y := make([]float64, 6)
		for i := range y {
			y[i] = math.Inf(-1)
			for _, v := range x[i*20:][:20] {
				y[i] = max(y[i], v)
			}
		}
		return y
	})
}

// Convolutions and average pools of random shapes. Both are linear in x without their bias, so that the derivative is
// their transpose: ⟨seed, f(x)⟩ = ⟨Jᵀ·seed, x⟩.
func TestRandomWindows(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	for i := range 400 {
		win := windows{k: [2]int{1 + r.IntN(5), 1 + r.IntN(5)}, s: [2]int{1 + r.IntN(3), 1 + r.IntN(3)}, d: [2]int{1 + r.IntN(3), 1 + r.IntN(3)}}
		for k := range win.p {
			win.p[k] = r.IntN(6)
		}
		n, h, w := 1+r.IntN(2), 1+r.IntN(12), 1+r.IntN(24)
		span := func(axis, size int) int { return size + win.p[axis] + win.p[axis+2] - (win.k[axis]-1)*win.d[axis] - 1 }
		if span(0, h) < 0 || span(1, w) < 0 {
			continue
		}
		oh, ow := span(0, h)/win.s[0]+1, span(1, w)/win.s[1]+1
		groups := 1 + r.IntN(3)
		c, filters := groups*(1+r.IntN(3)), groups*(1+r.IntN(9))
		shape := []wire.Attribute{
			integers("kernel_shape", int64(win.k[0]), int64(win.k[1])), integers("strides", int64(win.s[0]), int64(win.s[1])),
			integers("dilations", int64(win.d[0]), int64(win.d[1])), integers("pads", int64(win.p[0]), int64(win.p[1]), int64(win.p[2]), int64(win.p[3])),
		}
		weights, values := weight("w", uint64(i), filters, c/groups, win.k[0], win.k[1])
		s := small{opset: 19, dims: []int{n, c, h, w}, weights: []*wire.Tensor{weights},
			nodes: []*wire.Node{do("Conv", "x w", "y", append(shape, integer("group", int64(groups)))...)}}
		linear(t, s, func(x []float64) []float64 {
			return naiveConv(x, n, c, h, w, values, nil, filters, groups, win, oh, ow)
		})
		s.nodes = []*wire.Node{do("AveragePool", "x", "y", append(shape, integer("count_include_pad", 1))...)}
		linear(t, s, func(x []float64) []float64 {
			return naivePool(x, n*c, h, w, win, oh, ow, func(inside []float64, padding int) float64 { return sum(inside) / float64(len(inside)+padding) })
		})
		if t.Failed() {
			t.Fatalf("images %v, %d filters in %d groups, %+v", s.dims, filters, groups, win)
		}
	}
}

// linear compares a net that is linear in x with a twin, in float64 and float32, and its derivative with the transpose.
func linear(t *testing.T, s small, twin func(x []float64) []float64) {
	t.Helper()
	narrow, x := randoms(7, lenOf(s.dims))
	want := twin(x)
	seed32, seed := randoms(8, len(want))
	m := s.model(t)
	p, err := Compile[float64](m, Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	y, err := p.Forward(x, true)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "output", y, want, 1e-12)
	dx, err := p.Backward(seed)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "⟨Jᵀ·seed, x⟩", []float64{dot(dx, x)}, []float64{dot(seed, want)}, 1e-11)
	q, err := Compile[float32](m, Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	y32, err := q.Forward(narrow, true)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "float32 output", widen(y32), want, 1e-5)
	dx32, err := q.Backward(seed32)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "float32 derivative", widen(dx32), dx, 1e-5)
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i, v := range a {
		s += v * b[i]
	}
	return s
}
