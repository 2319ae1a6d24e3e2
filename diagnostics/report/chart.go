package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// line is one curve. Values that are not finite break it; infinite ones get a triangle at the edge.
type line struct {
	name  string
	style int // colour and dashes
	faint bool
	solid bool // in a file, without dashes: its colour alone tells it from few others
	x     []int
	y     []float64
}

// mark is a window of epochs, or one epoch where both ends are equal.
type mark struct {
	from, to int
	label    string
	quiet    bool // the page shows the label only when asked
}

// chart is a plot over the epochs.
type chart struct {
	file        string // its name without an ending, where it is saved
	title, unit string
	about       string // a sentence under the title
	log         bool
	lines       []line
	marks       []mark
}

// Sizes of a chart in units of its view box, which are pixels at the size it is meant for.
const (
	charWidth  = 6.7 // of the 12-pixel text, at most on average
	laneHeight = 18
	edgeRow    = 15 // for what is infinite
	inset      = 7  // between the first and last epoch and the plot's sides
)

// dashes tell lines apart without their colours.
var dashes = []string{"", "7 3", "2 3", "9 3 2 3", "14 4", "5 2 1 2 1 2"}

// colours is how many there are in the style sheet.
const colours = 6

// styleOf is the class and the dash pattern of a style; both differ for neighbours, and their pairs for 36 styles.
func styleOf(style int) (class, dash string) {
	return fmt.Sprintf("c%d", style%colours), dashes[(style+style/colours)%len(dashes)]
}

// frame is a chart laid out on a canvas.
type frame struct {
	chart
	w, h                     float64
	left, right, top, bottom float64 // of the plot
	x, y                     axis
	lanes                    []lane
	over, under              bool // rows for what is above and below all finite values
	b                        strings.Builder
}

// lane is a mark's place above the plot.
type lane struct {
	mark
	row        int
	x0, x1     float64 // of the window
	text       string
	textCentre float64
}

// svg draws the chart on a canvas of w×h.
func (c chart) svg(w, h float64, class string) template.HTML {
	f := &frame{chart: c, w: w, h: h, right: w - 8}
	var values []float64
	first, last := math.MaxInt, math.MinInt
	for _, l := range c.lines {
		for i, v := range l.y {
			first, last = min(first, l.x[i]), max(last, l.x[i])
			values = append(values, v)
			f.under = f.under || math.IsInf(v, -1)
			f.over = f.over || math.IsInf(v, 1)
		}
	}
	if first > last {
		first, last = 0, 0
	}
	f.y = newAxis(values, c.log)
	f.x = axis{float64(first), float64(last), false}
	if first == last {
		f.x = axis{float64(first) - 0.5, float64(last) + 0.5, false}
	}
	f.layOut()
	fmt.Fprintf(&f.b, `<svg class="chart %s" viewBox="0 0 %g %g" role="img" aria-label="%s">`, class, w, h, html.EscapeString(c.alt()))
	f.grid()
	f.drawMarks()
	for _, l := range c.lines {
		f.draw(l)
	}
	f.b.WriteString("</svg>")
	return template.HTML(f.b.String())
}

// alt says in words what the chart shows.
func (c chart) alt() string {
	var parts []string
	for _, l := range c.lines {
		if n := len(l.y); n > 0 && !l.faint {
			parts = append(parts, fmt.Sprintf("%s from %s at epoch %d to %s at epoch %d", l.name, number(l.y[0], 4), l.x[0], number(l.y[n-1], 4), l.x[n-1]))
		}
	}
	return c.title + ": " + strings.Join(parts, "; ")
}

func (f *frame) layOut() {
	widest := 2
	for _, v := range f.y.ticks(5) {
		widest = max(widest, utf8.RuneCountInString(tickText(v)))
	}
	f.left = float64(widest)*charWidth + 10
	f.placeMarks()
	rows := 0
	for _, l := range f.lanes {
		if l.text != "" {
			rows = max(rows, l.row+1)
		}
	}
	f.top = 22 + float64(rows)*laneHeight
	f.bottom = f.h - 36
}

// px and py are where an epoch and a value are drawn.
func (f *frame) px(epoch float64) float64 {
	return f.left + inset + (f.right-f.left-2*inset)*f.x.at(epoch)
}

func (f *frame) py(v float64) float64 {
	top, bottom := f.top, f.bottom
	if f.over {
		top += edgeRow
	}
	if f.under {
		bottom -= edgeRow
	}
	return bottom - (bottom-top)*f.y.at(v)
}

// placeMarks gives each mark the first row above the plot in which it covers no other, and in which its upright line, if
// it has one, begins below the labels that it would cross. A label stands over its window, or begins at its line.
func (f *frame) placeMarks() {
	var ends []float64 // of what is taken, by row
	marks := slices.Clone(f.marks)
	slices.SortStableFunc(marks, func(a, b mark) int { return a.from - b.from })
	for _, m := range marks {
		l := lane{mark: m, x0: f.px(float64(m.from)), x1: f.px(float64(m.to))}
		room := f.right - f.left
		if !m.quiet {
			l.text = shorten(m.label, int(room/charWidth))
		}
		if l.text == "" { // an upright line alone takes no room above the plot
			f.lanes = append(f.lanes, l)
			continue
		}
		half := float64(utf8.RuneCountInString(l.text)) * charWidth / 2
		centre := (l.x0 + l.x1) / 2
		if l.from == l.to {
			centre = l.x0 + half - 2
			for row, end := range ends {
				if end > l.x0 {
					l.row = row + 1
				}
			}
		}
		l.textCentre = min(max(centre, f.left+half), f.right-half)
		start, end := min(l.x0, l.textCentre-half), max(l.x1, l.textCentre+half)
		for ; l.row < len(ends) && ends[l.row]+8 > start; l.row++ {
		}
		if l.row == len(ends) {
			ends = append(ends, 0)
		}
		ends[l.row] = end
		f.lanes = append(f.lanes, l)
	}
}

