package ops

import "math"

// Unary applies a function to every element.
type Unary[T Float] struct {
	F func(x T) T
	// D is the derivative at x, where y is F(x).
	D func(x, y T) T
	// Rectifier, if not nil, stands for F and D.
	Rectifier *Rectifier[T]
}

// Rectifier is a function of straight lines: slope Below·x up to 0, x above, and the constants Min and Max outside
// (Min,Max). Its derivative is 0 at Min and Max and Below at 0.
type Rectifier[T Float] struct{ Below, Min, Max T }

// NewReLU is max(x, 0), with derivative 0 at 0.
func NewReLU[T Float]() *Rectifier[T] { return &Rectifier[T]{Below: 1, Min: 0, Max: T(math.Inf(1))} }

// Needs implements Op.
func (o *Unary[T]) Needs(varies []bool) ([]bool, bool) {
	x, _ := allInputs(varies)
	return x, o.Rectifier == nil
}

// Forward implements Op.
func (o *Unary[T]) Forward(m *Machine[T], x, y [][]T) {
	m.each(len(y[0]), func(lo, hi int) {
		to := y[0][lo:hi]
		if r := o.Rectifier; r != nil {
			for i, v := range x[0][lo:hi] {
				if v <= 0 {
					v *= r.Below
				}
				if v < r.Min {
					v = r.Min
				}
				if v > r.Max {
					v = r.Max
				}
				to[i] = v
			}
			return
		}
		for i, v := range x[0][lo:hi] {
			to[i] = o.F(v)
		}
	})
}

// Backward implements Op.
func (o *Unary[T]) Backward(m *Machine[T], x, y, dy, dx [][]T) {
	if dx[0] == nil {
		return
	}
	m.each(len(dy[0]), func(lo, hi int) {
		from, g, to := x[0][lo:hi], dy[0][lo:hi], dx[0][lo:hi]
		if r := o.Rectifier; r != nil {
			for i, v := range from {
				slope := T(1)
				if v <= 0 {
					slope = r.Below
					v *= r.Below
				}
				if v > r.Min && v < r.Max {
					to[i] += T(slope * g[i])
				}
			}
			return
		}
		for i, v := range from {
			to[i] += T(o.D(v, y[0][lo+i]) * g[i])
		}
	})
}

// of makes a Unary from functions in float64.
func of[T Float](f func(x float64) float64, d func(x, y float64) float64) *Unary[T] {
	return &Unary[T]{
		F: func(x T) T { return T(f(float64(x))) },
		D: func(x, y T) T { return T(d(float64(x), float64(y))) },
	}
}

// Functions lists the functions of one element without parameters, by their names in ONNX.
func Functions[T Float]() map[string]*Unary[T] {
	sign := func(x float64) float64 {
		switch {
		case x > 0:
			return 1
		case x < 0:
			return -1
		}
		return x
	}
	return map[string]*Unary[T]{
		"Relu":       {Rectifier: NewReLU[T]()},
		"Sigmoid":    of[T](sigmoid, func(_, y float64) float64 { return y * (1 - y) }),
		"Tanh":       of[T](math.Tanh, func(_, y float64) float64 { return 1 - y*y }),
		"Exp":        of[T](math.Exp, func(_, y float64) float64 { return y }),
		"Log":        of[T](math.Log, func(x, _ float64) float64 { return 1 / x }),
		"Sqrt":       of[T](math.Sqrt, func(_, y float64) float64 { return 0.5 / y }),
		"Reciprocal": of[T](func(x float64) float64 { return 1 / x }, func(_, y float64) float64 { return -y * y }),
		"Abs":        of[T](math.Abs, func(x, _ float64) float64 { return sign(x) }),
		"Neg":        of[T](func(x float64) float64 { return -x }, func(_, _ float64) float64 { return -1 }),
		"Erf":        of[T](math.Erf, func(x, _ float64) float64 { return 2 / math.Sqrt(math.Pi) * math.Exp(-x*x) }),
		"Softplus":   of[T](softplus, func(x, _ float64) float64 { return sigmoid(x) }),
		"HardSwish":  HardSwish[T](),
		"Floor":      of[T](math.Floor, func(_, _ float64) float64 { return 0 }),
		"Ceil":       of[T](math.Ceil, func(_, _ float64) float64 { return 0 }),
	}
}

// sigmoid is 1/(1+e^−x), without overflow.
func sigmoid(x float64) float64 {
	if x < 0 {
		e := math.Exp(x)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-x))
}

// softplus is log(1+e^x), without overflow.
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// HardSigmoid is alpha·x+beta clipped to [0,1], with derivative alpha strictly inside.
func HardSigmoid[T Float](alpha, beta float64) *Unary[T] {
	return of[T](
		func(x float64) float64 { return min(max(alpha*x+beta, 0), 1) },
		func(x, _ float64) float64 {
			if v := alpha*x + beta; v > 0 && v < 1 {
				return alpha
			}
			return 0
		})
}

// HardSwish is x times the hard sigmoid of slope 1/6.
func HardSwish[T Float]() *Unary[T] {
	return of[T](
		func(x float64) float64 { return x * min(max(x/6+0.5, 0), 1) },
		func(x, _ float64) float64 {
			switch v := x/6 + 0.5; {
			case v >= 1:
				return 1
			case v <= 0:
				return 0
			}
			return x/3 + 0.5
		})
}

// Elu is x above 0 and alpha·(e^x − 1) below.
func Elu[T Float](alpha float64) *Unary[T] {
	return of[T](
		func(x float64) float64 {
			if x > 0 {
				return x
			}
			return alpha * math.Expm1(x)
		},
		func(x, y float64) float64 {
			if x > 0 {
				return 1
			}
			return y + alpha
		})
}

// Affine is a·x + b with an a and a b for each of C channels: x [outer,C,inner].
type Affine[T Float] struct {
	C, Inner int
	A, B     []T // [C]
}

// Needs implements Op.
func (o *Affine[T]) Needs(varies []bool) ([]bool, bool) { return none(varies) }

// Forward implements Op.
func (o *Affine[T]) Forward(m *Machine[T], x, y [][]T) {
	m.workers.Run(len(y[0])/max(o.Inner, 1), func(row, _ int) {
		a, b := o.A[row%o.C], o.B[row%o.C]
		to := y[0][row*o.Inner:][:o.Inner]
		for i, v := range x[0][row*o.Inner:][:o.Inner] {
			to[i] = T(a*v) + b
		}
	})
}

// Backward implements Op.
func (o *Affine[T]) Backward(m *Machine[T], _, _, dy, dx [][]T) {
	if dx[0] == nil {
		return
	}
	m.workers.Run(len(dy[0])/max(o.Inner, 1), func(row, _ int) {
		a, to := o.A[row%o.C], dx[0][row*o.Inner:][:o.Inner]
		for i, g := range dy[0][row*o.Inner:][:o.Inner] {
			to[i] += T(a * g)
		}
	})
}
