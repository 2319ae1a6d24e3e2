package ops

import "github.com/maxgain/maxgain/models/internal/kernel"

// panelCols is the usual number of columns that a product computes at a time, maxPanel the largest: the columns that
// are left over, if they are few, join the last panel.
const (
	panelCols = 48
	maxPanel  = 64
)

// panel is a range of columns.
type panel struct{ first, cols int }

// panels cuts n columns.
func panels(n int) []panel {
	var list []panel
	for first := 0; first < n; {
		cols := panelCols
		if n-first <= maxPanel {
			cols = n - first
		}
		list = append(list, panel{first, cols})
		first += cols
	}
	return list
}

// sumBlock is how many products are summed in float32 before they are added to the total: an error of rounding grows
// with the square root of a sum's length.
const sumBlock = 256

// addProduct adds A·B to C: C[i·ci+j] += Σ_{q<k} A[i·ai+q]·B[q·bk+j], i < m, j < n, in the order of q, in float32 in
// blocks of sumBlock. spare is scratch memory of m·n values.
func addProduct[T Float](c []T, ci int, a []T, ai int, b []T, bk int, m, n, k int, spare []T) {
	if m < 1 || n < 1 || k < 1 {
		return
	}
	if c, ok := any(c).([]float32); ok {
		addProduct32(c, ci, any(a).([]float32), ai, any(b).([]float32), bk, m, n, k, any(spare).([]float32))
		return
	}
	i := 0
	for ; i+2 <= m; i += 2 {
		twoRows(c[i*ci:], ci, a[i*ai:][:k], a[(i+1)*ai:][:k], b, bk, n)
	}
	if i < m {
		row := a[i*ai:][:k]
		for j := range n {
			sum := c[i*ci+j]
			for q, v := range row {
				sum += T(v * b[q*bk+j])
			}
			c[i*ci+j] = sum
		}
	}
}

func addProduct32(c []float32, ci int, a []float32, ai int, b []float32, bk int, m, n, k int, spare []float32) {
	strip := kernel.Strip{A: a, B: b, C: c, M: m, N: n, AI: ai, R: 1, T: k, AT: 1, BT: bk, CI: ci, Acc: true}
	if k <= sumBlock {
		strip.Run()
		return
	}
	strip.C, strip.CI, strip.Acc = spare[:m*n], n, false
	for q := 0; q < k; q += sumBlock {
		strip.A, strip.B, strip.T = a[q:], b[q*bk:], min(sumBlock, k-q)
		strip.Run()
		for i := range m {
			to := c[i*ci:][:n]
			for j, v := range spare[i*n:][:n] {
				to[j] += v
			}
		}
	}
}

// twoRows is addProduct for two rows of A. Every element is one chain of sums that begins with C's value, as in the
// loop for one row; the conversion keeps a product from being fused with its sum, which differs from CPU to CPU.
func twoRows[T Float](c []T, ci int, a0, a1, b []T, bk, n int) {
	c0, c1 := c[:n], c[ci:][:n]
	j := 0
	for ; j+4 <= n; j += 4 {
		s00, s01, s02, s03 := c0[j], c0[j+1], c0[j+2], c0[j+3]
		s10, s11, s12, s13 := c1[j], c1[j+1], c1[j+2], c1[j+3]
		at := b[j:]
		for q := range a0 {
			row := at[q*bk:][:4]
			x, y := a0[q], a1[q]
			s00 += T(x * row[0])
			s01 += T(x * row[1])
			s02 += T(x * row[2])
			s03 += T(x * row[3])
			s10 += T(y * row[0])
			s11 += T(y * row[1])
			s12 += T(y * row[2])
			s13 += T(y * row[3])
		}
		c0[j], c0[j+1], c0[j+2], c0[j+3] = s00, s01, s02, s03
		c1[j], c1[j+1], c1[j+2], c1[j+3] = s10, s11, s12, s13
	}
	for ; j < n; j++ {
		s0, s1 := c0[j], c1[j]
		for q, x := range a0 {
			v := b[q*bk+j]
			s0 += T(x * v)
			s1 += T(a1[q] * v)
		}
		c0[j], c1[j] = s0, s1
	}
}

// Matrix is a matrix inside an array: element (i,j) is at Row·i + Col·j.
type Matrix struct{ Row, Col int }

// T is the transposed matrix.
func (m Matrix) T() Matrix { return Matrix{m.Col, m.Row} }

