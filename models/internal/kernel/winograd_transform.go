package kernel

import "unsafe"

// winogradTable says where the pixels of a row are and how many bytes further those of the next row are.
// The assembly knows this layout.
type winogradTable struct {
	pixel [9]unsafe.Pointer
	step  [9]int
}

func (t *winogradTable) set(j int, values []float32, at, step int) {
	t.pixel[j], t.step[j] = unsafe.Pointer(&values[at]), 4*step
}

// The two passes of a two-dimensional transform and of its transpose, over one vector of channels.
// Steps are in bytes.
type (
	// winogradGatherRows transforms each row of table's pixels to n vectors at dst [rows, n].
	winogradGatherRows func(dst *float32, table *winogradTable, rows int)
	// winogradScatterColumns transforms the columns of src [rows, n], m rows further for each tile, to the
	// tiles' n×n frequencies at dst.
	winogradScatterColumns func(dst, src *float32, freqStep, tiles, tileStep int)
	// winogradGatherColumns is the transpose: from the tiles' frequencies at src to dst [rows, n].
	winogradGatherColumns func(dst, src *float32, freqStep, tiles, tileStep int)
	// winogradGatherParts is the same for one tile that is the sum of gradParts ones.
	winogradGatherParts func(dst, src *float32, freqStep, partStep int)
	// winogradScatterRows transforms the rows of src [rows, n] to table's pixels. Of the three transposes,
	// grad's adds the vector aux to every pixel; data's adds aux [rows, n−m] to the first pixels of each row;
	// weight's does not use aux.
	winogradScatterRows func(src *float32, table *winogradTable, rows int, aux *float32)
)

// winogradPasses are the passes of one scheme.
type winogradPasses struct {
	dataRows, gradRows, weightRows          winogradGatherRows
	dataColumns, gradColumns, weightColumns winogradScatterColumns
	dataTColumns, gradTColumns              winogradGatherColumns
	weightTColumns                          winogradGatherParts
	dataTRows, gradTRows, weightTRows       winogradScatterRows
}

// winogradLevel is what a level has to offer.
type winogradLevel struct {
	lanes  int
	scheme func(winogradScheme) *winogradPasses
}

// winogradGeneric is the level in plain Go.
var winogradGeneric = &winogradLevel{lanes: 8, scheme: func(s winogradScheme) *winogradPasses {
	return genericWinogradPasses(s, 8, s.data(), s.grad(), s.weight())
}}

// channels gives the memory in which a transform finds, or leaves, channels c0 to c0+lanes of an image of
// so many pixels and c channels: the image itself, or pixels where fewer than lanes are left.
func (w *winograd) channels(image []float32, c, c0 int, s *winogradScratch) (values []float32, at, pitch int) {
	if c0+w.lanes > c {
		return s.pixels, 0, w.lanes
	}
	return image, c0, c
}

// gatherTail copies the last channels of an image from c0 on to pixels.
func (w *winograd) gatherTail(image []float32, c, c0 int, s *winogradScratch) {
	if c0+w.lanes <= c {
		return
	}
	clear(s.pixels)
	for p := 0; p*c < len(image); p++ {
		to := s.pixels[p*w.lanes:][:c-c0]
		for l, v := range image[p*c+c0:][:len(to)] {
			to[l] = v
		}
	}
}

// scatterTail copies them back.
func (w *winograd) scatterTail(image []float32, c, c0 int, s *winogradScratch) {
	if c0+w.lanes <= c {
		return
	}
	for p := 0; p*c < len(image); p++ {
		to := image[p*c+c0:][:c-c0]
		for l, v := range s.pixels[p*w.lanes:][:len(to)] {
			to[l] = v
		}
	}
}

// transformData fills the tiles of V from number first on with the image x [H,W,C].
func (w *winograd) transformData(x []float32, s *winogradScratch, first int) {
	x = x[:w.in.Len()]
	for b, block := range w.vAt {
		c0 := b * w.lanes
		w.gatherTail(x, w.in.C, c0, s)
		image, at, pitch := w.channels(x, w.in.C, c0, s)
		for tx := range w.tw {
			for j := range w.n() {
				if px := tx*w.m + j - w.win.Left; px >= 0 && px < w.in.W {
					s.table.set(j, image, px*pitch+at, w.in.W*pitch)
				} else {
					s.table.set(j, s.zero, 0, 0)
				}
			}
			w.pass.dataRows(&s.dataRows[w.win.Top*w.n()*w.lanes], &s.table, w.in.H)
			w.pass.dataColumns(&s.v[block.base+(first+tx*w.th)*block.width], &s.dataRows[0], 4*w.vStep, w.th, 4*block.width)
		}
	}
}

// transformGrad fills the tiles of M from number first on with the gradient dy [OH,OW,K] of an image's output.
func (w *winograd) transformGrad(dy []float32, s *winogradScratch, first int) {
	dy = dy[:w.oh*w.ow*w.out]
	for b, block := range w.mAt {
		c0 := b * w.lanes
		w.gatherTail(dy, w.out, c0, s)
		image, at, pitch := w.channels(dy, w.out, c0, s)
		for tx := range w.tw {
			for j := range w.m {
				if px := tx*w.m + j; px < w.ow {
					s.table.set(j, image, px*pitch+at, w.ow*pitch)
				} else {
					s.table.set(j, s.zero, 0, 0)
				}
			}
			w.pass.gradRows(&s.gradRows[0], &s.table, w.oh)
			w.pass.gradColumns(&s.m[block.base+(first+tx*w.th)*block.width], &s.gradRows[0], 4*w.mStep, w.th, 4*block.width)
		}
	}
}

