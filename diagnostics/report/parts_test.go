package report

import (
	"image/color"
	"math"
	"slices"
	"testing"

	"github.com/maxgain/maxgain/diagnostics/spectrum"
)

func TestTicks(t *testing.T) {
	for _, test := range []struct {
		a    axis
		n    int
		want []float64
	}{
		{axis{0, 10, false}, 5, []float64{0, 2, 4, 6, 8, 10}},
		{axis{-48, -26, false}, 5, []float64{-45, -40, -35, -30}},
		{axis{0.1, 100, true}, 5, []float64{0.1, 1, 10, 100}},
		{axis{0.04, 2.5, true}, 5, []float64{0.05, 0.1, 0.2, 0.5, 1, 2}},
		{axis{1e-10, 1, true}, 5, []float64{1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1}},
	} {
		got := test.a.ticks(test.n)
		if !slices.EqualFunc(got, test.want, func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }) {
			t.Errorf("%+v: got %v, want %v", test.a, got, test.want)
		}
	}
	for _, test := range []struct {
		low, high float64
		want      []float64
	}{{0, 45, []float64{0, 10, 20, 30, 40}}, {0, 1, []float64{0, 1}}, {0.5, 1.5, []float64{1}}, {3, 5, []float64{3, 4, 5}}} {
		if got := epochTicks(axis{test.low, test.high, false}, 5); !slices.Equal(got, test.want) {
			t.Errorf("epochs %v to %v: got %v, want %v", test.low, test.high, got, test.want)
		}
	}
}

