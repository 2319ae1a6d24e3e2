package onnx

import (
	"fmt"
	"testing"

	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

func TestGemm(t *testing.T) {
	for _, c := range []struct {
		m, k, n int
		ta, tb  bool
		alpha   float32
		beta    float32
		c       []int // shape of C; nil: none
	}{
		{1, 7, 5, false, false, 1, 1, []int{5}},
		{1, 7, 300, false, true, 1, 1, []int{300}},
		{1, 300, 9, false, false, 0.5, 2, []int{1, 9}},
		{5, 4, 70, false, true, 1, 0, []int{70}},
		{5, 4, 6, true, false, 2, 1, []int{5, 1}},
		{6, 3, 2, true, true, 1, 3, []int{}},
		{3, 3, 4, false, false, 1, 1, nil},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			a, b := []int{c.m, c.k}, []int{c.k, c.n}
			if c.ta {
				a = []int{c.k, c.m}
			}
			if c.tb {
				b = []int{c.n, c.k}
			}
			flag := func(yes bool) int64 {
				if yes {
					return 1
				}
				return 0
			}
			w, wv := weight("w", 4, b...)
			s := small{opset: 11, dims: a, weights: []*wire.Tensor{w}}
			in := "x w"
			var cv []float64
			if c.c != nil {
				var cw *wire.Tensor
				cw, cv = weight("c", 5, c.c...)
				s.weights = append(s.weights, cw)
				in = "x w c"
			}
			s.nodes = []*wire.Node{do("Gemm", in, "y", integer("transA", flag(c.ta)), integer("transB", flag(c.tb)), number("alpha", c.alpha), number("beta", c.beta))}
			check(t, s, []int{c.m, c.n}, func(x []float64) []float64 {
				y := make([]float64, c.m*c.n)
				for i := range y {
					row, col := i/c.n, i%c.n
					for q := range c.k {
						ax, bx := row*c.k+q, q*c.n+col
						if c.ta {
							ax = q*c.m + row
						}
						if c.tb {
							bx = col*c.k + q
						}
						y[i] += float64(c.alpha) * x[ax] * wv[bx]
					}
					if c.c != nil {
						y[i] += float64(c.beta) * at(cv, c.c, []int{c.m, c.n}, i)
					}
				}
				return y
			})
		})
	}
}

// naiveMatMul multiplies [batch…,m,k] by [batch…,k,n], the batches broadcast to out.
func naiveMatMul(a, b []float64, da, db, out []int) []float64 {
	m, k, n := da[len(da)-2], da[len(da)-1], db[len(db)-1]
	batch := out[:len(out)-2]
	y := make([]float64, lenOf(out))
	pick := func(v []float64, dims []int, size, place, inner int) float64 {
		numbers := make([]float64, lenOf(dims))
		for i := range numbers {
			numbers[i] = float64(i)
		}
		return v[int(at(numbers, dims, batch, place))*size+inner]
	}
	for i := range y {
		col, row, place := i%n, i/n%m, i/n/m
		for q := range k {
			y[i] += pick(a, da[:len(da)-2], m*k, place, row*k+q) * pick(b, db[:len(db)-2], k*n, place, q*n+col)
		}
	}
	return y
}

func TestMatMul(t *testing.T) {
	for _, c := range []struct{ a, b, full, out []int }{
		{[]int{3, 4}, []int{4, 5}, []int{3, 5}, []int{3, 5}},
		{[]int{2, 3, 4}, []int{4, 5}, []int{2, 3, 5}, []int{2, 3, 5}},
		{[]int{2, 1, 3, 4}, []int{3, 4, 5}, []int{2, 3, 3, 5}, []int{2, 3, 3, 5}},
		{[]int{4}, []int{4, 5}, []int{1, 5}, []int{5}},
		{[]int{2, 3, 4}, []int{4}, []int{2, 3, 1}, []int{2, 3}},
	} {
		t.Run(fmt.Sprint(c.a, c.b), func(t *testing.T) {
			w, wv := weight("w", 4, c.b...)
			da, db := c.a, c.b
			if len(da) == 1 {
				da = []int{1, da[0]}
			}
			if len(db) == 1 {
				db = []int{db[0], 1}
			}
			s := small{opset: 13, dims: c.a, weights: []*wire.Tensor{w}, nodes: []*wire.Node{do("MatMul", "x w", "y")}}
			check(t, s, c.out, func(x []float64) []float64 { return naiveMatMul(x, wv, da, db, c.full) })
		})
	}
	t.Run("constant times input", func(t *testing.T) {
		w, wv := weight("w", 4, 5, 3)
		s := small{opset: 13, dims: []int{2, 3, 4}, weights: []*wire.Tensor{w}, nodes: []*wire.Node{do("MatMul", "w x", "y")}}
		check(t, s, []int{2, 5, 4}, func(x []float64) []float64 { return naiveMatMul(wv, x, []int{5, 3}, []int{2, 3, 4}, []int{2, 5, 4}) })
	})
	t.Run("input times its transpose", func(t *testing.T) {
		s := small{opset: 13, dims: []int{3, 4}, nodes: []*wire.Node{do("Transpose", "x", "t"), do("MatMul", "x t", "y")}}
		check(t, s, []int{3, 3}, func(x []float64) []float64 {
			y := make([]float64, 9)
			for i := range y {
				for q := range 4 {
					y[i] += x[i/3*4+q] * x[i%3*4+q]
				}
			}
			return y
		})
	})
	t.Run("transposed operands of Gemm that both depend on the image", func(t *testing.T) {
		s := small{opset: 13, dims: []int{3, 4}, nodes: []*wire.Node{do("Gemm", "x x", "y", integer("transA", 1))}}
		check(t, s, []int{4, 4}, func(x []float64) []float64 {
			y := make([]float64, 16)
			for i := range y {
				for q := range 3 {
					y[i] += x[q*4+i/4] * x[q*4+i%4]
				}
			}
			return y
		})
	})
	t.Run("second operand of Gemm transposed and both depend on the image", func(t *testing.T) {
		s := small{opset: 13, dims: []int{3, 4}, nodes: []*wire.Node{do("Gemm", "x x", "y", integer("transB", 1))}}
		check(t, s, []int{3, 3}, func(x []float64) []float64 {
			y := make([]float64, 9)
			for i := range y {
				for q := range 4 {
					y[i] += x[i/3*4+q] * x[i%3*4+q]
				}
			}
			return y
		})
	})
}
