package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// column is a series of a history by its name in the metrics table.
type column func(trainer.Row) float64

func signal(name string) column {
	return func(r trainer.Row) float64 {
		for _, s := range r.Signals {
			if s.Name == name {
				return s.Value
			}
		}
		return math.NaN()
	}
}

func percent(c column) column { return func(r trainer.Row) float64 { return 100 * c(r) } }

var (
	valLoss      column = func(r trainer.Row) float64 { return r.ValLoss }
	testLoss     column = func(r trainer.Row) float64 { return r.TestLoss }
	trainError   column = func(r trainer.Row) float64 { return r.TrainError }
	valError     column = func(r trainer.Row) float64 { return r.ValError }
	testError    column = func(r trainer.Row) float64 { return r.TestError }
	learningRate column = func(r trainer.Row) float64 { return r.LearningRate }
)

// trainLoss is the training loss; one that is NaN after training began was measured, and is as bad as an infinite one.
func trainLoss(r trainer.Row) float64 {
	if r.Epoch > 0 && math.IsNaN(r.TrainLoss) {
		return math.Inf(1)
	}
	return r.TrainLoss
}

// series reads a column into a line and tells whether any of it was measured.
func (r *Run) series(name string, style int, c column) (line, bool) {
	l := line{name: name, style: style}
	known := false
	for _, row := range r.History.Rows {
		v := c(row)
		known = known || !math.IsNaN(v)
		l.x, l.y = append(l.x, row.Epoch), append(l.y, v)
	}
	return l, known
}

// values are all values of the lines.
func values(lines []line) []float64 {
	var out []float64
	for _, l := range lines {
		out = append(out, l.y...)
	}
	return out
}

// wanted is one curve of a chart.
type wanted struct {
	name string
	of   column
}

// topic is a chart that reports draw if it was measured.
type topic struct {
	file               string
	title, unit, about string
	mayLog             bool
	evidence           string // the column whose evidence is marked
	curves             []wanted
}

// gainFile is the file name of the gain's chart.
const gainFile = "gain"

// topics are the charts beside the gain, in their order on the page.
var topics = []topic{
	{"loss", "Loss", "nats an image", "Mean −log softmax; training while the weights changed. At +∞: no finite number.", true, diagnostics.TrainLoss,
		[]wanted{{"training", trainLoss}, {"validation", valLoss}, {"test", testLoss}}},
	{"error", "Error", "% of images", "Images not classified rightly.", false, "",
		[]wanted{{"training", percent(trainError)}, {"validation", percent(valError)}, {"test", percent(testError)}}},
	{diagnostics.PopulationGainDB, "Population gain", "dB", "Median over images of the Maximum Gain of the winner’s logit.", false, diagnostics.PopulationGainDB,
		[]wanted{{"population gain", signal(diagnostics.PopulationGainDB)}}},
	{diagnostics.ShiftLoss, "Loss on moved images", "nats an image", "Mean −log softmax on training images moved by a few pixels, which the network has not seen.", true, diagnostics.ShiftLoss,
		[]wanted{{"moved images", signal(diagnostics.ShiftLoss)}}},
	{diagnostics.ShiftError, "Error on moved images", "% of images", "Classified otherwise than their training labels.", false, diagnostics.ShiftError,
		[]wanted{{"moved images", percent(signal(diagnostics.ShiftError))}}},
	{diagnostics.BoundaryDistance, "Boundary distance", "units of the input", "Median linearised distance to the decision boundary.", false, diagnostics.BoundaryDistance,
		[]wanted{{"boundary distance", signal(diagnostics.BoundaryDistance)}}},
	{diagnostics.LowShare, "Low-frequency share", "share of energy", "Of the derivative’s spectrum; white noise has little.", false, diagnostics.LowShare,
		[]wanted{{"low-frequency share", signal(diagnostics.LowShare)}}},
	{diagnostics.PredictionChanges, "Prediction changes", "% of training images", "Predicted otherwise than an epoch ago.", false, diagnostics.PredictionChanges,
		[]wanted{{"prediction changes", percent(signal(diagnostics.PredictionChanges))}}},
	{diagnostics.PositionsMedianDB, "Gain over positions", "dB", "The impulse at several places: median of the Maximum Gain.", false, diagnostics.PositionsMedianDB,
		[]wanted{{"median", signal(diagnostics.PositionsMedianDB)}}},
	{diagnostics.PositionsSpreadDB, "Spread over positions", "dB", "Its interquartile range.", false, diagnostics.PositionsSpreadDB,
		[]wanted{{"spread", signal(diagnostics.PositionsSpreadDB)}}},
}

// charts are the charts of one run that were measured, beside the gain.
func (r *Run) charts() []chart {
	var out []chart
	for _, t := range topics {
		c := chart{file: t.file, title: t.title, unit: t.unit, about: t.about}
		for i, w := range t.curves {
			if l, ok := r.series(w.name, i, w.of); ok {
				c.lines = append(c.lines, l)
			}
		}
		if len(c.lines) > 0 {
			c.setLog(t.mayLog)
			c.marks = r.windows(t.evidence)
			if m, ok := r.onset(); ok {
				m.quiet = true
				c.marks = append(c.marks, m)
			}
			out = append(out, c)
		}
	}
	if c, ok := r.rateChart(); ok {
		out = append(out, c)
	}
	return out
}

