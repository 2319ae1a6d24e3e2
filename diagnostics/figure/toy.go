package figure

import (
	"encoding/csv"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/maxgain/maxgain/diagnostics/plot"
	"github.com/maxgain/maxgain/diagnostics/toy"
	gonumplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Toy is a figure of the paper made of the toy net: its panels as pictures, and for those that theory gives in
// closed form a section with the theory drawn over it.
type Toy struct {
	Number int
	Title  string
	Panels []toy.Panel
}

// Save writes figN.svg, figN.png and figN.csv to a folder, which is made if missing, and returns their paths.
func (f Toy) Save(dir string) ([]string, error) {
	return saveFigure(dir, f.Number, f.draw, f.writeCSV)
}

// section is the middle row of a panel, in a spectrum that of frequency 0; of an image whose closed form is known, the row
// in which that is largest.
type section struct {
	row           int
	at            []float64 // pixels, or cycles a pixel
	value, theory []float64 // theory nil: there is no closed form
}

func sectionOf(p toy.Panel) section {
	s := section{row: p.H / 2}
	if p.Theory != nil && !p.DB {
		s.row = slices.Index(p.Theory, slices.Max(p.Theory)) / p.W
	}
	for c := range p.W {
		at := float64(c)
		if p.DB {
			at = float64(c-p.W/2) / float64(p.W)
		}
		s.at = append(s.at, at)
	}
	s.value = p.Values[s.row*p.W:][:p.W]
	if p.Theory != nil {
		s.theory = p.Theory[s.row*p.W:][:p.W]
	}
	return s
}

// writeCSV writes the sections, a line a place: the position is the column in pixels, or the frequency along the row in
// cycles a pixel, of which values and closed form are in dB.
func (f Toy) writeCSV(w io.Writer) error {
	lines := [][]string{{"figure", "panel", "row", "position", "unit", "value", "closed_form"}}
	for _, p := range f.Panels {
		s, unit := sectionOf(p), "pixel"
		if p.DB {
			unit = "cycles a pixel"
		}
		for i, at := range s.at {
			closed := ""
			if s.theory != nil {
				closed = csvNumber(s.theory[i])
			}
			lines = append(lines, []string{strconv.Itoa(f.Number), p.Name, strconv.Itoa(s.row), csvNumber(at), unit, csvNumber(s.value[i]), closed})
		}
	}
	return csv.NewWriter(w).WriteAll(lines)
}

// Size of a picture of the toy net, and of the colours' bar beside it.
const (
	tileW = 3.25 * vg.Inch
	tileH = 2.6 * vg.Inch
	barW  = vg.Length(52)
)

// tile is what fills one place of the figure.
type tile func(draw.Canvas)

// draw puts images and derivatives into the first row and spectra into the second, each with its sections behind it.
func (f Toy) draw(path string) error {
	var rows [][]tile
	across, entries := 0, []legendEntry(nil)
	for _, spectra := range []bool{false, true} {
		var row, sections []tile
		for _, p := range f.Panels {
			if p.DB != spectra {
				continue
			}
			row = append(row, heatMap(p))
			if p.Theory == nil {
				continue
			}
			sections = append(sections, sectionPlot(p))
			entries = []legendEntry{{"measured", measuredStroke}, {"closed form", theoryStroke}}
			if spectra {
				entries = append(entries, legendEntry{"level above which they agree to 0.1 dB", floorStroke})
			}
		}
		if row = append(row, sections...); len(row) > 0 {
			rows, across = append(rows, row), max(across, len(row))
		}
	}
	const around = margin * plot.Unit
	foot := vg.Length(0)
	if entries != nil {
		foot = (legendRow + margin) * plot.Unit
	}
	w, h := vg.Length(across)*tileW+2*around, vg.Length(len(rows))*tileH+headRow*plot.Unit+foot+2*around
	return plot.WritePicture(path, w, h, func(all draw.Canvas) {
		heading(all, fmt.Sprintf("Figure %d. %s", f.Number, f.Title))
		for r, row := range rows {
			for c, t := range row {
				x, y := around+vg.Length(c)*tileW, around+foot+vg.Length(len(rows)-1-r)*tileH
				t(draw.Canvas{Canvas: all.Canvas, Rectangle: vg.Rectangle{
					Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + tileW - around, Y: y + tileH - around}}})
			}
		}
		if entries != nil {
			legend(all, entries, margin)
		}
	})
}

