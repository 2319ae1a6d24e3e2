package main

import (
	"errors"
	"fmt"
	"image/color"
	"slices"

	"github.com/maxgain/maxgain/diagnostics/report"
	"github.com/maxgain/maxgain/diagnostics/toy"
)

// errTheory is returned when the toy net's response is not what theory says.
var errTheory = errors.New("the measurement on this machine is not what theory says")

const (
	toySide    = 128 // pixels of the image at most, along each side
	toyScene   = 1   // seed of the image that the program makes
	toyLimitDB = 0.1 // between a spectrum and its closed form
)

// toyFigure draws a figure of the toy net and says how far it is from theory.
func (a *app) toyFigure(p paperFigure, f figureFlags) error {
	net := toy.Default()
	x, h, w, err := toyImage(f.image, 2*net.Size-1)
	if err != nil {
		return err
	}
	panels, err := net.Figure(p.number, x, h, w)
	if err != nil {
		return err
	}
	files, err := report.ToyFigure{Number: p.number, Title: p.title, Panels: panels}.Save(f.out)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "figure %d: %s\n", p.number, p.title)
	within := true
	for _, panel := range panels {
		unit, said := "", ""
		if panel.DB {
			unit = " dB"
		}
		if panel.Theory != nil {
			d := panel.Deviation()
			said = fmt.Sprintf(", at most %.2g of its largest value from the closed form", d.Worst)
			if panel.DB {
				within = within && d.Worst <= toyLimitDB
				said = fmt.Sprintf(", at most %.2g dB from the closed form at the %d frequencies above %.1f dB", d.Worst, d.Count, d.FloorDB)
			}
		}
		fmt.Fprintf(a.stdout, "  %-18s %3d×%-3d from %.4g to %.4g%s%s\n", panel.Name, panel.H, panel.W,
			slices.Min(panel.Values), slices.Max(panel.Values), unit, said)
	}
	for _, path := range files {
		fmt.Fprintln(a.stdout, path)
	}
	if !within {
		return fmt.Errorf("%w: a spectrum is more than %v dB from its closed form", errTheory, toyLimitDB)
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
	picture, err := readPNG(path, func(w, h int) error {
		const most = 1 << 26 // pixels: a quarter of a gigabyte in memory
		if min(w, h) < least || w*h > most {
			return fmt.Errorf("%d×%d pixels, want at least %d×%d and at most %d in all", w, h, least, least, most)
		}
		return nil
	})
	if err != nil {
		return nil, 0, 0, usage("--image: %w", err)
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
