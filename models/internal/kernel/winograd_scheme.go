package kernel

import (
	"math"
	"slices"
)

// winogradScheme is one algorithm F(m×m, r×r): it computes tiles of m×m outputs of an r×r convolution from
// n×n inputs, n = m+r−1, with n² products a channel instead of m²·r² (Winograd 1980; Lavin & Gray,
// arXiv:1509.09308). In one dimension, with T the transpose,
//
//	y = gradᵀ·[(weight·w) ∘ (data·x)]
//
// evaluates the polynomials of weights and gradients at n−1 points and at infinity. In two dimensions
// every transform is applied to the columns and to the rows of its tile. The algorithm is bilinear, so the
// gradients come from the same three matrices:
//
//	∂w = weightᵀ·[(data·x) ∘ (grad·∂y)]    ∂x = dataᵀ·[(weight·w) ∘ (grad·∂y)]
type winogradScheme struct {
	m, r   int
	points []float64
}

// The schemes in use, one for each size of window. Of the sets {0, ±a, ±b, …} of multiples of 1/8 these have the
// smallest rounding error in float32 (scaling all points scales the inputs of the transforms unevenly, so it
// matters); all of their data and grad coefficients are exact.
var (
	winograd45 = winogradScheme{m: 4, r: 5, points: []float64{0, 1, -1, 2, -2, 0.5, -0.5}}
	winograd43 = winogradScheme{m: 4, r: 3, points: []float64{0, 0.625, -0.625, 1.5, -1.5}}
)

func (s winogradScheme) n() int { return s.m + s.r - 1 }

// data is [n,n]: row j holds the coefficients of Π_{l≠j}(x−p_l), the last row those of Π(x−p_l).
func (s winogradScheme) data() [][]float64 {
	t := make([][]float64, s.n())
	for j := range s.points {
		t[j] = append(polynomial(s.others(j)), 0)
	}
	t[s.n()-1] = polynomial(s.points)
	return t
}

// weight is [n,r]: row j holds p_jᵏ / Π_{l≠j}(p_j−p_l), the last row selects the last tap.
func (s winogradScheme) weight() [][]float64 {
	t := powers(s.points, s.r)
	for j, p := range s.points {
		scale := 1.0
		for _, q := range s.others(j) {
			scale *= p - q
		}
		for k := range t[j] {
			t[j][k] /= scale
		}
	}
	return t
}

// grad is [n,m]: row j holds p_jᵏ, the last row selects the last output.
func (s winogradScheme) grad() [][]float64 { return powers(s.points, s.m) }

func (s winogradScheme) others(j int) []float64 {
	return slices.Delete(slices.Clone(s.points), j, j+1)
}

func powers(points []float64, count int) [][]float64 {
	t := make([][]float64, len(points)+1)
	for j, p := range points {
		for k := range count {
			t[j] = append(t[j], math.Pow(p, float64(k)))
		}
	}
	t[len(points)] = make([]float64, count)
	t[len(points)][count-1] = 1
	return t
}

// polynomial is Π(x−p), lowest power first.
func polynomial(points []float64) []float64 {
	c := []float64{1}
	for _, p := range points {
		next := append([]float64{0}, c...)
		for i, v := range c {
			next[i] -= p * v
		}
		c = next
	}
	return c
}
