package classify

import (
	"context"
	"fmt"
	"image"
	"image/color"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Suspect is a training image whose label the net doubts.
type Suspect struct {
	Index      int     `json:"index"` // of the image among the training images, from 0
	Label      string  `json:"label"` // the class that it is trained as
	Suggestion string  `json:"suggestion"`
	Score      float64 `json:"score"` // probability of the suggestion minus that of the label
}

// Suspects lists the training images of the run whose labels the net doubts, the most doubtful first, and how many training
// images there are. See diagnostics.Suspects.
func (c *Classifier) Suspects(ctx context.Context, r experiment.Reading) (found []Suspect, images int, err error) {
	if c.data == nil {
		if err := c.openData(ctx, "", r); err != nil {
			return nil, 0, err
		}
	}
	train := c.data.Train
	list, err := diagnostics.Suspects(ctx, c.net, train, train.Labels, c.Weights.Spec.Input, batch, c.data.Shift > 0)
	if err != nil {
		return nil, 0, err
	}
	for _, s := range list {
		found = append(found, Suspect{s.Index, c.data.ClassNames[s.Label], c.data.ClassNames[s.Suggestion], s.Score})
	}
	return found, train.Len(), nil
}

// The sheet of suspects, in plot.Unit: pictures in a row, the side of one, and the room for its words.
const (
	sheetColumns = 8
	sheetSide    = 96.0
	sheetWords   = 34.0
	sheetGap     = 8.0
)

// SaveSheet draws suspects, each above its index, label and suggestion, as PNG or SVG by the extension of path.
func (c *Classifier) SaveSheet(path string, suspects []Suspect) error {
	rows := (len(suspects) + sheetColumns - 1) / sheetColumns
	w := sheetGap + sheetColumns*(sheetSide+sheetGap)
	h := sheetGap + float64(max(rows, 1))*(sheetSide+sheetWords+sheetGap)
	return plot.WritePicture(path, vg.Length(w)*plot.Unit, vg.Length(h)*plot.Unit, func(all draw.Canvas) {
		at := func(x, y float64) vg.Point {
			return vg.Point{X: all.Min.X + vg.Length(x)*plot.Unit, Y: all.Max.Y - vg.Length(y)*plot.Unit}
		}
		for i, s := range suspects {
			x := sheetGap + float64(i%sheetColumns)*(sheetSide+sheetGap)
			y := sheetGap + float64(i/sheetColumns)*(sheetSide+sheetWords+sheetGap)
			all.DrawImage(vg.Rectangle{Min: at(x, y+sheetSide), Max: at(x+sheetSide, y)}, plot.Enlarge(c.picture(s.Index), 4))
			plot.Text(all, at(x, y+sheetSide+13), 10, "start", color.Black, cut(s.Label)+" → "+cut(s.Suggestion))
			plot.Text(all, at(x, y+sheetSide+26), 10, "start", color.Gray{Y: 90}, numbered(s))
		}
	})
}

// picture is a training image as it is without preprocessing. Values that are no bytes are stretched to the greys.
func (c *Classifier) picture(index int) *image.NRGBA {
	split := c.data.Train
	values := make([]float32, split.H*split.W*split.C)
	split.RawFloats(values, index)
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if split.Raw(index) != nil {
		low, high = 0, 255
	}
	m := image.NewNRGBA(image.Rect(0, 0, split.W, split.H))
	for i := range split.H * split.W {
		channel := func(k int) uint8 {
			v := values[i*split.C+min(k, split.C-1)]
			if high > low {
				return uint8(255 * (v - low) / (high - low))
			}
			return 0
		}
		rgb := color.NRGBA{R: channel(0), A: 255}
		rgb.G, rgb.B = rgb.R, rgb.R
		if split.C >= 3 {
			rgb.G, rgb.B = channel(1), channel(2)
		}
		m.SetNRGBA(i%split.W, i/split.W, rgb)
	}
	return m
}

// cut is the beginning of a class's name.
func cut(name string) string {
	const most = 9
	if r := []rune(name); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return name
}

// numbered is a suspect's index and score.
func numbered(s Suspect) string { return fmt.Sprintf("#%d, %.2f", s.Index, s.Score) }
