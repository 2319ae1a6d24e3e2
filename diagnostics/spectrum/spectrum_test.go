package spectrum

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

// slowAmplitude is the transform by its definition, [C,H,W].
func slowAmplitude(d []float64, h, w, c int, window Window) []float64 {
	out := make([]float64, c*h*w)
	hann := func(i, n int) float64 {
		if window == None || n == 1 {
			return 1
		}
		return 0.5 * (1 - math.Cos(2*math.Pi*float64(i)/float64(n-1)))
	}
	for k := range c {
		for u := range h {
			for v := range w {
				var sum complex128
				for r := range h {
					for q := range w {
						angle := -2 * math.Pi * (float64(u*r)/float64(h) + float64(v*q)/float64(w))
						sum += complex(hann(r, h)*hann(q, w)*d[(r*w+q)*c+k], 0) * cmplx.Exp(complex(0, angle))
					}
				}
				out[(k*h+u)*w+v] = cmplx.Abs(sum)
			}
		}
	}
	return out
}

func random(seed uint64, n int) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]float64, n)
	for i := range out {
		out[i] = r.NormFloat64()
	}
	return out
}

func respond(t *testing.T, d []float64, h, w, c int, window Window) *Spectrum {
	t.Helper()
	s, err := Response(d, h, w, c, window)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %v, want %v within %v", what, got, want, tolerance)
	}
}

func TestResponseAgainstDefinition(t *testing.T) {
	for _, shape := range [][3]int{{1, 1, 1}, {1, 7, 2}, {6, 1, 1}, {4, 4, 1}, {5, 7, 3}, {8, 6, 2}, {28, 28, 1}} {
		for _, window := range []Window{None, HannWindow} {
			t.Run(fmt.Sprint(shape, window), func(t *testing.T) {
				h, w, c := shape[0], shape[1], shape[2]
				d := random(7, h*w*c)
				slow := slowAmplitude(d, h, w, c, window)
				s := respond(t, d, h, w, c, window)
				for i, db := range s.DB() {
					near(t, fmt.Sprint("amplitude ", i), math.Pow(10, db/20), slow[i], 1e-11)
				}
				low, all := 0.0, 0.0
				gain := s.MaximumGain()
				for k := range c {
					best := 0.0
					for i := range h * w {
						a := slow[k*h*w+i]
						best = max(best, a)
						u, v := i/w, i%w
						if u > h/2 {
							u -= h
						}
						if v > w/2 {
							v -= w
						}
						all += a * a
						if u >= -(h/8) && u <= h/8 && v >= -(w/8) && v <= w/8 {
							low += a * a
						}
					}
					if best > 0 {
						near(t, fmt.Sprint("gain of channel ", k), gain.ChannelsDB[k], 20*math.Log10(best), 1e-9)
					}
				}
				if all > 0 {
					near(t, "low share", s.LowShare(), low/all, 1e-12)
				}
			})
		}
	}
}

func TestParseval(t *testing.T) {
	const h, w, c = 12, 9, 2
	d := random(3, h*w*c)
	energy := 0.0
	for _, v := range d {
		energy += v * v
	}
	total := 0.0
	for _, db := range respond(t, d, h, w, c, None).DB() {
		total += math.Pow(10, db/10)
	}
	near(t, "energy", total/(h*w), energy, 1e-10)
}

// Multiplying the derivative by s moves every frequency by 20·log10 s.
func TestScalingLaw(t *testing.T) {
	const h, w, c = 8, 8, 3
	d := random(4, h*w*c)
	base := respond(t, d, h, w, c, HannWindow).MaximumGain()
	for _, scale := range []float64{2, 10, 1e-25, 1e-200, 1e150} {
		scaled := make([]float64, len(d))
		for i := range d {
			scaled[i] = d[i] * scale
		}
		got := respond(t, scaled, h, w, c, HannWindow).MaximumGain()
		near(t, fmt.Sprint("gain times ", scale), got.MeanDB-base.MeanDB, 20*math.Log10(scale), 1e-9)
		if got.PeakU != base.PeakU || got.PeakV != base.PeakV {
			t.Errorf("peak moved from (%d,%d) to (%d,%d)", base.PeakU, base.PeakV, got.PeakU, got.PeakV)
		}
	}
}

// A cyclic shift changes the phase alone.
func TestShiftInvariance(t *testing.T) {
	const h, w = 10, 7
	d := random(5, h*w)
	shifted := make([]float64, len(d))
	for r := range h {
		for c := range w {
			shifted[(r+3)%h*w+(c+5)%w] = d[r*w+c]
		}
	}
	a, b := respond(t, d, h, w, 1, None).DB(), respond(t, shifted, h, w, 1, None).DB()
	for i := range a {
		near(t, fmt.Sprint("frequency ", i), b[i], a[i], 1e-9)
	}
}

