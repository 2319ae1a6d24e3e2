package dense

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	lapack "gonum.org/v1/gonum/lapack/gonum"
)

// EigenAbove returns the eigenvalues of the symmetric n×n matrix a that are greater than floor, in rising order, and
// their eigenvectors, one a row, of length 1. It overwrites a, whose rows must follow one another in memory.
//
// a is reduced to a tridiagonal matrix by Householder reflections in panels; the eigenvalues of that are gonum's Dsterf,
// its eigenvectors inverse iteration; the reflections, in blocks, turn them back (Golub and Van Loan, Matrix
// Computations, 4th ed., §8.3 and §8.4.2; LAPACK's dsytrd, dstein, dormtr). With few eigenvalues above the floor this
// is far less work than all eigenvectors by QR.
func EigenAbove(a Matrix[float64], floor float64) (values []float64, vectors Matrix[float64], err error) {
	if a.Rows != a.Cols || a.RowStep != a.Cols || a.ColStep != 1 {
		return nil, Matrix[float64]{}, fmt.Errorf("eigenvectors: want a square matrix, row after row in memory, got %d×%d", a.Rows, a.Cols)
	}
	for _, v := range a.Data {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, Matrix[float64]{}, fmt.Errorf("eigenvectors: the matrix holds %v", v)
		}
	}
	t := tridiagonalize(a)
	all := append([]float64(nil), t.diagonal...)
	if !(lapack.Implementation{}).Dsterf(a.Rows, all, append([]float64(nil), t.beside...)) {
		return nil, Matrix[float64]{}, fmt.Errorf("eigenvalues of a %d×%d matrix: no convergence", a.Rows, a.Cols)
	}
	for _, v := range all {
		if v > floor {
			values = append(values, v)
		}
	}
	vectors = t.vectors(values)
	t.turnBack(vectors)
	return values, vectors, nil
}

// tridiagonal is a symmetric matrix as Q·T·Qᵀ.
type tridiagonal struct {
	diagonal, beside []float64       // of T: n and n−1 values
	q                Matrix[float64] // the reflection of step c: I − tau[c]·v·vᵀ with v in column c, from row c+1 on
	tau              []float64
}

// panel is the number of columns reduced before the rest of the matrix is brought up to date.
const panel = 32

// tridiagonalize reduces a, whose lower triangle comes to hold the reflections.
func tridiagonalize(a Matrix[float64]) tridiagonal {
	n := a.Rows
	t := tridiagonal{diagonal: make([]float64, n), beside: make([]float64, max(n-1, 0)), q: a, tau: make([]float64, max(n-1, 0))}
	v, w := New[float64](n, panel), New[float64](n, panel)
	for from := 0; from < n; from += panel {
		to := min(from+panel, n)
		clear(v.Data)
		clear(w.Data)
		for c := from; c < to; c++ {
			t.reduceColumn(c, c-from, v, w)
		}
		// A − V·Wᵀ − W·Vᵀ for what is left of A.
		left := New[float64](n-to, 2*panel)
		right := New[float64](n-to, 2*panel)
		for i := range n - to {
			for j := range panel {
				left.Data[i*2*panel+j], right.Data[i*2*panel+j] = -v.At(to+i, j), w.At(to+i, j)
				left.Data[i*2*panel+panel+j], right.Data[i*2*panel+panel+j] = -w.At(to+i, j), v.At(to+i, j)
			}
		}
		AddProduct(a.Part(to, n, to, n), left, right.T())
	}
	return t
}

