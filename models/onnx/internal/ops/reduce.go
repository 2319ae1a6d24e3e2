package ops

import "math"

// ReduceKind says what Reduce makes of the values.
type ReduceKind int

// The kinds. Of equal maxima (minima) the first in row-major order has the gradient.
const (
	ReduceSum ReduceKind = iota
	ReduceMean
	ReduceMax
	ReduceMin
	ReduceL2
)

// Reduce makes one number of the elements along some dimensions: y[o] is of x[Outer[o] + Inner[i]] over all i.
type Reduce[T Float] struct {
	Kind         ReduceKind
	Outer, Inner []int
}

// NewReduce reduces the dimensions of x whose entry in reduced is true.
func NewReduce[T Float](kind ReduceKind, dims []int, reduced []bool) *Reduce[T] {
	o := &Reduce[T]{Kind: kind, Outer: []int{0}, Inner: []int{0}}
	for i, stride := range Strides(dims) {
		list := &o.Outer
		if reduced[i] {
			list = &o.Inner
		}
		next := make([]int, 0, len(*list)*dims[i])
		for _, at := range *list {
			for k := range dims[i] {
				next = append(next, at+k*stride)
			}
		}
		*list = next
	}
	return o
}

// Needs implements Op.
func (o *Reduce[T]) Needs(varies []bool) ([]bool, bool) {
	if o.Kind == ReduceSum || o.Kind == ReduceMean {
		return none(varies)
	}
	x, _ := allInputs(varies)
	return x, true
}

// Forward implements Op.
func (o *Reduce[T]) Forward(m *Machine[T], x, y [][]T) {
	m.workers.Run(len(o.Outer), func(i, _ int) { y[0][i] = o.reduce(x[0], o.Outer[i]) })
}

func (o *Reduce[T]) reduce(x []T, at int) T {
	switch o.Kind {
	case ReduceMax, ReduceMin:
		return x[at+o.winner(x, at)]
	case ReduceL2:
		sum := T(0)
		for _, d := range o.Inner {
			sum += T(x[at+d] * x[at+d])
		}
		return T(math.Sqrt(float64(sum)))
	}
	sum := T(0)
	for _, d := range o.Inner {
		sum += x[at+d]
	}
	if o.Kind == ReduceMean {
		sum /= T(len(o.Inner))
	}
	return sum
}

// winner is the offset of the first maximum or minimum.
func (o *Reduce[T]) winner(x []T, at int) int {
	best := o.Inner[0]
	for _, d := range o.Inner {
		if v := x[at+d]; o.Kind == ReduceMax && v > x[at+best] || o.Kind == ReduceMin && v < x[at+best] {
			best = d
		}
	}
	return best
}

// Backward implements Op.
func (o *Reduce[T]) Backward(m *Machine[T], x, y, dy, dx [][]T) {
	if dx[0] == nil {
		return
	}
	m.workers.Run(len(o.Outer), func(i, _ int) {
		at, g := o.Outer[i], dy[0][i]
		switch o.Kind {
		case ReduceMax, ReduceMin:
			dx[0][at+o.winner(x[0], at)] += g
			return
		case ReduceMean:
			g /= T(len(o.Inner))
		}
		for _, d := range o.Inner {
			v := g
			if o.Kind == ReduceL2 {
				v *= x[0][at+d] / y[0][i]
			}
			dx[0][at+d] += v
		}
	})
}
