package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// winogradScheme is one algorithm F(m×m, r×r): its finite interpolation points, in the order of the kernel
// package's table of the same name, plus the point at infinity.
type winogradScheme struct {
	m, r   int
	points []float64
}

var winogradSchemes = []winogradScheme{
	{m: 4, r: 5, points: []float64{0, 1, -1, 2, -2, 0.5, -0.5}},
	{m: 4, r: 3, points: []float64{0, 0.625, -0.625, 1.5, -1.5}},
}

func init() {
	for _, s := range []*isa{avx2, avx512} {
		register(fmt.Sprintf("winograd_%s_amd64.s", map[*isa]string{avx2: "avx2", avx512: "avx512"}[s]), func(c *build.Context) {
			for _, scheme := range winogradSchemes {
				scheme.generate(c, s)
			}
		})
	}
}

// n is the width of an input tile, the number of products of one dimension.
func (w winogradScheme) n() int { return w.m + w.r - 1 }

// The six transforms of one dimension, as matrices applied to a column vector.
//
//	data  [n,n]  row j holds the coefficients of Π_{l≠j}(x−p_l), the last row those of Π(x−p_l)
//	weight[n,r]  row j holds p_jᵏ / Π_{l≠j}(p_j−p_l), the last row selects the last tap
//	grad  [n,m]  row j holds p_jᵏ, the last row selects the last output
//
// and their transposes.
func (w winogradScheme) data() [][]float64 {
	t := make([][]float64, w.n())
	for j := range w.points {
		t[j] = append(polynomial(slices.Delete(slices.Clone(w.points), j, j+1)), 0)
	}
	t[w.n()-1] = polynomial(w.points)
	return t
}

func (w winogradScheme) weight() [][]float64 {
	t := powers(w.points, w.r)
	for j, p := range w.points {
		scale := 1.0
		for _, q := range slices.Delete(slices.Clone(w.points), j, j+1) {
			scale *= p - q
		}
		for k := range t[j] {
			t[j][k] /= scale
		}
	}
	return t
}

func (w winogradScheme) grad() [][]float64 { return powers(w.points, w.m) }

func powers(points []float64, count int) [][]float64 {
	t := make([][]float64, len(points)+1)
	for j, p := range points {
		for k := range count {
			t[j] = append(t[j], math.Pow(p, float64(k)))
		}
	}
	t[len(points)] = make([]float64, count)
	t[len(points)][count-1] = 1
	return t
}

// polynomial is Π(x−p), lowest power first.
func polynomial(points []float64) []float64 {
	c := []float64{1}
	for _, p := range points {
		next := append([]float64{0}, c...)
		for i, v := range c {
			next[i] -= p * v
		}
		c = next
	}
	return c
}

func transposed(t [][]float64) [][]float64 {
	out := make([][]float64, len(t[0]))
	for i := range out {
		for _, row := range t {
			out[i] = append(out[i], row[i])
		}
	}
	return out
}

// pairs lists the indices (a,b) of points p and −p.
func (w winogradScheme) pairs() (pairs [][2]int, single []int) {
	used := make([]bool, w.n())
	for a, p := range w.points {
		if b := slices.Index(w.points, -p); b > a {
			pairs = append(pairs, [2]int{a, b})
			used[a], used[b] = true, true
		}
	}
	for i, u := range used {
		if !u {
			single = append(single, i)
		}
	}
	return pairs, single
}

func (w winogradScheme) generate(c *build.Context, s *isa) {
	for _, t := range []struct {
		name   string
		matrix [][]float64
	}{{"Data", w.data()}, {"Grad", w.grad()}, {"Weight", w.weight()}} {
		w.function(c, s, t.name, t.matrix, false)
		w.function(c, s, t.name+"T", transposed(t.matrix), true)
	}
}

// winogradPass generates one pass of a two-dimensional transform: the one-dimensional transform of
// every row, or of every column, of the tiles of one tile column, for one vector of channels.
type winogradPass struct {
	winogradScheme
	*isa
	*build.Context
	name     string // of the transform
	matrix   [][]float64
	contract bool // a transposed transform: pairs of inputs, not of outputs, share their work
	in, out  []reg.Register
	free     []reg.Register
	constant map[float64]Op
	load     func(i int, to reg.Register)
	store    func(i int, r reg.Register)
}

var (
	winogradPointers = []reg.GPPhysical{reg.R8, reg.R9, reg.R10, reg.R11, reg.R12, reg.R13, reg.R14, reg.R15, reg.RBX}
	winogradSrc      = reg.RSI
	winogradDst      = reg.RDI
	winogradCount    = reg.RCX
	winogradTable    = reg.RDX
	winogradAux      = reg.RAX
)

// winogradTableStep is where the byte steps follow the pointers in the kernel package's table.
const winogradTableStep = 8 * 9

