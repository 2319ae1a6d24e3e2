package plot

import (
	"encoding/json"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// epochLine is a line over the epochs from 0 on.
func epochLine(name string, y ...float64) Line {
	l := Line{Name: name, Y: y}
	for i := range y {
		l.X = append(l.X, float64(i))
	}
	return l
}

// A value at epoch 0 that is far from all later ones is left out of the axis, and only then; a logarithmic axis measures
// the distance by ratios.
func TestOutside(t *testing.T) {
	for _, test := range []struct {
		name string
		c    Chart
		want []float64
	}{
		{"far below", Chart{X: Epochs, Lines: []Line{epochLine("a", -64, -29, -20)}}, []float64{-64}},
		{"far above", Chart{X: Epochs, Lines: []Line{epochLine("a", 10, 1, 2)}}, []float64{10}},
		{"near", Chart{X: Epochs, Lines: []Line{epochLine("a", 2.4, 1, 2)}}, nil},
		{"another axis", Chart{X: XAxis{Name: "rate"}, Lines: []Line{epochLine("a", 10, 1, 2)}}, nil},
		{"too few to tell", Chart{X: Epochs, Lines: []Line{epochLine("a", 10, 1)}}, nil},
		{"logarithmic, two decades of one", Chart{X: Epochs, Log: true, Lines: []Line{epochLine("a", 100, 1, 0.1)}}, []float64{100}},
		{"logarithmic, near", Chart{X: Epochs, Log: true, Lines: []Line{epochLine("a", 2, 1, 0.1)}}, nil},
		{"not finite", Chart{X: Epochs, Lines: []Line{epochLine("a", math.Inf(1), 1, 2)}}, nil},
		{"one of two lines", Chart{X: Epochs, Lines: []Line{epochLine("a", math.NaN(), 1, 2), epochLine("b", 90, 3, 2)}}, []float64{90}},
	} {
		var got []float64
		for _, o := range test.c.Outside() {
			got = append(got, o.Y)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: outside %v, want %v", test.name, got, test.want)
		}
	}
	c := Chart{X: Epochs, Lines: []Line{epochLine("a", -64, -30, -20)}}
	if a := c.vertical(); a.Low != -30.5 || a.High != -19.5 {
		t.Errorf("axis %+v, want −30.5 to −19.5", a)
	}
	if text := string(c.SVG(400, 200, "")); !strings.Contains(text, "a: −64.00 at epoch 0, outside of the chart") {
		t.Error("the value outside is not marked")
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text string
		n    int
		want []string
	}{
		{"one two three", 7, []string{"one two", "three"}},
		{"one two three", 13, []string{"one two three"}},
		{"one two three", 12, []string{"one two", "three"}},
		{"abcdefgh ij", 3, []string{"abc", "def", "gh", "ij"}},
		{"−∞ dB", 2, []string{"−∞", "dB"}},
		{"", 5, nil},
		{"ab", 0, []string{"a", "b"}},
	} {
		if got := wrap(test.text, test.n); !slices.Equal(got, test.want) {
			t.Errorf("%q at %d: got %q, want %q", test.text, test.n, got, test.want)
		}
	}
}

// No word of a label is lost, however narrow the chart, and the height grows by the rows.
func TestLabelsAreNotCut(t *testing.T) {
	c := Chart{X: Epochs, Lines: []Line{epochLine("a", 1, 2, 3, 4)}, Marks: []Mark{
		{From: 1, To: 3, Label: "a label that is much longer than the chart is wide, to the last word" + LabelBreak + "and another"},
		{From: 2, To: 2, Label: "event"}, {From: 3, To: 3, Label: "unseen", Quiet: true}}}
	text := string(c.SVG(150, 200, ""))
	for _, word := range strings.Fields("a label that is much longer than the chart is wide, to the last word and another event") {
		if !strings.Contains(text, word) {
			t.Errorf("the word %q is gone", word)
		}
	}
	if strings.Contains(text, ">unseen</text>") || !strings.Contains(text, "<title>unseen</title>") {
		t.Error("a quiet mark is shown only on demand")
	}
	rows := strings.Count(text, `class="label"`)
	_, box, _ := strings.Cut(text, `viewBox="0 0 150 `)
	box, _, _ = strings.Cut(box, `"`)
	if h, err := strconv.ParseFloat(box, 64); err != nil || h != 200+18*float64(rows) {
		t.Errorf("height %s for %d rows, want 200 + 18 a row", box, rows)
	}
}

// No upright line of a mark crosses the text of another.
func TestLinesCrossNoText(t *testing.T) {
	for _, marks := range [][]Mark{
		{{From: 8, To: 8, Label: "a long label at the right"}, {From: 9, To: 9, Label: "another long label at the right"}},
		{{From: 1, To: 1, Label: "a long label at the left"}, {From: 2, To: 2, Label: "another long label at the left"}, {From: 3, To: 3, Label: "and one more"}},
		{{From: 2, To: 9, Label: "a window with a label"}, {From: 5, To: 5, Label: "event"}, {From: 9, To: 9, Label: "event at the end"}},
	} {
		f := newFrame(Chart{X: Epochs, Lines: []Line{epochLine("a", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)}, Marks: marks}, 372, 240)
		for _, l := range f.labels {
			from := l.row
			if l.below || l.From < l.To {
				continue // it begins at the plot, below all texts
			}
			for _, other := range f.labels {
				if other.row > from && other.start < l.x0 && l.x0 < other.end {
					t.Errorf("the line of %q crosses %q", l.Label, other.Label)
				}
			}
		}
	}
}

// A long curve keeps the extremes of every unit of width and has no more than four points in each.
func TestThinOut(t *testing.T) {
	var points []point
	for i := range 20000 {
		points = append(points, point{float64(i) / 50, math.Sin(float64(i))})
	}
	points[7777].y, points[9999].y = 1.001, -1.001
	got := thinOut(points)
	if len(got) > 4*401 || got[0] != points[0] || got[len(got)-1] != points[19999] || !slices.Contains(got, points[7777]) || !slices.Contains(got, points[9999]) {
		t.Errorf("%d points, want at most %d, with the first, the last and both extremes", len(got), 4*401)
	}
	for i := 1; i < len(got); i++ {
		if got[i].x < got[i-1].x {
			t.Fatalf("point %d goes back", i)
		}
	}
	if few := points[:3]; len(thinOut(few)) > 3 {
		t.Error("points are doubled")
	}
}

// The data in a page are those of the chart, whatever the names, and end no script element.
func TestPoints(t *testing.T) {
	c := Chart{X: Epochs, Unit: "dB", Lines: []Line{epochLine("</script><b>\u2028\xff", 1, math.NaN(), math.Inf(-1)), epochLine("b", 1.23456789, 2, math.Inf(1)), {Name: "c", Style: 7, X: []float64{5}, Y: []float64{1e-30}}}}
	text := string(c.Points())
	if strings.Contains(text, "</") {
		t.Errorf("%s could end a script element", text)
	}
	var got struct {
		X, Unit string
		Lines   []struct {
			Name  string
			Style int
			X     []float64
			Y     []any
		}
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if got.X != "epoch" || got.Unit != "dB" || len(got.Lines) != 3 || got.Lines[0].Name != "</script><b>\u2028�" {
		t.Fatalf("%+v", got)
	}
	a, b, l := got.Lines[0], got.Lines[1], got.Lines[2]
	if !slices.Equal(a.X, []float64{0, 1, 2}) || !slices.Equal(a.Y, []any{1.0, nil, "−∞"}) || b.X != nil || !slices.Equal(b.Y, []any{1.2346, 2.0, "+∞"}) ||
		!slices.Equal(l.X, []float64{5}) || l.Style != 1 || l.Y[0] != 1e-30 {
		t.Errorf("%+v", got.Lines)
	}
}

// Numbers of any size can be drawn: the axis is finite, has few ticks and places values in order.
func TestExtremeValues(t *testing.T) {
	for _, values := range [][]float64{{-1e308, 1e308}, {5e-324, 1e-323}, {1, 1 + 2e-16}, {1e300, 1e300}, {0, 5e-324}, {-1e-300, 1e300}} {
		for _, log := range []bool{false, true} {
			a := NewAxis(values, log)
			n := len(a.Ticks(6))
			low, high := a.At(values[0]), a.At(values[1])
			if !(a.High > a.Low) || math.IsInf(a.High-a.Low, 0) || n > 30 || !log && !(low <= high) {
				t.Errorf("%v, logarithmic %v: axis %+v with %d ticks", values, log, a, n)
			}
			c := Chart{X: Epochs, Log: log, Lines: []Line{epochLine("a", values...)}}
			if text := string(c.SVG(400, 200, "")); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
				t.Errorf("%v, logarithmic %v: no numbers in the drawing", values, log)
			}
		}
	}
}

// A heat map writes its texts into their cells and its ticks where they belong: 0 at the left and at the bottom.
func TestHeat(t *testing.T) {
	m := Heat{Description: "d", H: 2, W: 2, Cells: []float64{0, 1, 2, 3}, Texts: []string{"p", "q", "r", "s"}, XName: "x", YName: "y", Unit: "u",
		X: []Tick{{0, "left"}, {1, "right"}}, Y: []Tick{{0, "low"}, {1, "high"}}, Span: Span{0, 3}}
	text := string(m.SVG(300, 200, "wide"))
	at := func(word string) (x, y float64) {
		i := strings.Index(text, ">"+word+"</text>")
		if i < 0 {
			t.Fatalf("%q is not drawn", word)
		}
		tag := text[strings.LastIndex(text[:i], "<text"):i]
		for attribute, v := range map[string]*float64{`x="`: &x, `y="`: &y} {
			_, rest, _ := strings.Cut(tag, attribute)
			rest, _, _ = strings.Cut(rest, `"`)
			*v, _ = strconv.ParseFloat(rest, 64)
		}
		return x, y
	}
	px, py := at("p")
	qx, qy := at("q")
	rx, ry := at("r")
	leftX, _ := at("left")
	rightX, _ := at("right")
	_, lowY := at("low")
	_, highY := at("high")
	if !(px < qx && py == qy && px == rx && py < ry && leftX < px && qx < rightX && highY < py && ry < lowY) {
		t.Errorf("p (%v,%v), q (%v,%v), r (%v,%v), columns from %v to %v, rows from %v to %v", px, py, qx, qy, rx, ry, leftX, rightX, highY, lowY)
	}
}

// A chart in a file has a legend for every line.
func TestSaveLegend(t *testing.T) {
	lines := []Line{}
	for i := range 12 {
		l := epochLine("a rather long name "+strconv.Itoa(i), 1, 2)
		l.Style = i
		lines = append(lines, l)
	}
	rows := flow(lines, 600)
	count := 0
	for _, row := range rows {
		width := 0.0
		for _, l := range row {
			width += legendWidth(l)
			count++
		}
		if width > 600 {
			t.Errorf("a row of the legend is %v wide", width)
		}
	}
	if count != 12 || flow(lines[:1], 600) != nil {
		t.Errorf("%d of 12 lines in the legend", count)
	}
	path := filepath.Join(t.TempDir(), "a.svg")
	if err := (Chart{Title: "T", X: Epochs, Lines: lines}).Save(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if !strings.Contains(string(text), l.Name+"</text>") {
			t.Errorf("the file does not name %s", l.Name)
		}
	}
}

// The axis covers the lines that are not loose; what of the others lies beyond is drawn at the edges.
func TestLoose(t *testing.T) {
	wild := epochLine("wild", 1, 1e30, -5)
	wild.Loose = true
	c := Chart{X: Epochs, Lines: []Line{epochLine("calm", 1, 2, 1.5), wild}}
	if a := c.vertical(); a.Low != 0.95 || a.High != 2.05 {
		t.Errorf("axis %+v, want 0.95 to 2.05", a)
	}
	text := string(c.SVG(400, 200, ""))
	for _, want := range []string{"wild: 1e+30 at epoch 1, outside of the chart", "wild: −5.000 at epoch 2, outside of the chart"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not marked", want)
		}
	}
	if all := (Chart{X: Epochs, Lines: []Line{wild}}); all.vertical().High < 1e30 {
		t.Error("where all lines are loose, the axis covers them")
	}
	if c.SetLog(); c.Log {
		t.Error("a loose line makes the axis logarithmic")
	}
}

