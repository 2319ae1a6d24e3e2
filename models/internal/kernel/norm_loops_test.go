package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// Every loop over a map with values a channel agrees with the same loop in float64, over channels that fill no vector,
// and writes nothing beyond its map.
func TestNormLoopsAgreeWithFloat64(t *testing.T) {
	for _, channels := range []int{1, 3, 7, 8, 9, 16, 24, 31, 32, 33, 40, 47, 64} {
		for _, pixels := range []int{1, 2, 33} {
			r := rand.New(rand.NewPCG(uint64(channels), uint64(pixels)))
			size := channels * pixels
			draw := func(n int) ([]float32, []float64) {
				v := normal(r, n)
				single := toSingle(v)
				return single, convert[float64](widen(single))
			}
			g, g64 := draw(size)
			z, z64 := draw(size)
			y, y64 := draw(size)
			skip, skip64 := draw(size)
			mean, mean64 := draw(channels)
			scale, scale64 := draw(channels)
			third, third64 := draw(channels)
			fourth, fourth64 := draw(channels)
			fifth, fifth64 := draw(channels)
			check := func(what string, got []float32, want []float64) {
				t.Helper()
				for i, w := range want {
					if !(math.Abs(float64(got[i])-w) <= 2e-5*math.Max(1, math.Abs(w))) {
						t.Fatalf("%s of %d pixels, %d channels: [%d] is %v, want %v", what, pixels, channels, i, got[i], w)
					}
				}
				for i, v := range got[len(want):] {
					if v != 99 {
						t.Fatalf("%s of %d pixels, %d channels: writes %d behind its end", what, pixels, channels, i)
					}
				}
			}
			room := func(n int) []float32 {
				v := make([]float32, n+16)
				for i := n; i < len(v); i++ {
					v[i] = 99
				}
				return v
			}
			sum, squares, sum64, squares64 := room(channels), room(channels), make([]float64, channels), make([]float64, channels)
			momentSums(z, mean, sum[:channels], squares[:channels])
			momentSums(z64, mean64, sum64, squares64)
			check("sum", sum, sum64)
			check("squares", squares, squares64)
			for _, relu := range []bool{false, true} {
				for _, added := range []bool{false, true} {
					dst, dst64 := room(size), make([]float64, size)
					a, a64 := skip, skip64
					if !added {
						a, a64 = nil, nil
					}
					normApply(z, dst[:size], a, mean, scale, third, relu)
					normApply(z64, dst64, a64, mean64, scale64, third64, relu)
					check(fmt.Sprintf("normApply relu %t add %t", relu, added), dst, dst64)
				}
			}
			for name, form := range map[string]struct{ relu, keep bool }{"plain": {}, "relu": {relu: true}, "kept": {keep: true}} {
				from, from64 := gated[float32]{g: g, relu: form.relu}, gated[float64]{g: g64, relu: form.relu}
				kept, kept64 := room(size), make([]float64, size)
				if form.keep {
					from.y, from64.y, from.kept, from64.kept = y, y64, kept[:size], kept64
				}
				sum, product, sum64, product64 := room(channels), room(channels), make([]float64, channels), make([]float64, channels)
				gradSums(from, z, mean, scale, third, sum[:channels], product[:channels])
				gradSums(from64, z64, mean64, scale64, third64, sum64, product64)
				check("gradSums "+name, sum, sum64)
				check("product "+name, product, product64)
				if form.keep {
					check("kept", kept, kept64)
					continue
				}
				dst, dst64 := room(size), make([]float64, size)
				normGrad(from, z, dst[:size], mean, scale, third, fourth, fifth)
				normGrad(from64, z64, dst64, mean64, scale64, third64, fourth64, fifth64)
				check("normGrad "+name, dst, dst64)
			}
			for _, slope := range []float64{0, 0.1} {
				dst, dst64 := room(size), make([]float64, size)
				leakyInto(z, dst[:size], nil, float32(slope))
				leakyInto(z64, dst64, nil, slope)
				check("leaky", dst, dst64)
				leakyGrad(z, nil, g, dst[:size], float32(slope))
				leakyGrad(z64, nil, g64, dst64, slope)
				check("leaky gradient", dst, dst64)
			}
		}
	}
}

// A ReLU behind a norm turns no NaN into a number.
func TestNormKeepsNaN(t *testing.T) {
	for _, relu := range []bool{false, true} {
		z := make([]float32, 16)
		z[3], z[11] = float32(math.NaN()), -1
		dst := make([]float32, 16)
		normApply(z, dst, nil, make([]float32, 8), ones(8), make([]float32, 8), relu)
		want := float32(-1)
		if relu {
			want = 0
		}
		if dst[3] == dst[3] || dst[11] != want || dst[0] != 0 {
			t.Errorf("relu %t: %v", relu, dst)
		}
	}
}
