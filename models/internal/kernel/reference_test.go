package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// The twins below follow the definitions, gathering for each output, with padding written out.

// at is x[y,col,c] of an image, or outside where the pixel is padding.
func at(s Shape, x []float64, y, col, c int, outside float64) float64 {
	if y < 0 || y >= s.H || col < 0 || col >= s.W {
		return outside
	}
	return x[(y*s.W+col)*s.C+c]
}

func twinConv(in Shape, win Window, out int, x, w, b []float64) []float64 {
	oh, ow := win.OutH(in.H), win.OutW(in.W)
	y := make([]float64, oh*ow*out)
	for k := range out {
		for oy := range oh {
			for ox := range ow {
				sum := b[k]
				for c := range in.C {
					for ky := range win.KH {
						for kx := range win.KW {
							sum += at(in, x, oy*win.Stride+ky-win.Top, ox*win.Stride+kx-win.Left, c, 0) * w[((ky*win.KW+kx)*in.C+c)*out+k]
						}
					}
				}
				y[(oy*ow+ox)*out+k] = sum
			}
		}
	}
	return y
}

// twinConvData gathers, for each input pixel, the outputs whose window it lies in.
func twinConvData(in Shape, win Window, out int, dy, w []float64) []float64 {
	o := Shape{win.OutH(in.H), win.OutW(in.W), out}
	dx := make([]float64, in.Len())
	for y := range in.H {
		for x := range in.W {
			for ky := range win.KH {
				for kx := range win.KW {
					ny, nx := y+win.Top-ky, x+win.Left-kx
					if ny%win.Stride != 0 || nx%win.Stride != 0 {
						continue
					}
					for c := range in.C {
						for k := range out {
							dx[(y*in.W+x)*in.C+c] += at(o, dy, ny/win.Stride, nx/win.Stride, k, 0) * w[((ky*win.KW+kx)*in.C+c)*out+k]
						}
					}
				}
			}
		}
	}
	return dx
}

// twinConvWeights correlates the input with the gradient, weight by weight.
func twinConvWeights(in Shape, win Window, out int, x, dy []float64) (dw, db []float64) {
	oh, ow := win.OutH(in.H), win.OutW(in.W)
	dw, db = make([]float64, win.KH*win.KW*in.C*out), make([]float64, out)
	for k := range out {
		for oy := range oh {
			for ox := range ow {
				g := dy[(oy*ow+ox)*out+k]
				db[k] += g
				for t := range win.KH * win.KW * in.C {
					ky, kx, c := t/(win.KW*in.C), t/in.C%win.KW, t%in.C
					dw[t*out+k] += g * at(in, x, oy*win.Stride+ky-win.Top, ox*win.Stride+kx-win.Left, c, 0)
				}
			}
		}
	}
	return dw, db
}

// twinPool visits each window of one channel: it returns maxima, their positions in the image, and means.
func twinPool(in Shape, win Window, x []float64) (maxima []float64, where []int, means []float64) {
	for oy := range win.OutH(in.H) {
		for ox := range win.OutW(in.W) {
			for c := range in.C {
				best, pos, sum, count := math.Inf(-1), -1, 0.0, 0
				for t := range win.KH * win.KW {
					y, col := oy*win.Stride+t/win.KW-win.Top, ox*win.Stride+t%win.KW-win.Left
					v := at(in, x, y, col, c, math.NaN())
					if math.IsNaN(v) {
						continue
					}
					sum += v
					count++
					if v > best {
						best, pos = v, (y*in.W+col)*in.C+c
					}
				}
				maxima, where, means = append(maxima, best), append(where, pos), append(means, sum/float64(count))
			}
		}
	}
	return maxima, where, means
}

type referenceCase struct {
	in  Shape
	win Window
	out int
}