// reduceColumn does step c, the j-th of its panel: it brings column c up to date with the panel's earlier steps, finds the
// reflection that clears it below the subdiagonal, and sets column j of v and of w, with which
// A − V·Wᵀ − W·Vᵀ is A after all steps so far.
func (t *tridiagonal) reduceColumn(c, j int, v, w Matrix[float64]) {
	a, n := t.q, t.q.Rows
	column := make([]float64, n) // of A, from row c on
	for i := c; i < n; i++ {
		column[i] = a.At(i, c) - dot(v.row(i, j), w.row(c, j)) - dot(w.row(i, j), v.row(c, j))
	}
	t.diagonal[c] = column[c]
	if c == n-1 {
		return
	}
	x := column[c+1:]
	norm := math.Copysign(blas64.Nrm2(vector(x)), x[0])
	t.beside[c] = -norm
	if norm != 0 {
		t.tau[c] = (norm + x[0]) / norm
		blas64.Scal(1/(norm+x[0]), vector(x))
		x[0] = 1
	}
	for i := range x {
		a.Data[(c+1+i)*a.RowStep+c] = x[i]
		v.Data[(c+1+i)*panel+j] = x[i]
	}
	// y = tau·(A·x − V·(Wᵀ·x) − W·(Vᵀ·x)), then w = y − ½·tau·(yᵀ·x)·x.
	var wx, vx [panel]float64
	for i, xi := range x {
		blas64.Axpy(xi, vector(w.row(c+1+i, j)), vector(wx[:j]))
		blas64.Axpy(xi, vector(v.row(c+1+i, j)), vector(vx[:j]))
	}
	y := make([]float64, len(x))
	const rows = 64
	Each((len(x)+rows-1)/rows, func(block int) {
		for i := block * rows; i < min((block+1)*rows, len(x)); i++ {
			r := c + 1 + i
			y[i] = t.tau[c] * (dot(a.Data[r*a.RowStep+c+1:r*a.RowStep+n], x) - dot(v.row(r, j), wx[:j]) - dot(w.row(r, j), vx[:j]))
		}
	})
	blas64.Axpy(-0.5*t.tau[c]*dot(y, x), vector(x), vector(y))
	for i := range y {
		w.Data[(c+1+i)*panel+j] = y[i]
	}
}

// row is the first count values of row i of a matrix with ColStep 1.
func (m Matrix[T]) row(i, count int) []T { return m.Data[i*m.RowStep : i*m.RowStep+count] }

func vector(x []float64) blas64.Vector { return blas64.Vector{N: len(x), Inc: 1, Data: x} }

func dot(x, y []float64) float64 { return blas64.Dot(vector(x), vector(y)) }

// vectors returns T's eigenvectors of the given rising eigenvalues, one a row. Where eigenvalues are nearer than a
// ten-millionth of T's norm, inverse iteration alone would leave their vectors less than nine digits from orthogonal: each is
// then made orthogonal to those before it.
func (t *tridiagonal) vectors(values []float64) Matrix[float64] {
	n := len(t.diagonal)
	x := New[float64](len(values), n)
	norm := t.norm()
	near, apart := 1e-7*norm, 4*0x1p-52*norm
	r := rand.New(rand.NewPCG(1, 2))
	solver := newSolver(n)
	shift, first := math.Inf(-1), 0
	for k, value := range values {
		if k > 0 && value-values[k-1] > near {
			first = k
		}
		shift = max(value, shift+apart) // equal eigenvalues a hair apart, as LAPACK's dstein has them
		solver.factor(t, shift, norm)
		y := x.row(k, n)
		for i := range y {
			y[i] = r.NormFloat64()
		}
		for range 4 {
			solver.solve(y)
			for range 2 { // twice is enough (Parlett)
				for e := first; e < k; e++ {
					blas64.Axpy(-dot(x.row(e, n), y), vector(x.row(e, n)), vector(y))
				}
			}
			blas64.Scal(1/blas64.Nrm2(vector(y)), vector(y))
		}
	}
	return x
}

// norm is the largest sum of absolute values in a row of T; 1 for T = 0.
func (t *tridiagonal) norm() float64 {
	largest := 0.0
	for i, v := range t.diagonal {
		sum := math.Abs(v)
		if i > 0 {
			sum += math.Abs(t.beside[i-1])
		}
		if i < len(t.beside) {
			sum += math.Abs(t.beside[i])
		}
		largest = max(largest, sum)
	}
	if largest == 0 {
		return 1
	}
	return largest
}

// solver solves (T − shift·I)·x = y by elimination with row exchanges.
type solver struct {
	upper0, upper1, upper2 []float64 // diagonals of the upper factor
	lower                  []float64 // multipliers
	swapped                []bool
}

