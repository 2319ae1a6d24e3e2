package report

import (
	"bytes"
	"encoding/base64"
	"html/template"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"slices"
)

// cividis is a colour map that people with and without colour vision deficiency see alike, from dark blue to yellow.
// Nuñez, Anderton & Renslow (2018), doi 10.1371/journal.pone.0199239.
var cividis = []color.NRGBA{
	{0, 32, 77, 255}, {0, 51, 111, 255}, {57, 72, 107, 255}, {87, 92, 109, 255}, {112, 113, 115, 255},
	{138, 135, 121, 255}, {166, 157, 117, 255}, {196, 181, 108, 255}, {228, 207, 91, 255}, {255, 234, 70, 255},
}

// signed goes from blue over white to vermilion, the colours of Okabe & Ito.
var signed = []color.NRGBA{{0, 114, 178, 255}, {255, 255, 255, 255}, {213, 94, 0, 255}}

// greys go from black to white.
var greys = []color.NRGBA{{0, 0, 0, 255}, {255, 255, 255, 255}}

// pick is the colour at t in 0 … 1 of a map of evenly spaced colours; t is cut off at the ends, NaN is transparent.
func pick(colours []color.NRGBA, t float64) color.NRGBA {
	if math.IsNaN(t) {
		return color.NRGBA{}
	}
	at := min(max(t, 0), 1) * float64(len(colours)-1)
	i := min(int(at), len(colours)-2)
	a, b, f := colours[i], colours[i+1], at-float64(i)
	mix := func(p, q uint8) uint8 { return uint8(math.Round(float64(p) + f*(float64(q)-float64(p)))) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

// span is the range of values that a colour map covers.
type span struct{ low, high float64 }

// rangeDB is how far below the largest amplitude a spectrum is told apart.
const rangeDB = 60

// spectrumSpan is the span of spectra: down from their largest finite value, no further than rangeDB and no further
// than their smallest.
func spectrumSpan(planes ...[]float64) span {
	s := span{math.Inf(1), math.Inf(-1)}
	for _, p := range planes {
		for _, v := range p {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				s.low, s.high = min(s.low, v), max(s.high, v)
			}
		}
	}
	if s.low > s.high {
		return span{-1, 0}
	}
	s.low = max(s.low, s.high-rangeDB)
	if s.low == s.high {
		s.low--
	}
	return s
}

// paint makes a picture of values [h,w], one pixel each. Where the derivative is 0 (−∞ dB) and where nothing is known
// it is transparent.
func paint(values []float64, h, w int, s span, colours []color.NRGBA) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i, v := range values {
		t := (v - s.low) / (s.high - s.low)
		if math.IsInf(v, -1) {
			t = math.NaN()
		}
		m.SetNRGBA(i%w, i/w, pick(colours, t))
	}
	return m
}

// SpectrumImage is a picture of a frequency response, frequency 0 in the middle: the root mean square amplitude over
// the channels, coloured over the 60 dB below its largest, each frequency scale×scale pixels.
func SpectrumImage(p Plane, scale int) image.Image {
	values := p.mean()
	return enlarge(paint(values, p.H, p.W, spectrumSpan(values), cividis), scale)
}

// ChannelsImage is SpectrumImage of each channel by itself, side by side with a white gap, all coloured over the 60 dB
// below the largest amplitude of any.
func ChannelsImage(p Plane, scale int) image.Image {
	s := spectrumSpan(p.Channels...)
	wide := p.W + 1
	row := image.NewNRGBA(image.Rect(0, 0, len(p.Channels)*wide-1, p.H))
	draw.Draw(row, row.Bounds(), image.White, image.Point{}, draw.Src)
	for k, channel := range p.Channels {
		values := make([]float64, len(channel))
		for i, v := range channel {
			values[p.centred(i)] = v
		}
		at := image.Rect(k*wide, 0, k*wide+p.W, p.H)
		draw.Draw(row, at, paint(values, p.H, p.W, s, cividis), image.Point{}, draw.Over)
	}
	return enlarge(row, scale)
}

// enlarge makes each pixel scale×scale of them, so that what shows the picture does not blur it.
func enlarge(small *image.NRGBA, scale int) *image.NRGBA {
	b := small.Bounds()
	m := image.NewNRGBA(image.Rect(0, 0, b.Dx()*scale, b.Dy()*scale))
	for y := range b.Dy() * scale {
		for x := range b.Dx() * scale {
			m.SetNRGBA(x, y, small.NRGBAAt(x/scale, y/scale))
		}
	}
	return m
}

// derivativeImage is a picture of one channel of a data derivative, white at 0, and the value of its strongest colour.
func derivativeImage(p *Plane, channel int) (*image.NRGBA, float64) {
	top := 0.0
	for _, v := range slices.Concat(p.Channels...) {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			top = max(top, math.Abs(v))
		}
	}
	s := span{-top, top}
	if top == 0 {
		s = span{-1, 1}
	}
	return paint(p.Channels[channel], p.H, p.W, s, signed), top
}

// dataURL holds a picture in the page itself.
func dataURL(m image.Image) template.URL {
	var b bytes.Buffer
	_ = png.Encode(&b, m) // into memory, of a size of our own making: cannot fail
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()))
}
