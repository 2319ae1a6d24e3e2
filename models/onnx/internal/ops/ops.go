// Package ops computes the operators of a net on dense row-major arrays, and their vector-Jacobian products. Shapes are
// fixed when an operation is made. Images are [N,C,H,W].
//
// Every sum is formed in an order that depends on the shapes alone: results have the same bits for any number of
// workers, and equal windows of an image have equal results, so that ties in a max pool stay ties.
package ops

import "github.com/maxgain/maxgain/models/internal/kernel"

// Float is the element type.
type Float = kernel.Float

// Op is one operation with fixed shapes.
type Op[T Float] interface {
	// Forward computes every output from the inputs. An output that is nil is not wanted.
	Forward(m *Machine[T], x, y [][]T)
	// Backward adds the vector-Jacobian product to every dx[i] that is not nil. A dy that is nil counts as zero. x and y
	// hold at least what Needs asked for.
	Backward(m *Machine[T], x, y, dy, dx [][]T)
	// Needs says which inputs and whether the outputs are read by Backward if these inputs depend on the image.
	Needs(varies []bool) (x []bool, y bool)
}

// Machine is what operations compute with: workers and scratch memory for each.
type Machine[T Float] struct {
	workers *kernel.Workers
	scratch [][]T
}

// NewMachine starts the given number of workers, all cores for n < 1.
func NewMachine[T Float](n int) *Machine[T] {
	w := kernel.NewWorkers(n)
	return &Machine[T]{workers: w, scratch: make([][]T, w.Count())}
}

// Close ends the workers.
func (m *Machine[T]) Close() { m.workers.Close() }

// memory is n values of scratch for one worker, with old contents.
func (m *Machine[T]) memory(worker, n int) []T {
	if len(m.scratch[worker]) < n {
		m.scratch[worker] = make([]T, n)
	}
	return m.scratch[worker][:n]
}

// chunkLen is how many elements a worker takes at a time of an element-wise operation.
const chunkLen = 1 << 14

// each calls f for parts [lo,hi) of [0,n), in parallel.
func (m *Machine[T]) each(n int, f func(lo, hi int)) {
	m.workers.Run((n+chunkLen-1)/chunkLen, func(chunk, _ int) {
		f(chunk*chunkLen, min(n, (chunk+1)*chunkLen))
	})
}

// product is the product of dims, 1 of none.
func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// Strides are the row-major strides of dims.
func Strides(dims []int) []int {
	s := make([]int, len(dims))
	n := 1
	for i := len(dims) - 1; i >= 0; i-- {
		s[i] = n
		n *= dims[i]
	}
	return s
}

// none and allInputs are frequent answers of Needs.
func none(varies []bool) ([]bool, bool) { return make([]bool, len(varies)), false }
func allInputs(varies []bool) ([]bool, bool) {
	x := make([]bool, len(varies))
	for i := range x {
		x[i] = true
	}
	return x, false
}