func TestKnownSpectra(t *testing.T) {
	impulse, err := Impulse(8, 8, 2, 10, 4, 4)
	if err != nil {
		t.Fatal(err)
	}
	s := respond(t, impulse, 8, 8, 2, None)
	for i, db := range s.DB() {
		near(t, fmt.Sprint("impulse, frequency ", i), db, 20, 1e-12)
	}
	near(t, "impulse, low share", s.LowShare(), 9.0/64, 1e-15)

	wave := make([]float64, 16*16) // cos(2π·3c/16): two peaks of amplitude 16·16/2 at v = 3 and 13
	for i := range wave {
		wave[i] = math.Cos(2 * math.Pi * 3 * float64(i%16) / 16)
	}
	s = respond(t, wave, 16, 16, 1, None)
	g := s.MaximumGain()
	near(t, "wave, gain", g.MeanDB, 20*math.Log10(128), 1e-12)
	if g.PeakU != 0 || g.PeakV != 3 {
		t.Errorf("wave peaks at (%d,%d), want (0,3)", g.PeakU, g.PeakV)
	}
	near(t, "wave, low share", s.LowShare(), 0, 1e-15) // 3 > ⌊16/8⌋
	for i := range wave {
		wave[i] = math.Cos(2 * math.Pi * 2 * float64(i%16) / 16)
	}
	near(t, "slower wave, low share", respond(t, wave, 16, 16, 1, None).LowShare(), 1, 1e-15)
}

func TestMeanOfChannelsIsTakenInDecibels(t *testing.T) {
	d := []float64{1, 10, 1000} // one pixel, three channels: 0, 20 and 60 dB
	g := respond(t, d, 1, 1, 3, None).MaximumGain()
	for k, want := range []float64{0, 20, 60} {
		near(t, fmt.Sprint("channel ", k), g.ChannelsDB[k], want, 1e-12)
	}
	near(t, "mean", g.MeanDB, 80.0/3, 1e-12)
}

func TestZeroAndBrokenDerivatives(t *testing.T) {
	s := respond(t, make([]float64, 4*4*2), 4, 4, 2, HannWindow)
	g := s.MaximumGain()
	if !math.IsInf(g.MeanDB, -1) || !math.IsInf(g.ChannelsDB[1], -1) || g.PeakU != 0 || g.PeakV != 0 {
		t.Errorf("zero derivative: got %+v, want −Inf at (0,0)", g)
	}
	if !math.IsNaN(s.LowShare()) {
		t.Errorf("zero derivative: low share %v, want NaN", s.LowShare())
	}
	half := make([]float64, 4*4*2) // channel 0 is 0, channel 1 an impulse
	half[1] = 1
	g = respond(t, half, 4, 4, 2, None).MaximumGain()
	if !math.IsInf(g.ChannelsDB[0], -1) || g.ChannelsDB[1] != 0 || !math.IsInf(g.MeanDB, -1) {
		t.Errorf("one dead channel: got %+v", g)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		d := random(1, 16)
		d[5] = bad
		if g := respond(t, d, 4, 4, 1, None).MaximumGain(); !math.IsNaN(g.MeanDB) || g.PeakU != 0 || g.PeakV != 0 {
			t.Errorf("derivative with %v: got %+v, want NaN", bad, g)
		}
	}
}

func TestHann(t *testing.T) {
	for _, test := range []struct {
		n    int
		want []float64
	}{
		{-1, nil}, {0, nil}, {1, []float64{1}}, {2, []float64{0, 0}}, {3, []float64{0, 1, 0}}, {5, []float64{0, .5, 1, .5, 0}},
	} {
		got := Hann(test.n)
		if len(got) != len(test.want) {
			t.Fatalf("Hann(%d) has %d samples", test.n, len(got))
		}
		for i := range got {
			near(t, fmt.Sprintf("Hann(%d)[%d]", test.n, i), got[i], test.want[i], 1e-15)
		}
	}
}

func TestErrors(t *testing.T) {
	if _, err := Impulse(0, 1, 1, 1, 0, 0); err == nil {
		t.Error("empty image accepted")
	}
	if _, err := Impulse(4, 4, 1, 1, 4, 0); err == nil {
		t.Error("impulse outside the image accepted")
	}
	if _, err := Response(make([]float64, 5), 2, 3, 1, None); err == nil {
		t.Error("short derivative accepted")
	}
	if _, err := Response(nil, 0, 3, 1, None); err == nil {
		t.Error("empty derivative accepted")
	}
	if _, err := ParseWindow("hamming"); err == nil {
		t.Error("unknown window accepted")
	}
	for _, w := range []Window{None, HannWindow} {
		if got, err := ParseWindow(w.String()); err != nil || got != w {
			t.Errorf("window %v does not survive its name", w)
		}
	}
}

// A transform and a spectrum that are used again give what fresh ones give.
func TestReuse(t *testing.T) {
	tr, err := NewTransform(6, 6, 1)
	if err != nil {
		t.Fatal(err)
	}
	var s Spectrum
	for seed := range uint64(3) {
		d := random(seed, 36)
		if err := tr.Into(&s, d, HannWindow); err != nil {
			t.Fatal(err)
		}
		fresh := respond(t, d, 6, 6, 1, HannWindow).DB()
		for i, db := range s.DB() {
			if db != fresh[i] {
				t.Fatalf("seed %d, frequency %d: %v and %v", seed, i, db, fresh[i])
			}
		}
	}
}

func BenchmarkTransform(b *testing.B) {
	tr, err := NewTransform(32, 32, 3)
	if err != nil {
		b.Fatal(err)
	}
	var s Spectrum
	d := random(1, 32*32*3)
	for b.Loop() {
		if err := tr.Into(&s, d, None); err != nil {
			b.Fatal(err)
		}
		s.MaximumGain()
		s.LowShare()
	}
}
