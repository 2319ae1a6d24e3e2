package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func init() {
	register("elem_avx2_amd64.s", func(c *build.Context) {
		reluForward(c)
		reluGrad(c)
		reluMask(c)
		reluGradMask(c)
		addVector(c)
		columnSums(c)
		sgd(c)
		transpose(c)
	})
	register("pool_avx2_amd64.s", func(c *build.Context) {
		upperMask(c)
		for _, p := range []pool{
			{name: "poolMaxAVX2", max: true},
			{name: "poolMaxGradAVX2", max: true, backward: true},
			{name: "poolAvgAVX2"},
			{name: "poolAvgGradAVX2", backward: true},
		} {
			p.generate(c)
		}
	})
}

// elementwise is a loop over n/8 vectors; its pointer arguments are in the registers that body gets.
func elementwise(c *build.Context, name, pointers string, count int, body func(p []reg.GPPhysical)) {
	c.Function(name)
	c.SignatureExpr(fmt.Sprintf("func(%s *byte, n int)", pointers))
	regs := []reg.GPPhysical{reg.R8, reg.R9, reg.R10, reg.R11}[:count]
	for i, r := range regs {
		c.Load(c.ParamIndex(i), r)
	}
	c.Load(c.Param("n"), reg.RBX)
	c.XORL(reg.ECX, reg.ECX)
	c.SHRQ(Imm(3), reg.RBX)
	c.JZ(LabelRef("done"))
	c.VXORPS(reg.Y15, reg.Y15, reg.Y15)
	c.Label("loop")
	body(regs)
	c.ADDQ(Imm(8), reg.RCX)
	c.DECQ(reg.RBX)
	c.JNZ(LabelRef("loop"))
	c.Label("done")
	c.VZEROUPPER()
	c.RET()
}

// at is vector number RCX/8 of the floats, or octet of the bytes, that start at p.
func at(p reg.Register) Mem      { return Mem{Base: p, Index: reg.RCX, Scale: 4} }
func atBytes(p reg.Register) Mem { return Mem{Base: p, Index: reg.RCX, Scale: 1} }

// comparison predicates of VCMPPS
const greater = U8(0x1e)

// rectify sets dst = max(v, 0), +0 for −0; NaN stays, as the maximum's second source.
func rectify(c *build.Context, v, dst reg.Register) {
	c.VADDPS(reg.Y15, v, dst)
	c.VMAXPS(dst, reg.Y15, dst)
}

func reluForward(c *build.Context) {
	elementwise(c, "reluAVX2", "src, dst", 2, func(p []reg.GPPhysical) {
		c.VMOVUPS(at(p[0]), reg.Y0)
		rectify(c, reg.Y0, reg.Y0)
		c.VMOVUPS(reg.Y0, at(p[1]))
	})
}

func reluGrad(c *build.Context) {
	elementwise(c, "reluGradAVX2", "y, grad, dst", 3, func(p []reg.GPPhysical) {
		c.VMOVUPS(at(p[0]), reg.Y0)
		c.VCMPPS(greater, reg.Y15, reg.Y0, reg.Y0)
		c.VANDPS(at(p[1]), reg.Y0, reg.Y0)
		c.VMOVUPS(reg.Y0, at(p[2]))
	})
}

func reluMask(c *build.Context) {
	elementwise(c, "reluMaskAVX2", "src, dst, mask", 3, func(p []reg.GPPhysical) {
		c.VMOVUPS(at(p[0]), reg.Y0)
		c.VCMPPS(greater, reg.Y15, reg.Y0, reg.Y1)
		rectify(c, reg.Y0, reg.Y0)
		c.VMOVUPS(reg.Y0, at(p[1]))
		c.VPSRLD(Imm(31), reg.Y1, reg.Y1)
		storeBytes(c, reg.Y1, reg.Y2, atBytes(p[2]))
	})
}

// storeBytes stores the low bytes of the eight words of v.
func storeBytes(c *build.Context, v, tmp reg.VecPhysical, dst Mem) {
	c.VEXTRACTI128(Imm(1), v, tmp.AsX())
	c.VPACKUSDW(tmp.AsX(), v.AsX(), v.AsX())
	c.VPACKUSWB(v.AsX(), v.AsX(), v.AsX())
	c.VMOVQ(v.AsX(), dst)
}

