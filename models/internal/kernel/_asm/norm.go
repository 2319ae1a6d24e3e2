package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The fields of the kernel package's normRow structure, in its order: four maps, five vectors of a value a channel,
// the number of pixels, the bytes from a pixel to the next, and the number of vectors of eight channels.
const (
	normMap0   = 0
	normValue0 = 32
	normPixels = 72
	normPitch  = 80
	normVecs   = 88
)

// normLoop is a loop over the pixels of a map, for eight channels at a time.
type normLoop struct {
	name   string
	maps   int // how many maps it walks
	values int // how many vectors it keeps in registers
	stored int // of these the last so many are sums, which are written back
	width  int // vectors of channels at once
	// body does one vector of one pixel. tmp are free registers; zero holds zeros.
	body func(c *build.Context, maps []Mem, values, tmp []reg.VecPhysical)
}

const zeroRegister = 15

func vector(i int) reg.VecPhysical {
	return []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}[i]
}

func (l normLoop) generate(c *build.Context) {
	c.Function(l.name)
	c.SignatureExpr("func(p *byte)")
	arguments, offset, left, count, pitch := reg.RDI, reg.RBX, reg.RSI, reg.RCX, reg.RDX
	pointers := []reg.GPPhysical{reg.R8, reg.R9, reg.R10, reg.R11}[:l.maps]
	c.Load(c.Param("p"), arguments)
	c.XORL(offset.As32(), offset.As32())
	c.MOVQ(Mem{Base: arguments, Disp: normPitch}, pitch)
	c.MOVQ(Mem{Base: arguments, Disp: normVecs}, left)
	c.VXORPS(vector(zeroRegister), vector(zeroRegister), vector(zeroRegister))
	block := func(label string, width int) {
		for i, p := range pointers {
			c.MOVQ(Mem{Base: arguments, Disp: normMap0 + 8*i}, p)
			c.ADDQ(offset, p)
		}
		value := func(v, i int) reg.VecPhysical { return vector(v*l.values + i) }
		for i := range l.values {
			c.MOVQ(Mem{Base: arguments, Disp: normValue0 + 8*i}, reg.RAX)
			for v := range width {
				c.VMOVUPS(Mem{Base: reg.RAX, Index: offset, Scale: 1, Disp: 32 * v}, value(v, i))
			}
		}
		c.MOVQ(Mem{Base: arguments, Disp: normPixels}, count)
		c.Label(label)
		for v := range width {
			maps, values, tmp := make([]Mem, l.maps), make([]reg.VecPhysical, l.values), []reg.VecPhysical{}
			for i, p := range pointers {
				maps[i] = Mem{Base: p, Disp: 32 * v}
			}
			for i := range values {
				values[i] = value(v, i)
			}
			for i := l.width * l.values; i < zeroRegister; i++ {
				tmp = append(tmp, vector(i))
			}
			l.body(c, maps, values, tmp)
		}
		for _, p := range pointers {
			c.ADDQ(pitch, p)
		}
		c.DECQ(count)
		c.JNZ(LabelRef(label))
		for i := l.values - l.stored; i < l.values; i++ {
			c.MOVQ(Mem{Base: arguments, Disp: normValue0 + 8*i}, reg.RAX)
			for v := range width {
				c.VMOVUPS(value(v, i), Mem{Base: reg.RAX, Index: offset, Scale: 1, Disp: 32 * v})
			}
		}
		c.ADDQ(U32(32*width), offset)
	}
	c.Label("wide")
	c.SUBQ(U8(l.width), left)
	c.JLT(LabelRef("rest"))
	block("widePixel", l.width)
	c.JMP(LabelRef("wide"))
	c.Label("rest")
	c.ADDQ(U8(l.width), left)
	c.Label("one")
	c.DECQ(left)
	c.JLT(LabelRef("done"))
	block("onePixel", 1)
	c.JMP(LabelRef("one"))
	c.Label("done")
	c.VZEROUPPER()
	c.RET()
}

// gate zeroes the gradient g where y is not positive. y is overwritten.
func gate(c *build.Context, y, g reg.VecPhysical) {
	c.VCMPPS(greater, vector(zeroRegister), y, y)
	c.VANDPS(y, g, g)
}

// normalised sets y = d·scale + beta, as the forward pass does it; d is the difference from the mean.
func normalised(c *build.Context, d reg.VecPhysical, values []reg.VecPhysical, y reg.VecPhysical) {
	c.VMOVAPS(d, y)
	c.VFMADD213PS(values[2], values[1], y)
}

