package report

import (
	"fmt"
	"html/template"

	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/plot"
)

// spectraView is what is shown of the spectra; nil for what there is not.
type spectraView struct {
	Map        *chartView
	Film       *filmView
	Derivative *derivativeView
}

type filmView struct {
	How       string
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
	How      string
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
func film(spectra []judged.Plane) *filmView {
	var planes [][]float64
	chosen := thin(spectra, maxFrames)
	for _, p := range chosen {
		planes = append(planes, p.RMS())
	}
	s := plot.SpectrumSpan(planes...)
	v := &filmView{How: howFilm, Low: plot.Number(s.Low, 3), High: plot.Number(s.High, 3), Bar: plot.Bar(false), Count: len(chosen) - 1,
		Size: fmt.Sprintf("%d×%d", spectra[0].H, spectra[0].W)}
	for i, p := range chosen {
		v.Last = frameView{p.Epoch, plot.DataURL(plot.Paint(planes[i], p.H, p.W, s, plot.Cividis))}
		v.Frames = append(v.Frames, v.Last)
	}
	return v
}

// thin keeps at most n of the spectra.
func thin(spectra []judged.Plane, n int) []judged.Plane {
	if len(spectra) <= n {
		return spectra
	}
	out := make([]judged.Plane, n)
	for i := range out {
		out[i] = spectra[i*(len(spectra)-1)/(n-1)]
	}
	return out
}

// spectrumMap is the amplitude by spatial frequency over the epochs.
func spectrumMap(spectra []judged.Plane) *chartView {
	v := &chartView{How: howMap, Title: "Frequency response over the epochs",
		About: "Root mean square amplitude in dB of all frequencies at a distance from 0; grey where the response is 0."}
	m := mapOf(spectra)
	m.X = epochTicks(spectra, 17)
	v.Wide = m.SVG(wideW, 300, "wide")
	m.X = epochTicks(spectra, 5)
	v.Narrow = m.SVG(narrowW, 280, "narrow")
	return v
}

// epochTicks names about n epochs.
func epochTicks(spectra []judged.Plane, n int) []plot.Tick {
	x := plot.Axis{Low: float64(spectra[0].Epoch) - 0.5, High: float64(spectra[len(spectra)-1].Epoch) + 0.5}
	var out []plot.Tick
	for _, v := range x.WholeTicks(n) {
		out = append(out, plot.Tick{At: x.At(v), Text: plot.TickText(v)})
	}
	return out
}

// mapOf puts epochs to the right and frequencies upward; an epoch that was not measured looks like the one before.
func mapOf(spectra []judged.Plane) plot.Heat {
	first, last := spectra[0].Epoch, spectra[len(spectra)-1].Epoch
	columns := last - first + 1
	rows := len(spectra[0].Rings())
	cells := make([]float64, rows*columns)
	all := make([][]float64, 0, len(spectra))
	for i, p := range spectra {
		rings := p.Rings()
		all = append(all, rings)
		until := last
		if i+1 < len(spectra) {
			until = spectra[i+1].Epoch - 1
		}
		for e := p.Epoch; e <= until; e++ {
			for k, db := range rings {
				cells[(rows-1-k)*columns+e-first] = db
			}
		}
	}
	m := plot.Heat{Description: fmt.Sprintf("amplitude by frequency, epochs %d to %d", first, last), H: rows, W: columns, Cells: cells,
		XName: "epoch", YName: "cycles a pixel", Unit: "dB", Span: plot.SpectrumSpan(all...)}
	for _, v := range []float64{0, 0.1, 0.2, 0.3, 0.4, 0.5} {
		m.Y = append(m.Y, plot.Tick{At: v / 0.5, Text: plot.TickText(v)})
	}
	return m
}

// derivative shows the channels of the data derivative, all on the same colours.
func derivative(p *judged.Plane) *derivativeView {
	v := &derivativeView{How: howDerivative, Epoch: p.Epoch, Bar: plot.Bar(true)}
	top := plot.Largest(p.Channels...)
	if top > 0 {
		v.Top = plot.Number(top, 3)
	}
	for k, values := range p.Channels {
		v.Pictures = append(v.Pictures, pictureView{fmt.Sprintf("channel %d", k), plot.DataURL(plot.SignedImage(values, p.H, p.W, top))})
	}
	if len(p.Channels) == 1 {
		v.Pictures[0].Name = fmt.Sprintf("%d×%d", p.H, p.W)
	}
	return v
}