func newSolver(n int) *solver {
	return &solver{make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]bool, n)}
}

// factor eliminates; a pivot that vanishes becomes the rounding error of a matrix of this norm.
func (s *solver) factor(t *tridiagonal, shift, norm float64) {
	n := len(t.diagonal)
	tiny := 0x1p-52 * norm
	beside := func(i int) float64 {
		if i < len(t.beside) {
			return t.beside[i]
		}
		return 0
	}
	here, next := t.diagonal[0]-shift, beside(0)
	for i := range n - 1 {
		b, d, e := t.beside[i], t.diagonal[i+1]-shift, beside(i+1)
		if s.swapped[i] = math.Abs(b) > math.Abs(here); s.swapped[i] {
			s.lower[i] = here / b
			s.upper0[i], s.upper1[i], s.upper2[i] = b, d, e
			here, next = next-s.lower[i]*d, -s.lower[i]*e
			continue
		}
		if math.Abs(here) < tiny {
			here = tiny
		}
		s.lower[i] = b / here
		s.upper0[i], s.upper1[i], s.upper2[i] = here, next, 0
		here, next = d-s.lower[i]*next, e
	}
	if math.Abs(here) < tiny {
		here = tiny
	}
	s.upper0[n-1], s.upper1[n-1], s.upper2[n-1] = here, 0, 0
}

// solve replaces y by the solution.
func (s *solver) solve(y []float64) {
	n := len(y)
	for i := range n - 1 {
		if s.swapped[i] {
			y[i], y[i+1] = y[i+1], y[i]
		}
		y[i+1] -= s.lower[i] * y[i]
	}
	y[n-1] /= s.upper0[n-1]
	if n > 1 {
		y[n-2] = (y[n-2] - s.upper1[n-2]*y[n-1]) / s.upper0[n-2]
	}
	for i := n - 3; i >= 0; i-- {
		y[i] = (y[i] - s.upper1[i]*y[i+1] - s.upper2[i]*y[i+2]) / s.upper0[i]
	}
}

// turnBack multiplies each row of x, an eigenvector of T, by Q. A panel of reflections is I − V·S·Vᵀ with S upper
// triangular (Schreiber and Van Loan 1989).
func (t *tridiagonal) turnBack(x Matrix[float64]) {
	n, count := len(t.diagonal), x.Rows
	for from := (n - 2) / panel * panel; from >= 0 && count > 0 && n > 1; from -= panel {
		to := min(from+panel, n-1)
		width, below := to-from, n-from-1
		v := New[float64](below, width) // rows from+1 … n−1
		for j := range width {
			for i := j; i < below; i++ {
				v.Data[i*width+j] = t.q.At(from+1+i, from+j)
			}
		}
		s := t.blockFactor(v, from)
		part := x.Part(0, count, from+1, n)
		xv := New[float64](count, width)
		AddProduct(xv, part, v)
		// (V·S·Vᵀ·xᵀ)ᵀ = x·V·Sᵀ·Vᵀ
		xvs := New[float64](count, width)
		blas64.Gemm(blas.NoTrans, blas.Trans, -1, general(xv), general(s), 0, general(xvs))
		AddProduct(part, xvs, v.T())
	}
}

// blockFactor is the S of the reflections in the columns of v, the first of which is step from.
func (t *tridiagonal) blockFactor(v Matrix[float64], from int) Matrix[float64] {
	width := v.Cols
	vv := New[float64](width, width)
	AddProduct(vv, v.T(), v)
	s := New[float64](width, width)
	for j := range width {
		tau := t.tau[from+j]
		s.Data[j*width+j] = tau
		for i := range j {
			sum := 0.0
			for k := i; k < j; k++ {
				sum += s.At(i, k) * vv.At(k, j)
			}
			s.Data[i*width+j] = -tau * sum
		}
	}
	return s
}

func general(m Matrix[float64]) blas64.General {
	return blas64.General{Rows: m.Rows, Cols: m.Cols, Stride: m.RowStep, Data: m.Data}
}