func reluGradMask(c *build.Context) {
	elementwise(c, "reluGradMaskAVX2", "mask, grad, dst", 3, func(p []reg.GPPhysical) {
		c.VPMOVZXBD(atBytes(p[0]), reg.Y0)
		c.VPCMPGTD(reg.Y15, reg.Y0, reg.Y0)
		c.VANDPS(at(p[1]), reg.Y0, reg.Y0)
		c.VMOVUPS(reg.Y0, at(p[2]))
	})
}

func addVector(c *build.Context) {
	elementwise(c, "addAVX2", "dst, src", 2, func(p []reg.GPPhysical) {
		c.VMOVUPS(at(p[0]), reg.Y0)
		c.VADDPS(at(p[1]), reg.Y0, reg.Y0)
		c.VMOVUPS(reg.Y0, at(p[0]))
	})
}

// sgd is one update; products are rounded before they are added, as in the Go loop.
func sgd(c *build.Context) {
	c.Function("sgdAVX2")
	c.SignatureExpr("func(w, v, grad *byte, n int, rate, momentum, decay float32)")
	for i, r := range []reg.GPPhysical{reg.R8, reg.R9, reg.R10} {
		c.Load(c.ParamIndex(i), r)
	}
	c.Load(c.Param("n"), reg.RBX)
	for i, name := range []string{"rate", "momentum", "decay"} {
		addr, err := c.Param(name).Resolve()
		if err != nil {
			panic(err)
		}
		c.VBROADCASTSS(addr.Addr, []reg.VecPhysical{reg.Y12, reg.Y13, reg.Y14}[i])
	}
	c.XORL(reg.ECX, reg.ECX)
	c.SHRQ(Imm(3), reg.RBX)
	c.JZ(LabelRef("done"))
	c.Label("loop")
	c.VMOVUPS(at(reg.R8), reg.Y0)
	c.VMULPS(reg.Y14, reg.Y0, reg.Y1)
	c.VADDPS(at(reg.R10), reg.Y1, reg.Y1)
	c.VMULPS(at(reg.R9), reg.Y13, reg.Y2)
	c.VSUBPS(reg.Y1, reg.Y2, reg.Y2)
	c.VMOVUPS(reg.Y2, at(reg.R9))
	c.VMULPS(reg.Y12, reg.Y2, reg.Y2)
	c.VADDPS(reg.Y2, reg.Y0, reg.Y0)
	c.VMOVUPS(reg.Y0, at(reg.R8))
	c.ADDQ(Imm(8), reg.RCX)
	c.DECQ(reg.RBX)
	c.JNZ(LabelRef("loop"))
	c.Label("done")
	c.VZEROUPPER()
	c.RET()
}

// columnSums adds rows to eight columns of sums, in order.
func columnSums(c *build.Context) {
	c.Function("columnSumsAVX2")
	c.SignatureExpr("func(m, sum *byte, rows, pitch, vecs int)")
	c.Load(c.Param("m"), reg.R8)
	c.Load(c.Param("sum"), reg.R9)
	c.Load(c.Param("pitch"), reg.RDX)
	c.Load(c.Param("vecs"), reg.RBX)
	wide := func(vecs int, name string) {
		c.MOVQ(reg.R8, reg.R10)
		c.Load(c.Param("rows"), reg.RCX)
		sums := []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3}[:vecs]
		for i, s := range sums {
			c.VMOVUPS(Mem{Base: reg.R9, Disp: 32 * i}, s)
		}
		c.Label(name + "row")
		for i, s := range sums {
			c.VADDPS(Mem{Base: reg.R10, Disp: 32 * i}, s, s)
		}
		c.ADDQ(reg.RDX, reg.R10)
		c.DECQ(reg.RCX)
		c.JNZ(LabelRef(name + "row"))
		for i, s := range sums {
			c.VMOVUPS(s, Mem{Base: reg.R9, Disp: 32 * i})
		}
		c.ADDQ(U32(32*vecs), reg.R8)
		c.ADDQ(U32(32*vecs), reg.R9)
	}
	c.Label("four")
	c.SUBQ(Imm(4), reg.RBX)
	c.JLT(LabelRef("rest"))
	wide(4, "four")
	c.JMP(LabelRef("four"))
	c.Label("rest")
	c.ADDQ(Imm(4), reg.RBX)
	c.Label("one")
	c.DECQ(reg.RBX)
	c.JLT(LabelRef("done"))
	wide(1, "one")
	c.JMP(LabelRef("one"))
	c.Label("done")
	c.VZEROUPPER()
	c.RET()
}

