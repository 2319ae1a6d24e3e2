package dense

import (
	"math"
	"math/rand/v2"
	"testing"
)

// random returns a rows×cols matrix of normal numbers, transposed in memory if asked.
func random[T Float](r *rand.Rand, rows, cols int, transposed bool) Matrix[T] {
	if transposed {
		return random[T](r, cols, rows, false).T()
	}
	m := New[T](rows, cols)
	for i := range m.Data {
		m.Data[i] = T(r.NormFloat64())
	}
	return m
}

func testProduct[T Float](t *testing.T, epsilon float64) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][3]int{{1, 1, 1}, {6, 16, 8}, {7, 17, 9}, {5, 300, 33}, {97, 257, 40}, {200, 64, 130}} {
		rows, inner, cols := size[0], size[1], size[2]
		for way := range 4 {
			a, b := random[T](r, rows, inner, way&1 > 0), random[T](r, inner, cols, way&2 > 0)
			wide := random[T](r, rows, cols+3, false)
			c := wide.Part(0, rows, 2, cols+2)
			before := append([]T(nil), wide.Data...)
			AddProduct(c, a, b)
			for i := range rows {
				for j := range wide.Cols {
					old := float64(before[i*wide.Cols+j])
					want, scale := old, math.Abs(old)
					if j >= 2 && j < cols+2 {
						for k := range inner {
							p := float64(a.At(i, k)) * float64(b.At(k, j-2))
							want += p
							scale += math.Abs(p)
						}
					}
					if got := float64(wide.At(i, j)); math.Abs(got-want) > float64(inner+1)*epsilon*scale {
						t.Fatalf("size %v way %d: value (%d,%d) is %v, want %v", size, way, i, j, got, want)
					}
				}
			}
		}
	}
}

func TestAddProduct(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testProduct[float32](t, 0x1p-24) })
	t.Run("float64", func(t *testing.T) { testProduct[float64](t, 0x1p-53) })
}

func testTile[T Float](t *testing.T, epsilon float64) {
	r := rand.New(rand.NewPCG(3, 4))
	width := tileCols[T]()
	for _, deep := range []int{1, 2, 255} {
		a, b := random[T](r, deep, tileRows, false), random[T](r, deep, width, false)
		got := random[T](r, tileRows, width+1, false)
		want := append([]T(nil), got.Data...)
		addTile(deep, a.Data, b.Data, got.Data, width+1)
		addTileGeneric(deep, a.Data, b.Data, want, width+1)
		for i, v := range got.Data {
			if math.Abs(float64(v-want[i])) > float64(deep)*8*epsilon {
				t.Fatalf("depth %d: value %d is %v, the portable kernel says %v", deep, i, v, want[i])
			}
		}
	}
}

func TestTileKernelAgreesWithPortable(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testTile[float32](t, 0x1p-24) })
	t.Run("float64", func(t *testing.T) { testTile[float64](t, 0x1p-53) })
}

func benchmarkProduct[T Float](b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	m, n := random[T](r, 1024, 1024, false), random[T](r, 1024, 1024, false)
	c := New[T](1024, 1024)
	for b.Loop() {
		AddProduct(c, m, n)
	}
	b.ReportMetric(2*1024*1024*1024*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

func BenchmarkAddProduct(b *testing.B) {
	b.Run("float32", benchmarkProduct[float32])
	b.Run("float64", benchmarkProduct[float64])
}