// recorded is a surface that notes where things are drawn.
type recorded struct {
	dots, up, down []point
	pieces         [][]point
	texts          map[string]point
}

func (r *recorded) text(x, y float64, _, _, text string) {
	if r.texts == nil {
		r.texts = map[string]point{}
	}
	r.texts[text] = point{x, y}
}
func (r *recorded) line(_, _, _, _ float64, _ string)         {}
func (r *recorded) rect(_, _, _, _ float64, _ string)         {}
func (r *recorded) picture(_, _, _, _ float64, _ image.Image) {}
func (r *recorded) curve(_ Line, pieces [][]point)            { r.pieces = append(r.pieces, pieces...) }
func (r *recorded) dot(_ Line, x, y float64, _ string)        { r.dots = append(r.dots, point{x, y}) }
func (r *recorded) group(_ string, draw func())               { draw() }
func (r *recorded) wedge(_ Line, x, y float64, up bool, _ string) {
	if up {
		r.up = append(r.up, point{x, y})
	} else {
		r.down = append(r.down, point{x, y})
	}
}

// Larger values are drawn higher, later ones to the right; infinite ones at the edge that they lie beyond, and a value
// before training that is far below all others at the lower edge. Values lie where the ticks of the axis say.
func TestPlaces(t *testing.T) {
	inf := math.Inf(1)
	f := newFrame(Chart{X: Epochs, Unit: "u", Lines: []Line{epochLine("a", 0, 10, -inf, 5, inf, math.NaN(), 2)}}, 400, 240)
	r := &recorded{}
	f.draw(r)
	if len(r.dots) != 4 || len(r.up) != 1 || len(r.down) != 1 {
		t.Fatalf("%d dots, %d above, %d below; want 4, 1, 1", len(r.dots), len(r.up), len(r.down))
	}
	zero, ten, five, two := r.dots[0], r.dots[1], r.dots[2], r.dots[3]
	if !(ten.y < five.y && five.y < two.y && two.y < zero.y) || math.Abs(five.y-(zero.y+ten.y)/2) > 1e-9 {
		t.Errorf("0, 2, 5 and 10 lie at the heights %v, %v, %v, %v", zero.y, two.y, five.y, ten.y)
	}
	if !(zero.x < ten.x && ten.x < r.down[0].x && r.down[0].x < five.x && five.x < r.up[0].x && r.up[0].x < two.x) {
		t.Error("the epochs do not go to the right")
	}
	if r.up[0].y >= ten.y || r.down[0].y <= zero.y || r.texts["+∞"].y >= ten.y || r.texts["−∞"].y <= zero.y {
		t.Errorf("infinite values at %v and %v, finite ones from %v to %v", r.up[0].y, r.down[0].y, ten.y, zero.y)
	}
	if tick := r.texts["10"]; math.Abs(tick.y-4-ten.y) > 1e-9 {
		t.Errorf("the tick of 10 stands at %v, the value at %v", tick.y-4, ten.y)
	}
	r = &recorded{}
	f = newFrame(Chart{X: Epochs, Lines: []Line{epochLine("a", -64, -30, -20, -25)}}, 400, 240)
	if f.draw(r); len(r.down) != 1 || len(r.up) != 0 || r.down[0].x != f.px(0) || r.down[0].y <= r.dots[0].y {
		t.Errorf("the value at epoch 0 that is far below: %v below, %v above", r.down, r.up)
	}
	r = &recorded{}
	f = newFrame(Chart{X: Epochs, Lines: []Line{epochLine("a", 64, -30, -20, -25)}}, 400, 240)
	if f.draw(r); len(r.up) != 1 || len(r.down) != 0 || r.up[0].y >= r.dots[1].y {
		t.Errorf("the value at epoch 0 that is far above: %v below, %v above", r.down, r.up)
	}
}

// The colours of spectra reach down to their smallest value if that is nearer than 60 dB; those of signed values are white
// at 0 and strongest at both ends.
func TestSpans(t *testing.T) {
	if got := SpectrumSpan([]float64{-10, -3}); got != (Span{-10, -3}) {
		t.Errorf("span %v, want −10 to −3", got)
	}
	m := SignedImage([]float64{-2, 0, 2, 1}, 1, 4, 2).(*image.NRGBA)
	for x, want := range []color.NRGBA{{0, 114, 178, 255}, {255, 255, 255, 255}, {213, 94, 0, 255}, {234, 175, 128, 255}} {
		if got := m.NRGBAAt(x, 0); got != want {
			t.Errorf("place %d: %v, want %v", x, got, want)
		}
	}
	if got := Largest([]float64{1, -3, math.NaN()}, []float64{math.Inf(1), 2}); got != 3 {
		t.Errorf("the largest is %v, want 3", got)
	}
}
