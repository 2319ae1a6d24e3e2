package plot

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Sizes within a chart in its units, which are pixels at the size it is meant for.
const (
	charWidth = 6.7 // of the 12-pixel text, at most on average
	rowHeight = 18  // of a row of labels above the plot
	edgeRow   = 15  // for what is infinite
	inset     = 7   // between the first and last value and the sides of the plot
	headRoom  = 22  // for the unit above the plot
	footRoom  = 36  // for ticks and the name of the horizontal axis
	yTicks    = 6   // about so many
)

// LabelBreak separates the parts of a label that stand on lines of their own.
const LabelBreak = " · "

// frame is a chart laid out on a canvas of w×h, whose height includes the rows of labels.
type frame struct {
	Chart
	w, h                     float64
	left, right, top, bottom float64 // of the plot
	x, y                     Axis
	labels                   []label
	over, under              bool // rows for what is above and below all finite values
}

// label is the place of a mark above the plot.
type label struct {
	Mark
	row        int
	x0, x1     float64  // of the window
	lines      []string // the text, wrapped to the width of the plot
	textCentre float64
	start, end float64 // of what it takes in its rows
	below      bool    // the upright line begins at the plot, as other texts stand in its way
}

// newFrame lays a chart out with a plot and its axes of w×h; the rows of labels add to the height.
func newFrame(c Chart, w, h float64) *frame {
	f := &frame{Chart: c, w: w, right: w - 8, y: c.vertical()}
	var xs []float64
	for _, l := range c.Lines {
		for i, v := range l.Y {
			xs = append(xs, l.X[i])
			f.under = f.under || math.IsInf(v, -1)
			f.over = f.over || math.IsInf(v, 1)
		}
	}
	for _, l := range c.Lines {
		if !l.Loose {
			continue
		}
		for _, v := range l.Y {
			f.under = f.under || v < f.y.Low
			f.over = f.over || v > f.y.High
		}
	}
	for _, o := range c.Outside() {
		f.under = f.under || o.Y < f.y.Low
		f.over = f.over || o.Y > f.y.High
	}
	f.x = horizontal(xs, c.X.Log)
	widest := 2
	for _, v := range f.y.Ticks(yTicks) {
		widest = max(widest, utf8.RuneCountInString(TickText(v)))
	}
	f.left = float64(widest)*charWidth + 10
	rows := f.placeLabels()
	f.h = h + float64(rows)*rowHeight
	f.top, f.bottom = headRoom+float64(rows)*rowHeight, f.h-footRoom
	return f
}

// horizontal is the axis from the smallest to the largest value, without room at the ends.
func horizontal(xs []float64, log bool) Axis {
	low, high := math.Inf(1), math.Inf(-1)
	for _, x := range xs {
		if !math.IsNaN(x) && !math.IsInf(x, 0) && (!log || x > 0) {
			low, high = min(low, x), max(high, x)
		}
	}
	switch {
	case low > high:
		return Axis{-0.5, 0.5, false}
	case low == high && log:
		return Axis{low / 2, high * 2, true}
	case low == high:
		return Axis{low - 0.5, high + 0.5, false}
	}
	return Axis{low, high, log}
}

// px and py are where a value of the horizontal and of the vertical axis is drawn.
func (f *frame) px(x float64) float64 {
	return f.left + inset + (f.right-f.left-2*inset)*f.x.At(x)
}

func (f *frame) py(v float64) float64 {
	top, bottom := f.inner()
	return bottom - (bottom-top)*f.y.At(v)
}

// inner is where finite values lie: within the rows for what is infinite.
func (f *frame) inner() (top, bottom float64) {
	top, bottom = f.top, f.bottom
	if f.over {
		top += edgeRow
	}
	if f.under {
		bottom -= edgeRow
	}
	return top, bottom
}

// placeLabels gives each mark the first rows above the plot in which its text covers no other, and in which its upright
// line, if it has one, begins below the texts that it would cross. A text stands over its window, or begins at its
// line. It returns the number of rows.
func (f *frame) placeLabels() int {
	var ends []float64 // of what is taken, by row
	marks := slices.Clone(f.Marks)
	slices.SortStableFunc(marks, func(a, b Mark) int { // windows first: the lines of the others begin below their texts
		return cmp.Or(b2i(a.From == a.To)-b2i(b.From == b.To), cmp.Compare(a.From, b.From))
	})
	for _, m := range marks {
		l := label{Mark: m, x0: f.px(m.From), x1: f.px(m.To)}
		if !m.Quiet {
			for _, part := range strings.Split(m.Label, LabelBreak) {
				l.lines = append(l.lines, wrap(part, int((f.right-f.left)/charWidth))...)
			}
		}
		if len(l.lines) == 0 { // an upright line alone takes no room above the plot
			f.labels = append(f.labels, l)
			continue
		}
		half := 0.0
		for _, line := range l.lines {
			half = max(half, float64(utf8.RuneCountInString(line))*charWidth/2)
		}
		centre := (l.x0 + l.x1) / 2
		if l.From == l.To {
			centre = l.x0 + half - 2
			for row, end := range ends {
				if end > l.x0 {
					l.row = row + 1
				}
			}
		}
		l.textCentre = min(max(centre, f.left+half), f.right-half)
		l.start, l.end = min(l.x0, l.textCentre-half), max(l.x1, l.textCentre+half)
		for !free(ends, l.row, len(l.lines), l.start) {
			l.row++
		}
		for len(ends) < l.row+len(l.lines) {
			ends = append(ends, 0)
		}
		for k := range l.lines {
			ends[l.row+k] = l.end
		}
		f.labels = append(f.labels, l)
	}
	for i := range f.labels {
		l := &f.labels[i]
		for _, other := range f.labels {
			l.below = l.below || other.row > l.row && len(other.lines) > 0 && other.start <= l.x0 && l.x0 <= other.end
		}
	}
	return len(ends)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// free tells whether count rows from row on have room from start on.
func free(ends []float64, row, count int, start float64) bool {
	for k := row; k < min(row+count, len(ends)); k++ {
		if ends[k]+8 > start {
			return false
		}
	}
	return true
}

// wrap breaks a text at spaces into lines of at most n characters; a longer word is broken anywhere.
func wrap(text string, n int) []string {
	n = max(n, 1)
	var out []string
	line := []rune{}
	for _, word := range strings.Fields(text) {
		w := []rune(word)
		if len(line) > 0 && len(line)+1+len(w) > n {
			out, line = append(out, string(line)), nil
		}
		if len(line) > 0 {
			line = append(line, ' ')
		}
		line = append(line, w...)
		for len(line) > n {
			out, line = append(out, string(line[:n])), line[n:]
		}
	}
	if len(line) > 0 {
		out = append(out, string(line))
	}
	return out
}
