package plot

import (
	"fmt"
	"image"
	"math"
)

// surface is what a chart is drawn on. Coordinates are in the units of the chart, downward from the upper left corner.
// Classes are those of the style sheet of the page.
type surface interface {
	text(x, y float64, anchor, class, text string)
	line(x0, y0, x1, y1 float64, class string)
	rect(x, y, w, h float64, class string)
	picture(x, y, w, h float64, m image.Image)
	// curve draws the pieces of a line, dot a filled circle, wedge a triangle whose tip is at (x,y): upward or downward.
	curve(l Line, pieces [][]point)
	dot(l Line, x, y float64, about string)
	wedge(l Line, x, y float64, up bool, about string)
	// group draws things that share a text, which is shown when the pointer is on them.
	group(about string, draw func())
}

// point is a place on a surface.
type point struct{ x, y float64 }

// draw draws the chart.
func (f *frame) draw(s surface) {
	f.axes(s)
	f.drawMarks(s)
	for _, l := range f.Lines {
		f.drawLine(s, l)
	}
	for _, o := range f.Outside() {
		f.drawOutlier(s, o)
	}
}

// axes draws axes, ticks and units.
func (f *frame) axes(s surface) {
	s.text(2, 12, "start", "unit", f.Unit)
	for _, v := range f.y.Ticks(yTicks) {
		s.line(f.left, f.py(v), f.right, f.py(v), "grid")
		s.text(f.left-6, f.py(v)+4, "end", "tick", TickText(v))
	}
	infinite := func(sign int) bool {
		for _, v := range f.Values() {
			if math.IsInf(v, sign) {
				return true
			}
		}
		return false
	}
	if infinite(-1) {
		s.text(f.left-6, f.bottom-2, "end", "tick", "−∞")
	}
	if infinite(1) {
		s.text(f.left-6, f.top+11, "end", "tick", "+∞")
	}
	s.line(f.left, f.bottom, f.right, f.bottom, "axis")
	n := int(f.right-f.left) / 60
	ticks := f.x.Ticks(n)
	if f.X.Whole {
		ticks = f.x.WholeTicks(n)
	}
	for _, v := range ticks {
		s.line(f.px(v), f.bottom, f.px(v), f.bottom+4, "axis")
		s.text(f.px(v), f.bottom+17, "middle", "tick", TickText(v))
	}
	s.text((f.left+f.right)/2, f.h-4, "middle", "unit", f.X.Name)
}

// drawMarks draws windows as bands and places as upright lines, each under its label.
func (f *frame) drawMarks(s surface) {
	for _, l := range f.labels {
		last := max(len(l.lines)-1, 0)
		y := 20 + float64(l.row+last)*rowHeight
		s.group(l.Label, func() {
			switch {
			case l.From < l.To:
				s.rect(l.x0, f.top, l.x1-l.x0, f.bottom-f.top, "band")
				s.line(l.x0, y+15, l.x1, y+15, "bracket")
				s.line(l.x0, y+12, l.x0, y+18, "bracket")
				s.line(l.x1, y+12, l.x1, y+18, "bracket")
			case len(l.lines) == 0 || l.below:
				s.line(l.x0, f.top, l.x0, f.bottom, "event")
			default:
				s.line(l.x0, y+13, l.x0, f.bottom, "event")
			}
		})
	}
	for _, l := range f.labels { // last, so that no line crosses a text
		for k, line := range l.lines {
			s.text(l.textCentre, 30+float64(l.row+k)*rowHeight, "middle", "label", line)
		}
	}
}

// fewPoints is how many values a line has at most for each to get a dot.
const fewPoints = 12

// drawLine draws a line, dots where values are few or stand alone, and triangles for what is infinite.
func (f *frame) drawLine(s surface, l Line) {
	drawn := func(i int) bool {
		return i >= 0 && i < len(l.Y) && !math.IsNaN(l.Y[i]) && !math.IsInf(l.Y[i], 0) && (!f.y.Log || l.Y[i] > 0) &&
			f.y.At(l.Y[i]) >= -1e-9 && f.y.At(l.Y[i]) <= 1+1e-9
	}
	var pieces [][]point
	for i, v := range l.Y {
		x := f.px(l.X[i])
		about := fmt.Sprintf("%s: %s at %s %s", l.Name, Number(v, 4), f.X.Name, TickText(l.X[i]))
		switch {
		case drawn(i):
			if !drawn(i-1) || l.Dots {
				pieces = append(pieces, nil)
			}
			last := len(pieces) - 1
			pieces[last] = append(pieces[last], point{x, f.py(v)})
			if alone := !drawn(i-1) && !drawn(i+1); alone || l.Dots || len(l.Y) <= fewPoints && !l.Faint {
				s.dot(l, x, f.py(v), about)
			}
		case l.Loose && v > f.y.High && !math.IsInf(v, 1):
			s.wedge(l, x, f.top+2, true, about+", outside of the chart")
		case l.Loose && v < f.y.Low && !math.IsInf(v, -1):
			s.wedge(l, x, f.bottom-2, false, about+", outside of the chart")
		case math.IsInf(v, -1):
			s.wedge(l, x, f.bottom-2, false, about)
		case math.IsInf(v, 1):
			s.wedge(l, x, f.top+2, true, about)
		}
	}
	if l.Dots {
		return
	}
	for i := range pieces {
		pieces[i] = thinOut(pieces[i])
	}
	s.curve(l, pieces)
}

// drawOutlier draws a triangle at the edge that a value lies beyond.
func (f *frame) drawOutlier(s surface, o Outlier) {
	about := fmt.Sprintf("%s: %s at %s 0, outside of the chart", o.Line.Name, Number(o.Y, 4), f.X.Name)
	if o.Y < f.y.Low {
		s.wedge(o.Line, f.px(0), f.bottom-2, false, about)
	} else {
		s.wedge(o.Line, f.px(0), f.top+2, true, about)
	}
}

// thinOut keeps of the points within one unit of the horizontal axis the first, the lowest, the highest and the last, so
// that a curve of thousands of epochs looks the same and is no longer than what can be seen.
func thinOut(points []point) []point {
	var out []point
	for from := 0; from < len(points); {
		to := from
		low, high := from, from
		for to < len(points) && math.Floor(points[to].x) == math.Floor(points[from].x) {
			if points[to].y < points[low].y {
				low = to
			}
			if points[to].y > points[high].y {
				high = to
			}
			to++
		}
		kept := -1
		for _, k := range []int{from, min(low, high), max(low, high), to - 1} {
			if k > kept {
				out, kept = append(out, points[k]), k
			}
		}
		from = to
	}
	return out
}