// multiply adds A [m,k] · B [k,n] to C [m,n], whose columns must be adjacent. The work is shared out by columns.
func (mc *Machine[T]) multiply(c []T, ci int, a []T, am Matrix, b []T, bm Matrix, m, n, k int) {
	if m < 1 || n < 1 || k < 1 {
		return
	}
	if m <= 2 {
		for i := range m {
			mc.multiplyRow(c[i*ci:][:n], a[i*am.Row:], am.Col, b, bm, k)
		}
		return
	}
	rows, ai := a, am.Row
	if am.Col != 1 {
		rows, ai = make([]T, m*k), k
		for i := range m {
			for q := range k {
				rows[i*k+q] = a[i*am.Row+q*am.Col]
			}
		}
	}
	list := panels(n)
	mc.workers.Run(len(list), func(chunk, worker int) {
		p := list[chunk]
		scratch := mc.memory(worker, (k+m)*p.cols)
		packed, spare := scratch[:k*p.cols], scratch[k*p.cols:]
		for q := range k {
			row := packed[q*p.cols:][:p.cols]
			from := b[q*bm.Row+p.first*bm.Col:]
			for j := range row {
				row[j] = from[j*bm.Col]
			}
		}
		addProduct(c[p.first:], ci, rows, ai, packed, p.cols, m, p.cols, k, spare)
	})
}

// rowCols is how many elements of a vector-matrix product a worker takes at a time.
const rowCols = 256

// multiplyRow adds a·B to the row c, summed in float64; a's values lie step apart.
func (mc *Machine[T]) multiplyRow(c, a []T, step int, b []T, bm Matrix, k int) {
	mc.workers.Run((len(c)+rowCols-1)/rowCols, func(chunk, _ int) {
		first := chunk * rowCols
		part := c[first:min(len(c), first+rowCols)]
		var memory [rowCols]float64
		sums := memory[:len(part)]
		if bm.Col == 1 {
			for q := range k {
				v := float64(a[q*step])
				for j, w := range b[q*bm.Row+first:][:len(sums)] {
					sums[j] += float64(v * float64(w))
				}
			}
		} else {
			for j := range sums {
				sum, at := 0.0, (first+j)*bm.Col
				for q := range k {
					sum += float64(float64(a[q*step]) * float64(b[at]))
					at += bm.Row
				}
				sums[j] = sum
			}
		}
		for j, v := range sums {
			part[j] += T(v)
		}
	})
}

// MatMul multiplies matrices: output [len(Batches),M,N].
type MatMul[T Float] struct {
	M, N, K int
	A, B    Matrix
	Batches [][2]int // where each pair of matrices begins
}

// Forward implements Op.
func (o *MatMul[T]) Forward(m *Machine[T], x, y [][]T) {
	clear(y[0])
	for i, at := range o.Batches {
		m.multiply(y[0][i*o.M*o.N:], o.N, x[0][at[0]:], o.A, x[1][at[1]:], o.B, o.M, o.N, o.K)
	}
}

// Backward implements Op: dA = dY·Bᵀ, dB = Aᵀ·dY.
func (o *MatMul[T]) Backward(m *Machine[T], x, _, dy, dx [][]T) {
	result := Matrix{o.N, 1}
	for i, at := range o.Batches {
		g := dy[0][i*o.M*o.N:]
		if dx[0] != nil {
			if da := dx[0][at[0]:]; o.A.Col == 1 {
				m.multiply(da, o.A.Row, g, result, x[1][at[1]:], o.B.T(), o.M, o.K, o.N)
			} else { // dAᵀ = B·dYᵀ
				m.multiply(da, o.A.Col, x[1][at[1]:], o.B, g, result.T(), o.K, o.M, o.N)
			}
		}
		if dx[1] != nil {
			if db := dx[1][at[1]:]; o.B.Col == 1 {
				m.multiply(db, o.B.Row, x[0][at[0]:], o.A.T(), g, result, o.K, o.N, o.M)
			} else { // dBᵀ = dYᵀ·A
				m.multiply(db, o.B.Col, g, result.T(), x[0][at[0]:], o.A, o.N, o.K, o.M)
			}
		}
	}
}

// Needs implements Op.
func (o *MatMul[T]) Needs(varies []bool) ([]bool, bool) { return []bool{varies[1], varies[0]}, false }
