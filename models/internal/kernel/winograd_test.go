package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// batchCase is a convolution over a batch.
type batchCase struct {
	convCase
	batch int
}

func winogradCases() []batchCase {
	square := func(k, p int) Window { return Window{k, k, 1, p, p, p, p} }
	return []batchCase{
		{convCase{Shape{16, 16, 32}, square(5, 2), 32}, 9},
		{convCase{Shape{8, 8, 32}, square(5, 2), 64}, 3},
		{convCase{Shape{15, 15, 96}, square(5, 2), 40}, 1},
		{convCase{Shape{12, 12, 20}, square(5, 0), 50}, 17},
		{convCase{Shape{7, 7, 40}, square(3, 1), 24}, 6},
		{convCase{Shape{5, 5, 8}, square(5, 0), 8}, 1},
		{convCase{Shape{4, 9, 9}, square(5, 2), 11}, 2},
		{convCase{Shape{9, 4, 17}, Window{5, 5, 1, 4, 1, 0, 3}, 31}, 9},
		{convCase{Shape{6, 11, 13}, Window{5, 5, 1, 0, 4, 3, 0}, 47}, 4},
		{convCase{Shape{12, 9, 1}, square(5, 2), 3}, 3},
		{convCase{Shape{8, 13, 3}, square(3, 1), 1}, 3},
		{convCase{Shape{1, 1, 16}, square(5, 2), 16}, 3},
		{convCase{Shape{1, 2, 56}, square(3, 1), 23}, 3},
		{convCase{Shape{10, 3, 19}, Window{3, 3, 1, 2, 0, 1, 2}, 16}, 5},
		{convCase{Shape{3, 14, 33}, Window{3, 3, 1, 0, 0, 5, 6}, 25}, 2},
	}
}

func (c batchCase) outLen() int { return c.win.OutH(c.in.H) * c.win.OutW(c.in.W) * c.out }

// batchData is what goes in and comes out of a convolution over a batch.
type batchData struct {
	x, w, b, dy   []float32
	y, dx, dw, db []float32
}

func (c batchCase) random(rng *rand.Rand) batchData {
	weights := c.win.KH * c.win.KW * c.in.C * c.out
	return batchData{
		x: guarded(randoms(rng, c.batch*c.in.Len())), dy: guarded(randoms(rng, c.batch*c.outLen())),
		w: guarded(randoms(rng, weights)), b: guarded(randoms(rng, c.out)),
	}
}

// absolute is the same problem with every input's absolute value.
func (d batchData) absolute() batchData {
	abs := func(v []float32) []float32 {
		a := make([]float32, len(v))
		for i, x := range v {
			a[i] = float32(math.Abs(float64(x)))
		}
		return a
	}
	return batchData{x: abs(d.x), w: abs(d.w), b: abs(d.b), dy: abs(d.dy)}
}

// run computes everything with an engine, into guarded memory that is not zero before.
func (d *batchData) run(c batchCase, conv convEngine[float32]) {
	rng := rand.New(rand.NewPCG(7, 7))
	d.y, d.dx = guarded(randoms(rng, len(d.dy))), guarded(randoms(rng, len(d.x)))
	d.dw, d.db = guarded(randoms(rng, len(d.w))), guarded(randoms(rng, len(d.b)))
	out := c.outLen()
	conv.pack(d.w, d.b)
	conv.forward(d.x, c.batch, convSink[float32]{
		target: func(i, _ int) []float32 { return d.y[i*out : (i+1)*out] },
		finish: func(int, int) {},
	})
	conv.backward(d.x, Gradients[float32]{DX: d.dx, DW: d.dw, DB: d.db}, c.batch, func(i, _ int) []float32 { return d.dy[i*out:][:out] })
}

func (d *batchData) results() map[string][]float32 {
	return map[string][]float32{"y": d.y, "dx": d.dx, "dw": d.dw, "db": d.db}
}

// exact is the slow twin of run.
func (c batchCase) exact(d batchData) map[string][]float64 {
	x, w, b, dy := widen(d.x), widen(d.w), widen(d.b), widen(d.dy)
	in, out := c.in.Len(), c.outLen()
	y, dx, dw, db := make([]float64, len(dy)), make([]float64, len(x)), make([]float64, len(w)), make([]float64, len(b))
	for i := range c.batch {
		convForward(c.in, c.win, c.out, x[i*in:][:in], w, b, y[i*out:][:out])
		convBackwardData(c.in, c.win, c.out, dy[i*out:][:out], w, dx[i*in:][:in])
		convBackwardWeights(c.in, c.win, c.out, x[i*in:][:in], dy[i*out:][:out], dw, db)
	}
	return map[string][]float64{"y": y, "dx": dx, "dw": dw, "db": db}
}

