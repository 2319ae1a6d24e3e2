package main

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"github.com/maxgain/maxgain/diagnostics/spectrum"
)

// viridis is that palette at five even steps, from low to high: it reads the same to the colour-blind
// and in grey.
var viridis = [...]color.RGBA{
	{68, 1, 84, 255}, {59, 82, 139, 255}, {33, 145, 140, 255}, {94, 201, 98, 255}, {253, 231, 37, 255},
}

// shade is the palette's colour at t in 0–1.
func shade(t float64) color.RGBA {
	at := min(max(t, 0), 1) * float64(len(viridis)-1)
	i := min(int(at), len(viridis)-2)
	mix := func(a, b uint8) uint8 {
		return uint8(math.Round(float64(a) + (at-float64(i))*(float64(b)-float64(a))))
	}
	a, b := viridis[i], viridis[i+1]
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

// rangeDB is how far below the peak the palette reaches.
const rangeDB = 60

// spectrumPicture draws a response in dB, channels side by side, frequency 0 in the middle, from 60 dB
// below the peak of all channels up to it.
func spectrumPicture(s *spectrum.Spectrum) image.Image {
	const scale, gap = 8, 8
	plane, db := s.H*s.W, s.DB()
	peak := math.Inf(-1)
	for _, v := range db {
		peak = max(peak, v)
	}
	picture := image.NewRGBA(image.Rect(0, 0, s.C*(s.W*scale+gap)-gap, s.H*scale))
	draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
	for c := range s.C {
		for u := range s.H {
			for v := range s.W {
				// index of the frequency that lies at row u, column v with 0 in the middle
				i := (u+(s.H+1)/2)%s.H*s.W + (v+(s.W+1)/2)%s.W
				t := 0.0
				if !math.IsInf(peak, -1) {
					t = 1 + (db[c*plane+i]-peak)/rangeDB
				}
				x, y := c*(s.W*scale+gap)+v*scale, u*scale
				draw.Draw(picture, image.Rect(x, y, x+scale, y+scale), image.NewUniform(shade(t)), image.Point{}, draw.Src)
			}
		}
	}
	return picture
}
