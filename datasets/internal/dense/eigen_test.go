package dense

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// spectrum builds a symmetric matrix with the given eigenvalues and random eigenvectors.
func spectrum(r *rand.Rand, values []float64) Matrix[float64] {
	n := len(values)
	var qr mat.QR
	qr.Factorize(mat.NewDense(n, n, random[float64](r, n, n, false).Data))
	var q, scaled, product mat.Dense
	qr.QTo(&q)
	scaled.Mul(&q, mat.NewDiagDense(n, values))
	product.Mul(&scaled, q.T())
	m := New[float64](n, n)
	for i := range n {
		for j := range n {
			m.Data[i*n+j] = (product.At(i, j) + product.At(j, i)) / 2
		}
	}
	return m
}

// steep is n eigenvalues from 1e6 down to about 1, as a covariance of photographs has them.
func steep(n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = 1e6 / math.Pow(float64(i+1), 6/math.Log10(float64(n+1)))
	}
	return values
}

func TestEigenAbove(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	repeat := func(n int, values ...float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = values[i%len(values)]
		}
		return out
	}
	cases := []struct {
		name   string
		values []float64
		floor  float64
		want   int
	}{
		{"one value", []float64{3}, 1, 1},
		{"two values", []float64{3, 5}, 4, 1},
		{"three values", []float64{3, 5, 9}, 1, 3},
		{"none above", []float64{1, 2, 3, 4}, 5, 0},
		{"all zero", repeat(40, 0), 1, 0},
		{"identity", repeat(50, 1), 0.5, 50},
		{"double values", repeat(70, 1, 2, 2, 7), 1.5, 52},
		{"singular", append(repeat(60, 0), 5, 6, 7), 1, 3},
		{"steep, a panel and a bit", steep(33), 0, 33},
		{"steep", steep(150), 100, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := spectrum(r, c.values)
			want := c.want
			if want == 0 {
				for _, v := range c.values {
					if v > c.floor {
						want++
					}
				}
			}
			checkEigen(t, a, c.floor, want)
		})
	}
}

// checkEigen compares EigenAbove with gonum's EigenSym, and its vectors with what defines them.
func checkEigen(t *testing.T, a Matrix[float64], floor float64, want int) {
	t.Helper()
	n := a.Rows
	var eigen mat.EigenSym
	if !eigen.Factorize(mat.NewSymDense(n, append([]float64(nil), a.Data...)), false) {
		t.Fatal("gonum finds no eigenvalues")
	}
	all := eigen.Values(nil)
	norm := math.Max(math.Abs(all[0]), math.Abs(all[n-1]))
	work := View(append([]float64(nil), a.Data...), n, n)
	values, vectors, err := EigenAbove(work, floor)
	if err != nil || len(values) != want || vectors.Rows != want {
		t.Fatalf("got %d values, %d vectors, error %v, want %d", len(values), vectors.Rows, err, want)
	}
	for k, v := range values {
		if g := all[n-want+k]; math.Abs(v-g) > 1e-13*norm*float64(n) {
			t.Errorf("eigenvalue %d is %v, gonum says %v", k, v, g)
		}
	}
	if err := fault(a, values, vectors, norm); err != nil {
		t.Error(err)
	}
}

// fault finds a vector x that is not an eigenvector, A·x = value·x, or not orthogonal to another and of length 1.
func fault(a Matrix[float64], values []float64, vectors Matrix[float64], norm float64) error {
	n := a.Rows
	for k, value := range values {
		x := vectors.row(k, n)
		residual := 0.0
		for i := range n {
			residual = math.Max(residual, math.Abs(dot(a.row(i, n), x)-value*x[i]))
		}
		if residual > 1e-12*norm {
			return fmt.Errorf("eigenvector %d: |A·x − %v·x| is %v, of a norm of %v", k, value, residual, norm)
		}
		for e := range k + 1 {
			want := 0.0
			if e == k {
				want = 1
			}
			if got := dot(vectors.row(e, n), x); math.Abs(got-want) > 1e-8 {
				return fmt.Errorf("product of eigenvectors %d and %d is %v, want %v", e, k, got, want)
			}
		}
	}
	return nil
}

func TestEigenAboveRejects(t *testing.T) {
	if _, _, err := EigenAbove(New[float64](2, 3), 0); err == nil {
		t.Error("a matrix that is not square: no error")
	}
	a := New[float64](2, 2)
	a.Data[3] = math.NaN()
	if _, _, err := EigenAbove(a, 0); err == nil {
		t.Error("a matrix with NaN: no error")
	}
}

func BenchmarkEigenAbove(b *testing.B) {
	const n = 768
	r := rand.New(rand.NewPCG(9, 10))
	a := random[float64](r, n, n, false)
	c := New[float64](n, n)
	AddProduct(c, a, a.T())
	for b.Loop() {
		if _, _, err := EigenAbove(View(append([]float64(nil), c.Data...), n, n), n); err != nil {
			b.Fatal(err)
		}
	}
}