// How a section's lines look: the theory lies over what was measured and lets it be seen.
var (
	measuredStroke = draw.LineStyle{Color: color.NRGBA{86, 180, 233, 255}, Width: vg.Points(4)}
	theoryStroke   = draw.LineStyle{Color: plot.Inks[5], Width: vg.Points(1.2), Dashes: []vg.Length{5, 3}}
	floorStroke    = draw.LineStyle{Color: plot.Inks[1], Width: vg.Points(1), Dashes: []vg.Length{1, 2}}
)

// smallPlot is a plot with the texts of a tile.
func smallPlot(title string) *gonumplot.Plot {
	p := gonumplot.New()
	p.Title.Text, p.Title.Padding = title, 4
	useSans(&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label)
	p.Title.TextStyle.Font.Size = 10
	p.X.Label.TextStyle.Font.Size, p.Y.Label.TextStyle.Font.Size = 9, 9
	p.X.Tick.Label.Font.Size, p.Y.Tick.Label.Font.Size = 8, 8
	return p
}

// heatMap is a panel in colours with a bar that names them. Rows go down, as in an image.
func heatMap(panel toy.Panel) tile {
	colours, s, label := plot.Greys, valueSpan(panel.Values), "pixel"
	xs, ys := plot.Axis{Low: -0.5, High: float64(panel.W) - 0.5}, plot.Axis{Low: -0.5, High: float64(panel.H) - 0.5}
	if panel.DB {
		colours, s, label = plot.Cividis, plot.SpectrumSpan(panel.Values), "cycles a pixel"
		xs, ys = frequencies(panel.W), frequencies(panel.H)
	}
	p := smallPlot(panel.Title)
	p.X.Label.Text, p.Y.Label.Text = label, label
	p.Add(plotter.NewImage(plot.Enlarge(plot.Paint(panel.Values, panel.H, panel.W, s, colours), 4), xs.Low, ys.Low, xs.High, ys.High))
	p.X.Tick.Marker = gonumplot.ConstantTicks(labelled(xs.Ticks(5)))
	var down []gonumplot.Tick
	for _, t := range labelled(ys.Ticks(5)) {
		down = append(down, gonumplot.Tick{Value: ys.Low + ys.High - t.Value, Label: t.Label})
	}
	p.Y.Tick.Marker = gonumplot.ConstantTicks(down)
	p.X.Padding, p.Y.Padding = 0, 0
	if s.Low == s.High || panel.DB && silent(panel.Values) {
		said := plot.Number(panel.Values[0], 3)
		if panel.DB {
			said += " dB"
		}
		return func(c draw.Canvas) {
			c = draw.Crop(c, 0, -barW, 0, 0)
			p.Draw(c)
			data := p.DataCanvas(c)
			plot.Text(c, data.Center(), 15, "middle", color.Gray{28}, said+" everywhere")
		}
	}
	bar := colourBar(s, colours, panel.DB)
	return func(c draw.Canvas) {
		p.Draw(draw.Crop(c, 0, -barW, 0, 0))
		bar.Draw(draw.Crop(c, tileW-margin*plot.Unit-barW+4, 0, 26, -14))
	}
}

// silent tells whether a spectrum is −∞ dB everywhere.
func silent(db []float64) bool { return math.IsInf(slices.Max(db), -1) }

