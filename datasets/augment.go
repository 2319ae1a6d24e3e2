package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/maxgain/maxgain/datasets/stream"
)

// Flip says which training images are mirrored left to right.
type Flip string

// The values of Flip; "" means the data's own way.
const (
	FlipNone    Flip = "none"
	FlipImages  Flip = "image" // each image by its own coin
	FlipBatches Flip = "batch" // each mini-batch by its own coin, as MatConvNet's CIFAR example does it
)

// Augment says how training images are changed at random each time they are shown. Changes are made after preprocessing, so
// that what comes in from beyond an image's edge is 0: the mean of the training images where these are subtracted.
type Augment struct {
	Flip   Flip
	Shift  int     // pixels: moved by −Shift … Shift, whole pixels, down and to the right by numbers of their own
	Rotate float64 // degrees: turned about the middle by −Rotate … Rotate
	Scale  float64 // share, below 1: enlarged about the middle by a factor of 1−Scale … 1+Scale
	Cutout int     // pixels: a square of this side with its middle anywhere in the image is set to 0 (DeVries & Taylor 2017, arXiv:1708.04552)
}

func (a Augment) check() error {
	switch {
	case a.Flip != "" && a.Flip != FlipNone && a.Flip != FlipImages && a.Flip != FlipBatches:
		return fmt.Errorf("augment: flip %q, want %s, %s or %s", a.Flip, FlipNone, FlipImages, FlipBatches)
	case a.Shift < 0 || a.Cutout < 0:
		return fmt.Errorf("augment: shift %d and cutout %d, want 0 or more", a.Shift, a.Cutout)
	case !(a.Rotate >= 0 && a.Rotate <= 180):
		return fmt.Errorf("augment: rotate %v, want 0 to 180 degrees", a.Rotate)
	case !(a.Scale >= 0 && a.Scale < 1):
		return fmt.Errorf("augment: scale %v, want a share in [0, 1)", a.Scale)
	}
	return nil
}

// PerImage tells whether images are changed one by one: by anything but the mirroring of whole mini-batches.
func (a Augment) PerImage() bool {
	return a.Flip == FlipImages || a.Shift > 0 || a.Rotate > 0 || a.Scale > 0 || a.Cutout > 0
}

// change is what happens to one image.
type change struct {
	flip         bool
	dy, dx       int     // pixels down and to the right
	angle        float64 // radians, counterclockwise as seen
	scale        float64
	cutY, cutX   int // middle of the square
	square, warp bool
}

// draw draws the change of an image in an epoch. All numbers are drawn whatever is asked for, so that asking for one more does
// not move the others.
func (a Augment) draw(seed uint64, epoch, index, height, width int) change {
	var p rand.PCG
	stream.Seed(&p, seed, "augment", epoch, index)
	r := rand.New(&p)
	c := change{flip: r.IntN(2) == 1 && a.Flip == FlipImages}
	c.dy, c.dx = r.IntN(2*a.Shift+1)-a.Shift, r.IntN(2*a.Shift+1)-a.Shift
	c.angle = (2*r.Float64() - 1) * a.Rotate * math.Pi / 180
	c.scale = 1 + (2*r.Float64()-1)*a.Scale
	c.cutY, c.cutX = r.IntN(height), r.IntN(width)
	c.square, c.warp = a.Cutout > 0, a.Rotate > 0 || a.Scale > 0
	return c
}

// Augmenter changes the images of batches. It has buffers of its own: each goroutine needs one.
type Augmenter struct {
	augment Augment
	seed    uint64
	split   *Split
	buffer  []float32 // [H,W,C]
}

// NewAugmenter changes images of s as a says. What happens to an image depends on the seed, the epoch and the image's index
// alone.
func NewAugmenter(a Augment, s *Split, seed uint64) *Augmenter {
	return &Augmenter{augment: a, seed: seed, split: s, buffer: make([]float32, s.size())}
}

// Apply changes x, the preprocessed images of the given indices in the split, [len(index),H,W,C], as in the given epoch.
func (g *Augmenter) Apply(x []float32, index []int, epoch int) {
	s, n := g.split, g.split.size()
	for k, i := range index {
		image := x[k*n : (k+1)*n]
		c := g.augment.draw(g.seed, epoch, i, s.H, s.W)
		if c.flip {
			mirror(image, s.W, s.C)
		}
		switch {
		case c.warp:
			copy(g.buffer, image)
			warp(image, g.buffer, s.H, s.W, s.C, c)
		case c.dy != 0 || c.dx != 0:
			copy(g.buffer, image)
			move(image, g.buffer, s.H, s.W, s.C, c.dy, c.dx)
		}
		if c.square {
			cut(image, s.H, s.W, s.C, c.cutY, c.cutX, g.augment.Cutout)
		}
	}
}

// move writes in, moved down by dy and to the right by dx, to out; both are [h,w,channels].
func move(out, in []float32, h, w, channels, dy, dx int) {
	clear(out)
	from, to := max(0, dx), min(w, w+dx) // columns of out
	if from >= to {
		return
	}
	for y := max(0, dy); y < min(h, h+dy); y++ {
		copy(out[(y*w+from)*channels:(y*w+to)*channels], in[((y-dy)*w+from-dx)*channels:])
	}
}

// warp writes in, enlarged, turned and moved, to out; both are [h,w,channels]. Each pixel of out is interpolated between the four
// pixels of in about the place it comes from.
func warp(out, in []float32, h, w, channels int, c change) {
	sin, cos := math.Sincos(c.angle)
	sin, cos = sin/c.scale, cos/c.scale
	middleY, middleX := float64(h-1)/2, float64(w-1)/2
	for y := range h {
		v := float64(y-c.dy) - middleY
		for x := range w {
			u := float64(x-c.dx) - middleX
			// Rows run downwards, so this turns the picture counterclockwise.
			sx, sy := middleX+cos*u-sin*v, middleY+sin*u+cos*v
			interpolate(out[(y*w+x)*channels:(y*w+x+1)*channels], in, h, w, sy, sx)
		}
	}
}

// interpolate writes the values of the image in, [h,w,len(out)], at row y and column x to out. Beyond the image all is 0.
func interpolate(out, in []float32, h, w int, y, x float64) {
	clear(out)
	y0, x0 := math.Floor(y), math.Floor(x)
	fy, fx := y-y0, x-x0
	for k := range 4 {
		row, column := int(y0)+k/2, int(x0)+k%2
		weight := (1 - fy) * (1 - fx)
		switch k {
		case 1:
			weight = (1 - fy) * fx
		case 2:
			weight = fy * (1 - fx)
		case 3:
			weight = fy * fx
		}
		if weight == 0 || row < 0 || row >= h || column < 0 || column >= w {
			continue
		}
		pixel := in[(row*w+column)*len(out):]
		for c := range out {
			out[c] += float32(weight) * pixel[c]
		}
	}
}

// cut sets a square of the given side with its middle at (y, x) to 0. Of an even side, the middle is the pixel behind it.
func cut(image []float32, h, w, channels, y, x, side int) {
	top, left := y-side/2, x-side/2
	for row := max(top, 0); row < min(top+side, h); row++ {
		clear(image[(row*w+max(left, 0))*channels : (row*w+min(left+side, w))*channels])
	}
}
