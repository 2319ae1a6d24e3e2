package picture

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// flatten lays m on black, its upper left corner at (0, 0).
func flatten(m image.Image) *image.RGBA {
	b := m.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(out, out.Bounds(), m, b.Min, draw.Src) // RGBA holds colours multiplied by alpha: those on black
	for i := 3; i < len(out.Pix); i += 4 {
		out.Pix[i] = 255
	}
	return out
}

// fit brings m to the shape's size.
func fit(m *image.RGBA, s Shape) *image.RGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	from, to := m.Rect, image.Rect(0, 0, s.W, s.H)
	switch s.Fit {
	case Crop:
		from = middle(w, h, s.W, s.H)
	case Pad:
		// The whole picture fits where the middle of the wanted proportions would be cut from the target.
		to = middle(s.W, s.H, w, h)
	}
	if from.Size() == to.Size() && to.Size() == image.Pt(s.W, s.H) {
		return m.SubImage(from).(*image.RGBA)
	}
	out := image.NewRGBA(image.Rect(0, 0, s.W, s.H))
	draw.Draw(out, out.Rect, image.NewUniform(color.Black), image.Point{}, draw.Src)
	if from.Size() == to.Size() {
		draw.Draw(out, to, m, from.Min, draw.Src)
		return out
	}
	draw.CatmullRom.Scale(out, to, m, from, draw.Src, nil)
	return out
}

// middle is the largest rectangle of the proportions a:b in the middle of w×h, at least one pixel a side; what cannot be
// divided evenly is left at the right and the lower side.
func middle(w, h, a, b int) image.Rectangle {
	width, height := w, h
	if w*b > h*a {
		width = max(1, (2*h*a+b)/(2*b)) // h·a/b, rounded
	} else {
		height = max(1, (2*w*b+a)/(2*a))
	}
	x, y := (w-width)/2, (h-height)/2
	return image.Rect(x, y, x+width, y+height)
}

// channels are the pixels of an opaque picture in the given colour.
func channels(m *image.RGBA, colour string) Pixels {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	p := Pixels{H: h, W: w, C: Shape{Colour: colour}.Channels()}
	p.Bytes = make([]byte, 0, h*w*p.C)
	for y := range h {
		row := m.Pix[y*m.Stride : y*m.Stride+4*w]
		for x := 0; x < len(row); x += 4 {
			r, g, b := row[x], row[x+1], row[x+2]
			if colour == Grey {
				p.Bytes = append(p.Bytes, luminance(r, g, b))
			} else {
				p.Bytes = append(p.Bytes, r, g, b)
			}
		}
	}
	return p
}

// luminance is 0.299 R + 0.587 G + 0.114 B, rounded to the nearest; that of a grey is the grey.
func luminance(r, g, b byte) byte {
	return byte((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}