// frequencies is the axis of a transform of n samples, its frequency 0 at ⌊n/2⌋.
func frequencies(n int) plot.Axis {
	low := (-float64(n/2) - 0.5) / float64(n)
	return plot.Axis{Low: low, High: low + 1}
}

// valueSpan is the range of the values.
func valueSpan(values []float64) plot.Span {
	return plot.Span{Low: slices.Min(values), High: slices.Max(values)}
}

// colourBar is an upright bar of the colours with the values that they stand for.
func colourBar(s plot.Span, colours []color.NRGBA, db bool) *gonumplot.Plot {
	const steps = 64
	shades := make([]float64, steps)
	for i := range shades {
		shades[i] = float64(steps - 1 - i)
	}
	p := smallPlot("")
	p.HideX()
	p.Add(plotter.NewImage(plot.Enlarge(plot.Paint(shades, steps, 1, plot.Span{Low: 0, High: steps - 1}, colours), 4), 0, s.Low, 1, s.High))
	p.Y.Tick.Marker = ticker{plot.Axis{Low: s.Low, High: s.High}}
	p.X.Max = 2.5 // a bar that fills two fifths of its place
	p.Y.Padding, p.X.Padding = 0, 0
	if db {
		p.Title.Text = "dB"
		p.Title.TextStyle.Font.Size = 9
	}
	return p
}

// sectionPlot draws a panel's section and the closed form over it.
func sectionPlot(panel toy.Panel) tile {
	s := sectionOf(panel)
	p := smallPlot("section: " + panel.Title)
	p.X.Label.Text = "pixel"
	from, to := reach(s.theory)
	y := plot.NewAxis(s.theory, false)
	if panel.DB {
		p.X.Label.Text, p.Y.Label.Text = "cycles a pixel", "dB"
		from, to = 0, len(s.at)-1
		top := valueSpan(s.theory).High
		y = plot.Axis{Low: panel.FloorDB - 0.2*(top-panel.FloorDB), High: top + 0.05*(top-panel.FloorDB)}
	}
	x := plot.Axis{Low: s.at[from], High: s.at[to]}
	var measured, theory plotter.XYs
	for i := from; i <= to; i++ {
		if v := s.value[i]; !math.IsInf(v, 0) {
			measured = append(measured, plotter.XY{X: s.at[i], Y: v})
		}
		theory = append(theory, plotter.XY{X: s.at[i], Y: s.theory[i]})
	}
	p.Add(&plotter.Line{XYs: measured, LineStyle: measuredStroke}, &plotter.Line{XYs: theory, LineStyle: theoryStroke})
	if panel.DB {
		p.Add(&plotter.Line{XYs: plotter.XYs{{X: x.Low, Y: panel.FloorDB}, {X: x.High, Y: panel.FloorDB}}, LineStyle: floorStroke})
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = x.Low, x.High, y.Low, y.High
	p.X.Tick.Marker, p.Y.Tick.Marker = ticker{x}, ticker{y}
	return func(c draw.Canvas) { p.Draw(c) }
}

// reach is the first and the last place at which values are above a millionth of the largest.
func reach(values []float64) (from, to int) {
	least := valueSpan(values).High * 1e-6
	for from = 0; from < len(values)-1 && values[from] < least; from++ {
	}
	for to = len(values) - 1; to > from && values[to] < least; to-- {
	}
	return from, to
}

// useSans makes texts sans-serif, as those of the other figures are.
func useSans(styles ...*text.Style) {
	for _, s := range styles {
		s.Font.Variant = "Sans"
	}
}

// ticker puts the ticks where charts have them.
type ticker struct{ plot.Axis }

// Ticks implements gonumplot.Ticker.
func (t ticker) Ticks(_, _ float64) []gonumplot.Tick { return labelled(t.Axis.Ticks(6)) }

func labelled(values []float64) []gonumplot.Tick {
	out := make([]gonumplot.Tick, len(values))
	for i, v := range values {
		out[i] = gonumplot.Tick{Value: v, Label: plot.TickText(v)}
	}
	return out
}