func TestAxis(t *testing.T) {
	inf := math.Inf(1)
	for _, test := range []struct {
		values []float64
		log    bool
		want   axis
	}{
		{nil, false, axis{-0.05, 1.05, false}},
		{[]float64{math.NaN(), inf, -inf}, true, axis{-0.05, 1.05, false}},
		{[]float64{0, 10, -inf}, false, axis{-0.5, 10.5, false}},
		{[]float64{-20}, false, axis{-22, -18, false}},
		{[]float64{0}, false, axis{-1e-6, 1e-6, false}},
	} {
		if got := newAxis(test.values, test.log); got != test.want {
			t.Errorf("%v: got %+v, want %+v", test.values, got, test.want)
		}
	}
	if suitsLog([]float64{1, 9, math.NaN()}) || !suitsLog([]float64{1, 10, inf}) || suitsLog([]float64{0, 10}) || suitsLog([]float64{inf}) {
		t.Error("logarithmic from another ratio than 10, or for values that have none")
	}
	a := axis{1, 100, true}
	if a.at(1) != 0 || a.at(10) != 0.5 || a.at(100) != 1 {
		t.Errorf("logarithmic: 1, 10 and 100 lie at %v, %v and %v", a.at(1), a.at(10), a.at(100))
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1: "1.00", -12.345: "−12.3", 0.00012345: "0.000123", 1.5e-7: "1.5e−07",
		123456: "123456", math.Inf(-1): "−∞", math.Inf(1): "+∞", 2e9: "2e+09"} {
		if got := number(v, 3); got != want {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
	if got := number(math.NaN(), 3); got != "–" {
		t.Errorf("NaN: got %q", got)
	}
	for seconds, want := range map[float64]string{90: "90.0 s", 600: "10.0 min", 9000: "2.50 h"} {
		if got := duration(seconds); got != want {
			t.Errorf("%v s: got %q, want %q", seconds, got, want)
		}
	}
}

// The ends and the middle of the colour maps, and what has no colour.
func TestPick(t *testing.T) {
	for _, test := range []struct {
		colours []color.NRGBA
		t       float64
		want    color.NRGBA
	}{
		{cividis, -1, color.NRGBA{0, 32, 77, 255}}, {cividis, 1, color.NRGBA{255, 234, 70, 255}},
		{signed, 0.5, color.NRGBA{255, 255, 255, 255}}, {signed, 0.25, color.NRGBA{128, 185, 217, 255}},
		{signed, math.NaN(), color.NRGBA{}},
	} {
		if got := pick(test.colours, test.t); got != test.want {
			t.Errorf("at %v: got %v, want %v", test.t, got, test.want)
		}
	}
	if got := spectrumSpan([]float64{-200, -3, math.Inf(-1), math.NaN()}); got != (span{-63, -3}) {
		t.Errorf("span %v, want −63 to −3", got)
	}
	if got := spectrumSpan([]float64{math.Inf(-1)}); got != (span{-1, 0}) {
		t.Errorf("span of nothing: %v", got)
	}
}

// The spectrum of a wave of 4 periods lies in ring 4, and in the picture 4 columns from the middle.
func TestRingsAndPicture(t *testing.T) {
	const h, w = 16, 16
	d := make([]float64, h*w)
	for i := range d {
		d[i] = math.Cos(2 * math.Pi * 4 * float64(i%w) / w)
	}
	s, err := spectrum.Response(d, h, w, 1, spectrum.None)
	if err != nil {
		t.Fatal(err)
	}
	p := Plane{H: h, W: w, Channels: [][]float64{s.DB(), s.DB()}}
	rings := p.rings()
	for k, db := range rings {
		if (db > 20) != (k == 4) {
			t.Errorf("ring %d has %.1f dB", k, db)
		}
	}
	// Two of the ring's frequencies hold all its energy: 20·log10(128) − 10·log10(frequencies in the ring / 2).
	count := 0.0
	for i := range h * w {
		u, v := min(i/w, h-i/w), min(i%w, w-i%w)
		if math.Round(math.Hypot(float64(u), float64(v))) == 4 {
			count++
		}
	}
	if want := 20*math.Log10(128) - 10*math.Log10(count/2); math.Abs(rings[4]-want) > 1e-9 {
		t.Errorf("ring 4 has %v dB, want %v", rings[4], want)
	}
	m := SpectrumImage(p, 3)
	if m.Bounds().Dx() != 3*w || m.Bounds().Dy() != 3*h {
		t.Fatalf("picture of %v", m.Bounds())
	}
	for y := range h {
		for x := range w {
			peak := y == 8 && (x == 4 || x == 12)
			if bright := m.At(3*x+1, 3*y+1) == (color.NRGBA{255, 234, 70, 255}); bright != peak {
				t.Errorf("frequency (%d,%d): bright %v, want %v", y, x, bright, peak)
			}
		}
	}
}

// Channels stand side by side, brighter the larger, a channel that does not respond and the gap white.
func TestChannelsImage(t *testing.T) {
	dead := math.Inf(-1)
	p := Plane{H: 1, W: 2, Channels: [][]float64{{0, -60}, {dead, dead}}}
	m := ChannelsImage(p, 1)
	low, high, white := color.NRGBA{0, 32, 77, 255}, color.NRGBA{255, 234, 70, 255}, color.NRGBA{255, 255, 255, 255}
	want := []color.NRGBA{low, high, white, white, white} // frequency 0 in the middle: at column 1
	if b := m.Bounds(); b.Dx() != len(want) || b.Dy() != 1 {
		t.Fatalf("picture of %v", b)
	}
	for x, c := range want {
		if got := m.At(x, 0); got != c {
			t.Errorf("column %d is %v, want %v", x, got, c)
		}
	}
}

func TestThin(t *testing.T) {
	planes := make([]Plane, 1001)
	for i := range planes {
		planes[i].Epoch = i
	}
	got := thin(planes, 60)
	if len(got) != 60 || got[0].Epoch != 0 || got[59].Epoch != 1000 {
		t.Errorf("%d spectra from %d to %d", len(got), got[0].Epoch, got[len(got)-1].Epoch)
	}
	if len(thin(planes[:60], 60)) != 60 {
		t.Error("60 spectra were thinned")
	}
}
