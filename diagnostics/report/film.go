package report

import (
	"fmt"
	"html"
	"html/template"
	"strings"
)

type filmView struct {
	Frames    []frameView
	Last      frameView
	Low, High string
	Bar       template.URL
	Size      string
	Count     int // index of the last frame
}

type frameView struct {
	Epoch   int
	Picture template.URL
}

type derivativeView struct {
	Epoch    int
	Top      string // largest absolute value; "" if it is 0
	Pictures []pictureView
	Bar      template.URL
}

// pictureView is a picture with its name.
type pictureView struct {
	Name    string
	Picture template.URL
}

// maxFrames bounds the page's size; more spectra are thinned evenly, the first and the last kept.
const maxFrames = 60

// film is the spectra one after the other, all on the same colours.
func film(spectra []Plane) *filmView {
	var planes [][]float64
	chosen := thin(spectra, maxFrames)
	for _, p := range chosen {
		planes = append(planes, p.mean())
	}
	s := spectrumSpan(planes...)
	v := &filmView{Low: number(s.low, 3), High: number(s.high, 3), Bar: bar(), Count: len(chosen) - 1,
		Size: fmt.Sprintf("%d×%d", spectra[0].H, spectra[0].W)}
	for i, p := range chosen {
		v.Last = frameView{p.Epoch, dataURL(paint(planes[i], p.H, p.W, s, cividis))}
		v.Frames = append(v.Frames, v.Last)
	}
	return v
}

// thin keeps at most n of the spectra.
func thin(spectra []Plane, n int) []Plane {
	if len(spectra) <= n {
		return spectra
	}
	out := make([]Plane, n)
	for i := range out {
		out[i] = spectra[i*(len(spectra)-1)/(n-1)]
	}
	return out
}

// bar is the colour map of spectra from low to high.
func bar() template.URL {
	values := make([]float64, 64)
	for i := range values {
		values[i] = float64(i)
	}
	return dataURL(paint(values, 1, len(values), span{0, 63}, cividis))
}

// spectrumMap is the amplitude by spatial frequency over the epochs.
func spectrumMap(spectra []Plane) *chartView {
	v := &chartView{Title: "Frequency response over the epochs",
		About: "Root mean square amplitude in dB of all frequencies at a distance from 0; grey where the response is 0."}
	v.Wide = mapSVG(spectra, wideW, 300, "wide")
	v.Narrow = mapSVG(spectra, narrowW, 280, "narrow")
	return v
}

// mapSVG draws the map on a canvas of w×h: epochs to the right, frequency upward, colours named by a bar.
func mapSVG(spectra []Plane, w, h float64, class string) template.HTML {
	first, last := spectra[0].Epoch, spectra[len(spectra)-1].Epoch
	columns := last - first + 1
	rings := spectra[0].rings()
	cells := make([]float64, len(rings)*columns)
	all := make([][]float64, 0, len(spectra))
	for i, p := range spectra {
		rings = p.rings()
		all = append(all, rings)
		until := last
		if i+1 < len(spectra) {
			until = spectra[i+1].Epoch - 1
		}
		for e := p.Epoch; e <= until; e++ {
			for k, db := range rings {
				cells[(len(rings)-1-k)*columns+e-first] = db
			}
		}
	}
	s := spectrumSpan(all...)
	f := &frame{w: w, h: h, left: 38, right: w - 58, top: 22, bottom: h - 36}
	fmt.Fprintf(&f.b, `<svg class="chart %s" viewBox="0 0 %g %g" role="img" aria-label="%s">`, class, w, h,
		html.EscapeString(fmt.Sprintf("amplitude by frequency, epochs %d to %d", first, last)))
	f.text(2, 12, "start", "unit", "cycles a pixel")
	fmt.Fprintf(&f.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" class="void"/>`, f.left, f.top, f.right-f.left, f.bottom-f.top)
	f.picture(f.left, f.top, f.right-f.left, f.bottom-f.top, dataURL(paint(cells, len(rings), columns, s, cividis)))
	for _, v := range []float64{0, 0.1, 0.2, 0.3, 0.4, 0.5} {
		y := f.bottom - (f.bottom-f.top)*v/0.5
		f.rule(f.left-4, y, f.left, y, "axis")
		f.text(f.left-7, y+4, "end", "tick", tickText(v))
	}
	x := axis{float64(first) - 0.5, float64(last) + 0.5, false}
	for _, v := range epochTicks(x, int(f.right-f.left)/60) {
		at := f.left + (f.right-f.left)*x.at(v)
		f.rule(at, f.bottom, at, f.bottom+4, "axis")
		f.text(at, f.bottom+17, "middle", "tick", tickText(v))
	}
	f.text((f.left+f.right)/2, h-4, "middle", "unit", "epoch")
	f.scaleBar(s)
	f.b.WriteString("</svg>")
	return template.HTML(f.b.String())
}

// scaleBar draws the colours' meaning to the right of the plot.
func (f *frame) scaleBar(s span) {
	const steps = 64
	values := make([]float64, steps)
	for i := range values {
		values[i] = float64(steps - 1 - i)
	}
	f.picture(f.right+12, f.top, 10, f.bottom-f.top, dataURL(paint(values, steps, 1, span{0, steps - 1}, cividis)))
	f.text(f.right+12, 12, "start", "unit", "dB")
	a := axis{s.low, s.high, false}
	for _, v := range a.ticks(4) {
		f.text(f.right+26, f.bottom-(f.bottom-f.top)*a.at(v)+4, "start", "tick", tickText(v))
	}
}

func (f *frame) picture(x, y, w, h float64, url template.URL) {
	fmt.Fprintf(&f.b, `<image x="%.1f" y="%.1f" width="%.1f" height="%.1f" preserveAspectRatio="none" class="pixels" href="%s"/>`, x, y, w, h, url)
}

// derivative shows the channels of the data derivative.
func derivative(p *Plane) *derivativeView {
	v := &derivativeView{Epoch: p.Epoch}
	for k := range p.Channels {
		m, top := derivativeImage(p, k)
		if top > 0 {
			v.Top = number(top, 3)
		}
		v.Pictures = append(v.Pictures, pictureView{fmt.Sprintf("channel %d", k), dataURL(m)})
	}
	if len(p.Channels) == 1 {
		v.Pictures[0].Name = strings.TrimSpace(fmt.Sprintf("%d×%d", p.H, p.W))
	}
	values := make([]float64, 65)
	for i := range values {
		values[i] = float64(i - 32)
	}
	v.Bar = dataURL(paint(values, 1, len(values), span{-32, 32}, signed))
	return v
}
