package dense

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/maxgain/maxgain/models/cpu"
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

// atLevels runs f as a subtest at every level that this machine has.
func atLevels(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	saved := level
	defer func() { level = saved }()
	for l := cpu.Generic; l <= cpu.Best(); l++ {
		level = l
		t.Run(l.String(), f)
	}
}

func TestAddProduct(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		t.Run("float32", func(t *testing.T) { testProduct[float32](t, 0x1p-24) })
		t.Run("float64", func(t *testing.T) { testProduct[float64](t, 0x1p-53) })
	})
}

// The level is that of $MAXGAIN_CPU, and the generic one is the portable kernel bit for bit.
func TestLevel(t *testing.T) {
	if want, _ := cpu.Current(); level != want {
		t.Errorf("level %v, want %v", level, want)
	}
	saved := level
	defer func() { level = saved }()
	r := rand.New(rand.NewPCG(7, 8))
	const deep = 255
	width := tileCols[float32]()
	a, b := random[float32](r, deep, tileRows, false), random[float32](r, deep, width, false)
	run := func(l cpu.Level) []float32 {
		level = l
		c := make([]float32, tileRows*width)
		addTile(deep, a.Data, b.Data, c, width)
		return c
	}
	want := make([]float32, tileRows*width)
	addTileGeneric(deep, a.Data, b.Data, want, width)
	if !slices.Equal(run(cpu.Generic), want) {
		t.Error("the generic level does not use the portable kernel")
	}
	if cpu.Best() >= cpu.AVX2 && slices.Equal(run(cpu.AVX2), want) {
		t.Error("AVX2 has the portable kernel's bits: fused sums differ from them")
	}
}

// A row of a product does not depend on how many rows there are: images may be whitened one by one or together.
func TestRowsAreIndependent(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(9, 10))
		const rows, n = 103, 300
		a, b := random[float32](r, rows, n, false), random[float32](r, n, n, false)
		all := New[float32](rows, n)
		AddProduct(all, a, b)
		for i := range rows {
			one := New[float32](1, n)
			AddProduct(one, a.Part(i, i+1, 0, n), b)
			if !slices.Equal(one.Data, all.Data[i*n:(i+1)*n]) {
				t.Fatalf("row %d by itself differs from row %d of %d", i, i, rows)
			}
		}
	})
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
	atLevels(t, func(t *testing.T) {
		t.Run("float32", func(t *testing.T) { testTile[float32](t, 0x1p-24) })
		t.Run("float64", func(t *testing.T) { testTile[float64](t, 0x1p-53) })
	})
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
