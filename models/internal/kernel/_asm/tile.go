package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	register("tile_avx2_amd64.s", func(c *build.Context) {
		maskTable(c)
		for _, t := range []tile{
			{isa: avx2, vecs: 1, rows: []int{8, 4}},
			{isa: avx2, vecs: 2, rows: []int{6, 5, 4}},
			{isa: avx2, vecs: 3, rows: []int{4, 3, 2}},
			{isa: avx2, vecs: 1, rows: []int{8, 4}, masked: true},
			{isa: avx2, vecs: 2, rows: []int{6, 5, 4}, masked: true},
			{isa: avx2, vecs: 3, rows: []int{3, 2}, masked: true},
		} {
			t.generate(c)
		}
		peak(c, avx2, 12)
	})
	register("tile_avx512_amd64.s", func(c *build.Context) {
		for _, t := range []tile{
			{isa: avx512, vecs: 1, rows: []int{8}, masked: true},
			{isa: avx512, vecs: 2, rows: []int{8, 6, 4}, masked: true},
			{isa: avx512, vecs: 3, rows: []int{8, 6, 4, 3}, masked: true},
		} {
			t.generate(c)
		}
		peak(c, avx512, 24)
	})
}

// unroll is how many steps of t one turn of the inner loop takes.
const unroll = 4

// The fields of the kernel package's strip structure, in its order.
const (
	fieldA = 8 * iota
	fieldB
	fieldC
	fieldBias
	fieldAI    // bytes from a row of A to the next
	fieldAJump // bytes to add at the end of a group of rows
	fieldAT    // bytes from step t to t+1
	fieldAR    // bytes to add at the end of a run of t
	fieldBT
	fieldBR
	fieldCI
	fieldGroup // rows in a group
	fieldLeft  // rows left in the group that the next row belongs to
	fieldM     // rows left
	fieldR
	fieldT
	fieldTail // columns in the last vector
	fieldFlags
	fieldRun // scratch: runs left
)

const (
	flagAcc = 1 << iota
	flagBias
	flagReLU
)

// tile generates one function of the strip family: panels of vecs vectors, in tiles of rows[0] rows and,
// for the last rows, of the smaller counts in rows. A tile with more rows than are left repeats the last
// row, so it needs no special cases: the same values are computed and stored twice. With masked,
// the last vector of B is read through a mask (always so for AVX-512).
type tile struct {
	*isa
	vecs   int
	rows   []int
	masked bool

	c *build.Context
	p string // prefix of the labels of the tile being generated
}

var (
	args   = reg.RDI
	offset = reg.RAX // of the present (r,t) from each row's start
	bptr   = reg.RSI
	atReg  = reg.RCX
	btReg  = reg.RDX
	steps  = reg.RBX
	rowPtr = []reg.GPPhysical{reg.R8, reg.R9, reg.R10, reg.R11, reg.R12, reg.R13, reg.R14, reg.R15}
	// Outside the inner loop the same registers have other uses.
	cptr = reg.RAX
	tmp0 = reg.RBX
	tmp1 = reg.RCX
	tmp2 = reg.RDX
)

func field(disp int) Mem { return Mem{Base: args, Disp: disp} }

func (t *tile) acc(row, vec int) reg.Register { return t.regs[row*t.vecs+vec] }

// bvec, spare and mask are the registers behind the accumulators of the largest tile.
func (t *tile) bvec(vec int) reg.Register { return t.regs[t.rows[0]*t.vecs+vec] }
func (t *tile) spare() reg.Register       { return t.regs[t.rows[0]*t.vecs+t.vecs] }
func (t *tile) mask() reg.Register        { return t.regs[15] }

func (t *tile) name() string {
	name := fmt.Sprintf("strip%sx%d", t.isa.name, t.vecs)
	if t.masked && t.isa == avx2 {
		name += "Masked"
	}
	return name
}

func (t *tile) label(s string) string { return t.p + s }

