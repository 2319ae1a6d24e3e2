package main

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	_ "image/png" // gain images are PNG
	"os"

	"github.com/maxgain/maxgain/models"
)

// readImage reads a PNG of the shape's size as [H,W,C] values of 0–255 less each channel's mean over
// the image, as the paper feeds natural images. One channel is the image's luminance.
func readImage(path string, shape models.Shape) ([]float64, error) {
	picture, err := readPNG(path, func(w, h int) error {
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

// readPNG reads a picture whose size is allowed; it is asked for before the pixels are read.
func readPNG(path string, allowed func(w, h int) error) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	header, _, err := image.DecodeConfig(bufio.NewReader(f))
	if err == nil {
		err = allowed(header.Width, header.Height)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := f.Seek(0, 0); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	picture, _, err := image.Decode(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return picture, nil
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
