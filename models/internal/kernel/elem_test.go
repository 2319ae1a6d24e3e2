package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// ties are values among which equal ones, zeros of both signs, infinities and NaN are frequent.
func ties(rng *rand.Rand, n int) []float32 {
	special := []float32{0, float32(math.Copysign(0, -1)), 1, 1, -1, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}
	v := make([]float32, n)
	for i := range v {
		v[i] = special[rng.IntN(len(special))]
		if rng.IntN(3) == 0 {
			v[i] = float32(rng.NormFloat64())
		}
	}
	return v
}

// sameBits fails unless got and want are equal bit by bit, all NaN being one.
func sameBits(t *testing.T, name string, got, want []float32) {
	t.Helper()
	for i, w := range want {
		if w != w && got[i] != got[i] {
			continue
		}
		if math.Float32bits(got[i]) != math.Float32bits(w) {
			t.Fatalf("%s[%d] = %v, want %v", name, i, got[i], w)
		}
	}
	checkGuard(t, name, got)
}

// guardedBytes are n bytes with 64 more behind them, all 0xa5.
func guardedBytes(n int) []uint8 { return slices.Repeat([]uint8{0xa5}, n+guardLen)[: n : n+guardLen] }

func checkGuardBytes(t *testing.T, name string, v []uint8) {
	t.Helper()
	for i, x := range v[len(v):cap(v)] {
		if x != 0xa5 {
			t.Fatalf("%s: written %d past its end", name, i)
		}
	}
}

func TestReLU(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for n := range 70 {
			rng := rand.New(rand.NewPCG(2, uint64(n)))
			src, grad := guarded(ties(rng, n)), guarded(ties(rng, n))
			want, wantGrad, wantMask := slices.Clone(src), slices.Clone(grad), make([]uint8, n)
			reluForward(want)
			reluBackward(want, wantGrad)
			for i, v := range src {
				if v > 0 {
					wantMask[i] = 1
				}
			}
			dst, mask := guarded(make([]float32, n)), guardedBytes(n)
			relu32(src, dst)
			sameBits(t, "relu", dst, want)
			clear(dst)
			reluMask32(src, dst, mask)
			sameBits(t, "masked relu", dst, want)
			if !slices.Equal(mask, wantMask) {
				t.Fatalf("mask = %v, want %v", mask, wantMask)
			}
			checkGuardBytes(t, "mask", mask)
			reluGrad32(dst, grad, dst)
			sameBits(t, "gradient", dst, wantGrad)
			reluGradMask32(mask, grad, dst)
			sameBits(t, "gradient by mask", dst, wantGrad)
			relu32(src, src)
			sameBits(t, "relu in place", src, want)
		}
	})
}

func TestVectorSums(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for n := 1; n < 80; n++ {
			rng := rand.New(rand.NewPCG(3, uint64(n)))
			dst, src := guarded(randoms(rng, n)), guarded(randoms(rng, n))
			want := slices.Clone(dst)
			for i, v := range src {
				want[i] += v
			}
			add32(dst, src)
			sameBits(t, "sum", dst, want)

			m, sum := guarded(randoms(rng, 7*n)), guarded(randoms(rng, n))
			want = slices.Clone(sum)
			for r := range 7 {
				for i := range n {
					want[i] += m[r*n+i]
				}
			}
			addColumns(m, sum)
			sameBits(t, "columns", sum, want)
		}
	})
}

func TestSGDAtLevels(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		// d = 1 + 0.5·2 = 2; v = 0.5·4 − 2 = 0, then 0.5·0 − (1 + 0.5·2) = −2; w = 2 + 0.25·0, then 2 − 0.5.
		w, v, g := slices.Repeat([]float32{2}, 11), slices.Repeat([]float32{4}, 11), slices.Repeat([]float32{1}, 11)
		sgd32(w, v, g, 0.25, 0.5, 0.5)
		sgd32(w, v, g, 0.25, 0.5, 0.5)
		sameBits(t, "w", w, slices.Repeat([]float32{1.5}, 11))
		sameBits(t, "v", v, slices.Repeat([]float32{-2}, 11))
		for n := range 40 {
			rng := rand.New(rand.NewPCG(4, uint64(n)))
			w, v, g := guarded(randoms(rng, n)), guarded(randoms(rng, n)), guarded(randoms(rng, n))
			wantW, wantV := slices.Clone(w), slices.Clone(v)
			for i := range n {
				d := g[i] + float32(0.01*wantW[i])
				wantV[i] = float32(0.9*wantV[i]) - d
				wantW[i] += float32(0.3 * wantV[i])
			}
			sgd32(w, v, g, 0.3, 0.9, 0.01)
			sameBits(t, "w", w, wantW)
			sameBits(t, "v", v, wantV)
		}
	})
}

type poolCase struct {
	in  Shape
	win Window
}

func poolCases() []poolCase {
	var cases []poolCase
	for _, win := range []Window{
		{2, 2, 2, 0, 0, 0, 0}, {3, 3, 2, 0, 1, 0, 1}, {3, 3, 2, 0, 0, 0, 0}, {7, 7, 1, 0, 0, 0, 0},
		{3, 2, 1, 1, 1, 1, 0}, {2, 3, 3, 1, 0, 2, 1}, {1, 1, 2, 0, 0, 0, 0},
	} {
		for _, c := range []int{1, 3, 7, 8, 9, 10, 15, 16, 20, 23, 50, 96} {
			cases = append(cases, poolCase{Shape{7, 9, c}, win})
		}
	}
	return cases
}

func TestPoolsAreTheirTwins(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for _, p := range poolCases() {
			t.Run(fmt.Sprintf("%v,%v", p.in, p.win), func(t *testing.T) { testPool(t, p.in, p.win) })
		}
	})
}

func testPool(t *testing.T, in Shape, win Window) {
	rng := rand.New(rand.NewPCG(5, uint64(in.C)))
	out := win.OutH(in.H) * win.OutW(in.W) * in.C
	dy := guarded(randoms(rng, out))
	y, dx, winner := guarded(make([]float32, out)), guarded(randoms(rng, in.Len())), guardedBytes(out)
	wantY, wantDX, wantWinner := make([]float32, out), make([]float32, in.Len()), make([]uint8, out)

	x := guarded(ties(rng, in.Len()))
	maxPool32(in, win, x, y, winner)
	maxPoolForward(in, win, x, wantY, wantWinner)
	sameBits(t, "max", y, wantY)
	checkGuardBytes(t, "winners", winner)
	if !slices.Equal(winner, wantWinner) {
		t.Fatalf("winners = %v, want %v", winner, wantWinner)
	}
	maxPoolGrad32(in, win, dy, winner, dx)
	maxPoolBackward(in, win, dy, winner, wantDX)
	sameBits(t, "max gradient", dx, wantDX)

	x = guarded(randoms(rng, in.Len()))
	avgPool32(in, win, x, y)
	avgPoolForward(in, win, x, wantY)
	sameBits(t, "mean", y, wantY)
	avgPoolGrad32(in, win, dy, dx)
	avgPoolBackward(in, win, dy, wantDX)
	sameBits(t, "mean gradient", dx, wantDX)
}
