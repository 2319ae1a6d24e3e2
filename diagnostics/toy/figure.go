package toy

import (
	"fmt"
	"math"

	"github.com/maxgain/maxgain/diagnostics/spectrum"
)

// Panel is one picture of a figure.
type Panel struct {
	Name   string // a word for files and columns
	Title  string
	H, W   int
	Values []float64 // [H,W]; a spectrum has its frequency 0 at (⌊H/2⌋,⌊W/2⌋)
	DB     bool      // the values are a spectrum in dB, else grey levels
	// Theory is the closed form of the same values where there is one, else nil. A spectrum is promised to agree with it
	// to 0.1 dB where the theory is above FloorDB.
	Theory  []float64
	FloorDB float64
}

// Deviation is how far the values are from theory: of a spectrum as Compare says, in dB; of other values in parts of the
// largest one of the theory, at every pixel.
func (p Panel) Deviation() Comparison {
	if p.DB {
		return Compare(p.Values, p.Theory, p.FloorDB)
	}
	c := Comparison{Count: len(p.Theory)}
	top := 0.0
	for i, want := range p.Theory {
		top = max(top, math.Abs(want))
		if d := math.Abs(p.Values[i] - want); d > c.Worst || math.IsNaN(d) {
			c.Worst = d
		}
	}
	c.Worst /= top
	return c
}

// Figure makes the panels of figure 1, 2, 3 or 4 of the paper for a mean-subtracted image x [h,w]:
//
//	1  the image and the filter
//	2  the maps: input, after the convolution, after the ReLU
//	3  derivative and spectrum for p = one active unit, one dead unit, and 1 everywhere
//	4  the impulse image, its map, derivative for p = 1 everywhere, and the spectrum after a Hann window
func (n *Net) Figure(number int, x []float64, h, w int) ([]Panel, error) {
	if h <= n.Size || w <= n.Size || len(x) != h*w {
		return nil, fmt.Errorf("%w: want %d×%d values and an image larger than the %d-pixel filter, got %d values", errShape, h, w, n.Size, len(x))
	}
	conv, relu, err := n.Maps(x, h, w)
	if err != nil {
		return nil, err
	}
	switch number {
	case 1:
		return []Panel{
			{Name: "image", Title: "image", H: h, W: w, Values: x},
			{Name: "filter", Title: fmt.Sprintf("filter, σ = %g px", n.Sigma), H: n.Size, W: n.Size,
				Values: n.Filter(), Theory: n.density(n.Size, n.Size, n.Size/2, n.Size/2)},
		}, nil
	case 2:
		return []Panel{
			{Name: "input", Title: "input", H: h, W: w, Values: x},
			{Name: "conv", Title: "after the convolution", H: h, W: w, Values: conv},
			{Name: "relu", Title: "after the ReLU", H: h, W: w, Values: relu},
		}, nil
	case 3:
		return n.figure3(x, conv, h, w)
	case 4:
		return n.figure4(h, w)
	}
	return nil, fmt.Errorf("toy: figure %d: want 1, 2, 3 or 4", number)
}

func (n *Net) figure3(x, conv []float64, h, w int) ([]Panel, error) {
	var panels []Panel
	for _, unit := range []struct {
		name, title string
		active      bool
	}{{"active", "one active unit", true}, {"dead", "one dead unit", false}} {
		row, col, err := n.FindUnit(conv, h, w, unit.active)
		if err != nil {
			return nil, err
		}
		p, err := UnitProjection(h, w, row, col)
		if err != nil {
			return nil, err
		}
		added, err := n.pair(x, p, h, w, unit.name, "p = "+unit.title, spectrum.None)
		if err != nil {
			return nil, err
		}
		if unit.active {
			added[0].Theory = n.density(h, w, row, col)
			added[1].Theory, added[1].FloorDB = Centre(n.ClosedForm(h, w), h, w), n.FloorDB()
		}
		panels = append(panels, added...)
	}
	added, err := n.pair(x, OnesProjection(h, w), h, w, "ones", "p = 1 everywhere", spectrum.None)
	return append(panels, added...), err
}

func (n *Net) figure4(h, w int) ([]Panel, error) {
	impulse, err := spectrum.Impulse(h, w, 1, 1, h/2, w/2)
	if err != nil {
		return nil, err
	}
	_, relu, err := n.Maps(impulse, h, w)
	if err != nil {
		return nil, err
	}
	added, err := n.pair(impulse, OnesProjection(h, w), h, w, "impulse", "p = 1 everywhere", spectrum.HannWindow)
	if form := n.ImpulseClosedForm(h, w); form != nil && err == nil {
		added[1].Theory, added[1].FloorDB = Centre(form, h, w), n.ImpulseFloorDB()
	}
	return append([]Panel{
		{Name: "impulse", Title: "impulse image", H: h, W: w, Values: impulse},
		{Name: "relu", Title: "after the ReLU", H: h, W: w, Values: relu},
	}, added...), err
}

// pair is the derivative for a projection and its spectrum.
func (n *Net) pair(x, p []float64, h, w int, name, title string, window spectrum.Window) ([]Panel, error) {
	d, err := n.Derivative(x, p, h, w)
	if err != nil {
		return nil, err
	}
	s, err := Response(d, h, w, window)
	if err != nil {
		return nil, err
	}
	return []Panel{
		{Name: name + "_derivative", Title: "derivative, " + title, H: h, W: w, Values: d},
		{Name: name + "_spectrum", Title: "spectrum, " + title, H: h, W: w, Values: Centre(s.DB(), h, w), DB: true},
	}, nil
}

// Centre moves frequency 0 of a spectrum [h,w] from the corner to (⌊h/2⌋,⌊w/2⌋).
func Centre(db []float64, h, w int) []float64 {
	out := make([]float64, len(db))
	for i, v := range db {
		out[(i/w+h/2)%h*w+(i%w+w/2)%w] = v
	}
	return out
}