// setLog makes the axis logarithmic where the values ask for it, and says so in the unit.
func (c *chart) setLog(may bool) {
	if may && suitsLog(values(c.lines)) {
		c.log = true
		c.unit += ", logarithmic"
	}
}

// rateChart is the learning rate, if it ever changes.
func (r *Run) rateChart() (chart, bool) {
	l, ok := r.series("learning rate", 0, learningRate)
	if !ok {
		return chart{}, false
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range l.y {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	c := chart{file: "learning_rate", title: "Learning rate", unit: "per step", about: "Base rate of the epoch.", lines: []line{l}}
	c.setLog(true)
	return c, low < high
}

// gainChart is the Maximum Gain of the impulse with what the verdict saw in it; not ok if it was not measured.
func (r *Run) gainChart() (chart, bool) {
	c := chart{file: gainFile, title: "Maximum Gain of the impulse", unit: "dB",
		about: "Largest amplitude of the network’s frequency response at an impulse image. At −∞: it does not respond at all."}
	var names []string
	for _, row := range r.History.Rows {
		for _, s := range row.Signals {
			if strings.HasPrefix(s.Name, diagnostics.GainChannelDB) && !slices.Contains(names, s.Name) {
				names = append(names, s.Name)
			}
		}
	}
	if len(names) > 1 {
		for i, name := range names {
			l, _ := r.series("channel "+strings.TrimPrefix(name, diagnostics.GainChannelDB), i+1, signal(name))
			l.faint = true
			c.lines = append(c.lines, l)
		}
	}
	l, ok := r.series("Maximum Gain", 0, signal(diagnostics.GainDB))
	if len(names) > 1 {
		l.name = "mean over channels"
	}
	c.lines = append(c.lines, l)
	c.marks = r.marks(diagnostics.GainDB)
	return c, ok
}

// marks are the windows of the evidence on a signal, the epochs at which verdicts were told, and the verdict's own.
func (r *Run) marks(name string) []mark {
	out := r.windows(name)
	for _, f := range r.Flags {
		out = addMark(out, r.inside(f.Epoch, f.Epoch, "told: "+f.Verdict.String()))
	}
	if m, ok := r.onset(); ok {
		out = addMark(out, m)
	}
	return out
}

// windows are the windows of epochs that the evidence on a signal speaks of.
func (r *Run) windows(name string) []mark {
	var out []mark
	for _, e := range r.Verdict.Evidence {
		if e.Signal == name && e.From < e.To {
			label := fmt.Sprintf("%s %s %s", e.What, number(float64(e.Value), 3), e.Unit)
			out = addMark(out, r.inside(e.From, e.To, strings.TrimSpace(label)))
		}
	}
	return out
}

// onset is the verdict's epoch where it is not simply the last one.
func (r *Run) onset() (mark, bool) {
	v := r.Verdict
	m := r.inside(v.Epoch, v.Epoch, fmt.Sprintf("%s from %d", v.Verdict, v.Epoch))
	rows := r.History.Rows
	return m, v.Verdict != diagnostics.Undetermined && len(rows) > 0 && v.Epoch < rows[len(rows)-1].Epoch
}

// inside is a mark moved into the epochs of the history.
func (r *Run) inside(from, to int, label string) mark {
	rows := r.History.Rows
	if len(rows) == 0 {
		return mark{label: label}
	}
	first, last := rows[0].Epoch, rows[len(rows)-1].Epoch
	return mark{from: min(max(from, first), last), to: min(max(to, first), last), label: label}
}

// addMark adds a mark, or its label to the mark that is already there.
func addMark(marks []mark, m mark) []mark {
	for i := range marks {
		if marks[i].from == m.from && marks[i].to == m.to {
			marks[i].label += " · " + m.label
			return marks
		}
	}
	return append(marks, m)
}

// overlays are the charts of several runs, one line a run, for every column that one of them measured; the gain first.
func overlays(runs []Run) []chart {
	var out []chart
	add := func(c chart, of column, mayLog bool) {
		for i := range runs {
			if l, ok := runs[i].series(runs[i].Name, i, of); ok {
				c.lines = append(c.lines, l)
			}
		}
		if len(c.lines) > 0 {
			c.setLog(mayLog)
			out = append(out, c)
		}
	}
	add(chart{file: gainFile, title: "Maximum Gain of the impulse", unit: "dB"}, signal(diagnostics.GainDB), false)
	for _, t := range topics {
		for _, w := range t.curves {
			c := chart{file: t.file, title: t.title, unit: t.unit}
			if len(t.curves) > 1 {
				c.file = w.name + "_" + t.file
				c.title = strings.ToUpper(w.name[:1]) + w.name[1:] + " " + strings.ToLower(t.title)
			}
			add(c, w.of, t.mayLog)
		}
	}
	return out
}
