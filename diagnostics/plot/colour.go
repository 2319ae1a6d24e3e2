package plot

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

// Cividis is a colour map that people with and without colour vision deficiency see alike, from dark blue to yellow.
// Nuñez, Anderton & Renslow (2018), doi 10.1371/journal.pone.0199239.
var Cividis = []color.NRGBA{
	{0, 32, 77, 255}, {0, 51, 111, 255}, {57, 72, 107, 255}, {87, 92, 109, 255}, {112, 113, 115, 255},
	{138, 135, 121, 255}, {166, 157, 117, 255}, {196, 181, 108, 255}, {228, 207, 91, 255}, {255, 234, 70, 255},
}

// Signed goes from blue over white to vermilion, the colours of Okabe & Ito.
var Signed = []color.NRGBA{{0, 114, 178, 255}, {255, 255, 255, 255}, {213, 94, 0, 255}}

// Greys go from black to white.
var Greys = []color.NRGBA{{0, 0, 0, 255}, {255, 255, 255, 255}}

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

// Span is the range of values that a colour map covers.
type Span struct{ Low, High float64 }

// rangeDB is how far below the largest amplitude a spectrum is told apart.
const rangeDB = 60

// SpectrumSpan is the span of spectra: down from their largest finite value, no further than rangeDB and no further
// than their smallest.
func SpectrumSpan(planes ...[]float64) Span {
	s := Span{math.Inf(1), math.Inf(-1)}
	for _, p := range planes {
		for _, v := range p {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				s.Low, s.High = min(s.Low, v), max(s.High, v)
			}
		}
	}
	if s.Low > s.High {
		return Span{-1, 0}
	}
	s.Low = max(s.Low, s.High-rangeDB)
	if s.Low == s.High {
		s.Low--
	}
	return s
}

// Paint makes a picture of values [h,w], one pixel each. Where the derivative is 0 (−∞ dB) and where nothing is known
// it is transparent.
func Paint(values []float64, h, w int, s Span, colours []color.NRGBA) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i, v := range values {
		t := (v - s.Low) / (s.High - s.Low)
		if math.IsInf(v, -1) {
			t = math.NaN()
		}
		m.SetNRGBA(i%w, i/w, pick(colours, t))
	}
	return m
}

// SpectrumImage is a picture of amplitudes in dB [h,w], coloured over the 60 dB below the largest, each value
// scale×scale pixels.
func SpectrumImage(db []float64, h, w, scale int) image.Image {
	return Enlarge(Paint(db, h, w, SpectrumSpan(db), Cividis), scale)
}

// SideBySide is SpectrumImage of several spectra in a row with a white gap between them, all coloured over the 60 dB
// below the largest amplitude of any.
func SideBySide(db [][]float64, h, w, scale int) image.Image {
	s := SpectrumSpan(db...)
	row := image.NewNRGBA(image.Rect(0, 0, len(db)*(w+1)-1, h))
	draw.Draw(row, row.Bounds(), image.White, image.Point{}, draw.Src)
	for k, values := range db {
		at := image.Rect(k*(w+1), 0, k*(w+1)+w, h)
		draw.Draw(row, at, Paint(values, h, w, s, Cividis), image.Point{}, draw.Over)
	}
	return Enlarge(row, scale)
}

// Enlarge makes each pixel scale×scale of them, so that what shows the picture does not blur it.
func Enlarge(small *image.NRGBA, scale int) *image.NRGBA {
	b := small.Bounds()
	m := image.NewNRGBA(image.Rect(0, 0, b.Dx()*scale, b.Dy()*scale))
	for y := range b.Dy() * scale {
		for x := range b.Dx() * scale {
			m.SetNRGBA(x, y, small.NRGBAAt(x/scale, y/scale))
		}
	}
	return m
}

// SignedImage is a picture of values [h,w], white at 0 and in full colour at ±top.
func SignedImage(values []float64, h, w int, top float64) image.Image {
	s := Span{-top, top}
	if top == 0 {
		s = Span{-1, 1}
	}
	return Paint(values, h, w, s, Signed)
}

// Largest is the largest absolute value that is finite, 0 if there is none.
func Largest(values ...[]float64) float64 {
	top := 0.0
	for _, v := range slices.Concat(values...) {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			top = max(top, math.Abs(v))
		}
	}
	return top
}

// DataURL holds a picture in the page itself.
func DataURL(m image.Image) template.URL {
	var b bytes.Buffer
	_ = png.Encode(&b, m) // into memory, of a size of our own making: cannot fail
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()))
}
