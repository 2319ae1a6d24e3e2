package figure

import (
	"encoding/csv"
	"fmt"
	"image/color"
	"io"
	"strconv"

	"github.com/maxgain/maxgain/diagnostics/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Scatter is a figure of points: the gains of some nets over their errors, a chart for each way to measure the gain.
type Scatter struct {
	Number int
	Title  string
	XName  string
	Charts []ScatterChart
}

// ScatterChart is one way to measure.
type ScatterChart struct {
	Name   string // a word for the table
	Title  string
	Points []ScatterPoint
}

// ScatterPoint is one net's gain in one colour.
type ScatterPoint struct {
	Net    string
	Colour string // red, green or blue
	X, DB  float64
}

// colourStyles are the line styles of the colours.
var colourStyles = []struct {
	name  string
	style int
}{{"red", 1}, {"green", 2}, {"blue", 0}}

// Save writes figN.svg, figN.png and figN.csv to a folder, which is made if missing, and returns their paths.
func (f Scatter) Save(dir string) ([]string, error) {
	return saveFigure(dir, f.Number, f.draw, f.writeCSV)
}

// writeCSV writes a line a point.
func (f Scatter) writeCSV(w io.Writer) error {
	lines := [][]string{{"figure", "measurement", "net", "colour", "error_percent", "gain_db"}}
	for _, c := range f.Charts {
		for _, p := range c.Points {
			lines = append(lines, []string{strconv.Itoa(f.Number), c.Name, p.Net, p.Colour, csvNumber(p.X), csvNumber(p.DB)})
		}
	}
	return csv.NewWriter(w).WriteAll(lines)
}

// chart is the picture of a ScatterChart.
func (f Scatter) chart(s ScatterChart) plot.Chart {
	c := plot.Chart{Title: s.Title, Unit: "dB", X: plot.XAxis{Name: f.XName}}
	for _, colour := range colourStyles {
		l := plot.Line{Name: colour.name, Style: colour.style, Dots: true}
		for _, p := range s.Points {
			if p.Colour == colour.name {
				l.X, l.Y = append(l.X, p.X), append(l.Y, p.DB)
			}
		}
		c.Lines = append(c.Lines, l)
	}
	return c
}

// draw lays the charts out two by two, the title above and the legend below them.
func (f Scatter) draw(path string) error {
	const across = 2
	down := (len(f.Charts) + across - 1) / across
	w, h := across*panelW+2*margin, headRow+down*panelH+legendRow+3*margin
	return plot.WritePicture(path, vg.Length(w)*plot.Unit, vg.Length(h)*plot.Unit, func(all draw.Canvas) {
		heading(all, fmt.Sprintf("Figure %d. %s", f.Number, f.Title))
		for i, s := range f.Charts {
			left, top := float64(margin+i%across*panelW), float64(margin+headRow+i/across*panelH)
			f.chart(s).Draw(draw.Crop(all, vg.Length(left)*plot.Unit, 0, 0, -vg.Length(top)*plot.Unit), panelW-margin, panelH-margin)
		}
		wide := (all.Max.X - all.Min.X) / vg.Length(len(colourStyles))
		for i, colour := range colourStyles {
			x, y := all.Min.X+margin*plot.Unit+vg.Length(i)*wide, all.Min.Y+margin*plot.Unit
			all.DrawGlyph(draw.GlyphStyle{Color: plot.Inks[colour.style], Radius: 3 * plot.Unit, Shape: draw.CircleGlyph{}}, vg.Point{X: x + 15*plot.Unit, Y: y + 4*plot.Unit})
			plot.Text(all, vg.Point{X: x + 28*plot.Unit, Y: y}, 13, "start", color.Gray{28}, colour.name+" channel")
		}
	})
}
