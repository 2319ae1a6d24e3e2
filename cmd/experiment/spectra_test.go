package experiment

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// What is kept of an epoch are its channels one by one: the derivative, which is measured with channels last, and the response.
func TestSpectraAreKeptByChannel(t *testing.T) {
	dir, err := rundir.Create(filepath.Join(t.TempDir(), "run"), []byte("name: x\n"), rundir.Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	const h, w, channels = 2, 3, 2
	d := make([]float64, h*w*channels)
	for i := range h * w {
		for c := range channels {
			d[i*channels+c] = float64(100*c + i + 1)
		}
	}
	response, err := spectrum.Response(d, h, w, channels, spectrum.None)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{dir: dir}
	if err := s.saveSpectrum(7, diagnostics.Reading{Spectrum: response, Derivative: d}); err != nil {
		t.Fatal(err)
	}
	kept, err := dir.Derivative()
	if err != nil || kept == nil || kept.Epoch != 7 || kept.H != h || kept.W != w || len(kept.Channels) != channels {
		t.Fatalf("the derivative is %+v, %v", kept, err)
	}
	for c, values := range kept.Channels {
		for i, v := range values {
			if want := float64(100*c + i + 1); v != want {
				t.Errorf("derivative, channel %d, pixel %d: %v, want %v", c, i, v, want)
			}
		}
	}
	plane, err := dir.Spectrum(7)
	if err != nil || plane == nil {
		t.Fatalf("the response is %+v, %v", plane, err)
	}
	for c, want := range []float64{21, 621} { // at frequency 0, the sum of the channel's pixels
		if got := plane.Channels[c][0]; math.Abs(got-20*math.Log10(want)) > 1e-9 {
			t.Errorf("response, channel %d, frequency 0: %v dB, want %v", c, got, 20*math.Log10(want))
		}
	}
}
