package report

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/maxgain/maxgain/trainer/rundir"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// inks are the colours of lines on white, those of Okabe & Ito with the pale ones darkened.
var inks = []color.NRGBA{{0, 114, 178, 255}, {213, 94, 0, 255}, {0, 158, 115, 255}, {176, 85, 138, 255},
	{168, 116, 0, 255}, {59, 63, 69, 255}}

// strokes are the dash patterns of dashes, in points.
var strokes = [][]vg.Length{nil, {6, 3}, {2, 3}, {8, 3, 2, 3}, {12, 4}, {5, 2, 1, 2, 1, 2}}

// Size of a plot in a file.
const (
	plotW = 6.4 * vg.Inch
	plotH = 4 * vg.Inch
	dpi   = 150

	margin     = vg.Length(10)
	legendRow  = vg.Length(14)
	legendLeft = vg.Length(60)
)

// WritePlots draws the curves of a run, or of several laid over each other, each as a .svg and a .png file in dir:
// gain, loss, error and one for each other signal that was measured. The folder is made if missing. It returns the
// files' paths.
func WritePlots(dir string, runs ...Run) ([]string, error) {
	if len(runs) == 0 {
		return nil, ErrNoRuns
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("report: plots: %w", err)
	}
	var written []string
	for _, c := range chartsOf(runs) {
		for _, format := range []string{"svg", "png"} {
			path := filepath.Join(dir, c.file+"."+format)
			if err := c.save(path); err != nil {
				return written, fmt.Errorf("report: plots: %w", err)
			}
			written = append(written, path)
		}
	}
	return written, nil
}

// chartsOf are the charts of one run, or the overlays of several.
func chartsOf(runs []Run) []chart {
	if len(runs) > 1 {
		return overlays(runs)
	}
	charts := runs[0].charts()
	if gain, ok := runs[0].gainChart(); ok {
		charts = append([]chart{gain}, charts...)
	}
	return charts
}

// save writes the chart to a file, its legend below the plot.
func (c chart) save(path string) error {
	p, legend, err := c.plot()
	if err != nil {
		return err
	}
	below := legendRow * vg.Length(legend.rows)
	return writePicture(path, plotW, plotH+below, func(all draw.Canvas) {
		p.Draw(draw.Crop(all, margin, -margin, margin+below, -margin))
		legend.Draw(draw.Crop(all, legendLeft, -margin, margin/2, 0))
	})
}

// writePicture writes what is drawn on a white canvas of w×h, as SVG or PNG by the file's extension.
func writePicture(path string, w, h vg.Length, drawOn func(draw.Canvas)) error {
	var canvas vg.CanvasWriterTo = vgsvg.New(w, h)
	if filepath.Ext(path) == ".png" {
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(dpi))}
	}
	all := draw.New(canvas)
	all.SetColor(color.White)
	all.Fill(all.Rectangle.Path())
	drawOn(all)
	return rundir.WriteFile(path, func(out io.Writer) error {
		_, err := canvas.WriteTo(out)
		return err
	})
}

// useSans makes texts sans-serif, as those of the page are.
func useSans(styles ...*text.Style) {
	for _, s := range styles {
		s.Font.Variant = "Sans"
	}
}

// legend is a legend and how many rows it has.
type legend struct {
	plot.Legend
	rows int
}

func (l *legend) add(name string, thumbnail plot.Thumbnailer) {
	l.Add(name, thumbnail)
	l.rows++
}

// plot lays the chart out for gonum/plot. What is infinite is drawn as a triangle at the plot's edge.
func (c chart) plot() (*plot.Plot, *legend, error) {
	p, l := plot.New(), &legend{Legend: plot.NewLegend()}
	l.Left, l.ThumbnailWidth, l.Padding = true, 28, 5
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.title, "epoch", c.unit
	p.Title.Padding = 10
	useSans(&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &l.TextStyle)
	l.TextStyle.Font.Size = 10
	y := newAxis(values(c.lines), c.log)
	p.Y.Min, p.Y.Max = y.low, y.high
	if y.log {
		p.Y.Scale = plot.LogScale{}
		// gonum makes room for the axis's name as if it stood high up on a logarithmic axis, and squeezes the plot
		p.Title.Text, p.Y.Label.Text = fmt.Sprintf("%s (%s)", c.title, c.unit), ""
	}
	p.Y.Tick.Marker = ticker{y}
	grid := plotter.NewGrid()
	grid.Vertical.Color = color.Transparent
	grid.Horizontal.Color = color.Gray{225}
	p.Add(grid)
	first, last := math.Inf(1), math.Inf(-1)
	for _, curve := range c.lines {
		for _, x := range curve.x {
			first, last = min(first, float64(x)), max(last, float64(x))
		}
	}
	room := 0.02 * (last - first)
	if first == last {
		room = 0.5
	}
	for _, curve := range c.lines {
		if err := curve.addTo(p, l, y); err != nil {
			return nil, nil, err
		}
	}
	for _, m := range c.marks {
		if err := m.addTo(p, l, y); err != nil {
			return nil, nil, err
		}
	}
	p.X.Min, p.X.Max = first-room, last+room
	p.X.Tick.Marker = epochTicker{}
	p.Y.Min, p.Y.Max = y.low, y.high // adding plotters widens the axes
	return p, l, nil
}