// referenceCases have odd sizes, strides and lopsided padding.
func referenceCases() []referenceCase {
	return []referenceCase{
		{Shape{5, 7, 1}, Window{KH: 3, KW: 3, Stride: 1}, 2},
		{Shape{9, 8, 3}, Window{KH: 5, KW: 5, Stride: 1, Top: 2, Bottom: 2, Left: 2, Right: 2}, 4},
		{Shape{7, 9, 2}, Window{KH: 3, KW: 2, Stride: 2, Bottom: 1, Right: 1}, 5},
		{Shape{8, 8, 3}, Window{KH: 3, KW: 3, Stride: 2, Bottom: 1, Right: 1}, 1},
		{Shape{6, 5, 4}, Window{KH: 3, KW: 4, Stride: 3, Top: 1, Left: 2}, 3},
		{Shape{4, 4, 7}, Window{KH: 4, KW: 4, Stride: 1}, 6},
		{Shape{3, 5, 6}, Window{KH: 1, KW: 1, Stride: 1}, 9},
	}
}

func normal(r *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = r.NormFloat64()
	}
	return v
}

func wantClose(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12*(1+math.Abs(want[i])) {
			t.Fatalf("%s[%d] = %g, want %g", what, i, got[i], want[i])
		}
	}
}

func TestReferenceConvolution(t *testing.T) {
	for _, c := range referenceCases() {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			o := Shape{c.win.OutH(c.in.H), c.win.OutW(c.in.W), c.out}
			x, w := normal(r, c.in.Len()), normal(r, c.win.KH*c.win.KW*c.in.C*c.out)
			b, dy := normal(r, c.out), normal(r, o.Len())
			x[0], dy[0] = 0, 0 // zeros are skipped
			y := make([]float64, o.Len())
			convForward(c.in, c.win, c.out, x, w, b, y)
			wantClose(t, "y", y, twinConv(c.in, c.win, c.out, x, w, b))
			dx := normal(r, c.in.Len())
			convBackwardData(c.in, c.win, c.out, dy, w, dx)
			wantClose(t, "dx", dx, twinConvData(c.in, c.win, c.out, dy, w))
			dw, db := make([]float64, len(w)), make([]float64, c.out)
			convBackwardWeights(c.in, c.win, c.out, x, dy, dw, db)
			wantDW, wantDB := twinConvWeights(c.in, c.win, c.out, x, dy)
			wantClose(t, "dw", dw, wantDW)
			wantClose(t, "db", db, wantDB)
		})
	}
}

func TestReferencePools(t *testing.T) {
	for _, c := range referenceCases() {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 4))
			n := c.win.OutH(c.in.H) * c.win.OutW(c.in.W) * c.in.C
			x, dy := normal(r, c.in.Len()), normal(r, n)
			for i := range x {
				x[i] = math.Round(x[i]) // many ties: the first maximum wins
			}
			y, winner := make([]float64, n), make([]uint8, n)
			maxima, where, means := twinPool(c.in, c.win, x)
			maxPoolForward(c.in, c.win, x, y, winner)
			wantClose(t, "maximum", y, maxima)
			dx, want := normal(r, c.in.Len()), make([]float64, c.in.Len())
			for i, p := range where {
				want[p] += dy[i]
			}
			maxPoolBackward(c.in, c.win, dy, winner, dx)
			wantClose(t, "gradient of the maximum", dx, want)

			avgPoolForward(c.in, c.win, x, y)
			wantClose(t, "mean", y, means)
			avgPoolBackward(c.in, c.win, dy, dx)
			// The mean is linear: the gradient by one pixel is what the output gains when the pixel does.
			for i := range x {
				bump := append([]float64(nil), x...)
				bump[i]++
				_, _, moved := twinPool(c.in, c.win, bump)
				want[i] = 0
				for j := range moved {
					want[i] += dy[j] * (moved[j] - means[j])
				}
			}
			wantClose(t, "gradient of the mean", dx, want)
		})
	}
}

