package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

// isa is one vector width: what the generators need to know of an instruction set.
type isa struct {
	name  string
	lanes int // float32 values in a vector
	regs  []reg.Register
}

var (
	avx2 = &isa{name: "AVX2", lanes: 8, regs: []reg.Register{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
	}}
	avx512 = &isa{name: "AVX512", lanes: 16, regs: []reg.Register{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
		reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
		reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
	}}
)

// bytes is the size of a vector.
func (s *isa) bytes() int { return s.lanes * 4 }

// half is the lower 128 bits of an AVX2 register.
func half(r reg.Register) reg.Register { return r.(reg.Vec).AsX() }

// zero clears a vector register.
func (s *isa) zero(c *build.Context, r reg.Register) {
	if s.lanes == 16 {
		c.VPXORD(r, r, r)
		return
	}
	c.VXORPS(r, r, r)
}
