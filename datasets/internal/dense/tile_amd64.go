//go:build amd64 && !noasm

package dense

// addTileF32 is addTileGeneric for float32, tiles of 6×16, in AVX2 with fused multiply-adds. deep must be at least 1.
//
//go:noescape
func addTileF32(deep int, a, b, c *float32, stride int)

// addTileF64 is addTileGeneric for float64, tiles of 6×8, in AVX2 with fused multiply-adds. deep must be at least 1.
//
//go:noescape
func addTileF64(deep int, a, b, c *float64, stride int)

func addTile[T Float](deep int, a, b, c []T, stride int) {
	width := tileCols[T]()
	if Fused() {
		// The last element each kernel touches, so that a wrong size faults here and not in memory.
		_, _, _ = a[deep*tileRows-1], b[deep*width-1], c[(tileRows-1)*stride+width-1]
		switch c := any(c).(type) {
		case []float32:
			addTileF32(deep, &any(a).([]float32)[0], &any(b).([]float32)[0], &c[0], stride)
		case []float64:
			addTileF64(deep, &any(a).([]float64)[0], &any(b).([]float64)[0], &c[0], stride)
		}
		return
	}
	addTileGeneric(deep, a, b, c, stride)
}
