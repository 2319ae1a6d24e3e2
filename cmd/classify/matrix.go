package classify

import (
	"fmt"
	"image"
	"image/color"

	"github.com/maxgain/maxgain/diagnostics/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes in the picture of a confusion matrix, in plot.Unit.
const (
	matrixSide  = 560.0 // of the matrix, about
	largestCell = 40.0
	letter      = 6.6 // width of a letter of a class's name
	margin      = 16.0
	mostNamed   = 60 // classes whose names find room
	mostCounted = 20 // classes whose counts find room in the cells
)

// SaveMatrix draws the confusion matrix, a row a label and a column a prediction, as PNG or SVG by the extension of path.
// A cell is the darker the larger its share of the row's images is.
func (e *Evaluation) SaveMatrix(path string) error {
	k := len(e.Classes)
	cell := min(largestCell, matrixSide/float64(k))
	named := k <= mostNamed
	side, longest := cell*float64(k), 0
	for _, c := range e.Classes {
		longest = max(longest, len([]rune(c.Class)))
	}
	left, top := margin+20, margin+40.0
	if named {
		left += letter * float64(longest)
		top += letter * float64(longest)
	}
	w, h := left+side+margin, top+side+margin
	return plot.WritePicture(path, vg.Length(w)*plot.Unit, vg.Length(h)*plot.Unit, func(all draw.Canvas) {
		at := func(x, y float64) vg.Point {
			return vg.Point{X: all.Min.X + vg.Length(x)*plot.Unit, Y: all.Max.Y - vg.Length(y)*plot.Unit}
		}
		ink := color.Gray{Y: 40}
		plot.Text(all, at(margin, 18), 13, "start", color.Black, fmt.Sprintf("%s, %s images: %.2f %% wrong", e.title(), grouped(e.Images), 100*float64(e.Error)))
		plot.Text(all, at(margin, 34), 11, "start", ink, "a row for each label, a column for each prediction")
		all.DrawImage(vg.Rectangle{Min: at(left, top+side), Max: at(left+side, top)}, e.shades())
		size := min(12, max(5, cell*0.7))
		for i, c := range e.Classes {
			middle := cell * (float64(i) + 0.5)
			if named {
				plot.Text(all, at(left-4, top+middle+size/3), size, "end", ink, c.Class)
				all.Push()
				all.Translate(at(left+middle+size/3, top-4))
				all.Rotate(1.5707963267948966)
				plot.Text(all, vg.Point{}, size, "start", ink, c.Class)
				all.Pop()
			}
			for j, n := range e.Confusion[i] {
				if k > mostCounted || n == 0 {
					continue
				}
				tone := color.Gray{Y: 0}
				if 2*n > c.Images {
					tone.Y = 255
				}
				plot.Text(all, at(left+cell*(float64(j)+0.5), top+middle+4), min(11, cell/3), "middle", tone, fmt.Sprint(n))
			}
		}
	})
}

// shades is the matrix as a picture, each cell as many pixels wide as it takes to stay sharp.
func (e *Evaluation) shades() image.Image {
	k := len(e.Classes)
	values := make([]float64, 0, k*k)
	for i, row := range e.Confusion {
		for _, n := range row {
			v := 0.0
			if total := e.Classes[i].Images; total > 0 {
				v = float64(n) / float64(total)
			}
			values = append(values, v)
		}
	}
	white, blue := color.NRGBA{R: 255, G: 255, B: 255, A: 255}, color.NRGBA{B: 90, R: 8, G: 48, A: 255}
	return plot.Enlarge(plot.Paint(values, k, k, plot.Span{Low: 0, High: 1}, []color.NRGBA{white, blue}), max(1, 1200/k))
}

// title names what was evaluated.
func (e *Evaluation) title() string {
	if e.Split == "" {
		return e.Data
	}
	return e.Data + ", " + e.Split
}

// grouped writes a count with a comma between its thousands.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}
