package rundir

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// planeOf is a plane of an epoch whose pixels are all the number of the epoch.
func planeOf(epoch, h, w, channels int) Plane {
	p := Plane{Epoch: epoch, H: h, W: w}
	for range channels {
		values := make([]float64, h*w)
		for i := range values {
			values[i] = float64(epoch)
		}
		p.Channels = append(p.Channels, values)
	}
	return p
}

// Of many derivatives the last epoch's is read.
func TestDerivativeIsOfTheLastEpoch(t *testing.T) {
	d, err := Create(filepath.Join(t.TempDir(), "run"), []byte("name: x\n"), Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for epoch := 30; epoch > 0; epoch-- {
		if err := d.SaveDerivative(planeOf(epoch, 2, 3, 1)); err != nil {
			t.Fatal(err)
		}
	}
	p, err := d.Derivative()
	if err != nil || p == nil || p.Epoch != 30 || p.Channels[0][0] != 30 {
		t.Errorf("read %+v, %v; want that of epoch 30", p, err)
	}
}

// Channels of one epoch that differ in height or in width are damage.
func TestChannelsOfOneSize(t *testing.T) {
	for name, other := range map[string]Plane{"width": planeOf(1, 2, 4, 2), "height": planeOf(1, 5, 3, 2)} {
		d, err := Create(filepath.Join(t.TempDir(), "run"), []byte("name: x\n"), Env{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if err := errors.Join(d.SaveSpectrum(other), d.SaveSpectrum(planeOf(1, 2, 3, 1))); err != nil { // the second replaces channel 0
			t.Fatal(err)
		}
		if p, err := d.Spectrum(1); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "as the first channel") {
			t.Errorf("another %s: read %+v, %v", name, p, err)
		}
	}
}
