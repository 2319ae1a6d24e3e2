package datasets

import (
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"
	"strconv"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// SheetOptions says what a contact sheet shows. Zero values mean what is noted.
type SheetOptions struct {
	PerClass     int      // images in each class's row; 0 for 12
	ClassNames   []string // printed before each row; the class's number where there is none
	Preprocessed bool     // show what the net sees, each image stretched from its darkest to its brightest value
}

// Bounds of a contact sheet.
const (
	sheetWidth  = 1 << 14 // pixels, beside the names
	sheetPixels = 1 << 26 // in all
	sheetLetter = 24      // letters of a class's name
)

// ContactSheet shows the first images of each class of s, a row a class, the class's name before it. Pixels of images up to 64
// wide are doubled. Values that are not bytes are stretched from an image's darkest to its brightest. Images and classes that
// would make the sheet too large are left out.
func ContactSheet(s *Split, o SheetOptions) image.Image {
	const gap, letter, lineHeight = 4, 7, 13
	scale := 1
	if s.W <= 64 {
		scale = 2
	}
	stepX, stepY := s.W*scale+gap, max(s.H*scale, lineHeight)+gap
	columns := min(cmp.Or(max(o.PerClass, 0), 12), slices.Max(s.Counts()), sheetWidth/stepX)
	margin := 0
	names := make([]string, s.Classes)
	for class := range names {
		names[class] = strconv.Itoa(class)
		if class < len(o.ClassNames) {
			name := []rune(o.ClassNames[class])
			names[class] = string(name[:min(len(name), sheetLetter)])
		}
		margin = max(margin, letter*len([]rune(names[class]))+2*gap)
	}
	width := margin + columns*stepX
	names = names[:min(len(names), max(1, sheetPixels/(width*stepY)))]
	sheet := image.NewRGBA(image.Rect(0, 0, width, gap+len(names)*stepY))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.Gray{Y: 48}), image.Point{}, draw.Src)

	shown := make([]int, len(names))
	for i, class := range s.Labels {
		if int(class) < len(names) && shown[class] < columns {
			s.paint(sheet, i, margin+shown[class]*stepX, gap+int(class)*stepY, scale, o.Preprocessed)
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

// paint draws image i, each pixel a square of the given side, with its upper left corner at (x0, y0). Of two channels the first is
// shown, of four the first three.
func (s *Split) paint(sheet *image.RGBA, i, x0, y0, scale int, preprocessed bool) {
	pixels := s.Raw(i)
	if preprocessed || pixels == nil {
		values := make([]float32, s.size())
		if preprocessed {
			s.Fill(values, []int{i}, false)
		} else {
			s.RawFloats(values, i)
		}
		pixels = stretch(values)
	}
	for y := range s.H {
		for x := range s.W {
			p := pixels[(y*s.W+x)*s.C:]
			c := color.RGBA{p[0], p[0], p[0], 255}
			if s.C >= 3 {
				c = color.RGBA{p[0], p[1], p[2], 255}
			}
			at := image.Rect(x0+x*scale, y0+y*scale, x0+(x+1)*scale, y0+(y+1)*scale)
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
