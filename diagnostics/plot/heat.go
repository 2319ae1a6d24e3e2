package plot

import (
	"fmt"
	"html"
	"html/template"
)

// Heat is a picture of values in cells, with axes and a bar that names the colours.
type Heat struct {
	Description  string
	H, W         int
	Cells        []float64 // [H,W], the first row at the top
	Texts        []string  // [H,W] what is written into the cells; nil for nothing
	XName, YName string
	Unit         string // of the values
	X, Y         []Tick // places from 0 at the left and at the bottom to 1
	Span         Span
}

// Tick is a named place on an axis.
type Tick struct {
	At   float64
	Text string
}

// SVG draws the picture on a canvas of w×h for a page.
func (m Heat) SVG(w, h float64, class string) template.HTML {
	s := &svg{}
	fmt.Fprintf(&s.b, `<svg class="chart %s" viewBox="0 0 %g %g" role="img" aria-label="%s">`, class, w, h, html.EscapeString(m.Description))
	m.draw(s, w, h)
	s.b.WriteString("</svg>")
	return template.HTML(s.b.String())
}

func (m Heat) draw(s surface, w, h float64) {
	widest := 2
	for _, t := range m.Y {
		widest = max(widest, len([]rune(t.Text)))
	}
	left, right, top, bottom := float64(widest)*charWidth+14, w-58, float64(headRoom), h-footRoom
	s.text(2, 12, "start", "unit", m.YName)
	s.rect(left, top, right-left, bottom-top, "void")
	s.picture(left, top, right-left, bottom-top, Paint(m.Cells, m.H, m.W, m.Span, Cividis))
	for _, t := range m.Y {
		y := bottom - (bottom-top)*t.At
		s.line(left-4, y, left, y, "axis")
		s.text(left-7, y+4, "end", "tick", t.Text)
	}
	for _, t := range m.X {
		x := left + (right-left)*t.At
		s.line(x, bottom, x, bottom+4, "axis")
		s.text(x, bottom+17, "middle", "tick", t.Text)
	}
	s.text((left+right)/2, h-4, "middle", "unit", m.XName)
	for i, text := range m.Texts {
		cw, ch := (right-left)/float64(m.W), (bottom-top)/float64(m.H)
		s.text(left+cw*(float64(i%m.W)+0.5), top+ch*(float64(i/m.W)+0.5)+4, "middle", "label", text)
	}
	m.bar(s, right, top, bottom)
}

// barSteps is how many shades the bar of colours has.
const barSteps = 64

// bar draws what the colours mean, to the right of the picture.
func (m Heat) bar(s surface, right, top, bottom float64) {
	shades := make([]float64, barSteps)
	for i := range shades {
		shades[i] = float64(barSteps - 1 - i)
	}
	s.picture(right+12, top, 10, bottom-top, Paint(shades, barSteps, 1, Span{0, barSteps - 1}, Cividis))
	s.text(right+12, 12, "start", "unit", m.Unit)
	a := Axis{m.Span.Low, m.Span.High, false}
	for _, v := range a.Ticks(4) {
		s.text(right+26, bottom-(bottom-top)*a.At(v)+4, "start", "tick", TickText(v))
	}
}

// Bar is a row of the colours of a map from low to high.
func Bar(signed bool) template.URL {
	shades := make([]float64, barSteps+1)
	for i := range shades {
		shades[i] = float64(i)
	}
	colours := Cividis
	if signed {
		colours = Signed
	}
	return DataURL(Paint(shades, 1, len(shades), Span{0, barSteps}, colours))
}
