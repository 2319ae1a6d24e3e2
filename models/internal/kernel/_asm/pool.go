package main

import (
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The fields of the kernel package's poolRow structure, in its order.
const (
	poolX = 8 * iota // the input or its gradient, at the first window's first pixel
	poolY            // the output or its gradient
	poolArg
	poolPixels // windows
	poolC      // channels, at least 8
	poolKH     // size of the windows as cropped
	poolKW
	poolStep  // bytes from a window to the next
	poolPitch // bytes from a row to the next
	poolFirst // number of the first pixel in the window
	poolSkip  // numbers left out at the end of a window's row
	poolScale // float32: 1/pixels in the window
)

// pool generates one of the four pooling passes over a row of equal windows. Channels go eight at a time; the
// last eight overlap those before if C is no multiple of 8, and then backward passes add 0 to what is done.
type pool struct {
	name          string
	max, backward bool
}

func (p *pool) generate(c *build.Context) {
	x, y, arg, channel := reg.R8, reg.R9, reg.R10, reg.RCX
	row, pos, kx, ky := reg.RSI, reg.RAX, reg.RBX, reg.RDX
	pitch, pixelBytes := reg.R11, reg.R12
	c.Function(p.name)
	c.SignatureExpr("func(p *byte)")
	c.Load(c.Param("p"), args)
	c.MOVQ(field(poolX), x)
	c.MOVQ(field(poolY), y)
	c.MOVQ(field(poolArg), arg)
	c.MOVQ(field(poolPitch), pitch)
	c.MOVQ(field(poolC), pixelBytes)
	c.SHLQ(Imm(2), pixelBytes)
	p.constants(c)

	c.Label("pixel")
	c.XORL(channel.As32(), channel.As32())
	if p.backward {
		c.VPCMPEQD(lanes, lanes, lanes)
	}
	c.Label("channels")
	p.begin(c, x, y, arg, channel)
	c.LEAQ(Mem{Base: x, Index: channel, Scale: 4}, row)
	c.MOVQ(field(poolKH), ky)
	c.MOVQ(field(poolKW), kx)
	c.CMPQ(kx, Imm(2))
	c.JEQ(LabelRef("two"))
	c.CMPQ(kx, Imm(3))
	c.JEQ(LabelRef("three"))

	c.Label("row")
	c.MOVQ(row, pos)
	c.MOVQ(field(poolKW), kx)
	c.Label("position")
	p.position(c, Mem{Base: pos})
	c.ADDQ(pixelBytes, pos)
	c.DECQ(kx)
	c.JNZ(LabelRef("position"))
	p.nextRow(c, row, pitch, ky, "row")
	c.JMP(LabelRef("end"))

	c.Label("two")
	p.position(c, Mem{Base: row})
	p.position(c, Mem{Base: row, Index: pixelBytes, Scale: 1})
	p.nextRow(c, row, pitch, ky, "two")
	c.JMP(LabelRef("end"))

	c.Label("three")
	p.position(c, Mem{Base: row})
	p.position(c, Mem{Base: row, Index: pixelBytes, Scale: 1})
	p.position(c, Mem{Base: row, Index: pixelBytes, Scale: 2})
	p.nextRow(c, row, pitch, ky, "three")

	c.Label("end")
	p.end(c, y, arg, channel)

	// The next eight channels, or the last eight.
	c.ADDQ(Imm(8), channel)
	c.MOVQ(field(poolC), pos)
	c.SUBQ(channel, pos)
	c.JLE(LabelRef("next"))
	c.CMPQ(pos, Imm(8))
	c.JGE(LabelRef("channels"))
	if p.backward {
		c.LEAQ(NewDataAddr(Symbol{Name: "upperMask", Static: true}, 0), kx)
		c.VMOVUPS(Mem{Base: kx, Index: pos, Scale: 4}, lanes)
	}
	c.LEAQ(Mem{Base: channel, Index: pos, Scale: 1, Disp: -8}, channel)
	c.JMP(LabelRef("channels"))

	c.Label("next")
	c.ADDQ(field(poolStep), x)
	c.ADDQ(pixelBytes, y)
	c.ADDQ(field(poolC), arg)
	c.DECQ(field(poolPixels))
	c.JNZ(LabelRef("pixel"))
	c.VZEROUPPER()
	c.RET()
}

// nextRow goes on with the window's next row at the label again, if there is one.
func (p *pool) nextRow(c *build.Context, row, pitch, ky reg.Register, again string) {
	if p.max {
		c.VPADDD(skip, number, number)
	}
	c.ADDQ(pitch, row)
	c.DECQ(ky)
	c.JNZ(LabelRef(again))
}

// What the vector registers hold.
var (
	value  = reg.Y0 // best, sum or the gradient to hand out
	winner = reg.Y1
	number = reg.Y2 // of the pixel in the window
	pixel  = reg.Y3
	won    = reg.Y4
	scale  = reg.Y11
	lanes  = reg.Y12 // that are not done yet
	one    = reg.Y13
	skip   = reg.Y14
	first  = reg.Y15
)

func (p *pool) constants(c *build.Context) {
	if !p.max {
		c.VBROADCASTSS(field(poolScale), scale)
		return
	}
	c.VPCMPEQD(one, one, one)
	c.VPSRLD(Imm(31), one, one)
	c.VPBROADCASTD(field(poolSkip), skip)
	c.VPBROADCASTD(field(poolFirst), first)
}

// begin prepares eight channels of a window.
func (p *pool) begin(c *build.Context, x, y, arg, channel reg.Register) {
	here := func(base reg.Register, scale uint8) Mem { return Mem{Base: base, Index: channel, Scale: scale} }
	switch {
	case p.max && p.backward:
		c.VANDPS(here(y, 4), lanes, value)
		c.VPMOVZXBD(here(arg, 1), winner)
		c.VMOVAPS(first, number)
	case p.max:
		c.VMOVUPS(here(x, 4), value)
		c.VMOVAPS(first, winner)
		c.VMOVAPS(first, number)
	case p.backward:
		c.VANDPS(here(y, 4), lanes, value)
		c.VMULPS(scale, value, value)
	default:
		c.VXORPS(value, value, value)
	}
}

// position handles one pixel of the window.
func (p *pool) position(c *build.Context, here Mem) {
	switch {
	case p.max && p.backward:
		c.VPCMPEQD(number, winner, won)
		c.VANDPS(value, won, won)
		c.VADDPS(here, won, won)
		c.VMOVUPS(won, here)
		c.VPADDD(one, number, number)
	case p.max:
		c.VMOVUPS(here, pixel)
		c.VCMPPS(greater, value, pixel, won)
		c.VMAXPS(value, pixel, value) // the second source, value, where either is NaN
		c.VBLENDVPS(won, number, winner, winner)
		c.VPADDD(one, number, number)
	case p.backward:
		c.VADDPS(here, value, pixel)
		c.VMOVUPS(pixel, here)
	default:
		c.VADDPS(here, value, value)
	}
}

// end stores what a forward pass has found.
func (p *pool) end(c *build.Context, y, arg, channel reg.Register) {
	if p.backward {
		return
	}
	if p.max {
		storeBytes(c, winner, won, Mem{Base: arg, Index: channel, Scale: 1})
	} else {
		c.VMULPS(scale, value, value)
	}
	c.VMOVUPS(value, Mem{Base: y, Index: channel, Scale: 4})
}
