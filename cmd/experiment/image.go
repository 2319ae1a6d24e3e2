package experiment

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"

	"github.com/maxgain/maxgain/models"
)

// readImage reads a PNG of the shape's size as [H,W,C] values of 0–255 less each channel's mean over
// the image, as the paper feeds natural images. One channel is the image's luminance.
func readImage(path string, shape models.Shape) ([]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	values, err := decodeImage(f, shape)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return values, nil
}

// decodeImage is readImage for the file's content.
func decodeImage(r io.ReadSeeker, shape models.Shape) ([]float64, error) {
	picture, err := decodePNG(r, func(w, h int) error {
		if w != shape.W || h != shape.H {
			return fmt.Errorf("%d×%d pixels, want %d×%d", w, h, shape.W, shape.H)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return pixels(picture, shape)
}

// ReadPNG reads a picture whose size is allowed.
func ReadPNG(path string, allowed func(w, h int) error) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	picture, err := decodePNG(f, allowed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return picture, nil
}

// decodePNG is ReadPNG for the file's content. A picture of another size is refused before its pixels are read, so that
// a small file costs no more memory than an allowed one.
func decodePNG(r io.ReadSeeker, allowed func(w, h int) error) (image.Image, error) {
	header, err := png.DecodeConfig(bufio.NewReader(r))
	if err != nil {
		return nil, fmt.Errorf("want a PNG file: %w", err)
	}
	if err := allowed(header.Width, header.Height); err != nil {
		return nil, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return png.Decode(bufio.NewReader(r))
}

// pixels are the picture's values, [H,W,C], each channel less its mean.
func pixels(picture image.Image, shape models.Shape) ([]float64, error) {
	out := make([]float64, 0, shape.Len())
	low := picture.Bounds().Min
	for y := range shape.H {
		for x := range shape.W {
			at := picture.At(low.X+x, low.Y+y)
			switch shape.C {
			case 1:
				out = append(out, float64(color.GrayModel.Convert(at).(color.Gray).Y))
			case 3:
				rgb := color.NRGBAModel.Convert(at).(color.NRGBA)
				out = append(out, float64(rgb.R), float64(rgb.G), float64(rgb.B))
			default:
				return nil, fmt.Errorf("an image has 1 or 3 channels, the net takes %d", shape.C)
			}
		}
	}
	for c := range shape.C {
		mean := 0.0
		for i := c; i < len(out); i += shape.C {
			mean += out[i] / float64(shape.H*shape.W)
		}
		for i := c; i < len(out); i += shape.C {
			out[i] -= mean
		}
	}
	return out, nil
}