// absoluteEngine computes with the absolute values of the transforms' coefficients. On absolute inputs its
// results are the sums of the absolute values of all terms that the Winograd form adds up.
func (w *winograd) absoluteEngine(workers *Workers) *winogradConv {
	abs := func(t [][]float64) [][]float64 {
		for _, row := range t {
			for j, v := range row {
				row[j] = math.Abs(v)
			}
		}
		return t
	}
	a := *w
	a.bias = aligned(len(w.bias))
	a.pass = genericWinogradPasses(w.winogradScheme, w.lanes, abs(w.data()), abs(w.grad()), abs(w.weight()))
	return a.engine(true, workers)
}

// roundings bounds the rounded operations between an input and each kind of result. A transform of one
// dimension takes at most n+2, the weights' coefficients are rounded themselves; the products are chains
// over channels or over all tiles; tiles of dx overlap in four places at most.
func (w *winograd) roundings(batch int) map[string]int {
	tiles := batch * w.th * w.tw
	transforms := 6*(w.n()+2) + 2*w.r
	return map[string]int{
		"y": transforms + w.in.C + 1, "dx": transforms + w.out + 4, "dw": transforms + tiles + gradParts,
		"db": batch*w.oh*w.ow + gradParts,
	}
}

func testWinograd(t *testing.T, c batchCase) {
	workers := NewWorkers(2)
	defer workers.Close()
	w := newWinograd(c.in, c.win, c.out, c.batch)
	if w == nil {
		t.Fatal("no scheme fits")
	}
	d := c.random(rand.New(rand.NewPCG(1, uint64(c.out))))
	conv := w.engine(true, workers)
	sum := d.absolute()
	sum.run(c, w.absoluteEngine(workers))
	want, sums, roundings := c.exact(d), sum.results(), w.roundings(c.batch)
	for pass := range 2 { // the second finds used scratch
		d.run(c, conv)
		for name, got := range d.results() {
			checkGuard(t, name, got)
			for i, v := range got {
				// Higham, Accuracy and Stability of Numerical Algorithms, §3.1: k roundings of half a unit
				// in the last place each.
				bound := float64(roundings[name]) / (1 << 24) * float64(sums[name][i]) * 1.001
				if !(math.Abs(float64(v)-want[name][i]) <= bound) {
					t.Fatalf("pass %d: %s[%d] = %v, want %v ± %.2g", pass, name, i, v, want[name][i], bound)
				}
			}
		}
	}
}

func TestWinogradAgainstFloat64(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for _, c := range winogradCases() {
			t.Run(fmt.Sprintf("%v,%v,%d", c.in, c.win, c.out), func(t *testing.T) { testWinograd(t, c) })
		}
	})
}

// TestWinogradRoundsLittle holds the errors that the points were chosen for, relative to the results' size. Those
// of the direct form in float32 are between 1e-7 and 5e-7.
func TestWinogradRoundsLittle(t *testing.T) {
	workers := NewWorkers(1)
	defer workers.Close()
	for _, tc := range []struct {
		batchCase
		limit float64
	}{
		{batchCase{convCase{Shape{16, 16, 32}, Window{5, 5, 1, 2, 2, 2, 2}, 32}, 4}, 3e-6},
		{batchCase{convCase{Shape{7, 7, 64}, Window{3, 3, 1, 1, 1, 1, 1}, 64}, 4}, 1e-6},
	} {
		c := tc.batchCase
		d := c.random(rand.New(rand.NewPCG(5, 5)))
		for i, v := range d.x {
			d.x[i] = max(v, 0)
		}
		d.run(c, newWinograd(c.in, c.win, c.out, c.batch).engine(true, workers))
		direct := d
		direct.run(c, newDirectConv(BlockSpec{In: c.in, Conv: c.win, Out: c.out, NeedDX: true}, workers))
		for name, want := range c.exact(d) {
			got, plain := relativeError(d.results()[name], want), relativeError(direct.results()[name], want)
			if !(got <= tc.limit) {
				t.Errorf("%v %s: relative error %.2g, want at most %.2g; direct %.2g", c.in, name, got, tc.limit, plain)
			}
		}
	}
}