func TestReLUKeepsNaNAndBlocksAtZero(t *testing.T) {
	y := []float64{-1, 0, 2, math.NaN()}
	reluForward(y)
	if y[0] != 0 || y[1] != 0 || y[2] != 2 || !math.IsNaN(y[3]) {
		t.Errorf("relu gives %v, want [0 0 2 NaN]", y)
	}
	g := []float64{1, 1, 1}
	reluBackward(y[:3], g)
	if g[0] != 0 || g[1] != 0 || g[2] != 1 {
		t.Errorf("gradient %v passes, want [0 0 1]", g)
	}
}

func TestSGDThreeSteps(t *testing.T) {
	// w 1, gradient 0.5, decay 0.1, momentum 0.9, rate 0.5:
	// g .6   v −.6    w .7;  g .57  v −1.11  w .145;  g .5145  v −1.5135  w −.61175
	w, v, g := []float32{1}, []float32{0}, []float32{0.5}
	for step, want := range []struct{ w, v float64 }{{0.7, -0.6}, {0.145, -1.11}, {-0.61175, -1.5135}} {
		SGD(w, v, g, 0.5, 0.9, 0.1)
		if math.Abs(float64(w[0])-want.w) > 1e-6 || math.Abs(float64(v[0])-want.v) > 1e-6 {
			t.Errorf("step %d: w %g v %g, want %g %g", step+1, w[0], v[0], want.w, want.v)
		}
	}
}

func TestSoftmaxLossAtExtremes(t *testing.T) {
	dz := make([]float64, 3)
	loss := SoftmaxLoss([]float64{1000, 0, -1000}, 2, 0.5, dz)
	if loss != 2000 || dz[0] != 0.5 || dz[1] != 0 || dz[2] != -0.5 {
		t.Errorf("loss %g gradient %v, want 2000 [0.5 0 -0.5]", loss, dz)
	}
	if loss := SoftmaxLoss([]float64{0, 0}, 0, 1, nil); math.Abs(loss-math.Ln2) > 1e-15 {
		t.Errorf("loss of even odds %g, want ln 2", loss)
	}
	if loss := SoftmaxLoss([]float64{math.NaN(), 0}, 1, 1, nil); !math.IsNaN(loss) {
		t.Errorf("loss of a NaN logit %g, want NaN", loss)
	}
}

// One image's output must not depend on the batch around it, nor the sum over a batch on the workers.
func TestBlockIgnoresWorkers(t *testing.T) {
	spec := BlockSpec{In: Shape{8, 8, 3}, Conv: Window{KH: 5, KW: 5, Stride: 1, Top: 2, Bottom: 2, Left: 2, Right: 2}, Out: 20,
		Post: []Post{{Kind: ReLU}, {Kind: AvgPool, Window: Window{KH: 3, KW: 3, Stride: 2, Bottom: 1, Right: 1}}}, NeedDX: true}
	const n = 7
	r := rand.New(rand.NewPCG(1, 1))
	single := func(n int) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(r.NormFloat64())
		}
		return out
	}
	x, w, bias := single(n*spec.In.Len()), single(spec.WeightLen()), single(spec.Out)
	dy := single(n * spec.Output().Len())
	var first [][]float32
	for _, count := range []int{1, 2, 4} {
		workers := NewWorkers(count)
		b, err := NewBlock[float32](spec, n, workers)
		if err != nil {
			t.Fatal(err)
		}
		got := [][]float32{make([]float32, len(dy)), make([]float32, len(x)), make([]float32, len(w)), make([]float32, len(bias))}
		b.Pack(w, bias, Norm[float32]{})
		b.Forward(x, got[0], n)
		b.Backward(x, got[0], dy, Gradients[float32]{DX: got[1], DW: got[2], DB: got[3]}, n)
		workers.Close()
		if first == nil {
			first = got
			continue
		}
		for i := range got {
			for j := range got[i] {
				if math.Float32bits(got[i][j]) != math.Float32bits(first[i][j]) {
					t.Fatalf("%d workers: result %d differs at %d: %g, %g", count, i, j, got[i][j], first[i][j])
				}
			}
		}
	}
}
