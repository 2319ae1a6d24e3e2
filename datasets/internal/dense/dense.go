// Package dense has the linear algebra of whitening: products of large matrices and the eigenvectors of a large symmetric
// one. Gonum's take minutes at the 3072×3072 of CIFAR-10, these take seconds. Results do not depend on the number of
// processors: each value is summed by one of them, in one order.
package dense

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/maxgain/maxgain/models/cpu"
)

// level is what tiles are dispatched on; tests change it. What is wrong with $MAXGAIN_CPU is for callers to find.
var level, _ = cpu.Current()

// Fused tells whether a product is rounded together with the sum it is added to, as AVX2 and AVX-512 do, or by itself
// before. Sums of the two kinds differ in their last digits.
func Fused() bool { return level >= cpu.AVX2 }

// Float is the type of a matrix's values.
type Float interface{ float32 | float64 }

// Matrix is a view of values: that at row i and column j is Data[i*RowStep+j*ColStep].
type Matrix[T Float] struct {
	Rows, Cols       int
	RowStep, ColStep int
	Data             []T
}

// New returns a matrix of zeros, row after row in memory.
func New[T Float](rows, cols int) Matrix[T] {
	return View(make([]T, rows*cols), rows, cols)
}

// View is data, row after row, as a matrix.
func View[T Float](data []T, rows, cols int) Matrix[T] {
	return Matrix[T]{Rows: rows, Cols: cols, RowStep: cols, ColStep: 1, Data: data}
}

// T is the transpose, a view of the same values.
func (m Matrix[T]) T() Matrix[T] {
	return Matrix[T]{Rows: m.Cols, Cols: m.Rows, RowStep: m.ColStep, ColStep: m.RowStep, Data: m.Data}
}

// Part is rows i0 … i1−1 and columns j0 … j1−1, a view of the same values.
func (m Matrix[T]) Part(i0, i1, j0, j1 int) Matrix[T] {
	p := m
	p.Rows, p.Cols = i1-i0, j1-j0
	if p.Rows > 0 && p.Cols > 0 {
		p.Data = m.Data[i0*m.RowStep+j0*m.ColStep:]
	}
	return p
}

// At is the value at row i and column j.
func (m Matrix[T]) At(i, j int) T { return m.Data[i*m.RowStep+j*m.ColStep] }

// Each calls do for 0 … n−1, on all processors at once.
func Each(n int, do func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wait.Wait()
}
