// Package toy is a network small enough that its frequency response is known in closed form: one convolution with a
// Gaussian filter, then a ReLU. It shows, and lets a user check on his machine, that a data derivative and its
// spectrum are what theory says. Everything here is a pure function of its input.
//
// Stamatescu & McDonnell (2018), arXiv:1810.03241, section III-B and figures 1–4. That text gives neither the filter's
// size nor its width; those of Default are ours.
package toy

import (
	"errors"
	"fmt"
	"math"

	"github.com/maxgain/maxgain/diagnostics/spectrum"
)

// Net is conv → relu with one square, symmetric Gaussian filter whose entries add up to 1. Images and maps are
// [H,W], zero-padded so that the map is as large as the image.
type Net struct {
	Size  int       // side of the filter in pixels, odd
	Sigma float64   // its standard deviation in pixels
	line  []float64 // [Size] the filter is the outer product of line with itself
}

// Default is the filter of the figures: 25×25 pixels, σ = 2.5, so that what the filter's edge cuts off lies more than
// 120 dB below its sum.
func Default() *Net {
	n, _ := New(25, 2.5)
	return n
}

// New returns a net with a filter of size×size pixels, size odd, and a standard deviation of sigma > 0 pixels.
func New(size int, sigma float64) (*Net, error) {
	if size < 1 || size%2 == 0 {
		return nil, fmt.Errorf("toy: filter of %d pixels: want an odd number, at least 1", size)
	}
	if !(sigma > 0) || math.IsInf(sigma, 0) {
		return nil, fmt.Errorf("toy: filter of standard deviation %v: want a number > 0", sigma)
	}
	n := &Net{Size: size, Sigma: sigma, line: make([]float64, size)}
	sum := 0.0
	for i := range n.line {
		r := float64(i - size/2)
		n.line[i] = math.Exp(-r * r / (2 * sigma * sigma))
		sum += n.line[i]
	}
	for i := range n.line {
		n.line[i] /= sum
	}
	return n, nil
}

// Filter returns the filter's entries [Size,Size].
func (n *Net) Filter() []float64 {
	out := make([]float64, n.Size*n.Size)
	for r, a := range n.line {
		for c, b := range n.line {
			out[r*n.Size+c] = a * b
		}
	}
	return out
}

var errShape = errors.New("toy: image and shape do not agree")

// Maps returns what the convolution and the ReLU after it make of image x [h,w], both [h,w].
func (n *Net) Maps(x []float64, h, w int) (conv, relu []float64, err error) {
	if h < 1 || w < 1 || len(x) != h*w {
		return nil, nil, fmt.Errorf("%w: %d values for %d×%d", errShape, len(x), h, w)
	}
	conv = n.correlate(x, h, w)
	relu = make([]float64, h*w)
	for i, v := range conv {
		relu[i] = max(v, 0)
	}
	return conv, relu, nil
}

// Derivative returns the projected data derivative ∂⟨p, relu(conv(x))⟩/∂x [h,w] at image x [h,w], for the projection
// p [h,w]: p is let through where the convolution is above 0, and spread by the flipped filter.
func (n *Net) Derivative(x, p []float64, h, w int) ([]float64, error) {
	conv, _, err := n.Maps(x, h, w)
	if err != nil {
		return nil, err
	}
	if len(p) != h*w {
		return nil, fmt.Errorf("%w: projection of %d values for %d×%d", errShape, len(p), h, w)
	}
	passed := make([]float64, h*w)
	for i, v := range conv {
		if v > 0 {
			passed[i] = p[i]
		}
	}
	return n.correlate(passed, h, w), nil // the filter is its own mirror image
}

// Response is the spectrum of a derivative d [h,w].
func Response(d []float64, h, w int, window spectrum.Window) (*spectrum.Spectrum, error) {
	return spectrum.Response(d, h, w, 1, window)
}

// correlate is Σ g(i,j) x(r+i, c+j) with zeros outside x, along rows and then along columns.
func (n *Net) correlate(x []float64, h, w int) []float64 {
	rows, out, half := make([]float64, h*w), make([]float64, h*w), n.Size/2
	for r := range h {
		for c := range w {
			for i, g := range n.line {
				if q := c + i - half; q >= 0 && q < w {
					rows[r*w+c] += g * x[r*w+q]
				}
			}
		}
	}
	for r := range h {
		for i, g := range n.line {
			q := r + i - half
			if q < 0 || q >= h {
				continue
			}
			for c := range w {
				out[r*w+c] += g * rows[q*w+c]
			}
		}
	}
	return out
}

// UnitProjection is p [h,w]: 1 at (row, col), 0 elsewhere.
func UnitProjection(h, w, row, col int) ([]float64, error) {
	p, err := spectrum.Impulse(h, w, 1, 1, row, col)
	if err != nil {
		return nil, fmt.Errorf("toy: projection: %w", err)
	}
	return p, nil
}

// OnesProjection is p [h,w]: 1 everywhere.
func OnesProjection(h, w int) []float64 {
	p := make([]float64, h*w)
	for i := range p {
		p[i] = 1
	}
	return p
}

// ErrNoUnit is returned when a map has no unit of the kind that was asked for.
var ErrNoUnit = errors.New("toy: no such unit away from the edges")

// FindUnit returns the unit nearest to the map's centre that is active (conv > 0) or, with active false, dead, and
// whose filter lies wholly inside the image. The first one in row-major order of equally near ones.
func (n *Net) FindUnit(conv []float64, h, w int, active bool) (row, col int, err error) {
	if len(conv) != h*w {
		return 0, 0, fmt.Errorf("%w: %d values for %d×%d", errShape, len(conv), h, w)
	}
	half, nearest := n.Size/2, math.MaxInt
	for r := half; r < h-half; r++ {
		for c := half; c < w-half; c++ {
			distance := (r-h/2)*(r-h/2) + (c-w/2)*(c-w/2)
			if (conv[r*w+c] > 0) == active && distance < nearest {
				row, col, nearest = r, c, distance
			}
		}
	}
	if nearest == math.MaxInt {
		return 0, 0, ErrNoUnit
	}
	return row, col, nil
}
