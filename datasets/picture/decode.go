package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	"golang.org/x/image/vp8l"
	"golang.org/x/image/webp"
)

// format is a kind of picture file.
type format struct {
	name   string
	is     func(content []byte) bool
	config func(io.Reader) (image.Config, error)
	decode func(content []byte, c image.Config) (image.Image, error)
	// packed is the most pixels that a byte of a file can stand for; 0 where there is no such bound. A header that
	// promises more than its file can hold is refused before the pixels take memory.
	packed int
}

var formats = []format{
	// Deflate makes at most 1,032 bytes of one, and a byte has 8 pixels of one bit.
	{name: "PNG", is: starts("\x89PNG\r\n\x1a\n"), config: png.DecodeConfig, decode: plain(png.Decode), packed: 8 * 1032},
	// A block of 8×8 pixels takes at least one bit.
	{name: "JPEG", is: starts("\xff\xd8"), config: jpeg.DecodeConfig, decode: plain(jpeg.Decode), packed: 8 * 64},
	{name: "GIF", is: starts("GIF8"), config: gif.DecodeConfig, decode: decodeGIF},
	{name: "BMP", is: starts("BM"), config: bmp.DecodeConfig, decode: plain(bmp.Decode), packed: 8},
	{name: "WebP", is: isWebP, config: webp.DecodeConfig, decode: decodeWebP},
}

func starts(magic string) func([]byte) bool {
	return func(content []byte) bool { return bytes.HasPrefix(content, []byte(magic)) }
}

func plain(decode func(io.Reader) (image.Image, error)) func([]byte, image.Config) (image.Image, error) {
	return func(content []byte, _ image.Config) (image.Image, error) { return decode(bytes.NewReader(content)) }
}

// Size reads the height and width of a picture from its header.
func Size(content []byte) (h, w int, err error) {
	_, c, err := header(content)
	return c.Height, c.Width, err
}

// Decode decodes a picture file's content. Errors wrap ErrBad.
func Decode(content []byte) (m image.Image, err error) {
	f, c, err := header(content)
	if err != nil {
		return nil, err
	}
	defer func() { // a decoder's mistake must not end a run of a million pictures
		if p := recover(); p != nil {
			m, err = nil, fmt.Errorf("%w: %s: %v", ErrBad, f.name, p)
		}
	}()
	m, err = f.decode(content, c)
	if err != nil {
		return nil, f.fault(err)
	}
	if b := m.Bounds(); b.Dx() != c.Width || b.Dy() != c.Height {
		return nil, fmt.Errorf("%w: %s: %d×%d pixels, but the header says %d×%d", ErrBad, f.name, b.Dy(), b.Dx(), c.Height, c.Width)
	}
	return m, nil
}

// header finds the format and reads the header, within the limits.
func header(content []byte) (f format, c image.Config, err error) {
	for _, f = range formats {
		if f.is(content) {
			break
		}
	}
	if !f.is(content) {
		return f, c, fmt.Errorf("%w: neither PNG, JPEG, GIF, BMP nor WebP", ErrBad)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %s: %v", ErrBad, f.name, p)
		}
	}()
	c, err = f.config(bytes.NewReader(content))
	if err != nil {
		return f, c, f.fault(err)
	}
	return f, c, f.limit(c.Width, c.Height, len(content))
}

// limit refuses sizes that take too much memory, or that a file of so many bytes cannot hold.
func (f format) limit(w, h, size int) error {
	switch {
	case w < 1 || h < 1:
		return fmt.Errorf("%w: %s: a picture of %d×%d pixels", ErrBad, f.name, h, w)
	case w > MaxPixels/h:
		return fmt.Errorf("%w: %s: a picture of %d×%d pixels, want at most %d in all", ErrBad, f.name, h, w, MaxPixels)
	case f.packed > 0 && w*h/f.packed > size:
		return fmt.Errorf("%w: %s: the header promises %d×%d pixels, more than a file of %d bytes can hold", ErrBad, f.name, h, w, size)
	}
	return nil
}

func (f format) fault(err error) error {
	// Some decoders tell of a short file in words alone.
	short := strings.Contains(err.Error(), io.ErrUnexpectedEOF.Error()) || strings.Contains(err.Error(), "short Huffman data") ||
		strings.Contains(err.Error(), "not enough pixel data")
	if short || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %s: the file ends early", ErrBad, f.name)
	}
	return fmt.Errorf("%w: %s: %v", ErrBad, f.name, err)
}

// decodeGIF lays the first frame, which may be smaller than the picture, on black.
func decodeGIF(content []byte, c image.Config) (image.Image, error) {
	frame, err := gif.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	if frame.Bounds() == image.Rect(0, 0, c.Width, c.Height) {
		return frame, nil
	}
	m := image.NewRGBA(image.Rect(0, 0, c.Width, c.Height))
	draw.Draw(m, frame.Bounds(), frame, frame.Bounds().Min, draw.Src)
	return m, nil
}

func isWebP(content []byte) bool {
	return len(content) >= 12 && string(content[:4]) == "RIFF" && string(content[8:12]) == "WEBP"
}

// decodeWebP makes sure that the chunk with the pixels is of the size in the file's header: the decoder would take the
// memory that the chunk asks for.
func decodeWebP(content []byte, c image.Config) (image.Image, error) {
	for rest := content[12:]; len(rest) >= 8; {
		size := int64(binary.LittleEndian.Uint32(rest[4:]))
		if size > int64(len(rest)-8) {
			return nil, io.ErrUnexpectedEOF
		}
		chunk := rest[8 : 8+size]
		w, h := 0, 0
		switch string(rest[:4]) {
		case "VP8 ":
			if len(chunk) < 10 {
				return nil, io.ErrUnexpectedEOF
			}
			w, h = int(binary.LittleEndian.Uint16(chunk[6:])&0x3fff), int(binary.LittleEndian.Uint16(chunk[8:])&0x3fff)
		case "VP8L":
			inner, err := vp8l.DecodeConfig(bytes.NewReader(chunk))
			if err != nil {
				return nil, err
			}
			w, h = inner.Width, inner.Height
		default:
			rest = rest[min(8+size+size&1, int64(len(rest))):]
			continue
		}
		if w != c.Width || h != c.Height {
			return nil, fmt.Errorf("%d×%d pixels, but the header says %d×%d", h, w, c.Height, c.Width)
		}
		if string(rest[:4]) == "VP8L" { // carries its transparency itself, which webp.Decode refuses behind a VP8X header
			return vp8l.Decode(bytes.NewReader(chunk))
		}
		return webp.Decode(bytes.NewReader(content))
	}
	return nil, errors.New("no picture in the file; animations cannot be read")
}
