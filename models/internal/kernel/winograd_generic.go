package kernel

import "unsafe"

// The passes in plain Go, as the matrices say: the assembly's yardstick and its stand-in.

// genericWinogradPasses are the passes over vectors of lanes channels with the given transforms.
func genericWinogradPasses(s winogradScheme, lanes int, data, grad, weight [][]float64) *winogradPasses {
	pass := func(t [][]float64) genericPass { return newGenericPass(s, lanes, t) }
	dataT, gradT, weightT := pass(data).transpose(), pass(grad).transpose(), pass(weight).transpose()
	over := s.n() - s.m
	return &winogradPasses{
		dataRows: pass(data).gatherRows, gradRows: pass(grad).gatherRows, weightRows: pass(weight).gatherRows,
		dataColumns: pass(data).scatterColumns, gradColumns: pass(grad).scatterColumns,
		weightColumns: pass(weight).scatterColumns,
		dataTColumns: func(dst, src *float32, freqStep, tiles, tileStep int) {
			dataT.gatherColumns(dst, src, freqStep, tiles, tileStep, over)
		},
		gradTColumns: func(dst, src *float32, freqStep, tiles, tileStep int) {
			gradT.gatherColumns(dst, src, freqStep, tiles, tileStep, 0)
		},
		weightTColumns: weightT.gatherParts,
		dataTRows: func(src *float32, table *winogradTable, rows int, aux *float32) {
			dataT.scatterRows(src, table, rows, func(row, i int, v []float32) {
				if i < over {
					add(v, dataT.vector(aux, row*over+i))
				}
			})
		},
		gradTRows: func(src *float32, table *winogradTable, rows int, aux *float32) {
			gradT.scatterRows(src, table, rows, func(_, _ int, v []float32) { add(v, gradT.vector(aux, 0)) })
		},
		weightTRows: func(src *float32, table *winogradTable, rows int, _ *float32) {
			weightT.scatterRows(src, table, rows, func(int, int, []float32) {})
		},
	}
}

// genericPass applies a transform of one dimension, a matrix, to vectors.
type genericPass struct {
	m, n, lanes int
	matrix      [][]float32
}

// genericVectors is room for a tile's row or column.
type genericVectors [9][16]float32

func newGenericPass(s winogradScheme, lanes int, t [][]float64) genericPass {
	p := genericPass{m: s.m, n: s.n(), lanes: lanes}
	for _, row := range t {
		narrow := make([]float32, len(row))
		for j, v := range row {
			narrow[j] = float32(v)
		}
		p.matrix = append(p.matrix, narrow)
	}
	return p
}

func (p genericPass) transpose() genericPass {
	t := make([][]float32, len(p.matrix[0]))
	for i := range t {
		for _, row := range p.matrix {
			t[i] = append(t[i], row[i])
		}
	}
	p.matrix = t
	return p
}

// apply computes to = matrix·from. The conversion keeps the product from being fused into the sum, so that
// the result is the same on every CPU.
func (p genericPass) apply(to, from *genericVectors) {
	for i, row := range p.matrix {
		sum := to[i][:p.lanes]
		clear(sum)
		for j, v := range row {
			if v == 0 {
				continue
			}
			for l, x := range from[j][:len(sum)] {
				sum[l] += float32(v * x)
			}
		}
	}
}

// vector is vector number i behind base.
func (p genericPass) vector(base *float32, i int) []float32 {
	return p.behind(unsafe.Pointer(base), 4*i*p.lanes)
}

func (p genericPass) behind(base unsafe.Pointer, bytes int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Add(base, bytes)), p.lanes)
}

func add(v, w []float32) {
	for l, x := range w {
		v[l] += x
	}
}

func (p genericPass) gatherRows(dst *float32, table *winogradTable, rows int) {
	var from, to genericVectors
	for row := range rows {
		for j := range p.matrix[0] {
			copy(from[j][:], p.behind(table.pixel[j], row*table.step[j]))
		}
		p.apply(&to, &from)
		for i := range p.matrix {
			copy(p.vector(dst, row*p.n+i), to[i][:])
		}
	}
}

func (p genericPass) scatterColumns(dst, src *float32, freqStep, tiles, tileStep int) {
	var from, to genericVectors
	for tile := range tiles {
		for j := range p.n {
			for i := range p.matrix[0] {
				copy(from[i][:], p.vector(src, (tile*p.m+i)*p.n+j))
			}
			p.apply(&to, &from)
			for i := range p.matrix {
				copy(p.behind(unsafe.Pointer(dst), tile*tileStep+(i*p.n+j)*freqStep), to[i][:])
			}
		}
	}
}

// gatherColumns adds to the first overlap rows of each tile what is there already.
func (p genericPass) gatherColumns(dst, src *float32, freqStep, tiles, tileStep, overlap int) {
	var from, to genericVectors
	for tile := range tiles {
		for j := range p.n {
			for i := range p.n {
				copy(from[i][:], p.behind(unsafe.Pointer(src), tile*tileStep+(i*p.n+j)*freqStep))
			}
			p.apply(&to, &from)
			for i := range p.matrix {
				at := p.vector(dst, (tile*p.m+i)*p.n+j)
				if i < overlap {
					add(to[i][:], at)
				}
				copy(at, to[i][:])
			}
		}
	}
}

func (p genericPass) gatherParts(dst, src *float32, freqStep, partStep int) {
	var from, to genericVectors
	for j := range p.n {
		for i := range p.n {
			clear(from[i][:])
			for part := range gradParts {
				add(from[i][:], p.behind(unsafe.Pointer(src), part*partStep+(i*p.n+j)*freqStep))
			}
		}
		p.apply(&to, &from)
		for i := range p.matrix {
			copy(p.vector(dst, i*p.n+j), to[i][:])
		}
	}
}

func (p genericPass) scatterRows(src *float32, table *winogradTable, rows int, finish func(row, i int, v []float32)) {
	var from, to genericVectors
	for row := range rows {
		for j := range p.n {
			copy(from[j][:], p.vector(src, row*p.n+j))
		}
		p.apply(&to, &from)
		for i := range p.matrix {
			v := to[i][:p.lanes]
			finish(row, i, v)
			copy(p.behind(table.pixel[i], row*table.step[i]), v)
		}
	}
}
