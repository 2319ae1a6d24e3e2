// Package figure draws the paper's figures: those of training runs and those of the toy net, as SVG and PNG files with
// their numbers as a table.
package figure

import (
	"encoding/csv"
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/plot"
	"github.com/maxgain/maxgain/diagnostics/signal"
	"github.com/maxgain/maxgain/trainer/rundir"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ErrNoRuns is returned when there is nothing to draw.
var ErrNoRuns = errors.New("figure: no runs")

// Training is a figure of the paper made of training runs: gain, losses and validation error over the epochs.
type Training struct {
	Number int
	Title  string
	Curves []Curve
}

// Curve is one run in a figure. Curves of one setting share a colour and a line of the legend.
type Curve struct {
	Setting string // for the legend
	Rate    float64
	Seed    uint64
	Run     judged.Run
}

// styles are the line styles of the settings in their order: red, blue, nearly black, green. The paper's base rate is
// red, and the smaller ones of its figure 11 are blue and black.
var styles = []int{1, 0, 5, 2}

// panels are the columns drawn, row by row.
var panels = []string{signal.GainDB, signal.TrainLoss, signal.ValLoss, signal.ValError}

// Save writes figN.svg, figN.png and figN.csv to a folder, which is made if missing, and returns their paths.
func (f Training) Save(dir string) ([]string, error) {
	if len(f.Curves) == 0 {
		return nil, ErrNoRuns
	}
	return saveFigure(dir, f.Number, f.draw, f.writeCSV)
}

// saveFigure writes a figure's pictures and its table.
func saveFigure(dir string, number int, picture func(path string) error, table func(io.Writer) error) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("figure %d: %w", number, err)
	}
	base := filepath.Join(dir, fmt.Sprint("fig", number))
	for _, path := range []string{base + ".svg", base + ".png"} {
		if err := picture(path); err != nil {
			return nil, fmt.Errorf("figure %d: %w", number, err)
		}
	}
	if err := rundir.WriteFile(base+".csv", table); err != nil {
		return nil, fmt.Errorf("figure %d: %w", number, err)
	}
	return []string{base + ".svg", base + ".png", base + ".csv"}, nil
}

// writeCSV writes one line an epoch of a run. Losses are in nats, errors a share; empty: not measured.
func (f Training) writeCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	columns := []string{signal.GainDB, signal.PopulationGainDB, signal.TrainLoss, signal.ValLoss, signal.ValError}
	head := append([]string{"figure", "run", "setting", "rate", "seed", "epoch"}, columns...)
	lines := [][]string{head}
	for _, c := range f.Curves {
		for _, row := range c.Run.History.Rows {
			line := []string{strconv.Itoa(f.Number), c.Run.Name, c.Setting, csvNumber(c.Rate), strconv.FormatUint(c.Seed, 10), strconv.Itoa(row.Epoch)}
			for _, column := range columns {
				line = append(line, csvNumber(judged.Value(row, column)))
			}
			lines = append(lines, line)
		}
	}
	return out.WriteAll(lines)
}

