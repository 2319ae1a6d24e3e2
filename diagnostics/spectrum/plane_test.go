package spectrum

import (
	"math"
	"testing"
)

// The spectrum of a wave of 4 periods lies in ring 4 and 4 columns from the middle.
func TestRings(t *testing.T) {
	const h, w = 16, 16
	d := make([]float64, h*w)
	for i := range d {
		d[i] = math.Cos(2 * math.Pi * 4 * float64(i%w) / w)
	}
	s, err := Response(d, h, w, 1, None)
	if err != nil {
		t.Fatal(err)
	}
	p := Plane{H: h, W: w, Channels: [][]float64{s.DB(), s.DB()}}
	rings := p.Rings()
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
	for i, db := range p.RMS() {
		y, x := i/w, i%w
		peak := y == 8 && (x == 4 || x == 12) // frequency 0 lies at (8,8)
		if (db > 20) != peak || peak && math.Abs(db-20*math.Log10(128)) > 1e-9 {
			t.Errorf("frequency (%d,%d): %v dB", y-8, x-8, db)
		}
	}
}

// The amplitude of several channels is their root mean square; frequency 0 of an odd and an even side moves to the middle.
func TestPlane(t *testing.T) {
	dead := math.Inf(-1)
	p := Plane{H: 3, W: 2, Channels: [][]float64{{20, 0, 0, 0, 0, 0}, {dead, 0, 0, 0, 0, 0}}}
	want := []float64{0, 0, 0, 10 * math.Log10(50), 0, 0} // (100 + 0)/2 at (1,1)
	for i, v := range p.RMS() {
		if math.Abs(v-want[i]) > 1e-9 {
			t.Errorf("place %d: %v dB, want %v", i, v, want[i])
		}
	}
	if c := p.Centred(); c[0][3] != 20 || c[1][3] != dead || c[0][0] != 0 {
		t.Errorf("centred channels %v", c)
	}
}
