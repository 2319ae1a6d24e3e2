package figures

import (
	"errors"
	"fmt"
	"image/color"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/diagnostics/figure"
	"github.com/maxgain/maxgain/diagnostics/toy"
)

// ErrTheory is wrapped when the toy net's response is not what theory says.
var ErrTheory = errors.New("the measurement on this machine is not what theory says")

const (
	toySide    = 128 // pixels of the image at most, along each side
	toyScene   = 1   // seed of the image that the program makes
	toyLimitDB = 0.1 // between a spectrum and its closed form
)

// Toy measures what a figure of the toy net shows.
func (o Options) Toy(p Figure) (figure.Toy, error) {
	net := toy.Default()
	x, h, w, err := toyImage(o.Image, 2*net.Size-1)
	if err != nil {
		return figure.Toy{}, err
	}
	panels, err := net.Figure(p.Number, x, h, w)
	return figure.Toy{Number: p.Number, Title: p.Title, Panels: panels}, err
}

// CheckTheory is an ErrTheory if a spectrum of the figure is too far from its closed form.
func CheckTheory(f figure.Toy) error {
	for _, panel := range f.Panels {
		if panel.DB && panel.Theory != nil && !(panel.Deviation().Worst <= toyLimitDB) {
			return fmt.Errorf("%w: a spectrum is more than %v dB from its closed form", ErrTheory, toyLimitDB)
		}
	}
	return nil
}

// toyImage is the middle of a picture's red channel less its mean, or of a made-up scene; at least so many pixels along
// each side.
func toyImage(path string, least int) (x []float64, h, w int, err error) {
	if path == "" {
		x, err = toy.Scene(toySide, toySide, toyScene)
		return toy.MeanSubtracted(x), toySide, toySide, err
	}
	picture, err := experiment.ReadPNG(path, func(w, h int) error {
		const most = 1 << 26 // pixels: a quarter of a gigabyte in memory
		if min(w, h) < least || w*h > most {
			return fmt.Errorf("%d×%d pixels, want at least %d×%d and at most %d in all", w, h, least, least, most)
		}
		return nil
	})
	if err != nil {
		return nil, 0, 0, experiment.Usagef("--image: %w", err)
	}
	b := picture.Bounds()
	h, w = min(b.Dy(), toySide), min(b.Dx(), toySide)
	top, left := b.Min.Y+(b.Dy()-h)/2, b.Min.X+(b.Dx()-w)/2
	for r := range h {
		for c := range w {
			x = append(x, float64(color.NRGBAModel.Convert(picture.At(left+c, top+r)).(color.NRGBA).R))
		}
	}
	return toy.MeanSubtracted(x), h, w, nil
}
