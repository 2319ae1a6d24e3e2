package pretrained

import (
	"fmt"
	"math"
	"slices"

	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/models/onnx"
)

// Colours are the channels of a Response in their order.
var Colours = []string{"red", "green", "blue"}

// Response is a net's response at one input in units that are the same for all nets: its derivative with respect to the
// picture's values of 0 to 255, not to the net's input, which are these times a scale. The projection is p = 1/s.
type Response struct {
	Winner     int
	Score      float64
	GainDB     [3]float64   // by colour
	Derivative [3][]float64 // [H,W] by colour, before the window
	Spectrum   [3][]float64 // dB, [H,W], frequency 0 at (⌊H/2⌋,⌊W/2⌋)
	H, W       int
}

// Unscaled is the gain with p = 1: the derivative is s times as large.
func (r Response) Unscaled(colour int) float64 { return r.GainDB[colour] + 20*math.Log10(r.Score) }

// Open reads the net. It must take pictures of three channels.
func (p Published) Open() (*onnx.Net, error) {
	m, err := onnx.Read(p.File)
	if err != nil {
		return nil, err
	}
	net, err := onnx.NewNet(m, p.Net)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.File, err)
	}
	if s := net.Shape(); s.C != 3 {
		net.Close()
		return nil, fmt.Errorf("%s: images of %v, want three channels", p.File, s)
	}
	if err := p.Prepare.Check(net.Shape()); err != nil {
		net.Close()
		return nil, fmt.Errorf("%s: %w", p.File, err)
	}
	return net, nil
}

// AtImpulse is the response to an impulse of so many of a picture's levels, with a Hann window. The other pixels are 0 in
// the net's input: the picture's mean, or black where none is taken off.
func (p Published) AtImpulse(net *onnx.Net, levels float64) (Response, error) {
	image, err := Impulse(net.Shape(), 1)
	if err != nil {
		return Response{}, err
	}
	for i := range image {
		image[i] *= levels * channel(p.Prepare.Scale, i%3, 1)
	}
	return p.at(net, image, spectrum.HannWindow)
}

// AtPicture is the response to a picture, without a window.
func (p Published) AtPicture(net *onnx.Net, path string) (Response, error) {
	image, err := p.Prepare.Picture(path, net.Shape())
	if err != nil {
		return Response{}, err
	}
	return p.at(net, image, spectrum.None)
}

func (p Published) at(net *onnx.Net, image []float64, window spectrum.Window) (Response, error) {
	m, err := Measure(net, image, Method{Projection: models.LogScore, Window: window})
	if err != nil {
		return Response{}, fmt.Errorf("%s: %w", p.File, err)
	}
	s := net.Shape()
	r := Response{Winner: m.Winner, Score: m.Score, H: s.H, W: s.W}
	plane := spectrum.Plane{H: s.H, W: s.W, Channels: slices.Collect(slices.Chunk(m.Spectrum.DB(), s.H*s.W))}
	centred := plane.Centred()
	for colour := range Colours {
		c := colour
		if p.Prepare.BGR {
			c = 2 - colour
		}
		scale := channel(p.Prepare.Scale, c, 1)
		raise := 20 * math.Log10(math.Abs(scale))
		r.GainDB[colour] = m.ChannelsDB[c] + raise
		for i := range s.H * s.W {
			r.Derivative[colour] = append(r.Derivative[colour], m.Derivative[i*3+c]*scale)
		}
		for _, db := range centred[c] {
			r.Spectrum[colour] = append(r.Spectrum[colour], db+raise)
		}
	}
	return r, nil
}

// Spearman is the rank correlation of pairs of numbers: the correlation of their ranks, equal numbers having the mean of
// their ranks. It is NaN for fewer than two pairs or where all numbers of one kind are equal. Spearman (1904).
func Spearman(a, b []float64) float64 {
	ra, rb := ranks(a), ranks(b)
	mean := float64(len(a)-1) / 2
	var ab, aa, bb float64
	for i := range ra {
		x, y := ra[i]-mean, rb[i]-mean
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}

// ranks counts from 0.
func ranks(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		below, equal := 0, 0
		for _, y := range v {
			switch {
			case y < x:
				below++
			case y == x:
				equal++
			}
		}
		out[i] = float64(below) + float64(equal-1)/2
	}
	return out
}
