package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/plot"
	"github.com/maxgain/maxgain/diagnostics/signal"
)

// chart is a plot with the file name, without an ending, under which it is saved, and a sentence under its title.
type chart struct {
	plot.Chart
	file, about string
}

// series is a column of a run as a line, in the unit that people are shown, and whether any of it was measured.
func series(r *judged.Run, name string, style int, column signal.Signal) (plot.Line, bool) {
	l := plot.Line{Name: name, Style: style}
	known := false
	for _, row := range r.History.Rows {
		v := column.Shown(judged.Value(row, column.Name))
		known = known || !math.IsNaN(v)
		l.X, l.Y = append(l.X, float64(row.Epoch)), append(l.Y, v)
	}
	return l, known
}

// charts are the charts of one run that were measured, in the order of the table of signals. The learning rate is drawn
// if it changes.
func charts(r *judged.Run) []chart {
	var out []chart
	for _, of := range signal.Charts() {
		c := chart{Chart: plot.Chart{Title: of.Title, Unit: of.Unit, X: plot.Epochs}, file: of.File, about: of.Note}
		var faint []plot.Line
		for _, name := range r.Columns() {
			column, _ := signal.Lookup(name)
			if column.Chart != of.File {
				continue
			}
			l, _ := series(r, column.Line, len(c.Lines)+len(faint), column)
			if column.Numbered {
				l.Faint = true
				faint = append(faint, l)
				continue
			}
			c.Lines = append(c.Lines, l)
		}
		if len(faint) == 1 { // the mean over one channel is that channel
			faint = nil
		}
		c.Lines = append(faint, c.Lines...)
		if len(c.Lines) == 0 || of.File == rateFile && constant(c.Values()) {
			continue
		}
		if of.Log {
			c.SetLog()
		}
		if of.Evidence != "" {
			c.Marks = windows(r, of.Evidence)
		}
		if of.File == gainFile {
			c.Marks = marks(r, of.Evidence)
		} else if m, ok := onset(r); ok && of.File != rateFile {
			m.Quiet = true
			c.Marks = append(c.Marks, m)
		}
		out = append(out, c)
	}
	return out
}

// Files of charts that are treated in a way of their own.
const (
	gainFile = "gain"
	rateFile = "learning_rate"
)

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

// marks are the windows of the evidence on a signal, the epochs at which verdicts were told, and the verdict's own.
func marks(r *judged.Run, name string) []plot.Mark {
	out := windows(r, name)
	for _, f := range r.Flags {
		out = addMark(out, inside(r, f.Epoch, f.Epoch, "told: "+f.Verdict.String()))
	}
	if m, ok := onset(r); ok {
		out = addMark(out, m)
	}
	return out
}

// windows are the windows of epochs that the evidence on a signal speaks of.
func windows(r *judged.Run, name string) []plot.Mark {
	var out []plot.Mark
	for _, e := range r.Verdict.Evidence {
		if e.Signal == name && e.From < e.To {
			label := fmt.Sprintf("%s %s %s", e.What, plot.Number(float64(e.Value), 3), e.Unit)
			out = addMark(out, inside(r, e.From, e.To, strings.TrimSpace(label)))
		}
	}
	return out
}

// onset is the verdict's epoch where it is not simply the last one.
func onset(r *judged.Run) (plot.Mark, bool) {
	v := r.Verdict
	m := inside(r, v.Epoch, v.Epoch, fmt.Sprintf("%s from %d", v.Verdict, v.Epoch))
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
			marks[i].Label += " · " + m.Label
			return marks
		}
	}
	return append(marks, m)
}

// overlays are the charts of several runs, one line a run, for every column that one of them measured; the gain first.
func overlays(list []judged.Run) []chart {
	var out []chart
	for _, of := range signal.Charts() {
		var columns []signal.Signal
		for _, column := range signal.All() {
			if column.Chart == of.File && !column.Numbered {
				columns = append(columns, column)
			}
		}
		for _, column := range columns {
			c := chart{Chart: plot.Chart{Title: of.Title, Unit: of.Unit, X: plot.Epochs}, file: of.File}
			if len(columns) > 1 {
				c.file = column.Line + "_" + of.File
				c.Title = strings.ToUpper(column.Line[:1]) + column.Line[1:] + " " + strings.ToLower(of.Title)
			}
			for i := range list {
				if l, ok := series(&list[i], list[i].Name, i, column); ok {
					c.Lines = append(c.Lines, l)
				}
			}
			if len(c.Lines) == 0 || of.File == rateFile && constant(c.Values()) {
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
