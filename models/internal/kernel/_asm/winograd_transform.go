package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"sort"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// term is coefficient × register.
type term struct {
	r    reg.Register
	coef float64
}

// plan is a transform as sums: outputs straight from their terms, or in pairs even ± odd·factor.
type plan struct {
	single []planSingle
	paired []planPair
}

type planSingle struct {
	out   int
	terms []planTerm
}

type planPair struct {
	a, b      int
	even, odd []planTerm
	factor    float64
}

// planTerm is coefficient × input.
type planTerm struct {
	in   int
	coef float64
}

// transform emits load, transform and store of one vector of each index.
func (p *winogradPass) transform() {
	saved := append([]reg.Register(nil), p.free...)
	if p.contract {
		p.contractInputs()
	} else {
		p.expandOutputs()
	}
	p.free = saved
}

func (p *winogradPass) take() reg.Register {
	if len(p.free) == 0 {
		panic("winograd: out of vector registers in " + p.name)
	}
	r := p.free[0]
	p.free = p.free[1:]
	return r
}

func (p *winogradPass) give(r reg.Register) { p.free = append([]reg.Register{r}, p.free...) }

func (p *winogradPass) loadAll(count int) []reg.Register {
	in := make([]reg.Register, count)
	for i := range in {
		in[i] = p.take()
		p.load(i, in[i])
	}
	return in
}

// expandPlan uses that the rows of ±p differ in the signs of every other coefficient.
func (p *winogradPass) expandPlan() plan {
	pairs, single := p.pairs()
	var out plan
	for _, j := range single {
		out.single = append(out.single, planSingle{j, nonzero(p.matrix[j])})
	}
	for _, ab := range pairs {
		pair := planPair{a: ab[0], b: ab[1], factor: 1}
		for k, v := range p.matrix[ab[0]] {
			switch w := p.matrix[ab[1]][k]; {
			case v == 0:
			case (v > 0) == (w > 0):
				pair.even = append(pair.even, planTerm{k, v})
			default:
				pair.odd = append(pair.odd, planTerm{k, v})
			}
		}
		pair.factor = pair.odd[len(pair.odd)-1].coef
		if p.name != "Data" {
			pair.factor = pair.odd[0].coef
		}
		for i := range pair.odd {
			pair.odd[i].coef /= pair.factor
		}
		out.paired = append(out.paired, pair)
	}
	return out
}

func nonzero(row []float64) []planTerm {
	var terms []planTerm
	for k, v := range row {
		if v != 0 {
			terms = append(terms, planTerm{k, v})
		}
	}
	return terms
}

func (p *winogradPass) expandOutputs() {
	in := p.loadAll(len(p.matrix[0]))
	pick := func(terms []planTerm) []term {
		out := make([]term, len(terms))
		for i, t := range terms {
			out[i] = term{in[t.in], t.coef}
		}
		return out
	}
	plan := p.expandPlan()
	for _, s := range plan.single {
		r, temporary := p.sum(pick(s.terms))
		p.store(s.out, r)
		if temporary {
			p.give(r)
		}
	}
	for _, pair := range plan.paired {
		even, evenTemp := p.sum(pick(pair.even))
		odd, oddTemp := p.sum(pick(pair.odd))
		a := p.take()
		if pair.factor == 1 {
			p.VADDPS(odd, even, a)
		} else {
			p.VMOVAPS(even, a)
			p.multiplyAdd(pair.factor, odd, a)
		}
		p.store(pair.a, a)
		p.give(a)
		b := p.take()
		switch {
		case pair.factor == 1:
			p.VSUBPS(odd, even, b)
		default:
			p.VMOVAPS(even, b)
			p.multiplyAdd(-pair.factor, odd, b)
		}
		p.store(pair.b, b)
		p.give(b)
		if evenTemp {
			p.give(even)
		}
		if oddTemp {
			p.give(odd)
		}
	}
}

// contractInputs uses that the columns of ±p differ in the signs of every other coefficient.
func (p *winogradPass) contractInputs() {
	in := p.loadAll(p.n())
	pairs, single := p.pairs()
	for _, ab := range pairs {
		difference := p.take()
		p.VSUBPS(in[ab[1]], in[ab[0]], difference)
		p.VADDPS(in[ab[1]], in[ab[0]], in[ab[0]])
		p.give(in[ab[1]])
		in[ab[1]] = difference
	}
	for i, row := range p.matrix {
		var terms []term
		for _, k := range single {
			if row[k] != 0 {
				terms = append(terms, term{in[k], row[k]})
			}
		}
		for _, ab := range pairs {
			switch v := row[ab[0]]; {
			case v == 0:
			case (v > 0) == (row[ab[1]] > 0):
				terms = append(terms, term{in[ab[0]], v})
			default:
				terms = append(terms, term{in[ab[1]], v})
			}
		}
		r, temporary := p.sum(terms)
		if !temporary {
			a := p.take()
			p.VMOVAPS(r, a)
			r = a
		}
		p.store(i, r)
		p.give(r)
	}
}

