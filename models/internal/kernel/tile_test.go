package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// stripTwin is the definition of Strip, in float64, for an unpacked B.
func stripTwin(s *Strip) []float64 {
	c := widen(s.C)
	group := s.Group
	if group == 0 {
		group = s.M
	}
	for i := range s.M {
		for j := range s.N {
			v := 0.0
			if s.Acc {
				v = float64(s.C[i*s.CI+j])
			} else if s.Bias != nil {
				v = float64(s.Bias[j])
			}
			for r := range s.R {
				for t := range s.T {
					v += float64(s.A[i/group*s.AG+i%group*s.AI+r*s.AR+t*s.AT]) * float64(s.B[r*s.BR+t*s.BT+j])
				}
			}
			if s.ReLU {
				v = max(v, 0)
			}
			c[i*s.CI+j] = v
		}
	}
	return c
}

// stripCase is a Strip's shape; pads are gaps between what it reads or writes.
type stripCase struct {
	m, n, group, r, t int
	at, gap           int
	bias, acc, relu   bool
}

// build makes buffers that end with the last value used, by alloc.
func (sc stripCase) build(rng *rand.Rand, alloc func([]float32) []float32) *Strip {
	s := &Strip{M: sc.m, N: sc.n, Group: sc.group, R: sc.r, T: sc.t, AT: sc.at, Acc: sc.acc, ReLU: sc.relu}
	s.AR = sc.t*sc.at + sc.gap
	s.AI = 1 + sc.gap
	group := sc.group
	if group == 0 {
		group = sc.m
	}
	s.AG = group*s.AI + sc.gap
	s.BT = sc.n + sc.gap
	s.BR = sc.t*s.BT + sc.gap
	s.CI = sc.n + sc.gap
	last := 0
	for i := range sc.m {
		last = max(last, i/group*s.AG+i%group*s.AI)
	}
	s.A = alloc(randoms(rng, last+(sc.r-1)*s.AR+(sc.t-1)*s.AT+1))
	s.B = alloc(randoms(rng, (sc.r-1)*s.BR+(sc.t-1)*s.BT+sc.n))
	s.C = alloc(randoms(rng, (sc.m-1)*s.CI+sc.n))
	if sc.bias {
		s.Bias = alloc(randoms(rng, sc.n))
	}
	return s
}

// check runs the strip, unpacked and packed, against its twin.
func (sc stripCase) check(t *testing.T, alloc func([]float32) []float32) {
	t.Helper()
	rng := rand.New(rand.NewPCG(6, uint64(sc.m*100+sc.n)))
	s := sc.build(rng, alloc)
	want := stripTwin(s)
	before := append([]float32(nil), s.C...)
	s.Run()
	checkClose(t, "C", s.C, want, sc.r*sc.t+1)
	checkGuard(t, "C", s.C)
	first := append([]float32(nil), s.C...)

	copy(s.C, before)
	steps := sc.r*sc.t + 3
	packed := make([]float32, packedLen(steps, sc.n))
	for r := range sc.r {
		packPanels(packed, steps, sc.n, 2+r*sc.t, sc.t, s.B[r*s.BR:], s.BT, 1)
	}
	s.B, s.Steps, s.First = alloc(packed), steps, 2
	s.Run()
	sameBits(t, "C from packed B", s.C, first)
}

func stripCases() []stripCase {
	var cases []stripCase
	for n := 1; n <= 50; n++ {
		cases = append(cases, stripCase{m: n%9 + 1, n: n, r: 1 + n%3, t: 1 + n%7, at: 1 + n%2, gap: n % 3,
			bias: n%2 == 0, acc: n%5 == 0, relu: n%3 == 0})
	}
	for m := 1; m <= 27; m++ {
		for _, n := range []int{3, 8, 11, 16, 20, 24, 31, 32, 45, 48, 64} {
			cases = append(cases, stripCase{m: m, n: n, group: m % 5, r: 2, t: m, at: 1, bias: true, acc: m%2 == 0})
		}
	}
	return append(cases,
		stripCase{m: 13, n: 40, group: 4, r: 3, t: 300, at: 1, bias: true, relu: true},
		stripCase{m: 5, n: 24, r: 1, t: 1000, at: 2, gap: 1, acc: true, relu: true},
		stripCase{m: 100, n: 10, group: 7, r: 40, t: 13, at: 3},
	)
}

func TestStripAgainstFloat64(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for _, sc := range stripCases() {
			t.Run(fmt.Sprintf("%+v", sc), func(t *testing.T) { sc.check(t, guarded) })
		}
	})
}