// csvNumber is a number that reads back as the same; empty for NaN.
func csvNumber(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// settings are the different settings in their order.
func (f Training) settings() []string {
	var out []string
	for _, c := range f.Curves {
		if !slices.Contains(out, c.Setting) {
			out = append(out, c.Setting)
		}
	}
	return out
}

// charts are the panels from epoch 1 on. The first setting is drawn last, before the others.
func (f Training) charts() []plot.Chart {
	settings := f.settings()
	several := len(f.Curves) > len(settings)
	var out []plot.Chart
	for _, name := range panels {
		column, chart := described(name)
		c := plot.Chart{Title: chart.Title, Unit: chart.Unit, X: plot.Epochs}
		if chart.File != column.Chart || column.Origin != signal.Probe {
			c.Title = strings.ToUpper(column.Line[:1]) + column.Line[1:] + " " + strings.ToLower(chart.Title)
		}
		for _, curve := range slices.Backward(f.Curves) {
			l := plot.Line{Name: curve.Setting, Style: styles[slices.Index(settings, curve.Setting)%len(styles)], Solid: true, Faint: several}
			measured := false
			for _, row := range curve.Run.History.Rows {
				if row.Epoch > 0 {
					v := column.Shown(judged.Value(row, name))
					measured = measured || !math.IsNaN(v)
					l.X, l.Y = append(l.X, float64(row.Epoch)), append(l.Y, v)
				}
			}
			if measured {
				c.Lines = append(c.Lines, l)
			}
		}
		if column.Origin != signal.Probe {
			c.SetLog()
		}
		out = append(out, c)
	}
	return out
}

// described is a column of the table and the chart that it is drawn in.
func described(name string) (signal.Signal, signal.Chart) {
	column, _ := signal.Lookup(name)
	for _, c := range signal.Charts() {
		if c.File == column.Chart {
			return column, c
		}
	}
	return column, signal.Chart{}
}

// Size of a panel and of the rows around the panels, in units.
const (
	panelW, panelH = 500, 300
	headRow        = 34
	legendRow      = 20
	margin         = 14
)

// draw lays the panels out two by two, the title above and the legend below them.
func (f Training) draw(path string) error {
	const across, down = 2, 2
	charts := f.charts()
	foot := float64(legendRow + margin)
	note := edgeNote(charts)
	if note != "" {
		foot += legendRow
	}
	w, h := across*panelW+2*margin, headRow+down*panelH+foot+2*margin
	return plot.WritePicture(path, vg.Length(w)*plot.Unit, vg.Length(h)*plot.Unit, func(all draw.Canvas) {
		heading(all, fmt.Sprintf("Figure %d. %s", f.Number, f.Title))
		for i, c := range charts {
			left, top := float64(margin+i%across*panelW), float64(margin+headRow+i/across*panelH)
			c.Draw(draw.Crop(all, vg.Length(left)*plot.Unit, 0, 0, -vg.Length(top)*plot.Unit), panelW-margin, panelH-margin)
		}
		var entries []legendEntry
		for i, name := range f.settings() {
			entries = append(entries, legendEntry{name, draw.LineStyle{Color: plot.Inks[styles[i%len(styles)]], Width: 2 * plot.Unit}})
		}
		legend(all, entries, foot)
		if note != "" {
			plot.Text(all, vg.Point{X: margin * plot.Unit, Y: margin * plot.Unit}, 12, "start", color.Gray{60}, note)
		}
	})
}

// edgeNote explains the triangles, if there are any.
func edgeNote(charts []plot.Chart) string {
	var notes []string
	for _, edge := range []struct {
		sign int
		note string
	}{
		{-1, "Triangles at the bottom: −∞, the derivative is 0 everywhere."},
		{1, "Triangles at the top: no finite number, the training has diverged."},
	} {
		if slices.ContainsFunc(charts, func(c plot.Chart) bool {
			return slices.ContainsFunc(c.Values(), func(v float64) bool { return math.IsInf(v, edge.sign) })
		}) {
			notes = append(notes, edge.note)
		}
	}
	return strings.Join(notes, " ")
}

// heading writes a title along the upper edge of a canvas.
func heading(c draw.Canvas, title string) {
	plot.Text(c, vg.Point{X: c.Min.X + margin*plot.Unit, Y: c.Max.Y - (margin+16)*plot.Unit}, 19, "start", color.Gray{28}, title)
}

// legendEntry is a name and what its line looks like.
type legendEntry struct {
	name  string
	style draw.LineStyle
}

// legend draws a legend of one row, its entries in equal columns, its baseline at a height above the lower edge.
func legend(c draw.Canvas, entries []legendEntry, height float64) {
	wide := (c.Max.X - c.Min.X - 2*margin*plot.Unit) / vg.Length(len(entries))
	y := c.Min.Y + vg.Length(height)*plot.Unit
	for i, e := range entries {
		x := c.Min.X + margin*plot.Unit + vg.Length(i)*wide
		c.StrokeLine2(e.style, x, y+4*plot.Unit, x+30*plot.Unit, y+4*plot.Unit)
		plot.Text(c, vg.Point{X: x + 38*plot.Unit, Y: y}, 13, "start", color.Gray{28}, e.name)
	}
}
