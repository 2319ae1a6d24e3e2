package ops

// Select picks elements: output (i₀,i₁,…) is x[Index[0][i₀] + Index[1][i₁] + …], or Fill if one of these is negative.
// Transpose, Slice, Split, Gather, Expand, Tile and Pad are cases of it.
type Select[T any] struct {
	Index [][]int // an offset for each place along each dimension of the output
	Fill  T
}

// Shape is the shape of the output.
func (o *Select[T]) Shape() []int {
	dims := make([]int, len(o.Index))
	for i, index := range o.Index {
		dims[i] = len(index)
	}
	return dims
}

// Apply writes the output for any element type.
func (o *Select[T]) Apply(x, y []T) {
	o.walk(0, 0, 0, product(o.Shape()), func(at, from int, last []int) {
		for i, d := range last {
			if from < 0 || d < 0 {
				y[at+i] = o.Fill
			} else {
				y[at+i] = x[from+d]
			}
		}
	})
}

// walk calls f for each row of the output: its place, the offset so far (−1: filled), and the last dimension's offsets.
func (o *Select[T]) walk(axis, at, from, size int, f func(at, from int, last []int)) {
	switch {
	case size == 0:
		return
	case len(o.Index) == 0:
		f(at, from, []int{0})
		return
	case axis == len(o.Index)-1:
		f(at, from, o.Index[axis])
		return
	}
	size /= len(o.Index[axis])
	for i, d := range o.Index[axis] {
		next := from + d
		if from < 0 || d < 0 {
			next = -1
		}
		o.walk(axis+1, at+i*size, next, size, f)
	}
}

// Pick is Select as an operation on floats.
type Pick[T Float] struct{ Select[T] }

// Needs implements Op.
func (o *Pick[T]) Needs(varies []bool) ([]bool, bool) { return none(varies) }

// Forward implements Op.
func (o *Pick[T]) Forward(_ *Machine[T], x, y [][]T) { o.Apply(x[0], y[0]) }

// Backward implements Op.
func (o *Pick[T]) Backward(_ *Machine[T], _, _, dy, dx [][]T) {
	if dx[0] == nil {
		return
	}
	o.walk(0, 0, 0, product(o.Shape()), func(at, from int, last []int) {
		if from < 0 {
			return
		}
		for i, d := range last {
			if d >= 0 {
				dx[0][from+d] += dy[0][at+i]
			}
		}
	})
}

// Concat joins inputs [Outer, Inner[i]] to [Outer, ΣInner].
type Concat[T Float] struct {
	Outer int
	Inner []int
}

// Needs implements Op.
func (o *Concat[T]) Needs(varies []bool) ([]bool, bool) { return none(varies) }

// Forward implements Op.
func (o *Concat[T]) Forward(_ *Machine[T], x, y [][]T) { Join(o.Outer, o.Inner, x, y[0]) }

// Join is Concat for any element type.
func Join[T any](outer int, inner []int, x [][]T, y []T) {
	at := 0
	for i := range outer {
		for k, n := range inner {
			copy(y[at:][:n], x[k][i*n:])
			at += n
		}
	}
}

// Backward implements Op.
func (o *Concat[T]) Backward(_ *Machine[T], _, _, dy, dx [][]T) {
	at := 0
	for i := range o.Outer {
		for k, n := range o.Inner {
			if dx[k] != nil {
				to := dx[k][i*n:][:n]
				for j, g := range dy[0][at:][:n] {
					to[j] += g
				}
			}
			at += n
		}
	}
}