func init() {
	register("norm_avx2_amd64.s", func(c *build.Context) {
		// maps z; values first, sum, squares
		normLoop{"momentSumsAVX2", 1, 3, 2, 4, func(c *build.Context, maps []Mem, values, tmp []reg.VecPhysical) {
			d := tmp[0]
			c.VMOVUPS(maps[0], d)
			c.VSUBPS(values[0], d, d)
			c.VADDPS(d, values[1], values[1])
			c.VFMADD231PS(d, d, values[2])
		}}.generate(c)
		for _, add := range []bool{false, true} {
			for _, relu := range []bool{false, true} {
				name, maps := "normApply", 2
				if add {
					name, maps = name+"Add", 3
				}
				if relu {
					name += "ReLU"
				}
				// maps z, dst, and skip; values mean, scale, beta
				normLoop{name + "AVX2", maps, 3, 0, 4, func(c *build.Context, maps []Mem, values, tmp []reg.VecPhysical) {
					v := tmp[0]
					c.VMOVUPS(maps[0], v)
					c.VSUBPS(values[0], v, v)
					c.VFMADD213PS(values[2], values[1], v)
					if add {
						c.VADDPS(maps[2], v, v)
					}
					if relu {
						c.VADDPS(vector(zeroRegister), v, v)
						c.VMAXPS(v, vector(zeroRegister), v)
					}
					c.VMOVUPS(v, maps[1])
				}}.generate(c)
			}
		}
		// maps g, z, and y, kept; values mean, sum, product
		for _, keep := range []bool{false, true} {
			name, maps := "gradSums", 2
			if keep {
				name, maps = "gradSumsKeepReLU", 4
			}
			normLoop{name + "AVX2", maps, 3, 2, 4, func(c *build.Context, maps []Mem, values, tmp []reg.VecPhysical) {
				g, d := tmp[0], tmp[1]
				c.VMOVUPS(maps[0], g)
				if keep {
					c.VMOVUPS(maps[2], d)
					gate(c, d, g)
					c.VMOVUPS(g, maps[3])
				}
				c.VMOVUPS(maps[1], d)
				c.VSUBPS(values[0], d, d)
				c.VADDPS(g, values[1], values[1])
				c.VFMADD231PS(d, g, values[2])
			}}.generate(c)
		}
		// maps g, z; values mean, scale, beta, sum, product
		normLoop{"gradSumsReLUAVX2", 2, 5, 2, 2, func(c *build.Context, maps []Mem, values, tmp []reg.VecPhysical) {
			g, d, y := tmp[0], tmp[1], tmp[2]
			c.VMOVUPS(maps[0], g)
			c.VMOVUPS(maps[1], d)
			c.VSUBPS(values[0], d, d)
			normalised(c, d, values, y)
			gate(c, y, g)
			c.VADDPS(g, values[3], values[3])
			c.VFMADD231PS(d, g, values[4])
		}}.generate(c)
		// maps g, z, dst; values mean, scale, and beta where it gates, gMean, slope
		for _, gated := range []bool{false, true} {
			name, count, width := "normGrad", 4, 3
			if gated {
				name, count, width = "normGradReLU", 5, 2
			}
			normLoop{name + "AVX2", 3, count, 0, width, func(c *build.Context, maps []Mem, values, tmp []reg.VecPhysical) {
				g, d := tmp[0], tmp[1]
				c.VMOVUPS(maps[0], g)
				c.VMOVUPS(maps[1], d)
				c.VSUBPS(values[0], d, d)
				if gated {
					normalised(c, d, values, tmp[2])
					gate(c, tmp[2], g)
				}
				c.VSUBPS(values[count-2], g, g)
				c.VFNMADD231PS(d, values[count-1], g)
				c.VMULPS(values[1], g, g)
				c.VMOVUPS(g, maps[2])
			}}.generate(c)
		}
	})
	register("leaky_avx2_amd64.s", func(c *build.Context) {
		for _, back := range []bool{false, true} {
			name, pointers := "leakyAVX2", "src, dst"
			if back {
				name, pointers = "leakyGradAVX2", "y, grad, dst"
			}
			leaky(c, name, pointers, back)
		}
	})
}

// leaky is dst = src where src > 0, else slope·src; or dst = grad where y > 0, else slope·grad.
func leaky(c *build.Context, name, pointers string, back bool) {
	c.Function(name)
	c.SignatureExpr(fmt.Sprintf("func(%s *byte, n int, slope float32)", pointers))
	regs := []reg.GPPhysical{reg.R8, reg.R9, reg.R10}
	count := 2
	if back {
		count = 3
	}
	for i, r := range regs[:count] {
		c.Load(c.ParamIndex(i), r)
	}
	c.Load(c.Param("n"), reg.RBX)
	addr, err := c.Param("slope").Resolve()
	if err != nil {
		panic(err)
	}
	c.VBROADCASTSS(addr.Addr, reg.Y14)
	c.XORL(reg.ECX, reg.ECX)
	c.SHRQ(Imm(3), reg.RBX)
	c.JZ(LabelRef("done"))
	c.VXORPS(reg.Y15, reg.Y15, reg.Y15)
	c.Label("loop")
	c.VMOVUPS(at(regs[0]), reg.Y0)
	c.VCMPPS(greater, reg.Y15, reg.Y0, reg.Y1)
	if back {
		c.VMOVUPS(at(regs[1]), reg.Y0)
	}
	c.VMULPS(reg.Y14, reg.Y0, reg.Y2)
	c.VBLENDVPS(reg.Y1, reg.Y0, reg.Y2, reg.Y0)
	c.VMOVUPS(reg.Y0, at(regs[count-1]))
	c.ADDQ(Imm(8), reg.RCX)
	c.DECQ(reg.RBX)
	c.JNZ(LabelRef("loop"))
	c.Label("done")
	c.VZEROUPPER()
	c.RET()
}