// relativeError is ‖got−want‖₂/‖want‖₂.
func relativeError(got []float32, want []float64) float64 {
	var e, s float64
	for i, v := range want {
		e += (float64(got[i]) - v) * (float64(got[i]) - v)
		s += v * v
	}
	return math.Sqrt(e / s)
}

func TestWinogradIgnoresWorkersAndNeighbours(t *testing.T) {
	c := batchCase{convCase{Shape{9, 10, 12}, Window{5, 5, 1, 2, 2, 2, 2}, 20}, 21}
	d := c.random(rand.New(rand.NewPCG(3, 3)))
	var first batchData
	for _, count := range []int{1, 2, 4} {
		workers := NewWorkers(count)
		d.run(c, newWinograd(c.in, c.win, c.out, c.batch).engine(true, workers))
		workers.Close()
		if count == 1 {
			first = d
		}
		for name, got := range d.results() {
			sameBits(t, fmt.Sprintf("%s with %d workers", name, count), got, first.results()[name])
		}
	}
	alone := c
	alone.batch = 1
	one := batchData{x: d.x[5*c.in.Len():][:c.in.Len()], dy: d.dy[5*c.outLen():][:c.outLen()], w: d.w, b: d.b}
	workers := NewWorkers(1)
	defer workers.Close()
	one.run(alone, newWinograd(c.in, c.win, c.out, c.batch).engine(true, workers))
	sameBits(t, "y of an image alone", one.y, d.y[5*c.outLen():][:c.outLen()])
	sameBits(t, "dx of an image alone", one.dx, d.dx[5*c.in.Len():][:c.in.Len()])
}

func TestWinogradOnlyWhereItPays(t *testing.T) {
	workers := NewWorkers(1)
	defer workers.Close()
	five, three := Window{5, 5, 1, 2, 2, 2, 2}, Window{3, 3, 1, 1, 1, 1, 1}
	for _, c := range []struct {
		name string
		spec BlockSpec
		want bool
	}{
		{"LeNet-CIFAR conv2", BlockSpec{In: Shape{16, 16, 32}, Conv: five, Out: 32}, true},
		{"LeNet-MNIST conv2", BlockSpec{In: Shape{12, 12, 20}, Conv: Window{KH: 5, KW: 5, Stride: 1}, Out: 50}, true},
		{"NIN conv2", BlockSpec{In: Shape{15, 15, 96}, Conv: five, Out: 192}, true},
		{"NIN conv3", BlockSpec{In: Shape{7, 7, 192}, Conv: three, Out: 192}, true},
		{"asked not to", BlockSpec{In: Shape{16, 16, 32}, Conv: five, Out: 32, Direct: true}, false},
		{"few channels", BlockSpec{In: Shape{32, 32, 3}, Conv: five, Out: 192}, false},
		{"mostly padding", BlockSpec{In: Shape{1, 1, 32}, Conv: five, Out: 32}, false},
		{"stride", BlockSpec{In: Shape{16, 16, 32}, Conv: Window{KH: 5, KW: 5, Stride: 2}, Out: 32}, false},
		{"4×4", BlockSpec{In: Shape{16, 16, 32}, Conv: Window{KH: 4, KW: 4, Stride: 1}, Out: 32}, false},
		{"1×1", BlockSpec{In: Shape{16, 16, 32}, Conv: Window{KH: 1, KW: 1, Stride: 1}, Out: 32}, false},
	} {
		if got := newWinogradConv(c.spec, 10, workers) != nil; got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzWinograd(f *testing.F) {
	f.Add(uint8(12), uint8(12), uint8(19), true, uint16(0), uint8(49), uint8(3))
	f.Add(uint8(9), uint8(3), uint8(32), false, uint16(0x1203), uint8(23), uint8(1))
	f.Fuzz(func(t *testing.T, h, w, c uint8, five bool, pads uint16, out, batch uint8) {
		k := 3
		if five {
			k = 5
		}
		bc := batchCase{convCase{in: Shape{int(h)%20 + 1, int(w)%20 + 1, int(c)%60 + 1}, out: int(out)%60 + 1}, int(batch)%9 + 1}
		bc.win = Window{KH: k, KW: k, Stride: 1,
			Top: int(pads) % 6, Bottom: int(pads>>4) % 6, Left: int(pads>>8) % 6, Right: int(pads>>12) % 6}
		if bc.win.OutH(bc.in.H) < 1 || bc.win.OutW(bc.in.W) < 1 {
			t.Skip("the window is larger than the image")
		}
		testWinograd(t, bc)
	})
}
