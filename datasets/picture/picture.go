// Package picture reads picture files as images of bytes: PNG, JPEG, GIF, BMP and WebP, told by their content. A header is
// checked before its picture takes memory, and a file that ends early is an error.
//
// What a file holds beyond plain colours is treated alike everywhere: transparent pixels lie on black, 16 bits a channel
// become the upper 8, an animation is its first frame, and a camera's note on orientation is ignored.
package picture

import (
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Colours that pictures are read in, the values of Shape.Colour.
const (
	RGB  = "rgb"  // 3 channels: red, green, blue
	Grey = "grey" // 1 channel: luminance by ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B
)

// Colours lists the values of Shape.Colour.
func Colours() []string { return []string{RGB, Grey} }

// Ways to bring a picture to another size, the values of Shape.Fit. All resample by Catmull-Rom, with a wider kernel
// where the picture shrinks.
const (
	Crop    = "crop"    // the largest part in the middle that has the wanted proportions, resampled
	Stretch = "stretch" // the whole picture, its proportions changed
	Pad     = "pad"     // the whole picture, its proportions kept, in the middle of black
)

// Fits lists the values of Shape.Fit.
func Fits() []string { return []string{Crop, Stretch, Pad} }

// Shape is what pictures are to become.
type Shape struct {
	H, W   int    // pixels; both 0 for the picture's own
	Colour string // RGB or Grey
	Fit    string // Crop, Stretch or Pad; of no account where a picture has H×W pixels already
}

// Channels is the number of channels: 3 or 1.
func (s Shape) Channels() int {
	if s.Colour == Grey {
		return 1
	}
	return 3
}

func (s Shape) check() error {
	switch {
	case s.H < 0 || s.W < 0 || (s.H == 0) != (s.W == 0):
		return fmt.Errorf("size %d×%d, want two positive numbers, or 0×0 for the picture's own", s.H, s.W)
	case !slices.Contains(Colours(), s.Colour):
		return fmt.Errorf("colour %q, want one of %s", s.Colour, strings.Join(Colours(), ", "))
	case s.H > 0 && !slices.Contains(Fits(), s.Fit):
		return fmt.Errorf("fit %q, want one of %s", s.Fit, strings.Join(Fits(), ", "))
	}
	return nil
}

// ErrBad is wrapped by every error about a file's content.
var ErrBad = errors.New("not a picture that can be read")

// Limits of what is decoded.
const (
	MaxFile   = 256 << 20 // bytes of a file
	MaxPixels = 64 << 20  // of a picture
)

var endings = []string{".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"}

// Named tells whether a file's name ends as a picture's does: .png, .jpg, .jpeg, .gif, .bmp or .webp in any case.
func Named(name string) bool {
	return slices.Contains(endings, strings.ToLower(filepath.Ext(name)))
}

// Endings lists the endings of Named.
func Endings() []string { return slices.Clone(endings) }

// Pixels are a picture's bytes, [H,W,C].
type Pixels struct {
	H, W, C int
	Bytes   []byte
}

// ReadFile reads the picture file at path in the given shape.
func ReadFile(path string, s Shape) (Pixels, error) {
	content, err := ReadContent(path)
	if err != nil {
		return Pixels{}, err
	}
	p, err := Read(content, s)
	if err != nil {
		return Pixels{}, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// ReadContent reads the file at path, which must be a regular file of at most MaxFile bytes.
func ReadContent(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadOpen(f)
}

// ReadOpen is ReadContent for an open file.
func ReadOpen(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: %w: not a regular file", f.Name(), ErrBad)
	case info.Size() > MaxFile:
		return nil, fmt.Errorf("%s: %w: %d bytes, want at most %d", f.Name(), ErrBad, info.Size(), MaxFile)
	}
	content := make([]byte, info.Size())
	if _, err := io.ReadFull(f, content); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	return content, nil
}

// Read reads a picture file's content in the given shape.
func Read(content []byte, s Shape) (Pixels, error) {
	if err := s.check(); err != nil {
		return Pixels{}, err
	}
	m, err := Decode(content)
	if err != nil {
		return Pixels{}, err
	}
	return Convert(m, s)
}

// Convert brings a decoded picture to the given shape.
func Convert(m image.Image, s Shape) (Pixels, error) {
	if err := s.check(); err != nil {
		return Pixels{}, err
	}
	if b := m.Bounds(); b.Empty() {
		return Pixels{}, fmt.Errorf("%w: a picture of %d×%d pixels", ErrBad, b.Dy(), b.Dx())
	}
	flat := flatten(m)
	if s.H > 0 {
		flat = fit(flat, s)
	}
	return channels(flat, s.Colour), nil
}
