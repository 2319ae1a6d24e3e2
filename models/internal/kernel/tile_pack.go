package kernel

// packedLen is the size of a matrix of steps rows and n columns in panels.
func packedLen(steps, n int) int { return steps * packedWidth(n) }

// packPanels writes rows [first, first+rows) of a matrix of steps rows and n columns to dst, in the panels that
// Strip reads: panel after panel, each with its rows one after the other, whole vectors wide. Element (r, j)
// of what is packed is src[r·rowStride + j·colStride]; columns that fill up a vector stay as they are, zero.
func packPanels(dst []float32, steps, n, first, rows int, src []float32, rowStride, colStride int) {
	l := lanes()
	for col := 0; col < n; {
		p := nextPanel(col, n, l)
		width := p.width(l)
		to := dst[col*steps+first*width:]
		if colStride == 1 {
			for r := range rows {
				copy(to[r*width:][:p.cols], src[r*rowStride+col:])
			}
		} else {
			transposeInto(to, width, src[col*colStride:], rows, p.cols, rowStride, colStride)
		}
		col += p.cols
	}
}

// transposeInto sets dst[r·width+j] = src[r·rowStride+j·colStride].
func transposeInto(dst []float32, width int, src []float32, rows, cols, rowStride, colStride int) {
	for j := 0; j < cols; j += 8 {
		done := 0
		if rowStride == 1 && j+8 <= cols {
			done = transposeVectors(dst[j:], width, src[j*colStride:], rows, colStride)
		}
		for r := done; r < rows; r++ {
			for i := j; i < min(j+8, cols); i++ {
				dst[r*width+i] = src[r*rowStride+i*colStride]
			}
		}
	}
}
