package figures

import (
	"errors"
	"testing"

	"github.com/maxgain/maxgain/diagnostics/figure"
	"github.com/maxgain/maxgain/diagnostics/toy"
)

// A spectrum may be 0.1 dB from its closed form where that is above the floor, grey levels as far as they like.
func TestCheckTheory(t *testing.T) {
	panel := func(db bool, by float64) figure.Toy {
		return figure.Toy{Panels: []toy.Panel{{H: 1, W: 3, Values: []float64{0, -10 + by, -90}, Theory: []float64{0, -10, -80}, DB: db, FloorDB: -60}}}
	}
	for _, c := range []struct {
		figure figure.Toy
		right  bool
	}{
		{panel(true, 0), true}, {panel(true, 0.09), true}, {panel(true, -0.2), false}, {panel(true, 0.2), false}, {panel(false, 5), true},
		{figure.Toy{Panels: []toy.Panel{{H: 1, W: 1, Values: []float64{3}, DB: true}}}, true}, // without theory
	} {
		if err := CheckTheory(c.figure); errors.Is(err, ErrTheory) == c.right || err != nil && !errors.Is(err, ErrTheory) {
			t.Errorf("%+v: %v", c.figure.Panels[0], err)
		}
	}
}
