package datasets

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// SheetOptions says what a contact sheet shows. Zero values mean what is noted.
type SheetOptions struct {
	PerClass     int      // images in each class's row; 0 for 12
	Scale        int      // pixels a side for each pixel of an image; 0 for 2
	ClassNames   []string // printed before each row; the class's number where there is none
	Preprocessed bool     // show what the net sees, each image stretched from its darkest to its brightest value
}

// ContactSheet shows the first images of each class of s, a row a class, the class's name before it.
func ContactSheet(s *Split, o SheetOptions) image.Image {
	if o.PerClass <= 0 {
		o.PerClass = 12
	}
	if o.Scale <= 0 {
		o.Scale = 2
	}
	const gap, letter, lineHeight = 4, 7, 13
	margin := 0
	names := make([]string, s.Classes)
	for class := range names {
		names[class] = string(rune('0' + class))
		if class < len(o.ClassNames) {
			names[class] = o.ClassNames[class]
		}
		margin = max(margin, letter*len(names[class])+2*gap)
	}
	stepX, stepY := s.W*o.Scale+gap, max(s.H*o.Scale, lineHeight)+gap
	sheet := image.NewRGBA(image.Rect(0, 0, margin+o.PerClass*stepX, gap+s.Classes*stepY))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.Gray{Y: 48}), image.Point{}, draw.Src)

	shown := make([]int, s.Classes)
	for i, class := range s.Labels {
		if shown[class] < o.PerClass {
			s.paint(sheet, i, margin+shown[class]*stepX, gap+int(class)*stepY, o)
			shown[class]++
		}
	}
	text := font.Drawer{Dst: sheet, Src: image.White, Face: basicfont.Face7x13}
	for class, name := range names {
		text.Dot = fixed.P(gap, gap+class*stepY+stepY/2+gap)
		text.DrawString(name)
	}
	return sheet
}

// paint draws image i with its upper left corner at (x0, y0).
func (s *Split) paint(sheet *image.RGBA, i, x0, y0 int, o SheetOptions) {
	pixels := s.Raw(i)
	if o.Preprocessed {
		values := make([]float32, s.size())
		s.Fill(values, []int{i}, false)
		pixels = stretch(values)
	}
	for y := range s.H {
		for x := range s.W {
			p := pixels[(y*s.W+x)*s.C:]
			c := color.RGBA{p[0], p[0], p[0], 255}
			if s.C >= 3 {
				c = color.RGBA{p[0], p[1], p[2], 255}
			}
			at := image.Rect(x0+x*o.Scale, y0+y*o.Scale, x0+(x+1)*o.Scale, y0+(y+1)*o.Scale)
			draw.Draw(sheet, at, image.NewUniform(c), image.Point{}, draw.Src)
		}
	}
}

// stretch maps values to bytes so that the least becomes 0 and the greatest 255; equal values become 0.
func stretch(values []float32) []byte {
	low, high := float32(math.Inf(1)), float32(math.Inf(-1))
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	out := make([]byte, len(values))
	if high > low {
		for i, v := range values {
			out[i] = byte(math.Round(255 * float64(v-low) / float64(high-low)))
		}
	}
	return out
}
