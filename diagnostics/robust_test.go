package diagnostics

import (
	"math"
	"testing"
)

func line(n int, f func(x float64) float64) trace {
	var t trace
	for i := range n {
		t.x = append(t.x, float64(i+1))
		t.y = append(t.y, f(float64(i+1)))
	}
	return t
}

func TestRoughness(t *testing.T) {
	near(t, "a straight line", line(20, func(x float64) float64 { return 3*x - 1 }).roughness(), 0, 1e-12)
	gapped := trace{[]float64{1, 2, 5, 6, 11, 12}, []float64{2, 4, 10, 12, 22, 24}}
	near(t, "a straight line with gaps", gapped.roughness(), 0, 1e-12)
	// y = ±1 alternating: each point lies 2 from its neighbours' line, 2/√1.5 scaled.
	near(t, "alternation", line(20, func(x float64) float64 { return 1 - 2*math.Mod(x, 2) }).roughness(), madToSigma*2/math.Sqrt(1.5), 1e-12)
	near(t, "too short", line(2, level).roughness(), math.NaN(), 0)
	for seed := range uint64(5) { // unit noise about a parabola; 3 standard errors of 1.17·√(1.94/2000)
		near(t, "noise", line(2000, noisy(seed, 1, func(x float64) float64 { return x * x / 1e4 })).roughness(), 1, 0.11)
	}
	spiked := line(100, noisy(1, 1, level))
	before := spiked.roughness()
	spiked.y[50] += 1e6
	near(t, "noise with a spike", spiked.roughness(), before, 0.1)
}

func TestSlope(t *testing.T) {
	near(t, "line", line(10, func(x float64) float64 { return 5 - 0.5*x }).slope(), -0.5, 1e-12)
	near(t, "thinned line", line(1000, func(x float64) float64 { return 2 * x }).slope(), 2, 1e-12)
	// (1,0) (2,1) (3,8): pairs have slopes 1, 4 and 7.
	near(t, "three points", trace{[]float64{1, 2, 3}, []float64{0, 1, 8}}.slope(), 4, 1e-12)
	near(t, "one point", line(1, level).slope(), math.NaN(), 0)
}

func TestSmooth(t *testing.T) {
	got := trace{[]float64{1, 2, 3}, []float64{4, 8, 0}}.smooth(0.5)
	for i, want := range []float64{4, 6, 3} {
		near(t, "average", got.y[i], want, 1e-15)
	}
}

func TestPettitt(t *testing.T) {
	// Ranks 1 2 3 | 4 5 6: Σ(2r−7) over the first three is −9, so U = 9 and the chance 2·exp(−6·81/252).
	at, chance := pettitt([]float64{1, 2, 3, 10, 11, 12}, 1)
	if at != 3 {
		t.Errorf("change at %d, want 3", at)
	}
	near(t, "chance", chance, 2*math.Exp(-6.0*81/252), 1e-12)
	if _, chance := pettitt([]float64{5, 5, 5, 5}, 1); chance != 1 {
		t.Errorf("equal values: chance %v, want 1", chance)
	}
	if at, chance := pettitt(nil, 1); at != 0 || chance < 1 && !math.IsNaN(chance) {
		t.Errorf("no values: %d, %v", at, chance)
	}
}
