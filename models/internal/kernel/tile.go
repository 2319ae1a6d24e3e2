package kernel

import (
	"runtime"
	"unsafe"
)

// Strip is the one product that convolutions and matrix products are made of:
//
//	C[i·CI + j] = init + Σ_{r<R} Σ_{t<T} A[row(i) + r·AR + t·AT] · B[r·BR + t·BT + j],   i < M, j < N
//	row(i) = ⌊i/Group⌋·AG + (i mod Group)·AI
//
// init is C's present value with Acc, else Bias[j], or 0 if Bias is nil; with ReLU negative results
// become 0 and NaN stays. Each element is one chain of multiply-adds in the order r, t, whatever M, N and
// the tile that it falls into. Strides count values and may not be negative. Nothing is done if M, N, R or T
// is 0.
type Strip struct {
	A, B, C, Bias []float32
	M, N          int
	AI, AG, Group int // Group 0: one group of M rows
	R, T          int
	AR, AT        int
	BR, BT        int
	CI            int
	Acc, ReLU     bool

	// Steps > 0 says that B is packed by packPanels with Steps rows in each panel, of which this product
	// uses R·T from row First on; BR and BT are then not used.
	Steps, First int
}

// panel is a block of columns that one call of a micro-kernel computes: cols of them, in vecs vectors.
type panel struct{ first, cols, vecs int }

// width is the number of columns in a packed panel, whole vectors.
func (p panel) width(lanes int) int { return p.vecs * lanes }

// lanes is the number of columns in a vector.
func lanes() int {
	if level == AVX512 {
		return 16
	}
	return 8
}

// maxVecs is the number of vectors in the widest panel.
const maxVecs = 3

// nextPanel is the panel that starts at column first of n. Panels are three vectors wide, with two of
// two where a single vector would be left: one alone has too few chains to hide the latency of an add.
func nextPanel(first, n, lanes int) panel {
	left := (n - first + lanes - 1) / lanes
	vecs := min(left, maxVecs)
	if left == 4 || left == 2 {
		vecs = 2
	}
	return panel{first: first, cols: min(vecs*lanes, n-first), vecs: vecs}
}

// packedWidth is n rounded up to whole vectors.
func packedWidth(n int) int {
	l := lanes()
	return (n + l - 1) / l * l
}

// maxPanelSteps bounds the rows of a packed panel that are worked through before the next rows of A:
// 24 columns of so many rows stay in the first-level cache.
const maxPanelSteps = 256

// Run computes the product.
func (s *Strip) Run() {
	if s.M < 1 || s.N < 1 || s.R < 1 || s.T < 1 {
		return
	}
	s.check()
	l := lanes()
	for first := 0; first < s.N; {
		p := nextPanel(first, s.N, l)
		if s.Steps > 0 {
			s.packed(p, p.width(l))
		} else {
			k := s.kernel(p)
			k.b = pointer(s.B, p.first)
			k.bt, k.br = 4*s.BT, 4*(s.BR-s.T*s.BT)
			run(&k, p.vecs, k.tail < l)
		}
		first += p.cols
	}
	runtime.KeepAlive(s)
}

// packed runs one panel in blocks of rows of B.
func (s *Strip) packed(p panel, width int) {
	block := s.R
	if s.R > 1 {
		block = max(1, maxPanelSteps/s.T)
	}
	steps := s.T
	if s.R == 1 {
		steps = maxPanelSteps
	}
	for r := 0; r < s.R; r += block {
		for t := 0; t < s.T; t += steps {
			rows, length := min(block, s.R-r), min(steps, s.T-t)
			k := s.kernel(p)
			k.a = pointer(s.A, r*s.AR+t*s.AT)
			k.b = pointer(s.B, p.first*s.Steps+(s.First+r*s.T+t)*width)
			k.bt, k.br = 4*width, 0
			k.r, k.t, k.ar = rows, length, 4*(s.AR-length*s.AT)
			if r+t > 0 {
				k.flags = k.flags&^flagBias | flagAcc
			}
			if r+rows < s.R || t+length < s.T {
				k.flags &^= flagReLU
			}
			run(&k, p.vecs, false)
		}
	}
}