// sum emits Σ coef·register and says whether the result is in a register of its own.
func (p *winogradPass) sum(terms []term) (r reg.Register, temporary bool) {
	sort.SliceStable(terms, func(i, j int) bool { return rank(terms[i].coef) < rank(terms[j].coef) })
	first := terms[0]
	if len(terms) == 1 && first.coef == 1 {
		return first.r, false
	}
	acc := p.take()
	rest := terms[1:]
	switch {
	case first.coef != 1:
		p.VMULPS(p.factor(first.coef), first.r, acc)
	case rest[0].coef == 1:
		p.VADDPS(rest[0].r, first.r, acc)
		rest = rest[1:]
	case rest[0].coef == -1:
		p.VSUBPS(rest[0].r, first.r, acc)
		rest = rest[1:]
	default:
		p.VMOVAPS(first.r, acc)
	}
	for _, t := range rest {
		p.multiplyAdd(t.coef, t.r, acc)
	}
	return acc, true
}

// rank puts the terms that need no multiplication first, and among the others the positive ones.
func rank(coef float64) int {
	switch {
	case coef == 1:
		return 0
	case coef == -1:
		return 1
	case coef > 0:
		return 2
	}
	return 3
}

// factor is a coefficient as an operand; only the absolute values are kept in registers.
func (p *winogradPass) factor(coef float64) Op {
	if coef < 0 {
		return p.broadcast(coef)
	}
	return p.constant[coef]
}

func (p *winogradPass) multiplyAdd(coef float64, r, acc reg.Register) {
	switch {
	case coef == 1:
		p.VADDPS(r, acc, acc)
	case coef == -1:
		p.VSUBPS(r, acc, acc)
	case coef > 0:
		p.VFMADD231PS(p.constant[coef], r, acc)
	default:
		p.VFNMADD231PS(p.constant[-coef], r, acc)
	}
}

// constants keeps the transform's coefficients in the registers that it can spare, the most used ones
// first, and reads the others from memory.
func (p *winogradPass) constants() {
	uses := map[float64]int{}
	count := func(coef float64) {
		if v := math.Abs(coef); v != 1 {
			uses[v]++
		}
	}
	if p.contract {
		pairs, single := p.pairs()
		for _, row := range p.matrix {
			for _, k := range single {
				if row[k] != 0 {
					count(row[k])
				}
			}
			for _, ab := range pairs {
				if row[ab[0]] != 0 {
					count(row[ab[0]])
				}
			}
		}
	} else {
		plan := p.expandPlan()
		for _, s := range plan.single {
			for _, t := range s.terms {
				count(t.coef)
			}
		}
		for _, pair := range plan.paired {
			for _, t := range append(pair.even, pair.odd...) {
				count(t.coef)
			}
			count(pair.factor)
			count(pair.factor)
		}
	}
	var order []float64
	for v := range uses {
		order = append(order, v)
	}
	sort.Slice(order, func(i, j int) bool {
		if uses[order[i]] != uses[order[j]] {
			return uses[order[i]] > uses[order[j]]
		}
		return order[i] < order[j]
	})
	working := p.n() + 2
	if !p.contract {
		working = len(p.matrix[0]) + 3
	}
	p.constant = map[float64]Op{}
	for _, v := range order {
		at := p.broadcast(v)
		if len(p.free) <= working {
			p.constant[v] = at
			continue
		}
		r := p.free[len(p.free)-1]
		p.free = p.free[:len(p.free)-1]
		if p.lanes == 8 {
			p.VMOVUPS(at, r)
		} else {
			p.VBROADCASTSS(at, r)
		}
		p.constant[v] = r
	}
}

// broadcast is a constant vector of the file's read-only data.
func (p *winogradPass) broadcast(v float64) Mem {
	bits := math.Float32bits(float32(v))
	name := fmt.Sprintf("winograd%sConstant%08x", p.isa.name, bits)
	if at, ok := winogradConstants[name]; ok {
		return at
	}
	data := make([]byte, p.bytes())
	for i := range p.lanes {
		binary.LittleEndian.PutUint32(data[4*i:], bits)
	}
	at := p.StaticGlobal(name)
	p.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := 0; i < len(data); i += 8 {
		p.AddDatum(i, U64(binary.LittleEndian.Uint64(data[i:])))
	}
	winogradConstants[name] = at
	return at
}

// winogradConstants are the constants written so far; their names tell the instruction sets apart.
var winogradConstants = map[string]Mem{}