func (t *tile) generate(c *build.Context) {
	t.c = c
	c.Function(t.name())
	c.SignatureExpr("func(s *byte)")
	c.Load(c.Param("s"), args)
	if t.masked {
		t.loadMask()
	}
	full := t.rows[0]
	tails := t.rows
	if len(t.rows) > 1 && t.rows[1] == full-1 {
		tails = t.rows[1:]
	}
	c.Label("next")
	c.CMPQ(field(fieldM), Imm(uint64(full)))
	c.JGE(LabelRef("full"))
	c.CMPQ(field(fieldM), Imm(0))
	c.JLE(LabelRef("done"))
	for i, rows := range tails[:len(tails)-1] {
		c.CMPQ(field(fieldM), Imm(uint64(tails[i+1])))
		c.JGT(LabelRef(fmt.Sprintf("tail%d", rows)))
	}
	for i := len(tails) - 1; i >= 0; i-- {
		c.Label(fmt.Sprintf("tail%d", tails[i]))
		t.tile(tails[i], true)
		c.JMP(LabelRef("done"))
	}
	c.Label("full")
	t.tile(full, false)
	c.SUBQ(Imm(uint64(full)), field(fieldM))
	c.JMP(LabelRef("next"))
	c.Label("done")
	c.VZEROUPPER()
	c.RET()
}

// tile computes and stores one tile. A last one may have fewer than rows rows left.
func (t *tile) tile(rows int, last bool) {
	t.p = fmt.Sprintf("full%d_", rows)
	if last {
		t.p = fmt.Sprintf("tail%d_", rows)
	}
	t.initialise(rows, last)
	t.rowPointers(rows, last)
	t.product(rows)
	t.finish(rows, last)
}

// loadMask prepares the mask of the last vector's columns.
func (t *tile) loadMask() {
	c := t.c
	if t.isa == avx512 {
		c.MOVQ(field(fieldTail), tmp1)
		c.MOVL(U32(1), tmp0.As32())
		c.SHLL(reg.CL, tmp0.As32())
		c.DECL(tmp0.As32())
		c.KMOVW(tmp0.As32(), reg.K1)
		return
	}
	c.LEAQ(NewDataAddr(Symbol{Name: "stripMask", Static: true}, 0), tmp0)
	c.MOVQ(field(fieldTail), tmp1)
	c.SHLQ(Imm(2), tmp1)
	c.SUBQ(tmp1, tmp0)
	c.VMOVUPS(Mem{Base: tmp0, Disp: 32}, t.mask())
}

// maskTable is eight set words and eight clear ones: n columns are in from 8−n words on.
func maskTable(c *build.Context) {
	c.StaticGlobal("stripMask")
	c.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 16 {
		word := U32(0)
		if i < 8 {
			word = 0xffffffff
		}
		c.AddDatum(4*i, word)
	}
}

// load reads vector vec of a row that starts at base, without touching columns past the last.
func (t *tile) load(base Mem, vec int, dst reg.Register) {
	m := base
	m.Disp += vec * t.bytes()
	switch {
	case vec+1 < t.vecs:
		t.c.VMOVUPS(m, dst)
	case t.isa == avx512:
		t.c.VMOVUPS_Z(m, reg.K1, dst)
	default:
		t.c.VMASKMOVPS(m, t.mask(), dst)
	}
}

// initialise sets the accumulators to C, to the bias or to zero.
func (t *tile) initialise(rows int, last bool) {
	c := t.c
	if !t.masked {
		t.loadMask()
	}
	c.MOVQ(field(fieldFlags), tmp0)
	c.TESTQ(U32(flagAcc), tmp0)
	c.JNZ(LabelRef(t.label("acc")))
	c.TESTQ(U32(flagBias), tmp0)
	c.JNZ(LabelRef(t.label("bias")))
	for row := range rows {
		for vec := range t.vecs {
			t.zero(c, t.acc(row, vec))
		}
	}
	c.JMP(LabelRef(t.label("ready")))

	c.Label(t.label("bias"))
	c.MOVQ(field(fieldBias), cptr)
	for vec := range t.vecs {
		t.load(Mem{Base: cptr}, vec, t.acc(0, vec))
	}
	for row := 1; row < rows; row++ {
		for vec := range t.vecs {
			c.VMOVAPS(t.acc(0, vec), t.acc(row, vec))
		}
	}
	c.JMP(LabelRef(t.label("ready")))

	c.Label(t.label("acc"))
	c.MOVQ(field(fieldC), cptr)
	c.MOVQ(field(fieldCI), tmp1)
	for row := range rows {
		for vec := range t.vecs {
			t.load(Mem{Base: cptr}, vec, t.acc(row, vec))
		}
		t.nextRowOfC(row, last)
	}
	c.Label(t.label("ready"))
}