// addTo draws a window as a grey band and an epoch as an upright dotted line.
func (m mark) addTo(p *plot.Plot, l *legend, y axis) error {
	low, high, from, to := y.low, y.high, float64(m.from), float64(m.to)
	if m.from < m.to {
		band, err := plotter.NewPolygon(plotter.XYs{{X: from, Y: low}, {X: to, Y: low}, {X: to, Y: high}, {X: from, Y: high}})
		if err != nil {
			return fmt.Errorf("window %s: %w", m.label, err)
		}
		band.Color, band.LineStyle.Width = color.NRGBA{0, 0, 0, 20}, 0
		p.Add(band)
		l.add(fmt.Sprintf("epochs %d–%d: %s", m.from, m.to, m.label), band)
		return nil
	}
	upright, err := plotter.NewLine(plotter.XYs{{X: from, Y: low}, {X: from, Y: high}})
	if err != nil {
		return fmt.Errorf("epoch %s: %w", m.label, err)
	}
	upright.Dashes, upright.Color = []vg.Length{1, 2}, color.Gray{70}
	p.Add(upright)
	l.add(fmt.Sprintf("epoch %d: %s", m.from, m.label), upright)
	return nil
}

// stroke is how the line looks in a file.
func (l line) stroke() draw.LineStyle {
	ink := inks[l.style%len(inks)]
	style := draw.LineStyle{Width: vg.Points(1.6)}
	if l.faint {
		style.Width, ink.A = vg.Points(0.9), 160
	}
	style.Color = ink
	if !l.solid {
		style.Dashes = strokes[(l.style+l.style/colours)%len(strokes)]
	}
	return style
}

// addTo draws the pieces of a line between its gaps.
func (l line) addTo(p *plot.Plot, names *legend, y axis) error {
	style := l.stroke()
	var alone, down, up plotter.XYs
	for from := 0; from < len(l.y); {
		x := float64(l.x[from])
		to := from
		for to < len(l.y) && !math.IsNaN(l.y[to]) && !math.IsInf(l.y[to], 0) && (!y.log || l.y[to] > 0) {
			to++
		}
		switch {
		case to > from+1:
			piece := plotter.XYs{}
			for i := from; i < to; i++ {
				piece = append(piece, plotter.XY{X: float64(l.x[i]), Y: l.y[i]})
			}
			p.Add(&plotter.Line{XYs: piece, LineStyle: style})
		case to == from+1:
			alone = append(alone, plotter.XY{X: x, Y: l.y[from]})
		case math.IsInf(l.y[from], -1):
			down = append(down, plotter.XY{X: x, Y: y.low})
		case math.IsInf(l.y[from], 1):
			up = append(up, plotter.XY{X: x, Y: y.high})
		}
		from = max(to, from+1)
	}
	for _, glyphs := range []struct {
		xys   plotter.XYs
		shape draw.GlyphDrawer
	}{{alone, draw.CircleGlyph{}}, {down, wedge{-1}}, {up, wedge{1}}} {
		if len(glyphs.xys) == 0 {
			continue
		}
		s, err := plotter.NewScatter(glyphs.xys)
		if err != nil {
			return fmt.Errorf("line %s: %w", l.name, err)
		}
		s.GlyphStyle = draw.GlyphStyle{Color: style.Color, Radius: vg.Points(3), Shape: glyphs.shape}
		p.Add(s)
	}
	note := ""
	if len(down) > 0 {
		note = " (triangles at the bottom: −∞)"
	}
	if len(up) > 0 {
		note = " (triangles at the top: no finite number)"
	}
	names.add(l.name+note, &plotter.Line{LineStyle: style})
	return nil
}

// wedge is a filled triangle whose tip is at its point: up for 1, down for −1.
type wedge struct{ up vg.Length }

// DrawGlyph implements draw.GlyphDrawer.
func (g wedge) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	var p vg.Path
	p.Move(at)
	p.Line(vg.Point{X: at.X - style.Radius, Y: at.Y - 2*g.up*style.Radius})
	p.Line(vg.Point{X: at.X + style.Radius, Y: at.Y - 2*g.up*style.Radius})
	p.Close()
	c.SetColor(style.Color)
	c.Fill(p)
}

// ticker and epochTicker put the ticks where the page's charts have them.
type ticker struct{ axis }

// Ticks implements plot.Ticker.
func (t ticker) Ticks(_, _ float64) []plot.Tick { return labelled(t.ticks(6)) }

type epochTicker struct{}

// Ticks implements plot.Ticker.
func (epochTicker) Ticks(low, high float64) []plot.Tick {
	return labelled(epochTicks(axis{low, high, false}, 9))
}

func labelled(values []float64) []plot.Tick {
	out := make([]plot.Tick, len(values))
	for i, v := range values {
		out[i] = plot.Tick{Value: v, Label: tickText(v)}
	}
	return out
}
