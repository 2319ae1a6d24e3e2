package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/maxgain/maxgain/models/cpu"
)

// atLevels runs f as a subtest at every level that this machine has.
func atLevels(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	saved := level
	defer func() { level = saved }()
	for l := Generic; l <= cpu.Best(); l++ {
		level = l
		t.Run(l.String(), f)
	}
}

func randoms(rng *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

func widen(v []float32) []float64 {
	w := make([]float64, len(v))
	for i, x := range v {
		w[i] = float64(x)
	}
	return w
}

// guard is what surrounds a buffer under test: a NaN that shows if it is used, and if it is overwritten.
var guard = math.Float32frombits(0x7fc0_beef)

const guardLen = 64

// guarded copies v into a buffer with guards around it.
func guarded(v []float32) []float32 {
	all := make([]float32, len(v)+2*guardLen)
	for i := range all {
		all[i] = guard
	}
	copy(all[guardLen:], v)
	return all[guardLen : guardLen+len(v) : len(all)]
}

// checkGuard complains if what follows v has been overwritten.
func checkGuard(t *testing.T, name string, v []float32) {
	t.Helper()
	for i, x := range v[len(v):cap(v)] {
		if math.Float32bits(x) != math.Float32bits(guard) {
			t.Fatalf("%s: written %d past its end", name, i)
		}
	}
}

// checkClose compares with the float64 twin: terms is the length of the longest sum and scale its usual size.
func checkClose(t *testing.T, name string, got []float32, want []float64, terms int) {
	t.Helper()
	// Each of terms rounding errors is at most 2^-24 of a partial sum, whose size is about √terms.
	tol := float64(terms) * math.Sqrt(float64(terms)) * 4 / (1 << 24)
	for i, w := range want {
		if !(math.Abs(float64(got[i])-w) <= tol) {
			t.Fatalf("%s[%d] = %v, want %v ± %.2g", name, i, got[i], w, tol)
		}
	}
}

type convCase struct {
	in  Shape
	win Window
	out int
}

func convCases() []convCase {
	square := func(k, s, p int) Window { return Window{k, k, s, p, p, p, p} }
	cases := []convCase{
		{Shape{5, 5, 1}, square(5, 1, 0), 1},
		{Shape{28, 28, 1}, square(5, 1, 0), 20},
		{Shape{12, 12, 20}, square(5, 1, 0), 50},
		{Shape{4, 4, 50}, square(4, 1, 0), 70},
		{Shape{1, 1, 130}, square(1, 1, 0), 10},
		{Shape{16, 16, 32}, square(5, 1, 2), 32},
		{Shape{9, 7, 3}, square(5, 1, 2), 33},
		{Shape{7, 7, 48}, square(3, 1, 1), 96},
		{Shape{11, 6, 160}, square(1, 1, 0), 96},
		{Shape{9, 11, 5}, square(3, 2, 1), 7},
		{Shape{10, 8, 2}, square(4, 3, 0), 17},
		{Shape{6, 13, 3}, Window{3, 5, 1, 0, 2, 1, 3}, 19},
		{Shape{6, 13, 3}, Window{2, 3, 2, 1, 0, 2, 1}, 25},
		{Shape{3, 3, 2}, square(1, 1, 2), 3},
		{Shape{4, 4, 2}, Window{2, 2, 1, 3, 0, 0, 4}, 5},
	}
	for n := 1; n <= 47; n++ {
		cases = append(cases,
			convCase{Shape{3, 5, 48 - n}, Window{3, 2, 1, 1, 1, 1, 0}, n},
			convCase{Shape{4, n, n%5 + 1}, Window{2, 1, 1, 0, 1, 0, 0}, 48 - n})
	}
	return cases
}

func TestConvAgainstFloat64(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for _, c := range convCases() {
			t.Run(fmt.Sprintf("%v,%v,%d", c.in, c.win, c.out), func(t *testing.T) { testConv(t, c) })
		}
	})
}

func testConv(t *testing.T, tc convCase) {
	rng := rand.New(rand.NewPCG(1, uint64(tc.out)))
	c := NewConv(tc.in, tc.win, tc.out)
	taps := tc.win.KH * tc.win.KW
	x := guarded(randoms(rng, tc.in.Len()))
	w := guarded(randoms(rng, taps*tc.in.C*tc.out))
	bias := guarded(randoms(rng, tc.out))
	dy := guarded(randoms(rng, c.Output().Len()))
	c.Pack(w, bias, true)
	s := c.NewScratch()
	for pass := range 2 { // the second finds used scratch
		y := guarded(make([]float32, c.Output().Len()))
		c.Forward(x, y, false, s)
		wantY := make([]float64, len(y))
		convForward(tc.in, tc.win, tc.out, widen(x), widen(w), widen(bias), wantY)
		checkClose(t, "y", y, wantY, taps*tc.in.C+1)
		checkGuard(t, "y", y)
		c.Forward(x, y, true, s)
		for i := range wantY {
			wantY[i] = max(wantY[i], 0)
		}
		checkClose(t, "relu y", y, wantY, taps*tc.in.C+1)

		dx := guarded(make([]float32, tc.in.Len()))
		c.BackwardData(dy, dx, s)
		wantDX := make([]float64, len(dx))
		convBackwardData(tc.in, tc.win, tc.out, widen(dy), widen(w), wantDX)
		checkClose(t, "dx", dx, wantDX, taps*tc.out)
		checkGuard(t, "dx", dx)

		dw, db := guarded(randoms(rng, len(w))), guarded(randoms(rng, len(bias)))
		wantDW, wantDB := widen(dw), widen(db)
		c.BackwardWeights(x, dy, dw, db, s)
		convBackwardWeights(tc.in, tc.win, tc.out, widen(x), widen(dy), wantDW, wantDB)
		checkClose(t, "dw", dw, wantDW, c.Output().H*c.Output().W+1)
		checkClose(t, "db", db, wantDB, c.Output().H*c.Output().W+1)
		checkGuard(t, "dw", dw)
		checkGuard(t, "db", db)
		if t.Failed() {
			t.Fatalf("in pass %d", pass)
		}
	}
}