// nextRowOfC moves cptr from a row to the next, unless it is the last row that is left.
func (t *tile) nextRowOfC(row int, last bool) {
	if !last {
		t.c.ADDQ(tmp1, cptr)
		return
	}
	t.c.XORL(tmp0.As32(), tmp0.As32())
	t.c.CMPQ(field(fieldM), Imm(uint64(row+1)))
	t.c.CMOVQGT(tmp1, tmp0)
	t.c.ADDQ(tmp0, cptr)
}

// rowPointers finds where each row of A starts, and the row after them.
func (t *tile) rowPointers(rows int, last bool) {
	c := t.c
	c.MOVQ(field(fieldA), rowPtr[0])
	c.MOVQ(field(fieldLeft), tmp0)
	for row := 1; row < rows; row++ {
		t.nextRowOfA(rowPtr[row-1], rowPtr[row])
		if last {
			c.CMPQ(field(fieldM), Imm(uint64(row)))
			c.CMOVQLE(rowPtr[row-1], rowPtr[row])
		}
	}
	if !last {
		t.nextRowOfA(rowPtr[rows-1], tmp2)
		c.MOVQ(tmp2, field(fieldA))
		c.MOVQ(tmp0, field(fieldLeft))
	}
}

func (t *tile) nextRowOfA(from, to reg.GPPhysical) {
	c := t.c
	c.MOVQ(from, to)
	c.ADDQ(field(fieldAI), to)
	c.MOVQ(to, tmp1)
	c.ADDQ(field(fieldAJump), tmp1)
	c.DECQ(tmp0)
	c.CMOVQEQ(tmp1, to)
	c.CMOVQEQ(field(fieldGroup), tmp0)
}

// product adds A·B to the accumulators, one chain an element, in the order r, t.
func (t *tile) product(rows int) {
	c := t.c
	c.MOVQ(field(fieldB), bptr)
	c.MOVQ(field(fieldAT), atReg)
	c.MOVQ(field(fieldBT), btReg)
	c.XORL(offset.As32(), offset.As32())
	c.MOVQ(field(fieldR), steps)
	c.MOVQ(steps, field(fieldRun))
	c.Label(t.label("run"))
	c.MOVQ(field(fieldT), steps)
	c.SUBQ(Imm(unroll), steps)
	c.JLT(LabelRef(t.label("rest")))
	c.Label(t.label("loop"))
	for range unroll {
		t.step(rows)
	}
	c.SUBQ(Imm(unroll), steps)
	c.JGE(LabelRef(t.label("loop")))
	c.Label(t.label("rest"))
	c.ADDQ(Imm(unroll), steps)
	c.JZ(LabelRef(t.label("endrun")))
	c.Label(t.label("one"))
	t.step(rows)
	c.DECQ(steps)
	c.JNZ(LabelRef(t.label("one")))
	c.Label(t.label("endrun"))
	c.ADDQ(field(fieldAR), offset)
	c.ADDQ(field(fieldBR), bptr)
	c.DECQ(field(fieldRun))
	c.JNZ(LabelRef(t.label("run")))
}

