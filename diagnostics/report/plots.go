package report

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
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
			if err := c.save(path, format); err != nil {
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

// save writes the chart to a file.
func (c chart) save(path, format string) error {
	p, err := c.plot()
	if err != nil {
		return err
	}
	var canvas vg.CanvasWriterTo = vgsvg.New(plotW, plotH)
	if format == "png" {
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(plotW, plotH), vgimg.UseDPI(dpi))}
	}
	p.Draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// plot lays the chart out for gonum/plot. What is infinite is drawn as a triangle at the plot's edge.
func (c chart) plot() (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.title, "epoch", c.unit
	p.Title.Padding = 8
	p.Legend.Top, p.Legend.Padding, p.Legend.ThumbnailWidth = true, 2, 28
	p.BackgroundColor = color.White
	y := newAxis(values(c.lines), c.log)
	p.Y.Min, p.Y.Max = y.low, y.high
	if y.log {
		p.Y.Scale = plot.LogScale{}
	}
	p.Y.Tick.Marker = ticker{y}
	grid := plotter.NewGrid()
	grid.Vertical.Color = color.Transparent
	grid.Horizontal.Color = color.Gray{225}
	p.Add(grid)
	for _, m := range c.marks {
		if err := addMarkTo(p, m, y); err != nil {
			return nil, err
		}
	}
	first, last := math.Inf(1), math.Inf(-1)
	for _, l := range c.lines {
		if err := l.addTo(p, y, len(c.lines) > 1); err != nil {
			return nil, err
		}
		for _, x := range l.x {
			first, last = min(first, float64(x)), max(last, float64(x))
		}
	}
	if first == last {
		first, last = first-0.5, last+0.5
	}
	p.X.Min, p.X.Max = first, last
	p.X.Tick.Marker = epochTicker{}
	p.Y.Min, p.Y.Max = y.low, y.high // adding plotters widens the axes
	return p, nil
}

// addMarkTo draws a window as a grey band and an epoch as an upright dashed line.
func addMarkTo(p *plot.Plot, m mark, y axis) error {
	low, high, from, to := y.low, y.high, float64(m.from), float64(m.to)
	if m.from < m.to {
		band, err := plotter.NewPolygon(plotter.XYs{{X: from, Y: low}, {X: to, Y: low}, {X: to, Y: high}, {X: from, Y: high}})
		if err != nil {
			return err
		}
		band.Color, band.LineStyle.Width = color.NRGBA{0, 0, 0, 18}, 0
		p.Add(band)
	} else {
		upright, err := plotter.NewLine(plotter.XYs{{X: from, Y: low}, {X: from, Y: high}})
		if err != nil {
			return err
		}
		upright.Dashes, upright.Color = []vg.Length{2, 2}, color.Gray{70}
		p.Add(upright)
	}
	return nil
}

// addTo draws the pieces of a line between its gaps.
func (l line) addTo(p *plot.Plot, y axis, named bool) error {
	ink := inks[l.style%len(inks)]
	style := draw.LineStyle{Color: ink, Width: vg.Points(1.6), Dashes: strokes[(l.style+l.style/colours)%len(strokes)]}
	if l.faint {
		style.Width, ink.A = vg.Points(0.9), 160
		style.Color = ink
	}
	var piece, alone, down, up plotter.XYs
	var pieces []plotter.XYs
	end := func() {
		if len(piece) == 1 {
			alone = append(alone, piece[0])
		} else if len(piece) > 1 {
			pieces = append(pieces, piece)
		}
		piece = nil
	}
	for i, v := range l.y {
		x := float64(l.x[i])
		switch {
		case math.IsNaN(v) || y.log && v <= 0:
			end()
		case math.IsInf(v, -1):
			end()
			down = append(down, plotter.XY{X: x, Y: y.low})
		case math.IsInf(v, 1):
			end()
			up = append(up, plotter.XY{X: x, Y: y.high})
		default:
			piece = append(piece, plotter.XY{X: x, Y: v})
		}
	}
	end()
	thumbnail := &plotter.Line{LineStyle: style}
	for _, xys := range pieces {
		p.Add(&plotter.Line{XYs: xys, LineStyle: style})
	}
	for _, glyphs := range []struct {
		xys   plotter.XYs
		shape draw.GlyphDrawer
	}{{alone, draw.CircleGlyph{}}, {down, draw.TriangleGlyph{}}, {up, draw.TriangleGlyph{}}} {
		if len(glyphs.xys) == 0 {
			continue
		}
		s, err := plotter.NewScatter(glyphs.xys)
		if err != nil {
			return errors.Join(fmt.Errorf("line %s", l.name), err)
		}
		s.GlyphStyle = draw.GlyphStyle{Color: ink, Radius: vg.Points(3), Shape: glyphs.shape}
		p.Add(s)
	}
	if named {
		p.Legend.Add(l.name, thumbnail)
	}
	return nil
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
