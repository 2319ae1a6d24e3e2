// Package plot draws charts: as SVG for a page, whose style sheet gives the colours, and as SVG and PNG files. Both come
// from one layout. It knows nothing of runs or nets.
package plot

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Line is one curve. Values that are NaN break it; infinite ones are drawn as triangles at the edge of the plot.
type Line struct {
	Name  string
	Style int  // colour and dashes: neighbouring numbers differ in both
	Faint bool // thin and pale, for what lies behind the other lines
	Solid bool // without dashes: the colour alone tells it from the others
	Dots  bool // points only, not joined
	Loose bool // the vertical axis need not cover it; what lies beyond is drawn as triangles at the edge
	Extra bool // it belongs to another line: neither the legend nor the values on demand name it
	X, Y  []float64
}

// Mark is a window on the horizontal axis, or one place where both ends are equal.
type Mark struct {
	From, To float64
	Label    string
	Quiet    bool // the label is shown only when the pointer is on the mark
}

// XAxis says what the horizontal axis shows.
type XAxis struct {
	Name  string
	Log   bool
	Whole bool // only whole numbers are named
}

// Epochs is the axis of training epochs.
var Epochs = XAxis{Name: "epoch", Whole: true}

// Chart is a set of lines over one horizontal axis.
type Chart struct {
	Title, Unit string
	X           XAxis
	Log         bool // logarithmic vertical axis
	Lines       []Line
	Marks       []Mark
}

// Values are all vertical values of the lines.
func (c Chart) Values() []float64 {
	var out []float64
	for _, l := range c.Lines {
		out = append(out, l.Y...)
	}
	return out
}

// fixed are the lines that the vertical axis must cover: all if all are loose.
func (c Chart) fixed() []Line {
	out := slices.DeleteFunc(slices.Clone(c.Lines), func(l Line) bool { return l.Loose })
	if len(out) == 0 {
		return c.Lines
	}
	return out
}

// listed are the lines that are named.
func (c Chart) listed() []Line {
	return slices.DeleteFunc(slices.Clone(c.Lines), func(l Line) bool { return l.Extra })
}

// SetLog makes the vertical axis logarithmic if the values span a factor of ten or more, and says so in the unit.
func (c *Chart) SetLog() {
	if SuitsLog(Chart{Lines: c.fixed()}.Values()) {
		c.Log = true
		c.Unit += ", logarithmic"
	}
}

// Description says in words what the chart shows: the first and the last finite value of each line.
func (c Chart) Description() string {
	var parts []string
	for _, l := range c.Lines {
		first, last := -1, -1
		for i, v := range l.Y {
			if !math.IsNaN(v) {
				if first < 0 {
					first = i
				}
				last = i
			}
		}
		if first < 0 || l.Faint || l.Extra {
			continue
		}
		text := fmt.Sprintf("%s %s at %s %s", l.Name, Number(l.Y[first], 4), c.X.Name, TickText(l.X[first]))
		if last > first {
			text = fmt.Sprintf("%s from %s at %s %s to %s at %s %s", l.Name, Number(l.Y[first], 4), c.X.Name, TickText(l.X[first]),
				Number(l.Y[last], 4), c.X.Name, TickText(l.X[last]))
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return c.Title
	}
	return c.Title + ": " + strings.Join(parts, "; ")
}

// outlierRatio is how many times taller the axis would have to be to hold the first value of the lines too, from which
// on that value is left outside.
const outlierRatio = 2

// Outside is what lies outside of the plot because it would squeeze the rest: the values at epoch 0, before training,
// where they are far from all later ones.
func (c Chart) Outside() []Outlier {
	if !c.X.Whole {
		return nil
	}
	var later []float64
	var first []Outlier
	for _, l := range c.fixed() {
		for i, v := range l.Y {
			switch {
			case math.IsNaN(v) || math.IsInf(v, 0):
			case l.X[i] == 0:
				first = append(first, Outlier{l, v})
			default:
				later = append(later, v)
			}
		}
	}
	if len(later) < 2 {
		return nil
	}
	a := NewAxis(later, c.Log)
	var out []Outlier
	for _, o := range first {
		if c.Log && o.Y <= 0 {
			continue
		}
		if at := a.At(o.Y); at > outlierRatio || at < 1-outlierRatio {
			out = append(out, o)
		}
	}
	return out
}

// Outlier is a value that is left outside of the plot.
type Outlier struct {
	Line Line
	Y    float64
}

// vertical is the vertical axis: it covers all values but the outliers.
func (c Chart) vertical() Axis {
	outside := c.Outside()
	var values []float64
	for _, l := range c.fixed() {
		for i, v := range l.Y {
			skip := false
			for _, o := range outside {
				skip = skip || l.X[i] == 0 && o.Line.Name == l.Name && c.X.Whole
			}
			if !skip {
				values = append(values, v)
			}
		}
	}
	return NewAxis(values, c.Log)
}