// output writes the image y [OH,OW,K] from the tiles of M from number first on.
func (w *winograd) output(y []float32, s *winogradScratch, first int) {
	y = y[:w.oh*w.ow*w.out]
	for b, block := range w.mAt {
		c0 := b * w.lanes
		image, at, pitch := w.channels(y, w.out, c0, s)
		for tx := range w.tw {
			w.pass.gradTColumns(&s.work[0], &s.m[block.base+(first+tx*w.th)*block.width], 4*w.mStep, w.th, 4*block.width)
			for j := range w.m {
				if px := tx*w.m + j; px < w.ow {
					s.table.set(j, image, px*pitch+at, w.ow*pitch)
				} else {
					s.table.set(j, s.nowhere, 0, 0)
				}
			}
			w.pass.gradTRows(&s.work[0], &s.table, w.oh, &w.bias[c0])
		}
		w.scatterTail(y, w.out, c0, s)
	}
}

// outputData writes the gradient dx [H,W,C] of an image from the tiles of V from number first on. Tiles
// overlap by r−1 pixels: those above each other are added up in work, those beside each other in carry.
func (w *winograd) outputData(dx []float32, s *winogradScratch, first int) {
	n, vec := w.n(), w.lanes
	dx = dx[:w.in.Len()]
	for b, block := range w.vAt {
		c0 := b * vec
		image, at, pitch := w.channels(dx, w.in.C, c0, s)
		clear(s.carry)
		for tx := range w.tw {
			clear(s.work[:(w.r-1)*n*vec])
			w.pass.dataTColumns(&s.work[0], &s.v[block.base+(first+tx*w.th)*block.width], 4*w.vStep, w.th, 4*block.width)
			for j := range n {
				px := tx*w.m + j - w.win.Left
				switch {
				case j >= w.m && tx+1 < w.tw:
					s.table.set(j, s.carry, (j-w.m)*vec, (w.r-1)*vec)
				case px >= 0 && px < w.in.W:
					s.table.set(j, image, px*pitch+at, w.in.W*pitch)
				default:
					s.table.set(j, s.nowhere, 0, 0)
				}
			}
			w.pass.dataTRows(&s.work[w.win.Top*n*vec], &s.table, w.in.H, &s.carry[0])
		}
		w.scatterTail(dx, w.in.C, c0, s)
	}
}

// packWeights transforms the weights [KH,KW,C,K] of input channel c for the forward products.
func (w *winograd) packWeights(weights []float32, c int, s *winogradScratch) {
	width := len(w.uAt) * w.lanes
	for tap := range w.r * w.r {
		row := s.taps[tap*width:][:width]
		clear(row[copy(row, weights[(tap*w.in.C+c)*w.out:][:w.out]):])
	}
	w.transformTaps(s, w.u, w.uAt, c, w.uStep)
}

// packTransposed transforms the weights of output channel k for the gradient's products.
func (w *winograd) packTransposed(weights []float32, k int, s *winogradScratch) {
	width := len(w.utAt) * w.lanes
	for tap := range w.r * w.r {
		row := s.taps[tap*width:][:width]
		from := weights[tap*w.in.C*w.out+k:]
		for c := range w.in.C {
			row[c] = from[c*w.out]
		}
		clear(row[w.in.C:])
	}
	w.transformTaps(s, w.ut, w.utAt, k, w.utStep)
}

// transformTaps transforms a row of taps [r·r, width] to row number row of the packed weights u.
func (w *winograd) transformTaps(s *winogradScratch, u []float32, blocks []winogradBlock, row, freqStep int) {
	width := len(blocks) * w.lanes
	for b, at := range blocks {
		for kx := range w.r {
			s.table.set(kx, s.taps, kx*width+b*w.lanes, w.r*width)
		}
		w.pass.weightRows(&s.work[0], &s.table, w.r)
		w.pass.weightColumns(&u[at.base+row*at.width], &s.work[0], 4*freqStep, 1, 0)
	}
}

// weightGradient writes the gradients dw [KH,KW,C,K] of input channel c from the sum of du's parts.
func (w *winograd) weightGradient(dw, du []float32, c int, s *winogradScratch) {
	dw = dw[:w.r*w.r*w.in.C*w.out]
	for b, at := range w.uAt {
		w.pass.weightTColumns(&s.work[0], &du[at.base+c*at.width], 4*w.uStep, 4*len(du)/gradParts)
		c0 := b * w.lanes
		whole := c0+w.lanes <= w.out
		for kx := range w.r {
			if whole {
				s.table.set(kx, dw, (kx*w.in.C+c)*w.out+c0, w.r*w.in.C*w.out)
			} else {
				s.table.set(kx, s.taps, kx*w.lanes, w.r*w.lanes)
			}
		}
		w.pass.weightTRows(&s.work[0], &s.table, w.r, nil)
		if !whole {
			for tap := range w.r * w.r {
				copy(dw[(tap*w.in.C+c)*w.out+c0:][:w.out-c0], s.taps[tap*w.lanes:])
			}
		}
	}
}
