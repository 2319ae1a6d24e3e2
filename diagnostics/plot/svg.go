package plot

import (
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"image"
	"math"
	"slices"
	"strconv"
	"strings"
)

// dashes tell lines apart without their colours.
var dashes = [][]float64{nil, {7, 3}, {2, 3}, {9, 3, 2, 3}, {14, 4}, {5, 2, 1, 2, 1, 2}}

// colours is how many there are in the style sheet.
const colours = 6

// class is the colour of a line in the style sheet.
func (l Line) class() string {
	class := fmt.Sprintf("c%d", l.Style%colours)
	if l.Faint {
		class += " faint"
	}
	return class
}

// dash is the pattern of a line. Colour and pattern differ for neighbouring styles, and their pairs for 36 styles.
func (l Line) dash() []float64 {
	if l.Solid {
		return nil
	}
	return dashes[(l.Style+l.Style/colours)%len(dashes)]
}

// dashText is the pattern as an attribute.
func (l Line) dashText() string { return strings.Trim(fmt.Sprint(l.dash()), "[]") }

// SVG draws the chart for a page, w wide; h is the height without the rows of labels above the plot. The element has
// the classes "chart" and class, and attributes from which a script finds the place of a value:
// data-x and data-y hold the place of the lowest and of the highest value of the axis, these values, and 1 for a
// logarithmic axis.
func (c Chart) SVG(w, h float64, class string) template.HTML {
	f := newFrame(c, w, h)
	s := &svg{}
	top, bottom := f.inner()
	fmt.Fprintf(&s.b, `<svg class="chart %s" viewBox="0 0 %g %g" role="img" aria-label="%s" data-x="%s" data-y="%s">`, class, f.w, f.h,
		html.EscapeString(c.Description()), geometry(f.left+inset, f.right-inset, f.x), geometry(bottom, top, f.y))
	f.draw(s)
	s.b.WriteString("</svg>")
	return template.HTML(s.b.String())
}

func geometry(from, to float64, a Axis) string {
	log := 0
	if a.Log {
		log = 1
	}
	return fmt.Sprintf("%.1f %.1f %g %g %d", from, to, a.Low, a.High, log)
}

// svg is a surface that writes SVG elements.
type svg struct{ b strings.Builder }

func (s *svg) text(x, y float64, anchor, class, text string) {
	fmt.Fprintf(&s.b, `<text x="%.1f" y="%.1f" text-anchor="%s" class="%s">%s</text>`, x, y, anchor, class, html.EscapeString(text))
}

func (s *svg) line(x0, y0, x1, y1 float64, class string) {
	fmt.Fprintf(&s.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`, x0, y0, x1, y1, class)
}

func (s *svg) rect(x, y, w, h float64, class string) {
	fmt.Fprintf(&s.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" class="%s"/>`, x, y, w, h, class)
}

func (s *svg) picture(x, y, w, h float64, m image.Image) {
	fmt.Fprintf(&s.b, `<image x="%.1f" y="%.1f" width="%.1f" height="%.1f" preserveAspectRatio="none" class="pixels" href="%s"/>`, x, y, w, h, DataURL(m))
}

func (s *svg) group(about string, draw func()) {
	fmt.Fprintf(&s.b, `<g><title>%s</title>`, html.EscapeString(about))
	draw()
	s.b.WriteString("</g>")
}

func (s *svg) curve(l Line, pieces [][]point) {
	var path strings.Builder
	for _, piece := range pieces {
		for i, p := range piece {
			verb := "L"
			if i == 0 {
				verb = "M"
			}
			fmt.Fprintf(&path, "%s%.1f %.1f", verb, p.x, p.y)
		}
	}
	fmt.Fprintf(&s.b, `<path d="%s" class="line %s" stroke-dasharray="%s"><title>%s</title></path>`, path.String(), l.class(), l.dashText(), html.EscapeString(l.Name))
}

func (s *svg) dot(l Line, x, y float64, about string) {
	fmt.Fprintf(&s.b, `<circle cx="%.1f" cy="%.1f" r="3" class="%s dot"><title>%s</title></circle>`, x, y, l.class(), html.EscapeString(about))
}

func (s *svg) wedge(l Line, x, y float64, up bool, about string) {
	down := -7
	if up {
		down = 7
	}
	fmt.Fprintf(&s.b, `<path d="M%.1f %.1fl-4.5 %dh9z" class="%s dot"><title>%s</title></path>`, x, y, down, l.class(), html.EscapeString(about))
}

// Swatch is a piece of a line for a legend.
func Swatch(l Line) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg class="swatch" viewBox="0 0 30 10" aria-hidden="true"><path d="M1 5L29 5" class="line %s" stroke-dasharray="%s"/></svg>`, l.class(), l.dashText()))
}

// Points is the chart's data as JSON, for the script that shows values: {"x": name of the axis, "unit": …, "lines":
// [{"name": …, "style": …, "x": […], "y": […]}]}. A line without "x" has that of the line before; what was not measured
// is null, what is infinite a string.
func (c Chart) Points() template.JS {
	var b strings.Builder
	fmt.Fprintf(&b, `{"x":%s,"unit":%s,"lines":[`, jsonText(c.X.Name), jsonText(c.Unit))
	var before []float64
	for i, l := range c.listed() {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":%s,"style":%d,`, jsonText(l.Name), l.Style%colours)
		if i == 0 || !slices.Equal(l.X, before) {
			fmt.Fprintf(&b, `"x":%s,`, jsonNumbers(l.X))
		}
		before = l.X
		fmt.Fprintf(&b, `"y":%s}`, jsonNumbers(l.Y))
	}
	b.WriteString("]}")
	return template.JS(b.String())
}

// jsonText is a string in JSON that holds no character by which it could leave a script element.
func jsonText(text string) string {
	quoted, _ := json.Marshal(strings.ToValidUTF8(text, "�")) // escapes <, > and &; a string cannot fail
	return string(quoted)
}

func jsonNumbers(values []float64) string {
	out := make([]string, len(values))
	for i, v := range values {
		switch {
		case math.IsNaN(v):
			out[i] = "null"
		case math.IsInf(v, 1):
			out[i] = `"+∞"`
		case math.IsInf(v, -1):
			out[i] = `"−∞"`
		default:
			out[i] = strconv.FormatFloat(v, 'g', 5, 64)
		}
	}
	return "[" + strings.Join(out, ",") + "]"
}