// strip is what a micro-kernel works on: one panel, strides in bytes. The generator knows this layout.
// The kernel advances a, c, left and m.
type strip struct {
	a, b, c, bias unsafe.Pointer
	ai            int // from a row of A to the next
	ajump         int // more at the end of a group
	at            int
	ar            int // more at the end of a run of t
	bt, br, ci    int
	group, left   int // rows in a group of A, and left in the present one
	m, r, t       int
	tail          int // columns in the last vector
	flags         int
	_             int // the kernel's scratch
}

const (
	flagAcc = 1 << iota
	flagBias
	flagReLU
)

// kernel prepares a panel's arguments, all but B's.
func (s *Strip) kernel(p panel) strip {
	group := s.Group
	if group == 0 {
		group = s.M
	}
	k := strip{
		a: pointer(s.A, 0), c: pointer(s.C, p.first),
		ai: 4 * s.AI, ajump: 4 * (s.AG - group*s.AI), at: 4 * s.AT, ar: 4 * (s.AR - s.T*s.AT), ci: 4 * s.CI,
		group: group, left: group, m: s.M, r: s.R, t: s.T,
		tail: p.cols - (p.vecs-1)*lanes(),
	}
	switch {
	case s.Acc:
		k.flags = flagAcc
	case s.Bias != nil:
		k.flags, k.bias = flagBias, pointer(s.Bias, p.first)
	}
	if s.ReLU {
		k.flags |= flagReLU
	}
	return k
}

func pointer[E any](s []E, i int) unsafe.Pointer { return unsafe.Pointer(&s[i]) }

// check stops a product that would leave its buffers, as an index out of range would.
func (s *Strip) check() {
	group := s.Group
	if group == 0 {
		group = s.M
	}
	span := (s.R-1)*s.AR + (s.T-1)*s.AT
	row := (s.M-1)/group*s.AG + (s.M-1)%group*s.AI
	if s.M > group {
		row = max(row, (s.M/group-1)*s.AG+(group-1)*s.AI)
	}
	_ = s.A[row+span]
	_ = s.C[(s.M-1)*s.CI+s.N-1]
	if s.Steps > 0 {
		_ = s.B[(s.First+s.R*s.T)-1 : s.Steps*packedWidth(s.N)]
	} else {
		_ = s.B[(s.R-1)*s.BR+(s.T-1)*s.BT+s.N-1]
	}
	if s.Bias != nil {
		_ = s.Bias[s.N-1]
	}
}

// runGeneric is the micro-kernel in plain Go.
func runGeneric(k *strip, vecs int) {
	n := (vecs-1)*8 + k.tail
	var sum [8 * maxVecs]float32
	acc := sum[:n]
	a := k.a
	for range k.m {
		c := unsafe.Slice((*float32)(k.c), n)
		switch {
		case k.flags&flagAcc != 0:
			copy(acc, c)
		case k.flags&flagBias != 0:
			copy(acc, unsafe.Slice((*float32)(k.bias), n))
		default:
			clear(acc)
		}
		k.chain(acc, a)
		for j, v := range acc {
			if k.flags&flagReLU != 0 && v <= 0 {
				v = 0
			}
			c[j] = v
		}
		k.m--
		if k.m == 0 {
			return // what lies behind the last row must not become a pointer
		}
		step := k.ai
		if k.left--; k.left == 0 {
			step, k.left = k.ai+k.ajump, k.group
		}
		a, k.c = unsafe.Add(a, step), unsafe.Add(k.c, k.ci)
	}
}

// chain adds a row of A times B to acc. The conversion keeps the product from being fused into the sum, so
// that the result is the same on every CPU.
func (k *strip) chain(acc []float32, a unsafe.Pointer) {
	offA, offB := 0, 0
	for range k.r {
		for range k.t {
			v := *(*float32)(unsafe.Add(a, offA))
			for j, w := range unsafe.Slice((*float32)(unsafe.Add(k.b, offB)), len(acc)) {
				acc[j] += float32(v * w)
			}
			offA, offB = offA+k.at, offB+k.bt
		}
		offA, offB = offA+k.ar, offB+k.br
	}
}
