package onnx

import (
	"fmt"
	"math"
	"testing"

	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

func TestBatchNormalization(t *testing.T) {
	scale, sv := weight("scale", 1, 3)
	bias, bv := weight("bias", 2, 3)
	mean, mv := weight("mean", 3, 3)
	variance := wire.NewFloats("variance", []int64{3}, []float32{0.5, 1, 4})
	vv := []float64{0.5, 1, 4}
	s := small{opset: 15, dims: []int{2, 3, 4, 5}, weights: []*wire.Tensor{scale, bias, mean, variance},
		nodes: []*wire.Node{do("BatchNormalization", "x scale bias mean variance", "y", number("epsilon", 0.25))}}
	check(t, s, s.dims, func(x []float64) []float64 {
		y := make([]float64, len(x))
		for i, v := range x {
			c := i / 20 % 3
			y[i] = sv[c]*(v-mv[c])/math.Sqrt(vv[c]+0.25) + bv[c]
		}
		return y
	})
}

// With spatial = 0 every element has a mean and variance.
func TestBatchNormalizationByElement(t *testing.T) {
	scale, sv := weight("scale", 1, 3, 2)
	bias, bv := weight("bias", 2, 3, 2)
	mean, mv := weight("mean", 3, 3, 2)
	variance := wire.NewFloats("variance", []int64{3, 2}, []float32{0.5, 1, 4, 2, 3, 1})
	vv := []float64{0.5, 1, 4, 2, 3, 1}
	s := small{opset: 7, dims: []int{2, 3, 2}, weights: []*wire.Tensor{scale, bias, mean, variance},
		nodes: []*wire.Node{do("BatchNormalization", "x scale bias mean variance", "y", integer("spatial", 0))}}
	check(t, s, s.dims, func(x []float64) []float64 {
		y := make([]float64, len(x))
		for i, v := range x {
			c := i % 6
			y[i] = sv[c]*(v-mv[c])/math.Sqrt(vv[c]+float64(float32(1e-5))) + bv[c]
		}
		return y
	})
}

func TestLRN(t *testing.T) {
	for _, size := range []int{1, 3, 4, 5} {
		s := small{opset: 13, dims: []int{2, 6, 3, 2}, nodes: []*wire.Node{
			do("LRN", "x", "y", integer("size", int64(size)), number("alpha", 0.5), number("beta", 0.75), number("bias", 2))}}
		check(t, s, s.dims, func(x []float64) []float64 {
			y := make([]float64, len(x))
			for i, v := range x {
				c, sum := i/6%6, 0.0
				for k := c - int(math.Floor(float64(size-1)/2)); k <= c+int(math.Ceil(float64(size-1)/2)); k++ {
					if k >= 0 && k < 6 {
						w := x[i+(k-c)*6]
						sum += w * w
					}
				}
				y[i] = v / math.Pow(2+0.5/float64(size)*sum, 0.75)
			}
			return y
		})
	}
}

// naiveSoftmax is the softmax along the middle of three dimensions.
func naiveSoftmax(x []float64, outer, n, inner int, logarithm bool) []float64 {
	y := make([]float64, len(x))
	for i := range x {
		o, k := i/(n*inner), i%inner
		total := 0.0
		for j := range n {
			total += math.Exp(x[(o*n+j)*inner+k])
		}
		y[i] = math.Exp(x[i]) / total
		if logarithm {
			y[i] = math.Log(y[i])
		}
	}
	return y
}

func TestSoftmax(t *testing.T) {
	for _, c := range []struct {
		opset           int64
		axis            []wire.Attribute
		outer, n, inner int
	}{
		{12, nil, 2, 12, 1}, // before 13: dimensions 1, 2, 3 are one
		{11, []wire.Attribute{integer("axis", 2)}, 6, 4, 1}, // dimensions 2 and 3 are one
		{11, []wire.Attribute{integer("axis", -1)}, 12, 2, 1},
		{13, nil, 12, 2, 1}, // from 13: the last dimension alone
		{13, []wire.Attribute{integer("axis", 1)}, 2, 3, 4},
		{13, []wire.Attribute{integer("axis", -2)}, 6, 2, 2},
	} {
		for _, name := range []string{"Softmax", "LogSoftmax"} {
			t.Run(fmt.Sprint(name, c.opset, c.axis), func(t *testing.T) {
				// A node behind keeps the program from returning the logits.
				s := small{opset: c.opset, dims: []int{2, 3, 2, 2}, nodes: []*wire.Node{do(name, "x", "s", c.axis...), do("Neg", "s", "y")}}
				check(t, s, s.dims, func(x []float64) []float64 {
					y := naiveSoftmax(x, c.outer, c.n, c.inner, name == "LogSoftmax")
					for i := range y {
						y[i] = -y[i]
					}
					return y
				})
			})
		}
	}
}

// Softmax does not overflow.
func TestSoftmaxOfLargeNumbers(t *testing.T) {
	s := small{opset: 13, dims: []int{1, 3}, nodes: []*wire.Node{do("Softmax", "x", "s"), do("Identity", "s", "i"), do("Neg", "i", "y")}}
	p, err := Compile[float32](s.model(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	y, err := p.Forward([]float32{1000, 1000, -1000}, false)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "softmax", widen(y), []float64{-0.5, -0.5, 0}, 1e-7)
}