func (w winogradScheme) function(c *build.Context, s *isa, name string, matrix [][]float64, contract bool) {
	p := &winogradPass{winogradScheme: w, isa: s, Context: c, name: name, matrix: matrix, contract: contract}
	if contract {
		p.gatherColumns()
		p.scatterRows()
		return
	}
	p.gatherRows()
	p.scatterColumns()
}

func (p *winogradPass) begin(pass, signature, doc string, reserve int) {
	full := fmt.Sprintf("winograd%d%d%s%s%s", p.m, p.r, p.name, pass, p.isa.name)
	p.Function(full)
	p.Attributes(attr.NOSPLIT)
	p.SignatureExpr(signature)
	p.Doc(full + " " + doc)
	p.free = slices.Clone(p.regs[:len(p.regs)-reserve])
	p.constants()
}

func (p *winogradPass) end() {
	p.VZEROUPPER()
	p.RET()
}

func (p *winogradPass) at(base reg.GPPhysical, vectors int) Mem {
	return Mem{Base: base, Disp: vectors * p.bytes()}
}

// gatherRows: rows of pixels behind a table of pointers → dst [rows][n] vectors.
func (p *winogradPass) gatherRows() {
	p.begin("Rows", "func(dst *float32, table *byte, rows int)",
		"transforms each row of the pixels in table to n vectors at dst.", 0)
	p.Load(p.Param("dst"), winogradDst)
	p.Load(p.Param("table"), winogradTable)
	p.Load(p.Param("rows"), winogradCount)
	in := len(p.matrix[0])
	p.loadPointers(in)
	p.Label("row")
	p.load = func(i int, to reg.Register) {
		p.VMOVUPS(Mem{Base: winogradPointers[i]}, to)
		p.ADDQ(Mem{Base: winogradTable, Disp: winogradTableStep + 8*i}, winogradPointers[i])
	}
	p.store = func(i int, r reg.Register) { p.VMOVUPS(r, p.at(winogradDst, i)) }
	p.transform()
	p.ADDQ(U32(uint32(p.n()*p.bytes())), winogradDst)
	p.DECQ(winogradCount)
	p.JNZ(LabelRef("row"))
	p.end()
}

func (p *winogradPass) loadPointers(count int) {
	for i := range count {
		p.MOVQ(Mem{Base: winogradTable, Disp: 8 * i}, winogradPointers[i])
	}
}

// The registers of a pass over columns; frequency row i of a tile is i·stride behind its base.
var (
	columnFreq   = reg.RAX // bytes from a frequency to the next
	columnStride = []reg.GPPhysical{reg.RBX, reg.R8, reg.R9, reg.R10}
	columnLeft   = reg.RDX
	columnTile   = reg.R11
	columnStep   = reg.R12
	columnParts  = []reg.GPPhysical{reg.R13, reg.R14, reg.R15}
)

func (p *winogradPass) columnStrides() {
	p.IMUL3Q(U8(uint8(p.n())), columnFreq, columnStride[0])
	for i, odd := range []uint8{3, 5, 7} {
		p.IMUL3Q(U8(odd), columnStride[0], columnStride[i+1])
	}
}

// strided is base + i·stride.
func strided(base reg.GPPhysical, i int) Mem {
	switch i {
	case 0:
		return Mem{Base: base}
	case 1, 2, 4, 8:
		return Mem{Base: base, Index: columnStride[0], Scale: uint8(i)}
	case 6:
		return Mem{Base: base, Index: columnStride[1], Scale: 2}
	}
	return Mem{Base: base, Index: columnStride[i/2], Scale: 1}
}

// scatterColumns: src [rows][n] vectors → the frequencies of each tile.
func (p *winogradPass) scatterColumns() {
	p.begin("Columns", "func(dst, src *float32, freqStep, tiles, tileStep int)",
		"transforms the columns of src, m rows further for each tile, to n×n frequencies a tile at dst.", 0)
	p.loadColumnArguments()
	p.Label("tile")
	p.MOVQ(winogradDst, columnTile)
	p.MOVQ(U32(uint32(p.n())), columnLeft)
	p.Label("column")
	p.load = func(i int, to reg.Register) { p.VMOVUPS(p.at(winogradSrc, i*p.n()), to) }
	p.store = func(i int, r reg.Register) { p.VMOVUPS(r, strided(columnTile, i)) }
	p.transform()
	p.ADDQ(U32(uint32(p.bytes())), winogradSrc)
	p.ADDQ(columnFreq, columnTile)
	p.DECQ(columnLeft)
	p.JNZ(LabelRef("column"))
	p.ADDQ(U32(uint32((p.m-1)*p.n()*p.bytes())), winogradSrc)
	p.ADDQ(columnStep, winogradDst)
	p.DECQ(winogradCount)
	p.JNZ(LabelRef("tile"))
	p.end()
}

func (p *winogradPass) loadColumnArguments() {
	p.Load(p.Param("dst"), winogradDst)
	p.Load(p.Param("src"), winogradSrc)
	p.Load(p.Param("freqStep"), columnFreq)
	p.Load(p.Param("tiles"), winogradCount)
	p.Load(p.Param("tileStep"), columnStep)
	p.columnStrides()
}

