package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Figure is a figure of the paper made of training runs: gain, losses and validation error over the epochs.
type Figure struct {
	Number int
	Title  string
	Curves []FigureCurve
}

// FigureCurve is one run in a figure. Curves of one setting share a colour and a line of the legend.
type FigureCurve struct {
	Setting string // for the legend
	Rate    float64
	Seed    uint64
	Run     Run
}

// figureInks are the styles of the settings in their order: red, blue, nearly black, green. The paper's base rate is
// red, and the smaller ones of its figure 11 are blue and black.
var figureInks = []int{1, 0, 5, 2}

// figurePanels are the panels, row by row.
var figurePanels = []struct {
	title, unit string
	of          column
	mayLog      bool
}{
	{"Maximum Gain of the impulse", "dB", signal(diagnostics.GainDB), false},
	{"Training loss", "nats an image", trainLoss, true},
	{"Validation loss", "nats an image", valLoss, true},
	{"Validation error", "% of images", percent(valError), true},
}

// Save writes figN.svg, figN.png and figN.csv to a folder, which is made if missing, and returns their paths.
func (f Figure) Save(dir string) ([]string, error) {
	if len(f.Curves) == 0 {
		return nil, ErrNoRuns
	}
	return saveFigure(dir, f.Number, f.draw, f.writeCSV)
}

// saveFigure writes a figure's pictures and its table.
func saveFigure(dir string, number int, picture func(path string) error, table func(io.Writer) error) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("report: figure %d: %w", number, err)
	}
	base := filepath.Join(dir, fmt.Sprint("fig", number))
	for _, path := range []string{base + ".svg", base + ".png"} {
		if err := picture(path); err != nil {
			return nil, fmt.Errorf("report: figure %d: %w", number, err)
		}
	}
	if err := rundir.WriteFile(base+".csv", table); err != nil {
		return nil, fmt.Errorf("report: figure %d: %w", number, err)
	}
	return []string{base + ".svg", base + ".png", base + ".csv"}, nil
}

