package ops

import "math"

// LRN is local response normalisation across channels: x·(Bias + Alpha/Size·Σx²)^−Beta, the sum over Size channels
// around each, ⌊(Size−1)/2⌋ below and ⌈(Size−1)/2⌉ above. Krizhevsky et al. (2012), section 3.3.
type LRN[T Float] struct {
	Outer, C, Inner   int // x [Outer, C, Inner]
	Size              int
	Alpha, Beta, Bias float64
}

// Needs implements Op.
func (o *LRN[T]) Needs(varies []bool) ([]bool, bool) { return allInputs(varies) }

// range of channels around c.
func (o *LRN[T]) around(c int) (lo, hi int) {
	return max(0, c-(o.Size-1)/2), min(o.C, c+o.Size/2+1)
}

// scales writes Bias + Alpha/Size·Σx² of every channel at one pixel.
func (o *LRN[T]) scales(to []float64, x []T) {
	for c := range to {
		lo, hi := o.around(c)
		sum := 0.0
		for k := lo; k < hi; k++ {
			v := float64(x[k*o.Inner])
			sum += float64(v * v)
		}
		to[c] = o.Bias + o.Alpha/float64(o.Size)*sum
	}
}

// Forward implements Op.
func (o *LRN[T]) Forward(m *Machine[T], x, y [][]T) {
	o.pixels(m, func(at int, scale []float64) {
		o.scales(scale, x[0][at:])
		for c, s := range scale {
			y[0][at+c*o.Inner] = T(float64(x[0][at+c*o.Inner]) * math.Pow(s, -o.Beta))
		}
	})
}

// pixels calls f for every pixel with the place of its first channel.
func (o *LRN[T]) pixels(m *Machine[T], f func(at int, scale []float64)) {
	const part = 64
	parts := (o.Inner + part - 1) / part
	m.workers.Run(o.Outer*parts, func(chunk, _ int) {
		scale := make([]float64, o.C)
		first := chunk % parts * part
		for i := first; i < min(o.Inner, first+part); i++ {
			f(chunk/parts*o.C*o.Inner+i, scale)
		}
	})
}

// Backward implements Op.
func (o *LRN[T]) Backward(m *Machine[T], x, _, dy, dx [][]T) {
	if dx[0] == nil {
		return
	}
	o.pixels(m, func(at int, scale []float64) {
		o.scales(scale, x[0][at:])
		for c, s := range scale {
			i := at + c*o.Inner
			p := math.Pow(s, -o.Beta)
			g := float64(dy[0][i])
			dx[0][i] += T(g * p)
			// By every x_k around c: −2αβ/Size · dy_c · x_c · s_c^(−β−1) · x_k.
			shared := -2 * o.Alpha * o.Beta / float64(o.Size) * g * float64(x[0][i]) * p / s
			lo, hi := o.around(c)
			for k := lo; k < hi; k++ {
				dx[0][at+k*o.Inner] += T(shared * float64(x[0][at+k*o.Inner]))
			}
		}
	})
}

// Softmax is e^x/Σe^x over the middle dimension of x [Outer, N, Inner], or its logarithm.
type Softmax[T Float] struct {
	Outer, N, Inner int
	Log             bool
}

// Needs implements Op.
func (o *Softmax[T]) Needs(varies []bool) ([]bool, bool) { return make([]bool, len(varies)), true }

// rows calls f with the place of the first element of each row.
func (o *Softmax[T]) rows(m *Machine[T], f func(at int)) {
	m.workers.Run(o.Outer*o.Inner, func(i, _ int) { f(i/o.Inner*o.N*o.Inner + i%o.Inner) })
}

// Forward implements Op.
func (o *Softmax[T]) Forward(m *Machine[T], x, y [][]T) {
	o.rows(m, func(at int) {
		top := math.Inf(-1)
		for k := range o.N {
			top = max(top, float64(x[0][at+k*o.Inner]))
		}
		sum := 0.0
		for k := range o.N {
			sum += math.Exp(float64(x[0][at+k*o.Inner]) - top)
		}
		for k := range o.N {
			v := float64(x[0][at+k*o.Inner]) - top
			if o.Log {
				v -= math.Log(sum)
			} else {
				v = math.Exp(v) / sum
			}
			y[0][at+k*o.Inner] = T(v)
		}
	})
}

// Backward implements Op.
func (o *Softmax[T]) Backward(m *Machine[T], _, y, dy, dx [][]T) {
	if dx[0] == nil {
		return
	}
	o.rows(m, func(at int) {
		sum := 0.0 // Σdy·y, or Σdy for the logarithm
		for k := range o.N {
			i := at + k*o.Inner
			if o.Log {
				sum += float64(dy[0][i])
			} else {
				sum += float64(dy[0][i]) * float64(y[0][i])
			}
		}
		for k := range o.N {
			i := at + k*o.Inner
			if v := float64(y[0][i]); o.Log {
				dx[0][i] += T(float64(dy[0][i]) - math.Exp(v)*sum)
			} else {
				dx[0][i] += T(v * (float64(dy[0][i]) - sum))
			}
		}
	})
}
