package datasets

import (
	"image"
	"image/color"
	"strings"
	"testing"
)

// sheetSplit is 3 images of 1×2 pixels and 3 channels of classes 1, 0, 1.
func sheetSplit() *Split {
	return &Split{H: 1, W: 2, C: 3, Classes: 2, Labels: []uint16{1, 0, 1}, recipe: &Recipe{Normalize: NormalizeNone},
		pixels: []byte{10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25, 30, 31, 32, 33, 34, 35}}
}

func pixelIs(t *testing.T, m image.Image, x, y int, want ...uint8) {
	t.Helper()
	if got := m.At(x, y).(color.RGBA); got.R != want[0] || got.G != want[1] || got.B != want[2] {
		t.Errorf("pixel (%d, %d) is %v, want %v", x, y, got, want)
	}
}

// Names of one letter take a margin of 15 pixels; images are 4×2 pixels, 4 apart, in rows 17 apart.
func TestContactSheet(t *testing.T) {
	m := ContactSheet(sheetSplit(), SheetOptions{ClassNames: []string{"a", "b"}})
	if m.Bounds() != image.Rect(0, 0, 15+2*8, 4+2*17) {
		t.Fatalf("the sheet is %v", m.Bounds())
	}
	pixelIs(t, m, 15, 4, 20, 21, 22)
	pixelIs(t, m, 16, 5, 20, 21, 22)
	pixelIs(t, m, 17, 4, 23, 24, 25)
	pixelIs(t, m, 19, 4, 48, 48, 48)
	pixelIs(t, m, 15, 21, 10, 11, 12)
	pixelIs(t, m, 23, 21, 30, 31, 32)
	pixelIs(t, m, 25, 22, 33, 34, 35)
	one := ContactSheet(sheetSplit(), SheetOptions{PerClass: 1})
	if one.Bounds().Dx() != 15+8 {
		t.Errorf("one image a class: %v", one.Bounds())
	}
	// Stretched from the darkest, 10, to the brightest, 15.
	pixelIs(t, ContactSheet(sheetSplit(), SheetOptions{Preprocessed: true}), 15, 21, 0, 51, 102)

	floats := &Split{H: 1, W: 2, C: 1, Classes: 1, Labels: []uint16{0}, values: []float32{-0.5, 0.5}}
	m = ContactSheet(floats, SheetOptions{})
	pixelIs(t, m, 15, 4, 0, 0, 0)
	pixelIs(t, m, 17, 4, 255, 255, 255)
}

// A thousand classes of large images, with long names, make no sheet of gigabytes.
func TestContactSheetIsBounded(t *testing.T) {
	s := &Split{H: 256, W: 256, C: 1, Classes: 1000}
	name := strings.Repeat("ä", 500)
	var names []string
	for class := range 1000 {
		s.Labels = append(s.Labels, uint16(class))
		s.pixels = append(s.pixels, make([]byte, 65536)...)
		names = append(names, name)
	}
	m := ContactSheet(s, SheetOptions{ClassNames: names, PerClass: 1000}).Bounds()
	if m.Dx()*m.Dy() > sheetPixels+m.Dx()*10 || m.Dx() != 256+4+8+24*7 {
		t.Errorf("a sheet of %v", m)
	}
	s.Labels, s.pixels, s.Classes = make([]uint16, 1000), s.pixels[:1000*65536], 1
	if m := ContactSheet(s, SheetOptions{PerClass: 1000}).Bounds(); m.Dx() > sheetWidth+100 {
		t.Errorf("a sheet of %v", m)
	}
}
