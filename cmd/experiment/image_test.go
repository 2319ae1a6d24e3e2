package experiment

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/models"
)

// pngOf is a PNG file of a picture.
func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecodeImage(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	m.SetNRGBA(0, 0, color.NRGBA{10, 20, 30, 255})
	m.SetNRGBA(1, 0, color.NRGBA{14, 26, 38, 255})
	got, err := decodeImage(bytes.NewReader(pngOf(t, m)), models.Shape{H: 1, W: 2, C: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{-2, -3, -4, 2, 3, 4} { // less the means 12, 23, 34
		if got[i] != want {
			t.Errorf("value %d is %v, want %v", i, got[i], want)
		}
	}
	var other bytes.Buffer
	if err := jpeg.Encode(&other, m, nil); err != nil {
		t.Fatal(err)
	}
	for want, content := range map[string][]byte{
		"want a PNG file: ":      other.Bytes(),
		"2×1 pixels, want 28×28": pngOf(t, m),
	} {
		if _, err := decodeImage(bytes.NewReader(content), models.Shape{H: 28, W: 28, C: 1}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s…", err, want)
		}
	}
}

func FuzzDecodeImage(f *testing.F) {
	gray := image.NewGray16(image.Rect(0, 0, 4, 4))
	gray.SetGray16(1, 1, color.Gray16{40000})
	palette := image.NewPaletted(image.Rect(0, 0, 4, 4), color.Palette{color.Black, color.NRGBA{1, 2, 3, 4}})
	for _, m := range []image.Image{gray, palette, image.NewNRGBA(gray.Rect), image.NewNRGBA64(gray.Rect), image.NewGray(image.Rect(0, 0, 5000, 2))} {
		f.Add(pngOf(f, m))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, channels := range []int{1, 3} {
			shape := models.Shape{H: 4, W: 4, C: channels}
			values, err := decodeImage(bytes.NewReader(content), shape)
			if err != nil {
				continue
			}
			sum := 0.0
			for _, v := range values {
				sum += v
			}
			if len(values) != shape.Len() || !(math.Abs(sum) < 1e-9) {
				t.Errorf("%d values whose sum is %v, want %d and 0", len(values), sum, shape.Len())
			}
		}
	})
}