// shorten cuts a text to n characters.
func shorten(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:max(n-1, 0)]) + "…"
	}
	return text
}

func (f *frame) text(x, y float64, anchor, class, text string) {
	fmt.Fprintf(&f.b, `<text x="%.1f" y="%.1f" text-anchor="%s" class="%s">%s</text>`, x, y, anchor, class, html.EscapeString(text))
}

func (f *frame) rule(x0, y0, x1, y1 float64, class string) {
	fmt.Fprintf(&f.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`, x0, y0, x1, y1, class)
}

// grid draws axes, ticks and units.
func (f *frame) grid() {
	f.text(2, 12, "start", "unit", f.unit)
	for _, v := range f.y.ticks(5) {
		f.rule(f.left, f.py(v), f.right, f.py(v), "grid")
		f.text(f.left-6, f.py(v)+4, "end", "tick", tickText(v))
	}
	if f.under {
		f.text(f.left-6, f.bottom-2, "end", "tick", "−∞")
	}
	if f.over {
		f.text(f.left-6, f.top+11, "end", "tick", "+∞")
	}
	f.rule(f.left, f.bottom, f.right, f.bottom, "axis")
	for _, v := range epochTicks(f.x, int(f.right-f.left)/60) {
		f.rule(f.px(v), f.bottom, f.px(v), f.bottom+4, "axis")
		f.text(f.px(v), f.bottom+17, "middle", "tick", tickText(v))
	}
	f.text((f.left+f.right)/2, f.h-4, "middle", "unit", "epoch")
}

// drawMarks draws windows as bands and epochs as upright lines, each under its label.
func (f *frame) drawMarks() {
	for _, l := range f.lanes {
		y := 20 + float64(l.row)*laneHeight
		fmt.Fprintf(&f.b, `<g><title>%s</title>`, html.EscapeString(l.label))
		switch {
		case l.from < l.to:
			fmt.Fprintf(&f.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" class="band"/>`, l.x0, f.top, l.x1-l.x0, f.bottom-f.top)
			f.rule(l.x0, y+15, l.x1, y+15, "bracket")
			f.rule(l.x0, y+12, l.x0, y+18, "bracket")
			f.rule(l.x1, y+12, l.x1, y+18, "bracket")
		case l.text == "":
			f.rule(l.x0, f.top, l.x0, f.bottom, "event")
		default:
			f.rule(l.x0, y+13, l.x0, f.bottom, "event")
		}
		f.b.WriteString("</g>")
	}
	for _, l := range f.lanes { // last, so that no line crosses a label
		f.text(l.textCentre, 30+float64(l.row)*laneHeight, "middle", "label", l.text)
	}
}

// draw draws a line, dots where epochs are few or stand alone, and triangles for what is infinite.
func (f *frame) draw(l line) {
	class, dash := styleOf(l.style)
	if l.faint {
		class += " faint"
	}
	finite := func(i int) bool {
		return i >= 0 && i < len(l.y) && !math.IsNaN(l.y[i]) && !math.IsInf(l.y[i], 0) && (!f.y.log || l.y[i] > 0)
	}
	var path strings.Builder
	for i, v := range l.y {
		x := f.px(float64(l.x[i]))
		switch {
		case finite(i):
			verb := "L"
			if !finite(i - 1) {
				verb = "M"
			}
			fmt.Fprintf(&path, "%s%.1f %.1f", verb, x, f.py(v))
			if alone := !finite(i-1) && !finite(i+1); alone || len(l.y) <= 12 && !l.faint {
				fmt.Fprintf(&f.b, `<circle cx="%.1f" cy="%.1f" r="3" class="%s dot"/>`, x, f.py(v), class)
			}
		case math.IsInf(v, -1):
			fmt.Fprintf(&f.b, `<path d="M%.1f %.1fl-4.5 -7h9z" class="%s dot"/>`, x, f.bottom-2, class)
		case math.IsInf(v, 1):
			fmt.Fprintf(&f.b, `<path d="M%.1f %.1fl-4.5 7h9z" class="%s dot"/>`, x, f.top+2, class)
		}
	}
	fmt.Fprintf(&f.b, `<path d="%s" class="line %s" stroke-dasharray="%s"><title>%s</title></path>`, path.String(), class, dash, html.EscapeString(l.name))
}

// swatch is a piece of a line for a legend.
func swatch(l line) template.HTML {
	class, dash := styleOf(l.style)
	if l.faint {
		class += " faint"
	}
	return template.HTML(fmt.Sprintf(`<svg class="swatch" viewBox="0 0 30 10" aria-hidden="true"><path d="M1 5L29 5" class="line %s" stroke-dasharray="%s"/></svg>`, class, dash))
}
