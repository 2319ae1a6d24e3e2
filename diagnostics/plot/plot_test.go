package plot

import (
	"image/color"
	"math"
	"slices"
	"testing"
)

func TestTicks(t *testing.T) {
	for _, test := range []struct {
		a    Axis
		n    int
		want []float64
	}{
		{Axis{0, 10, false}, 5, []float64{0, 2, 4, 6, 8, 10}},
		{Axis{-48, -26, false}, 5, []float64{-45, -40, -35, -30}},
		{Axis{0.1, 100, true}, 5, []float64{0.1, 1, 10, 100}},
		{Axis{0.04, 2.5, true}, 5, []float64{0.05, 0.1, 0.2, 0.5, 1, 2}},
		{Axis{1e-10, 1, true}, 5, []float64{1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1}},
	} {
		got := test.a.Ticks(test.n)
		if !slices.EqualFunc(got, test.want, func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }) {
			t.Errorf("%+v: got %v, want %v", test.a, got, test.want)
		}
	}
	for _, test := range []struct {
		low, high float64
		want      []float64
	}{{0, 45, []float64{0, 10, 20, 30, 40}}, {0, 1, []float64{0, 1}}, {0.5, 1.5, []float64{1}}, {3, 5, []float64{3, 4, 5}}} {
		if got := (Axis{test.low, test.high, false}).WholeTicks(5); !slices.Equal(got, test.want) {
			t.Errorf("epochs %v to %v: got %v, want %v", test.low, test.high, got, test.want)
		}
	}
}

func TestAxis(t *testing.T) {
	inf := math.Inf(1)
	for _, test := range []struct {
		values []float64
		log    bool
		want   Axis
	}{
		{nil, false, Axis{-0.05, 1.05, false}},
		{[]float64{math.NaN(), inf, -inf}, true, Axis{-0.05, 1.05, false}},
		{[]float64{0, 10, -inf}, false, Axis{-0.5, 10.5, false}},
		{[]float64{-20}, false, Axis{-22, -18, false}},
		{[]float64{0}, false, Axis{-1e-6, 1e-6, false}},
	} {
		if got := NewAxis(test.values, test.log); got != test.want {
			t.Errorf("%v: got %+v, want %+v", test.values, got, test.want)
		}
	}
	if SuitsLog([]float64{1, 9, math.NaN()}) || !SuitsLog([]float64{1, 10, inf}) || SuitsLog([]float64{0, 10}) || SuitsLog([]float64{inf}) {
		t.Error("logarithmic from another ratio than 10, or for values that have none")
	}
	a := Axis{1, 100, true}
	if a.At(1) != 0 || a.At(10) != 0.5 || a.At(100) != 1 {
		t.Errorf("logarithmic: 1, 10 and 100 lie at %v, %v and %v", a.At(1), a.At(10), a.At(100))
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1: "1.00", -12.345: "−12.3", 0.00012345: "0.000123", 1.5e-7: "1.5e−07",
		123456: "123456", math.Inf(-1): "−∞", math.Inf(1): "+∞", 2e9: "2e+09"} {
		if got := Number(v, 3); got != want {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
	if got := Number(math.NaN(), 3); got != "–" {
		t.Errorf("NaN: got %q", got)
	}
}

// The ends and the middle of the colour maps, and what has no colour.
func TestPick(t *testing.T) {
	for _, test := range []struct {
		colours []color.NRGBA
		t       float64
		want    color.NRGBA
	}{
		{Cividis, -1, color.NRGBA{0, 32, 77, 255}}, {Cividis, 1, color.NRGBA{255, 234, 70, 255}},
		{Signed, 0.5, color.NRGBA{255, 255, 255, 255}}, {Signed, 0.25, color.NRGBA{128, 185, 217, 255}},
		{Signed, math.NaN(), color.NRGBA{}},
	} {
		if got := pick(test.colours, test.t); got != test.want {
			t.Errorf("at %v: got %v, want %v", test.t, got, test.want)
		}
	}
	if got := SpectrumSpan([]float64{-200, -3, math.Inf(-1), math.NaN()}); got != (Span{-63, -3}) {
		t.Errorf("span %v, want −63 to −3", got)
	}
	if got := SpectrumSpan([]float64{math.Inf(-1)}); got != (Span{-1, 0}) {
		t.Errorf("span of nothing: %v", got)
	}
}

// Channels stand side by side, brighter the larger, a channel that does not respond and the gap white.
func TestSideBySide(t *testing.T) {
	dead := math.Inf(-1)
	m := SideBySide([][]float64{{-60, 0}, {dead, dead}}, 1, 2, 1)
	low, high, white := color.NRGBA{0, 32, 77, 255}, color.NRGBA{255, 234, 70, 255}, color.NRGBA{255, 255, 255, 255}
	want := []color.NRGBA{low, high, white, white, white}
	if b := m.Bounds(); b.Dx() != len(want) || b.Dy() != 1 {
		t.Fatalf("picture of %v", b)
	}
	for x, c := range want {
		if got := m.At(x, 0); got != c {
			t.Errorf("column %d is %v, want %v", x, got, c)
		}
	}
}

// Each of 36 lines has a colour and a pattern of its own.
func TestStyles(t *testing.T) {
	styles := map[string]bool{}
	for i := range 36 {
		l := Line{Style: i}
		styles[l.class()+l.dashText()] = true
	}
	if len(styles) != 36 {
		t.Errorf("%d styles among 36 lines", len(styles))
	}
}
