package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// The Winograd engine agrees with the float64 loops in all three passes, over channels and sizes that fill
// no vector and no tile, with partial batches and any number of workers. The error is held against the
// largest result, as the transforms mix the values of a tile.
func TestWinogradAgreesWithLoops(t *testing.T) {
	same := func(p, k int) Window {
		return Window{KH: k, KW: k, Stride: 1, Top: p, Bottom: p, Left: p, Right: p}
	}
	used := 0
	for _, s := range []BlockSpec{
		{In: Shape{15, 15, 96}, Conv: same(2, 5), Out: 48},
		{In: Shape{16, 16, 32}, Conv: same(2, 5), Out: 32},
		{In: Shape{8, 8, 32}, Conv: same(2, 5), Out: 64},
		{In: Shape{12, 12, 20}, Conv: same(0, 5), Out: 50},
		{In: Shape{9, 11, 17}, Conv: same(2, 5), Out: 19},
		{In: Shape{13, 10, 24}, Conv: Window{KH: 5, KW: 5, Stride: 1, Top: 1, Bottom: 2, Left: 0, Right: 2}, Out: 33},
		{In: Shape{7, 7, 40}, Conv: same(1, 3), Out: 24},
	} {
		s.NeedDX = true
		t.Run(fmt.Sprint(s.In, s.Out), func(t *testing.T) {
			const n = 7
			r := rand.New(rand.NewPCG(9, 9))
			x, w, bias := normal(r, n*s.In.Len()), normal(r, s.WeightLen()), normal(r, s.Out)
			dy := normal(r, n*s.Output().Len())
			wantY, wantDX := make([]float64, len(dy)), make([]float64, len(x))
			wantDW, wantDB := make([]float64, len(w)), make([]float64, len(bias))
			for i := range n {
				xi, dyi := x[i*s.In.Len():][:s.In.Len()], dy[i*s.Output().Len():][:s.Output().Len()]
				convForward(s.In, s.Conv, s.Out, xi, w, bias, wantY[i*s.Output().Len():][:s.Output().Len()])
				convBackwardData(s.In, s.Conv, s.Out, dyi, w, wantDX[i*s.In.Len():][:s.In.Len()])
				convBackwardWeights(s.In, s.Conv, s.Out, xi, dyi, wantDW, wantDB)
			}
			var first [4][]float32
			for _, count := range []int{1, 2, 4} {
				workers := NewWorkers(count)
				b, err := NewBlock[float32](s, n+3, workers)
				if err != nil {
					t.Fatal(err)
				}
				if _, ok := b.conv.(*winogradConv); ok {
					used++
				}
				got := [4][]float32{make([]float32, len(wantY)), make([]float32, len(wantDX)), make([]float32, len(wantDW)), make([]float32, len(wantDB))}
				b.Pack(toSingle(w), toSingle(bias), Norm[float32]{})
				b.Forward(toSingle(x), got[0], n)
				b.Backward(toSingle(x), got[0], toSingle(dy), Gradients[float32]{DX: got[1], DW: got[2], DB: got[3]}, n)
				workers.Close()
				for i, want := range [][]float64{wantY, wantDX, wantDW, wantDB} {
					if e := worstError(got[i], want); !(e < 3e-5) {
						t.Errorf("%d workers, result %d: error %.2g of the largest value", count, i, e)
					}
					for j, v := range got[i] {
						if count > 1 && math.Float32bits(v) != math.Float32bits(first[i][j]) {
							t.Fatalf("%d workers: result %d differs at %d", count, i, j)
						}
					}
				}
				if count == 1 {
					first = got
				}
			}
		})
	}
	if used == 0 {
		t.Error("no shape went through a Winograd scheme")
	}
}

func toSingle(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

// worstError is the largest difference as a share of the largest value.
func worstError(got []float32, want []float64) float64 {
	worst, largest := 0.0, 0.0
	for i, w := range want {
		worst = math.Max(worst, math.Abs(float64(got[i])-w))
		largest = math.Max(largest, math.Abs(w))
	}
	return worst / largest
}