// writeCSV writes one line an epoch of a run. Losses are in nats, errors a share; empty: not measured.
func (f Figure) writeCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	columns := []struct {
		name string
		of   column
	}{{diagnostics.GainDB, signal(diagnostics.GainDB)}, {diagnostics.PopulationGainDB, signal(diagnostics.PopulationGainDB)},
		{diagnostics.TrainLoss, trainLoss}, {"val_loss", valLoss}, {"val_error", valError}}
	head := []string{"figure", "run", "setting", "rate", "seed", "epoch"}
	for _, c := range columns {
		head = append(head, c.name)
	}
	lines := [][]string{head}
	for _, c := range f.Curves {
		for _, row := range c.Run.History.Rows {
			line := []string{strconv.Itoa(f.Number), c.Run.Name, c.Setting, csvNumber(c.Rate), strconv.FormatUint(c.Seed, 10), strconv.Itoa(row.Epoch)}
			for _, column := range columns {
				line = append(line, csvNumber(column.of(row)))
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
func (f Figure) settings() []string {
	var out []string
	for _, c := range f.Curves {
		if !slices.Contains(out, c.Setting) {
			out = append(out, c.Setting)
		}
	}
	return out
}

// charts are the panels from epoch 1 on. The first setting is drawn last, before the others.
func (f Figure) charts() []chart {
	settings := f.settings()
	several := len(f.Curves) > len(settings)
	var out []chart
	for _, p := range figurePanels {
		c := chart{title: p.title, unit: p.unit}
		for _, curve := range slices.Backward(f.Curves) {
			trained := Run{History: &trainer.History{}}
			for _, row := range curve.Run.History.Rows {
				if row.Epoch > 0 {
					trained.History.Rows = append(trained.History.Rows, row)
				}
			}
			l, measured := trained.series(curve.Setting, figureInks[slices.Index(settings, curve.Setting)%len(figureInks)], p.of)
			if l.solid, l.faint = true, several; measured {
				c.lines = append(c.lines, l)
			}
		}
		c.setLog(p.mayLog)
		out = append(out, c)
	}
	return out
}

// Size of a figure's panel and of what stands around the panels.
const (
	panelW  = 5 * vg.Inch
	panelH  = 3 * vg.Inch
	headRow = vg.Length(24)
)

// draw lays the panels out two by two, the title above and the legend below them.
func (f Figure) draw(path string) error {
	const across, down = 2, 2
	charts := f.charts()
	plots := make([]*plot.Plot, len(charts))
	for i, c := range charts {
		p, _, err := c.plot()
		if err != nil {
			return err
		}
		plots[i] = p
	}
	rows := []legendEntry{}
	for i, name := range f.settings() {
		l := line{style: figureInks[i%len(figureInks)], solid: true}
		rows = append(rows, legendEntry{name, &plotter.Line{LineStyle: l.stroke()}})
	}
	foot := legendRow + margin
	note := edgeNote(charts)
	if note != "" {
		foot += legendRow
	}
	return writePicture(path, across*panelW+2*margin, down*panelH+headRow+foot+2*margin, func(all draw.Canvas) {
		inner := draw.Crop(all, margin, -margin, margin, -margin)
		heading(inner, fmt.Sprintf("Figure %d. %s", f.Number, f.Title))
		for i, p := range plots {
			left, below := vg.Length(i%across)*panelW, foot+vg.Length(down-1-i/across)*panelH
			p.Draw(draw.Canvas{Canvas: inner.Canvas, Rectangle: vg.Rectangle{
				Min: vg.Point{X: inner.Min.X + left, Y: inner.Min.Y + below},
				Max: vg.Point{X: inner.Min.X + left + panelW - margin, Y: inner.Min.Y + below + panelH - margin},
			}})
		}
		legendAcross(inner, rows, foot-legendRow-margin)
		if note != "" {
			inner.FillText(sans(10), vg.Point{X: inner.Min.X + margin, Y: inner.Min.Y}, note)
		}
	})
}

// edgeNote explains the triangles, if there are any.
func edgeNote(charts []chart) string {
	var notes []string
	for _, edge := range []struct {
		sign int
		note string
	}{
		{-1, "Triangles at the bottom: −∞, the derivative is 0 everywhere."},
		{1, "Triangles at the top: no finite number, the training has diverged."},
	} {
		if slices.ContainsFunc(charts, func(c chart) bool {
			return slices.ContainsFunc(values(c.lines), func(v float64) bool { return math.IsInf(v, edge.sign) })
		}) {
			notes = append(notes, edge.note)
		}
	}
	return strings.Join(notes, " ")
}

// sans is a text style of a size in points.
func sans(size vg.Length) text.Style {
	style := plot.New().Title.TextStyle
	style.Font.Size = size
	style.XAlign, style.YAlign = text.XLeft, text.YBottom
	useSans(&style)
	return style
}

// heading writes a title along the canvas's upper edge.
func heading(c draw.Canvas, title string) {
	style := sans(14)
	style.YAlign = text.YTop
	c.FillText(style, vg.Point{X: c.Min.X + margin, Y: c.Max.Y}, title)
}

// legendEntry is a name and what it looks like.
type legendEntry struct {
	name  string
	thumb plot.Thumbnailer
}

// legendAcross draws a legend of one row, its entries in equal columns, at a height above the canvas's lower edge.
func legendAcross(c draw.Canvas, entries []legendEntry, height vg.Length) {
	wide := (c.Max.X - c.Min.X - 2*margin) / vg.Length(len(entries))
	for i, e := range entries {
		l := plot.NewLegend()
		l.Left, l.ThumbnailWidth, l.TextStyle = true, 28, sans(10)
		l.Add(e.name, e.thumb)
		x := c.Min.X + margin + vg.Length(i)*wide
		l.Draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: x, Y: c.Min.Y + height}, Max: vg.Point{X: x + wide, Y: c.Min.Y + height + legendRow}}})
	}
}
