package report

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/plot"
	"github.com/maxgain/maxgain/diagnostics/signal"
)

// chart is a plot with the file name, without an ending, under which it is saved, a sentence under its title, and how to
// read it.
type chart struct {
	plot.Chart
	file, about, how string
	columns          []string // drawn
}

// shows tells whether a column is drawn in the chart.
func (c chart) shows(column string) bool { return slices.Contains(c.columns, column) }

// Files of charts that are treated in a way of their own.
const (
	gainFile = "gain"
	rateFile = "learning_rate"
)

// newChart is a chart of the table without its lines.
func newChart(of signal.Chart) chart {
	return chart{Chart: plot.Chart{Title: of.Title, Unit: of.Unit, X: plot.Epochs}, file: of.File, about: of.Note}
}

// series is a column of a run as a line, in the unit that people are shown, and whether any of it was measured. A column
// that is measured every so many epochs is joined across the epochs between; a longer gap breaks the line.
func series(r *judged.Run, name string, style int, column signal.Signal) (plot.Line, bool) {
	l := plot.Line{Name: name, Style: style}
	var at, gaps []float64
	for _, row := range r.History.Rows {
		if !math.IsNaN(judged.Value(row, column.Name)) {
			if n := len(at); n > 0 {
				gaps = append(gaps, float64(row.Epoch)-at[n-1])
			}
			at = append(at, float64(row.Epoch))
		}
	}
	usual := 1.0
	if slices.Sort(gaps); len(gaps) > 0 {
		usual = gaps[len(gaps)/2]
	}
	last := len(r.History.Rows) - 1
	for i, row := range r.History.Rows {
		x, v := float64(row.Epoch), column.Shown(judged.Value(row, column.Name))
		missing := math.IsNaN(v)
		if n := len(l.X); missing && n > 0 && x-l.X[n-1] <= usual && i < last && !math.IsNaN(l.Y[n-1]) {
			continue
		}
		if n := len(l.X); missing && n > 0 && math.IsNaN(l.Y[n-1]) && i < last {
			continue // the gap is there already
		}
		l.X, l.Y = append(l.X, x), append(l.Y, v)
	}
	return l, len(at) > 0
}

// charts are the charts of one run that were measured, in the order of the table of signals. The learning rate is drawn
// if it changes. The windows of the evidence stand in the chart of their signal; in the chart on which the verdict rests
// also the epochs at which verdicts were told, and the verdict's own.
func charts(r *judged.Run) []chart {
	var out []chart
	columns := r.Columns()
	for _, of := range signal.Charts() {
		c := newChart(of)
		var faint []plot.Line
		for _, name := range columns {
			column, _ := signal.Lookup(name)
			if column.Chart != of.File {
				continue
			}
			l, _ := series(r, column.Line, len(c.Lines)+len(faint), column)
			c.columns = append(c.columns, name)
			if column.Numbered {
				l.Faint = true
				faint = append(faint, l)
				continue
			}
			c.Lines = append(c.Lines, l)
		}
		if len(faint) == 1 && len(c.Lines) > 0 { // the mean over one channel is that channel
			faint = nil
		}
		c.Lines = append(faint, c.Lines...)
		if len(c.Lines) == 0 || of.File == rateFile && constant(c.Values()) {
			continue
		}
		c.how = howToRead(of, c.columns)
		if len(c.Lines) == 1 {
			c.Lines[0].Name = judged.ColumnName(c.columns[0])
		}
		if of.Log {
			c.SetLog()
		}
		c.Marks = windows(r, c.columns)
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil
	}
	first := firstChart(r, out)
	for i := range out {
		m, ok := onset(r)
		switch {
		case i == first:
			out[i].Marks = append(out[i].Marks, told(r)...)
			if ok {
				out[i].Marks = addMark(out[i].Marks, m)
			}
		case ok && out[i].file != rateFile:
			m.Quiet = true
			out[i].Marks = append(out[i].Marks, m)
		}
	}
	return out
}

// constant tells whether all values that are known are the same.
func constant(values []float64) bool {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	return low >= high
}

// windows are the windows of epochs that the evidence on some columns speaks of.
func windows(r *judged.Run, columns []string) []plot.Mark {
	var out []plot.Mark
	meant := map[string]bool{}
	for _, e := range r.Verdict.Evidence {
		meant[e.Signal] = slices.Contains(columns, e.Signal)
	}
	maps.DeleteFunc(meant, func(_ string, here bool) bool { return !here })
	for _, e := range r.Verdict.Evidence {
		if meant[e.Signal] && e.From < e.To {
			label := judged.Label(e)
			if len(meant) > 1 {
				label = judged.ColumnName(e.Signal) + " " + label
			}
			out = addMark(out, inside(r, e.From, e.To, label))
		}
	}
	return out
}

// told are the epochs at which verdicts were told.
func told(r *judged.Run) []plot.Mark {
	var out []plot.Mark
	for _, f := range r.Flags {
		out = addMark(out, inside(r, f.Epoch, f.Epoch, "told: "+f.Verdict.String()))
	}
	return out
}

// onset is the epoch that the verdict dates from where it is not simply the last one.
func onset(r *judged.Run) (plot.Mark, bool) {
	v := r.Verdict
	m := inside(r, v.Epoch, v.Epoch, v.Verdict.String()+" from "+plot.TickText(float64(v.Epoch)))
	rows := r.History.Rows
	return m, v.Verdict != diagnostics.Undetermined && len(rows) > 0 && v.Epoch < rows[len(rows)-1].Epoch
}

// inside is a mark moved into the epochs of the history.
func inside(r *judged.Run, from, to int, label string) plot.Mark {
	rows := r.History.Rows
	if len(rows) == 0 {
		return plot.Mark{Label: label}
	}
	first, last := rows[0].Epoch, rows[len(rows)-1].Epoch
	return plot.Mark{From: float64(min(max(from, first), last)), To: float64(min(max(to, first), last)), Label: label}
}

// addMark adds a mark, or its label to the mark that is already there.
func addMark(marks []plot.Mark, m plot.Mark) []plot.Mark {
	for i := range marks {
		if marks[i].From == m.From && marks[i].To == m.To {
			marks[i].Label += plot.LabelBreak + m.Label
			return marks
		}
	}
	return append(marks, m)
}

// overlays are the charts of several runs, one line a run, for every column of the table that one of them measured.
func overlays(list []judged.Run) []chart {
	measured := map[string]bool{}
	for i := range list {
		for _, name := range list[i].Columns() {
			measured[name] = true
		}
	}
	var out []chart
	for _, of := range signal.Charts() {
		var names []string
		for _, column := range signal.All() {
			if column.Chart != of.File || column.Numbered {
				continue
			}
			for _, name := range []string{column.Name, signal.Averaged(column.Name)} {
				if measured[name] {
					names = append(names, name)
				}
			}
		}
		for _, name := range names {
			column, _ := signal.Lookup(name)
			c := newChart(of)
			c.columns = []string{name}
			c.how = howToRead(of, c.columns)
			if title := judged.ColumnName(name); !strings.EqualFold(title, of.Title) {
				c.file, c.Title, c.about = name, strings.ToUpper(title[:1])+title[1:], column.Meaning
			}
			for i := range list {
				if l, ok := series(&list[i], list[i].Name, i, column); ok {
					l.Loose = list[i].Fitness() == judged.Lost
					c.Lines = append(c.Lines, l)
				}
			}
			if of.File == rateFile && constant(c.Values()) {
				continue
			}
			if of.Log {
				c.SetLog()
			}
			out = append(out, c)
		}
	}
	return out
}