// step is one t: a row of B, times one element of A for each row.
func (t *tile) step(rows int) {
	c := t.c
	for vec := range t.vecs {
		if t.masked {
			t.load(Mem{Base: bptr}, vec, t.bvec(vec))
		} else {
			c.VMOVUPS(Mem{Base: bptr, Disp: vec * t.bytes()}, t.bvec(vec))
		}
	}
	for row := range rows {
		c.VBROADCASTSS(Mem{Base: rowPtr[row], Index: offset, Scale: 1}, t.spare())
		for vec := range t.vecs {
			c.VFMADD231PS(t.bvec(vec), t.spare(), t.acc(row, vec))
		}
	}
	c.ADDQ(atReg, offset)
	c.ADDQ(btReg, bptr)
}

// finish rectifies the accumulators if asked, and stores them.
func (t *tile) finish(rows int, last bool) {
	c := t.c
	c.MOVQ(field(fieldFlags), tmp0)
	c.TESTQ(U32(flagReLU), tmp0)
	c.JZ(LabelRef(t.label("store")))
	zero := t.spare()
	t.zero(c, zero)
	for row := range rows {
		for vec := range t.vecs {
			// Adding zero makes −0 +0; the maximum returns its second source, here the value, for NaN.
			c.VADDPS(zero, t.acc(row, vec), t.acc(row, vec))
			c.VMAXPS(t.acc(row, vec), zero, t.acc(row, vec))
		}
	}
	c.Label(t.label("store"))
	c.MOVQ(field(fieldC), cptr)
	c.MOVQ(field(fieldCI), tmp1)
	for row := range rows {
		for vec := range t.vecs - 1 {
			c.VMOVUPS(t.acc(row, vec), Mem{Base: cptr, Disp: vec * t.bytes()})
		}
		t.storeLast(row)
		t.nextRowOfC(row, last)
	}
	if !last {
		c.MOVQ(cptr, field(fieldC))
	}
}

// storeLast stores the last vector of a row, without touching columns past the last.
func (t *tile) storeLast(row int) {
	c := t.c
	v := t.acc(row, t.vecs-1)
	dst := Mem{Base: cptr, Disp: (t.vecs - 1) * t.bytes()}
	if t.isa == avx512 {
		c.VMOVUPS(v, reg.K1, dst)
		return
	}
	part := func(s string) string { return fmt.Sprintf("%s%s_%d", t.p, s, row) }
	c.MOVQ(field(fieldTail), tmp0)
	c.CMPQ(tmp0, Imm(8))
	c.JNE(LabelRef(part("part")))
	c.VMOVUPS(v, dst)
	c.JMP(LabelRef(part("stored")))
	c.Label(part("part"))
	c.LEAQ(dst, tmp2)
	c.TESTQ(U32(4), tmp0)
	c.JZ(LabelRef(part("two")))
	c.VMOVUPS(half(v), Mem{Base: tmp2})
	c.VEXTRACTF128(Imm(1), v, half(v))
	c.ADDQ(Imm(16), tmp2)
	c.Label(part("two"))
	c.TESTQ(U32(2), tmp0)
	c.JZ(LabelRef(part("one")))
	c.VMOVLPS(half(v), Mem{Base: tmp2})
	c.VMOVHLPS(half(v), half(v), half(v))
	c.ADDQ(Imm(8), tmp2)
	c.Label(part("one"))
	c.TESTQ(U32(1), tmp0)
	c.JZ(LabelRef(part("stored")))
	c.VMOVSS(half(v), Mem{Base: tmp2})
	c.Label(part("stored"))
}

// peak generates a loop of independent multiply-adds in registers: the most that the unit can do.
func peak(c *build.Context, s *isa, chains int) {
	c.Function("peak" + s.name)
	c.SignatureExpr("func(n int)")
	c.Load(c.Param("n"), steps)
	for i := range chains {
		s.zero(c, s.regs[i])
	}
	s.zero(c, s.regs[chains])
	c.Label("loop")
	for i := range chains {
		c.VFMADD231PS(s.regs[chains], s.regs[chains], s.regs[i])
	}
	c.DECQ(steps)
	c.JNZ(LabelRef("loop"))
	c.VZEROUPPER()
	c.RET()
}
