package ops

import (
	"fmt"
	"math"
)

// Broadcast is the shape of two operands broadcast together as NumPy does: aligned at the last dimension, a dimension of
// 1 or none taking the other's size.
func Broadcast(a, b []int) ([]int, error) {
	out := make([]int, max(len(a), len(b)))
	for i := range out {
		da, db := sizeAt(a, len(out)-i), sizeAt(b, len(out)-i)
		switch {
		case da == db || db == 1:
			out[i] = da
		case da == 1:
			out[i] = db
		default:
			return nil, fmt.Errorf("shapes %v and %v do not broadcast: %d against %d", a, b, da, db)
		}
	}
	return out, nil
}

// sizeAt is the size of the dimension that is fromEnd from the end, 1 beyond the first.
func sizeAt(dims []int, fromEnd int) int {
	if fromEnd > len(dims) {
		return 1
	}
	return dims[len(dims)-fromEnd]
}

// rule is an operation of two numbers and its derivatives by each.
type rule[T Float] struct {
	f      func(a, b T) T
	da, db func(a, b T) T
}

// Binary applies an operation to two operands that are broadcast together.
type Binary[T Float] struct {
	kind string
	rule rule[T]
	runs []run
}

// run is a range of adjacent outputs: output out+i comes from a+i·aStep and b+i·bStep, i < n; steps are 0 or 1.
type run struct{ out, a, b, n, aStep, bStep int }

// rules are the operations of NewBinary. Of equal operands of Max and Min the first has the gradient.
func rules[T Float]() map[string]rule[T] {
	one := func(_, _ T) T { return 1 }
	minus := func(_, _ T) T { return -1 }
	first := func(_, b T) T { return b }
	second := func(a, _ T) T { return a }
	chosen := func(yes bool) T {
		if yes {
			return 1
		}
		return 0
	}
	return map[string]rule[T]{
		"Add": {func(a, b T) T { return a + b }, one, one},
		"Sub": {func(a, b T) T { return a - b }, one, minus},
		"Mul": {func(a, b T) T { return a * b }, first, second},
		"Div": {func(a, b T) T { return a / b }, func(_, b T) T { return 1 / b }, func(a, b T) T { return -a / (b * b) }},
		"Pow": {pow[T], func(a, b T) T {
			if b == 0 {
				return 0
			}
			return b * pow(a, b-1)
		}, func(a, b T) T { return T(math.Log(float64(a))) * pow(a, b) }},
		"Max": {func(a, b T) T { return max(a, b) }, func(a, b T) T { return chosen(a >= b) }, func(a, b T) T { return chosen(b > a) }},
		"Min": {func(a, b T) T { return min(a, b) }, func(a, b T) T { return chosen(a <= b) }, func(a, b T) T { return chosen(b < a) }},
		"PRelu": {func(a, b T) T {
			if a > 0 {
				return a
			}
			return a * b
		}, func(a, b T) T {
			if a > 0 {
				return 1
			}
			return b
		}, func(a, _ T) T { return min(a, 0) }},
	}
}

func pow[T Float](a, b T) T { return T(math.Pow(float64(a), float64(b))) }

// NewBinary is one of Add, Sub, Mul, Div, Pow, Max, Min and PRelu (a where a > 0, else a·b).
func NewBinary[T Float](kind string, a, b []int) (*Binary[T], []int, error) {
	out, err := Broadcast(a, b)
	if err != nil {
		return nil, nil, err
	}
	r, ok := rules[T]()[kind]
	if !ok {
		return nil, nil, fmt.Errorf("no operation %s", kind)
	}
	return &Binary[T]{kind: kind, rule: r, runs: broadcastRuns(a, b, out)}, out, nil
}

// broadcastRuns cuts the outputs into runs, as long as neighbouring dimensions allow.
func broadcastRuns(a, b, out []int) []run {
	type axis struct{ n, a, b int } // size, and each operand's stride
	var axes []axis
	sa, sb := 1, 1
	for i := 1; i <= len(out); i++ { // from the last dimension on
		n, na, nb := out[len(out)-i], sizeAt(a, i), sizeAt(b, i)
		x := axis{n: n}
		if na > 1 {
			x.a = sa
		}
		if nb > 1 {
			x.b = sb
		}
		sa, sb = sa*na, sb*nb
		if n == 1 {
			continue
		}
		if k := len(axes) - 1; k >= 0 && x.a == axes[k].a*axes[k].n && x.b == axes[k].b*axes[k].n {
			axes[k].n *= n
			continue
		}
		axes = append(axes, x)
	}
	if len(axes) == 0 {
		axes = []axis{{n: product(out)}}
	}
	inner, outer := axes[0], axes[1:]
	count := 1
	for _, x := range outer {
		count *= x.n
	}
	runs := make([]run, 0, count)
	for i := range count {
		r := run{out: i * inner.n, n: inner.n, aStep: inner.a, bStep: inner.b}
		for rest, k := i, 0; k < len(outer); k++ {
			at := rest % outer[k].n
			rest /= outer[k].n
			r.a += at * outer[k].a
			r.b += at * outer[k].b
		}
		runs = append(runs, r)
	}
	return runs
}

// Needs implements Op.
func (o *Binary[T]) Needs(varies []bool) ([]bool, bool) {
	switch o.kind {
	case "Add", "Sub":
		return none(varies)
	case "Mul":
		return []bool{varies[1], varies[0]}, false
	}
	return allInputs(varies)
}

// Forward implements Op.
func (o *Binary[T]) Forward(_ *Machine[T], x, y [][]T) {
	for _, r := range o.runs {
		to := y[0][r.out:][:r.n]
		a, b := x[0][r.a:], x[1][r.b:]
		switch {
		case o.kind == "Add" && r.aStep == 1 && r.bStep == 1:
			b = b[:r.n]
			for i, v := range a[:r.n] {
				to[i] = v + b[i]
			}
		case o.kind == "Mul" && r.aStep == 1 && r.bStep == 1:
			b = b[:r.n]
			for i, v := range a[:r.n] {
				to[i] = v * b[i]
			}
		default:
			for i := range to {
				to[i] = o.rule.f(a[i*r.aStep], b[i*r.bStep])
			}
		}
	}
}

// Backward implements Op.
func (o *Binary[T]) Backward(_ *Machine[T], x, _, dy, dx [][]T) {
	for _, r := range o.runs {
		g := dy[0][r.out:][:r.n]
		if dx[0] != nil {
			o.addTo(dx[0][r.a:], r.aStep, g, o.rule.da, x, r)
		}
		if dx[1] != nil {
			o.addTo(dx[1][r.b:], r.bStep, g, o.rule.db, x, r)
		}
	}
}

// addTo adds g times the derivative d to one operand's gradient.
func (o *Binary[T]) addTo(to []T, step int, g []T, d func(a, b T) T, x [][]T, r run) {
	if o.kind == "Add" && step == 1 {
		for i, v := range g {
			to[i] += v
		}
		return
	}
	for i, v := range g {
		var a, b T
		if x[0] != nil {
			a = x[0][r.a+i*r.aStep]
		}
		if x[1] != nil {
			b = x[1][r.b+i*r.bStep]
		}
		to[i*step] += T(d(a, b) * v)
	}
}
