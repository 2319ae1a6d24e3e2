package dense

import "sync"

// Blocks of a product: a panel of depth columns of A and rows of B at a time, of which height rows of A make up a
// block that stays in the second-level cache. Tiles of tileRows × tileCols values are summed in registers.
const (
	depth    = 256
	height   = 96
	tileRows = 6
	tileBits = 64 // bytes in a row of a tile
)

// tileCols is the width of a tile: 16 float32 or 8 float64.
func tileCols[T Float]() int {
	var v any = T(0)
	if _, single := v.(float32); single {
		return tileBits / 4
	}
	return tileBits / 8
}

// AddProduct adds A·B to C: A [M,K], B [K,N], C [M,N] with ColStep 1. C must not overlap A or B. Products are summed
// in runs of 256 along K, and the runs from first to last.
func AddProduct[T Float](c, a, b Matrix[T]) {
	if c.Rows == 0 || c.Cols == 0 {
		return
	}
	width := tileCols[T]()
	slivers := (c.Cols + width - 1) / width
	packedB := make([]T, slivers*width*min(depth, a.Cols))
	buffers := sync.Pool{New: func() any {
		buffer := make([]T, height*depth+tileRows*width)
		return &buffer
	}}
	for k0 := 0; k0 < a.Cols; k0 += depth {
		k1 := min(k0+depth, a.Cols)
		deep := k1 - k0
		Each(slivers, func(s int) {
			from, to := s*width, min((s+1)*width, c.Cols)
			pack(packedB[s*width*deep:(s+1)*width*deep], b.Part(k0, k1, from, to).T(), width)
		})
		Each((c.Rows+height-1)/height, func(block int) {
			buffer := buffers.Get().(*[]T)
			defer buffers.Put(buffer)
			i0, i1 := block*height, min((block+1)*height, c.Rows)
			addBlock(c.Part(i0, i1, 0, c.Cols), a.Part(i0, i1, k0, k1), packedB, *buffer)
		})
	}
}

// addBlock adds the product of a, of at most height rows, and the packed B to c. The buffer holds a, packed, and a tile.
func addBlock[T Float](c, a Matrix[T], packedB, buffer []T) {
	width, deep := tileCols[T](), a.Cols
	packedA, tile := buffer[:height*depth], buffer[height*depth:]
	for i := 0; i < a.Rows; i += tileRows {
		pack(packedA[i*deep:(i+tileRows)*deep], a.Part(i, min(i+tileRows, a.Rows), 0, deep), tileRows)
	}
	for j := 0; j < c.Cols; j += width {
		b := packedB[j*deep : (j+width)*deep]
		for i := 0; i < c.Rows; i += tileRows {
			a := packedA[i*deep : (i+tileRows)*deep]
			if i+tileRows <= c.Rows && j+width <= c.Cols {
				addTile(deep, a, b, c.Data[i*c.RowStep+j:], c.RowStep)
				continue
			}
			clear(tile)
			addTile(deep, a, b, tile, width)
			for r := i; r < min(i+tileRows, c.Rows); r++ {
				out := c.Data[r*c.RowStep+j : r*c.RowStep+min(j+width, c.Cols)]
				for x := range out {
					out[x] += tile[(r-i)*width+x]
				}
			}
		}
	}
}

// pack copies m, [R,K] of at most width rows, to out as [K,width], filled up with zeros.
func pack[T Float](out []T, m Matrix[T], width int) {
	if m.Rows < width {
		clear(out)
	}
	if m.RowStep == 1 {
		for k := range m.Cols {
			copy(out[k*width:(k+1)*width], m.Data[k*m.ColStep:k*m.ColStep+m.Rows])
		}
		return
	}
	for r := range m.Rows {
		row := m.Data[r*m.RowStep:]
		for k := range m.Cols {
			out[k*width+r] = row[k*m.ColStep]
		}
	}
}

// addTileGeneric adds to the tile c, rows stride apart, the product of a, [K,tileRows], and b, [K,width].
func addTileGeneric[T Float](deep int, a, b, c []T, stride int) {
	width := tileCols[T]()
	for r := range tileRows {
		for j := 0; j < width; j += 4 {
			var s0, s1, s2, s3 T
			for k := range deep {
				v, row := a[k*tileRows+r], b[k*width+j:k*width+j+4:k*width+j+4]
				s0 += v * row[0]
				s1 += v * row[1]
				s2 += v * row[2]
				s3 += v * row[3]
			}
			out := c[r*stride+j : r*stride+j+4 : r*stride+j+4]
			out[0] += s0
			out[1] += s1
			out[2] += s2
			out[3] += s3
		}
	}
}