// gatherColumns: the frequencies of each tile → dst [rows][n] vectors. The data transform's transpose adds
// to the rows that a tile shares with the one above it; the weight transform's first sums over parts.
func (p *winogradPass) gatherColumns() {
	doc := "transforms the n×n frequencies of each tile to m rows of n vectors at dst."
	parts := 0
	if p.name == "WeightT" {
		parts = len(columnParts)
	}
	overlap := 0
	if p.name == "DataT" {
		overlap = p.n() - p.m
		doc = "transforms the n×n frequencies of each tile to n rows of n vectors, added up at dst, m rows further for each tile."
	}
	signature := "func(dst, src *float32, freqStep, tiles, tileStep int)"
	if parts > 0 {
		doc = "transforms the n×n frequencies of four summands, partStep bytes apart, to r rows of n vectors at dst."
		signature = "func(dst, src *float32, freqStep, partStep int)"
	}
	p.begin("Columns", signature, doc, 0)
	if parts > 0 {
		p.loadPartArguments()
	} else {
		p.loadColumnArguments()
		p.Label("tile")
		p.MOVQ(winogradSrc, columnTile)
	}
	p.MOVQ(U32(uint32(p.n())), columnLeft)
	p.Label("column")
	p.load = func(i int, to reg.Register) {
		p.VMOVUPS(strided(columnTile, i), to)
		for _, part := range columnParts[:parts] {
			p.VADDPS(strided(part, i), to, to)
		}
	}
	p.store = func(i int, r reg.Register) {
		if i < overlap {
			p.VADDPS(p.at(winogradDst, i*p.n()), r, r)
		}
		p.VMOVUPS(r, p.at(winogradDst, i*p.n()))
	}
	p.transform()
	p.ADDQ(U32(uint32(p.bytes())), winogradDst)
	p.ADDQ(columnFreq, columnTile)
	for _, part := range columnParts[:parts] {
		p.ADDQ(columnFreq, part)
	}
	p.DECQ(columnLeft)
	p.JNZ(LabelRef("column"))
	if parts == 0 {
		p.ADDQ(U32(uint32((p.m-1)*p.n()*p.bytes())), winogradDst)
		p.ADDQ(columnStep, winogradSrc)
		p.DECQ(winogradCount)
		p.JNZ(LabelRef("tile"))
	}
	p.end()
}

func (p *winogradPass) loadPartArguments() {
	p.Load(p.Param("dst"), winogradDst)
	p.Load(p.Param("src"), columnTile)
	p.Load(p.Param("freqStep"), columnFreq)
	p.Load(p.Param("partStep"), columnStep)
	p.columnStrides()
	last := columnTile
	for _, part := range columnParts {
		p.MOVQ(last, part)
		p.ADDQ(columnStep, part)
		last = part
	}
}

// scatterRows: src [rows][n] vectors → pixels behind a table of pointers. The gradient's transpose (the
// output transform) adds the bias; the data transform's adds what the tile column to the left has left in aux.
func (p *winogradPass) scatterRows() {
	doc, reserve := "transforms each row of src to the pixels in table.", 0
	switch p.name {
	case "GradT":
		doc, reserve = "transforms each row of src, adds the vector aux and stores the pixels in table.", 1
	case "DataT":
		doc = "transforms each row of src, adds the row's n−m vectors of aux to the first ones and stores the pixels in table."
	}
	p.begin("Rows", "func(src *float32, table *byte, rows int, aux *float32)", doc, reserve)
	p.Load(p.Param("src"), winogradSrc)
	p.Load(p.Param("table"), winogradTable)
	p.Load(p.Param("rows"), winogradCount)
	p.Load(p.Param("aux"), winogradAux)
	bias := p.regs[len(p.regs)-1]
	if reserve > 0 {
		p.VMOVUPS(p.at(winogradAux, 0), bias)
	}
	p.loadPointers(len(p.matrix))
	p.Label("row")
	p.load = func(i int, to reg.Register) { p.VMOVUPS(p.at(winogradSrc, i), to) }
	overlap := p.n() - p.m
	p.store = func(i int, r reg.Register) {
		switch {
		case p.name == "GradT":
			p.VADDPS(bias, r, r)
		case p.name == "DataT" && i < overlap:
			p.VADDPS(p.at(winogradAux, i), r, r)
		}
		p.VMOVUPS(r, Mem{Base: winogradPointers[i]})
		p.ADDQ(Mem{Base: winogradTable, Disp: winogradTableStep + 8*i}, winogradPointers[i])
	}
	p.transform()
	p.ADDQ(U32(uint32(p.n()*p.bytes())), winogradSrc)
	if p.name == "DataT" {
		p.ADDQ(U32(uint32(overlap*p.bytes())), winogradAux)
	}
	p.DECQ(winogradCount)
	p.JNZ(LabelRef("row"))
	p.end()
}
