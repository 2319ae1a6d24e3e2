package plot

import (
	"image"
	"image/color"
	"io"
	"path/filepath"
	"unicode/utf8"

	"github.com/maxgain/maxgain/trainer/rundir"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Inks are the colours of lines on white, those of Okabe & Ito with the pale ones darkened.
var Inks = []color.NRGBA{{0, 114, 178, 255}, {213, 94, 0, 255}, {0, 158, 115, 255}, {176, 85, 138, 255},
	{168, 116, 0, 255}, {59, 63, 69, 255}}

// Unit is the length in a file of what is one pixel wide on a page.
const Unit = vg.Inch / 100

// Size of a chart in a file, in units, and the resolution of a PNG file.
const (
	fileW, fileH = 640, 370
	titleRow     = 28
	legendRow    = 18
	dpi          = 150
)

// Save writes the chart to a file, SVG or PNG by the extension of path, its title above and its legend below.
func (c Chart) Save(path string) error {
	f := newFrame(c, fileW-20, fileH)
	legend := flow(c.listed(), fileW-20)
	h := titleRow + f.h + legendRow*float64(len(legend)) + 10
	return WritePicture(path, fileW*Unit, vg.Length(h)*Unit, func(all draw.Canvas) {
		s := newCanvas(all, 10, 0)
		s.text(0, 19, "start", "title", c.Title)
		s.y -= titleRow * Unit
		f.draw(s)
		for row, lines := range legend {
			x := f.left
			for _, l := range lines {
				y := f.h + legendRow*(float64(row)+0.5)
				s.curve(l, [][]point{{{x, y}, {x + 28, y}}})
				s.text(x+34, y+4, "start", "legend", l.Name)
				x += legendWidth(l)
			}
		}
	})
}

// legendWidth is the room of a line in a legend.
func legendWidth(l Line) float64 { return 34 + float64(utf8.RuneCountInString(l.Name))*charWidth + 16 }

// flow puts the lines of a legend into rows of at most w; a single line has none.
func flow(lines []Line, w float64) [][]Line {
	if len(lines) < 2 {
		return nil
	}
	var rows [][]Line
	room := 0.0
	for _, l := range lines {
		need := legendWidth(l)
		if len(rows) == 0 || room < need {
			rows, room = append(rows, nil), w-40
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], l)
		room -= need
	}
	return rows
}

// WritePicture writes what is drawn on a white canvas of w×h, as SVG or PNG by the extension of path.
func WritePicture(path string, w, h vg.Length, drawOn func(draw.Canvas)) error {
	var canvas vg.CanvasWriterTo = vgsvg.New(w, h)
	if filepath.Ext(path) == ".png" {
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(dpi))}
	}
	all := draw.New(canvas)
	all.SetColor(color.White)
	all.Fill(all.Rectangle.Path())
	drawOn(all)
	return rundir.WriteFile(path, func(out io.Writer) error {
		_, err := canvas.WriteTo(out)
		return err
	})
}

// Draw draws the chart without a legend into the upper left corner of a canvas, w×h in units with its title; rows of
// labels come out of the height.
func (c Chart) Draw(on draw.Canvas, w, h float64) {
	f := newFrame(c, w, h-titleRow)
	if f.h > h-titleRow {
		f = newFrame(c, w, h-titleRow-(f.h-(h-titleRow)))
	}
	s := newCanvas(on, 0, 0)
	s.text(f.left, 19, "start", "title", c.Title)
	s.y -= titleRow * Unit
	f.draw(s)
}

// canvas is a surface in a file: upward coordinates in points, light colours.
type canvas struct {
	c    draw.Canvas
	x, y vg.Length // of the surface's upper left corner
}

func newCanvas(c draw.Canvas, left, top float64) *canvas {
	return &canvas{c: c, x: c.Min.X + vg.Length(left)*Unit, y: c.Max.Y - vg.Length(top)*Unit}
}

func (s *canvas) at(x, y float64) vg.Point {
	return vg.Point{X: s.x + vg.Length(x)*Unit, Y: s.y - vg.Length(y)*Unit}
}

// fonts are those that come with gonum's plots: a file looks the same on every machine.
var fonts = font.NewCache(liberation.Collection())

// Text writes sans-serif text of a size in units, its baseline beginning (anchor "start"), centred ("middle") or ending
// ("end") at a point of the canvas.
func Text(c draw.Canvas, at vg.Point, size float64, anchor string, ink color.Color, words string) {
	face := fonts.Lookup(font.Font{Typeface: "Liberation", Variant: "Sans"}, vg.Length(size)*Unit)
	switch anchor {
	case "middle":
		at.X -= face.Width(words) / 2
	case "end":
		at.X -= face.Width(words)
	}
	c.SetColor(ink)
	c.FillString(face, at, words)
}

func (s *canvas) text(x, y float64, anchor, class, words string) {
	size, ink := 12.0, color.Gray{90}
	switch class {
	case "title":
		size, ink = 15, color.Gray{28}
	case "label", "legend":
		ink = color.Gray{28}
	}
	Text(s.c, s.at(x, y), size, anchor, ink, words)
}

func (s *canvas) line(x0, y0, x1, y1 float64, class string) {
	style := draw.LineStyle{Color: color.Gray{120}, Width: Unit}
	switch class {
	case "grid":
		style.Color = color.Gray{222}
	case "event":
		style.Color, style.Dashes = color.Gray{40}, []vg.Length{3 * Unit, 3 * Unit}
	}
	a, b := s.at(x0, y0), s.at(x1, y1)
	s.c.StrokeLine2(style, a.X, a.Y, b.X, b.Y)
}

func (s *canvas) rect(x, y, w, h float64, class string) {
	ink := color.Color(color.NRGBA{0, 0, 0, 18})
	if class == "void" {
		ink = color.Gray{185}
	}
	s.c.FillPolygon(ink, []vg.Point{s.at(x, y), s.at(x+w, y), s.at(x+w, y+h), s.at(x, y+h)})
}

func (s *canvas) picture(x, y, w, h float64, m image.Image) {
	s.c.DrawImage(vg.Rectangle{Min: s.at(x, y+h), Max: s.at(x+w, y)}, m)
}

func (s *canvas) group(_ string, draw func()) { draw() }

// stroke is how a line looks in a file.
func (l Line) stroke() draw.LineStyle {
	ink := Inks[l.Style%len(Inks)]
	style := draw.LineStyle{Width: 2 * Unit}
	if l.Faint {
		style.Width, ink.A = 1.2*Unit, 160
	}
	style.Color = ink
	for _, length := range l.dash() {
		style.Dashes = append(style.Dashes, vg.Length(length)*Unit)
	}
	return style
}

func (s *canvas) curve(l Line, pieces [][]point) {
	lines := make([][]vg.Point, len(pieces))
	for i, piece := range pieces {
		for _, p := range piece {
			lines[i] = append(lines[i], s.at(p.x, p.y))
		}
	}
	s.c.StrokeLines(l.stroke(), lines...)
}

func (s *canvas) dot(l Line, x, y float64, _ string) {
	s.c.DrawGlyph(draw.GlyphStyle{Color: l.stroke().Color, Radius: 3 * Unit, Shape: draw.CircleGlyph{}}, s.at(x, y))
}

func (s *canvas) wedge(l Line, x, y float64, up bool, _ string) {
	base := y - 7
	if up {
		base = y + 7
	}
	s.c.FillPolygon(l.stroke().Color, []vg.Point{s.at(x, y), s.at(x-4.5, base), s.at(x+4.5, base)})
}