// transpose turns eight runs of src into rows of eight of dst, eight steps of each run at a time.
func transpose(c *build.Context) {
	c.Function("transposeAVX2")
	c.SignatureExpr("func(dst, src *byte, blocks, dstPitch, srcPitch int)")
	dst, dp, sp, p0, p3, n := reg.R8, reg.RDX, reg.RCX, reg.R9, reg.R10, reg.RBX
	c.Load(c.Param("dst"), dst)
	c.Load(c.Param("src"), p0)
	c.Load(c.Param("blocks"), n)
	c.Load(c.Param("dstPitch"), dp)
	c.Load(c.Param("srcPitch"), sp)
	p5, p6, triple := reg.R11, reg.R12, reg.R13
	c.LEAQ(Mem{Base: sp, Index: sp, Scale: 2}, triple)
	c.LEAQ(Mem{Base: p0, Index: triple, Scale: 1}, p3)
	c.LEAQ(Mem{Base: p3, Index: sp, Scale: 2}, p5)
	c.LEAQ(Mem{Base: p5, Index: sp, Scale: 1}, p6)
	runs := []Mem{
		{Base: p0}, {Base: p0, Index: sp, Scale: 1}, {Base: p0, Index: sp, Scale: 2},
		{Base: p3}, {Base: p3, Index: sp, Scale: 1}, {Base: p5},
		{Base: p6}, {Base: p6, Index: sp, Scale: 1},
	}
	y := []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7}
	t := []reg.VecPhysical{reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}
	c.Label("loop")
	for i := range 4 {
		// Runs i and i+4 side by side: the halves need no exchange later.
		lo, hi := runs[i], runs[i+4]
		c.VMOVUPS(lo, y[i].AsX())
		c.VINSERTF128(Imm(1), hi, y[i], y[i])
		lo.Disp, hi.Disp = 16, 16
		c.VMOVUPS(lo, y[i+4].AsX())
		c.VINSERTF128(Imm(1), hi, y[i+4], y[i+4])
	}
	for h := 0; h < 8; h += 4 {
		c.VUNPCKLPS(y[h+1], y[h], t[h])
		c.VUNPCKHPS(y[h+1], y[h], t[h+1])
		c.VUNPCKLPS(y[h+3], y[h+2], t[h+2])
		c.VUNPCKHPS(y[h+3], y[h+2], t[h+3])
		c.VSHUFPS(Imm(0x44), t[h+2], t[h], y[h])
		c.VSHUFPS(Imm(0xee), t[h+2], t[h], y[h+1])
		c.VSHUFPS(Imm(0x44), t[h+3], t[h+1], y[h+2])
		c.VSHUFPS(Imm(0xee), t[h+3], t[h+1], y[h+3])
	}
	for i := range 8 {
		c.VMOVUPS(y[i], Mem{Base: dst})
		c.ADDQ(dp, dst)
	}
	for _, p := range []reg.GPPhysical{p0, p3, p5, p6} {
		c.ADDQ(Imm(32), p)
	}
	c.DECQ(n)
	c.JNZ(LabelRef("loop"))
	c.VZEROUPPER()
	c.RET()
}

// upperMask is eight clear words and eight set ones: the upper n of a vector are in from word n on.
func upperMask(c *build.Context) {
	c.StaticGlobal("upperMask")
	c.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 16 {
		word := U32(0)
		if i >= 8 {
			word = 0xffffffff
		}
		c.AddDatum(4*i, word)
	}
}