func TestStripIsOneChainWhateverTheTile(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		sc := stripCase{m: 31, n: 47, group: 6, r: 3, t: 90, at: 1, bias: true}
		all := sc.build(rand.New(rand.NewPCG(7, 7)), guarded)
		all.Run()
		for i := range all.M {
			for j := range all.N {
				one := *all
				one.A, one.B = all.A[i/6*all.AG+i%6*all.AI:], all.B[j:]
				one.Bias, one.C = all.Bias[j:], make([]float32, 1)
				one.M, one.N = 1, 1
				one.Run()
				if got, want := all.C[i*all.CI+j], one.C[0]; math.Float32bits(got) != math.Float32bits(want) {
					t.Fatalf("C[%d,%d] = %v in a tile, %v alone", i, j, got, want)
				}
			}
		}
	})
}

func TestStripReLUKeepsNaN(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		nan, inf := float32(math.NaN()), float32(math.Inf(1))
		for _, n := range []int{1, 8, 16, 48} {
			a, b, c := []float32{nan, -inf, inf, -1, 1}, make([]float32, n), make([]float32, 5*n)
			for j := range b {
				b[j] = 2
			}
			s := Strip{A: a, B: b, C: c, M: 5, N: n, AI: 1, R: 1, T: 1, AR: 1, AT: 1, BR: n, BT: n, CI: n, ReLU: true}
			s.Run()
			for i, want := range []float32{nan, 0, inf, 0, 2} {
				for j := range n {
					if got := c[i*n+j]; got != want && (got == got || want == want) {
						t.Fatalf("relu(2·%v) = %v, want %v", a[i], got, want)
					}
				}
			}
		}
	})
}

func TestStripStopsAtItsBuffers(t *testing.T) {
	sc := stripCase{m: 7, n: 9, group: 3, r: 2, t: 4, at: 1, gap: 1, bias: true}
	for name, shrink := range map[string]func(*Strip){
		"A":    func(s *Strip) { s.A = s.A[:len(s.A)-1] },
		"B":    func(s *Strip) { s.B = s.B[:len(s.B)-1] },
		"C":    func(s *Strip) { s.C = s.C[:len(s.C)-1] },
		"bias": func(s *Strip) { s.Bias = s.Bias[:8] },
	} {
		t.Run(name, func(t *testing.T) {
			s := sc.build(rand.New(rand.NewPCG(8, 8)), func(v []float32) []float32 { return v })
			shrink(s)
			defer func() {
				if recover() == nil {
					t.Error("ran with a buffer that is too short")
				}
			}()
			s.Run()
		})
	}
}

func TestPeakGFLOPS(t *testing.T) {
	// A vector unit does at least one operation in ten nanoseconds and at most 64 at 10 GHz, twice a cycle.
	if got := PeakGFLOPS(1); got < 0.1 || got > 1300 {
		t.Errorf("PeakGFLOPS(1) = %v", got)
	}
}

func FuzzStrip(f *testing.F) {
	f.Add(uint8(7), uint8(17), uint8(3), uint8(2), uint16(5), uint8(1), uint8(0), uint8(1))
	f.Add(uint8(1), uint8(1), uint8(0), uint8(1), uint16(1), uint8(1), uint8(0), uint8(0))
	f.Add(uint8(30), uint8(49), uint8(4), uint8(2), uint16(700), uint8(2), uint8(3), uint8(6))
	f.Fuzz(func(t *testing.T, m, n, group, r uint8, steps uint16, at, gap, flags uint8) {
		sc := stripCase{m: int(m)%64 + 1, n: int(n)%128 + 1, group: int(group) % 16, r: int(r)%8 + 1, t: int(steps)%800 + 1,
			at: int(at)%4 + 1, gap: int(gap) % 16, bias: flags&1 != 0, acc: flags&2 != 0, relu: flags&4 != 0}
		sc.check(t, guarded)
	})
}

func FuzzConv(f *testing.F) {
	f.Add(uint8(12), uint8(12), uint8(20), uint8(5), uint8(5), uint8(1), uint16(0), uint8(50))
	f.Add(uint8(9), uint8(7), uint8(3), uint8(3), uint8(2), uint8(2), uint16(0x1203), uint8(33))
	f.Fuzz(func(t *testing.T, h, w, c, kh, kw, stride uint8, pads uint16, out uint8) {
		tc := convCase{in: Shape{int(h)%20 + 1, int(w)%20 + 1, int(c)%40 + 1}, out: int(out)%70 + 1}
		tc.win = Window{KH: int(kh)%6 + 1, KW: int(kw)%6 + 1, Stride: int(stride)%4 + 1,
			Top: int(pads) % 4, Bottom: int(pads>>4) % 4, Left: int(pads>>8) % 4, Right: int(pads>>12) % 4}
		if tc.win.OutH(tc.in.H) < 1 || tc.win.OutW(tc.in.W) < 1 {
			t.Skip("the window is larger than the image")
		}
		testConv(t, tc)
	})
}
