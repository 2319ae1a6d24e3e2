package picture

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
)

// numbered is a w×h picture whose pixel (x, y) is (10·y+x, 100+10·y+x, 200).
func numbered(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.NRGBA{uint8(10*y + x), uint8(100 + 10*y + x), 200, 255})
		}
	}
	return m
}

func encode(t testing.TB, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	return encode(t, func(b *bytes.Buffer) error { return png.Encode(b, m) })
}

// red is the red channel of pixels.
func red(p Pixels) []byte {
	var out []byte
	for i := 0; i < len(p.Bytes); i += p.C {
		out = append(out, p.Bytes[i])
	}
	return out
}

func read(t *testing.T, content []byte, s Shape) Pixels {
	t.Helper()
	p, err := Read(content, s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestReadKeepsPixels(t *testing.T) {
	m := numbered(3, 2)
	want := []byte{0, 100, 200, 1, 101, 200, 2, 102, 200, 10, 110, 200, 11, 111, 200, 12, 112, 200}
	for name, content := range map[string][]byte{
		"png": pngOf(t, m),
		"bmp": encode(t, func(b *bytes.Buffer) error { return bmp.Encode(b, m) }),
	} {
		for _, s := range []Shape{{Colour: RGB}, {H: 2, W: 3, Colour: RGB, Fit: Stretch}, {H: 2, W: 3, Colour: RGB, Fit: Crop}, {H: 2, W: 3, Colour: RGB, Fit: Pad}} {
			if p := read(t, content, s); p.H != 2 || p.W != 3 || p.C != 3 || !slices.Equal(p.Bytes, want) {
				t.Errorf("%s %+v: got %v", name, s, p)
			}
		}
	}
}

func TestColours(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 5, 1))
	for x, c := range []color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {77, 77, 77, 255}, {200, 100, 40, 51}} {
		m.Set(x, 0, c)
	}
	content := pngOf(t, m)
	// 0.299·255 = 76.2, 0.587·255 = 149.7, 0.114·255 = 29.1; a fifth of 200, 100, 40 is 40, 20, 8 on black: 24.6 grey.
	if p := read(t, content, Shape{Colour: Grey}); p.C != 1 || !slices.Equal(p.Bytes, []byte{76, 150, 29, 77, 25}) {
		t.Errorf("grey: %v", p.Bytes)
	}
	if p := read(t, content, Shape{Colour: RGB}); !slices.Equal(p.Bytes[12:], []byte{40, 20, 8}) {
		t.Errorf("a transparent pixel on black is %v, want 40 20 8", p.Bytes[12:])
	}
	grey := image.NewGray16(image.Rect(0, 0, 2, 1))
	grey.SetGray16(0, 0, color.Gray16{0x12ff})
	grey.SetGray16(1, 0, color.Gray16{0xff00})
	for _, colour := range Colours() {
		p := read(t, pngOf(t, grey), Shape{Colour: colour})
		if got := red(p); !slices.Equal(got, []byte{0x12, 0xff}) {
			t.Errorf("16 bits as %s: %v", colour, got)
		}
	}
}

// A picture of 6×2 pixels, the reds 0 … 5 and 10 … 15.
func TestFits(t *testing.T) {
	wide, tall := pngOf(t, numbered(6, 2)), pngOf(t, numbered(2, 6))
	for _, c := range []struct {
		name    string
		content []byte
		s       Shape
		want    []byte
	}{
		{"the middle of a wide picture", wide, Shape{2, 2, RGB, Crop}, []byte{2, 3, 12, 13}},
		{"the middle of a tall picture", tall, Shape{2, 2, RGB, Crop}, []byte{20, 21, 30, 31}},
		{"an odd remainder is left at the right", wide, Shape{2, 3, RGB, Crop}, []byte{1, 2, 3, 11, 12, 13}},
		{"black above and below", wide, Shape{6, 6, RGB, Pad}, slices.Concat(make([]byte, 12), []byte{0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}, make([]byte, 12))},
		{"black at the sides", tall, Shape{6, 4, RGB, Pad}, []byte{0, 0, 1, 0, 0, 10, 11, 0, 0, 20, 21, 0, 0, 30, 31, 0, 0, 40, 41, 0, 0, 50, 51, 0}},
	} {
		p := read(t, c.content, c.s)
		if got := red(p); p.H != c.s.H || p.W != c.s.W || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// Left half black, right half white, 8×4: each half stays dark or bright; pixels beside the edge take a little of both.
func TestResampling(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 8, 4))
	for i := range m.Pix {
		if i%8 >= 4 {
			m.Pix[i] = 255
		}
	}
	content := pngOf(t, m)
	for _, c := range []struct {
		s          Shape
		left, last byte
	}{{Shape{2, 4, Grey, Stretch}, 0, 255}, {Shape{2, 2, Grey, Crop}, 0, 255}, {Shape{8, 16, Grey, Crop}, 0, 255}} {
		p := read(t, content, c.s)
		if p.Bytes[0] > c.left+40 || p.Bytes[p.W-1] < c.last-40 {
			t.Errorf("%+v: first row %v", c.s, p.Bytes[:p.W])
		}
	}
	// The mean of a picture survives a reduction with a kernel as wide as it must be; picking pixels would not keep it.
	stripes := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range stripes.Pix {
		if i%4 == 0 {
			stripes.Pix[i] = 200
		}
	}
	for _, v := range read(t, pngOf(t, stripes), Shape{8, 8, Grey, Stretch}).Bytes {
		if v < 40 || v > 60 {
			t.Errorf("stripes of mean 50 became %d", v)
		}
	}
	if p := read(t, content, Shape{6, 6, Grey, Pad}); p.Bytes[0] != 0 || p.Bytes[3*6+5] < 215 || p.Bytes[5*6+5] != 0 {
		t.Errorf("padded: %v", p.Bytes)
	}
	if p := read(t, pngOf(t, numbered(200, 1)), Shape{4, 4, RGB, Pad}); len(p.Bytes) != 48 {
		t.Errorf("a line of 200 pixels: %v", p)
	}
}

func TestMiddle(t *testing.T) {
	for _, c := range []struct {
		w, h, a, b int
		want       image.Rectangle
	}{
		{6, 2, 1, 1, image.Rect(2, 0, 4, 2)}, {2, 6, 1, 1, image.Rect(0, 2, 2, 4)}, {4, 4, 2, 1, image.Rect(0, 1, 4, 3)},
		{5, 5, 5, 5, image.Rect(0, 0, 5, 5)}, {100, 1, 1, 100, image.Rect(49, 0, 50, 1)}, {7, 4, 3, 2, image.Rect(0, 0, 6, 4)},
		{640, 480, 32, 32, image.Rect(80, 0, 560, 480)},
	} {
		if got := middle(c.w, c.h, c.a, c.b); got != c.want {
			t.Errorf("%d:%d in the middle of %d×%d is %v, want %v", c.a, c.b, c.w, c.h, got, c.want)
		}
	}
}

// Left half (200, 40, 20), right half (20, 60, 210), 16×16, as libwebp writes it: lossy, lossless, half transparent.
const (
	webpLossy = "UklGRkQAAABXRUJQVlA4IDgAAADwAQCdASoQABAAAMASJaACdLoB+AAETAAA/vpMf/7ldr/2d39vh/Tu/+48v/2+H8nH9vh/jhAAAA=="
	webpExact = "UklGRioAAABXRUJQVlA4TB0AAAAvD8ADAA9wCpQzIZ/Cd/5jCWLBZP7S3RlE9D90AQA="
	webpAlpha = "UklGRioAAABXRUJQVlA4TB0AAAAvD8ADEA9wCpQzIZ/CdwBjCWLBZP7S3RlE9D90AQA="
	webpBoth  = "UklGRmgAAABXRUJQVlA4WAoAAAAQAAAADwAADwAAQUxQSAoAAAABB1DAiAhERP8DVlA4IDgAAADwAQCdASoQABAAAMASJaACdLoB+AAETAAA/vpMf/7ldr/2d39vh/Tu/+48v/2+H8nH9vh/jhAAAA=="
)

func unbase(t testing.TB, s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// extended puts a VP8X header of the given size before the chunk of a simple WebP file.
func extended(content []byte, w, h int, flags byte) []byte {
	x := []byte{'V', 'P', '8', 'X', 10, 0, 0, 0, flags, 0, 0, 0, byte(w - 1), byte((w - 1) >> 8), byte((w - 1) >> 16), byte(h - 1), byte((h - 1) >> 8), byte((h - 1) >> 16)}
	out := slices.Concat(content[:12], x, content[12:])
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}

func TestWebP(t *testing.T) {
	for name, c := range map[string]struct {
		content []byte
		half    bool
		slack   int
	}{
		"lossy": {unbase(t, webpLossy), false, 16}, "lossless": {unbase(t, webpExact), false, 0},
		"half transparent": {unbase(t, webpAlpha), true, 1}, "lossy, half transparent": {unbase(t, webpBoth), true, 16},
		"extended": {extended(unbase(t, webpExact), 16, 16, 0), false, 0}, "extended, half transparent": {extended(unbase(t, webpAlpha), 16, 16, 1<<4), true, 1},
	} {
		p := read(t, c.content, Shape{Colour: RGB})
		if p.H != 16 || p.W != 16 {
			t.Fatalf("%s: %d×%d", name, p.H, p.W)
		}
		for x, want := range map[int][3]int{2: {200, 40, 20}, 13: {20, 60, 210}} {
			for k, v := range want {
				if c.half {
					v = v * 128 / 255
				}
				if got := int(p.Bytes[(8*16+x)*3+k]); got < v-c.slack || got > v+c.slack {
					t.Errorf("%s: pixel %d channel %d is %d, want %d", name, x, k, got, v)
				}
			}
		}
	}
	if _, err := Decode(extended(unbase(t, webpExact), 17, 16, 0)); !errors.Is(err, ErrBad) || !strings.Contains(err.Error(), "16×16 pixels, but the header says 16×17") {
		t.Errorf("two sizes: %v", err)
	}
	if _, err := Decode(extended([]byte("RIFF    WEBP"), 17, 16, 2)); !errors.Is(err, ErrBad) {
		t.Errorf("no pixels: %v", err)
	}
}

func TestJPEGAndGIF(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 16, 16))
	for i := 0; i < len(m.Pix); i += 4 {
		copy(m.Pix[i:], []byte{200, 40, 90, 255})
	}
	p := read(t, encode(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, m, nil) }), Shape{Colour: RGB})
	for k, want := range []int{200, 40, 90} {
		if got := int(p.Bytes[300+k]); got < want-6 || got > want+6 {
			t.Errorf("JPEG: channel %d is %d, want %d", k, got, want)
		}
	}
	// A first frame of 2×1 pixels at (1, 1) of a 4×3 picture, and a second that is not looked at.
	palette := color.Palette{color.RGBA{9, 8, 7, 255}, color.RGBA{50, 60, 70, 255}}
	first, second := image.NewPaletted(image.Rect(1, 1, 3, 2), palette), image.NewPaletted(image.Rect(0, 0, 4, 3), palette)
	first.SetColorIndex(2, 1, 1)
	content := encode(t, func(b *bytes.Buffer) error {
		return gif.EncodeAll(b, &gif.GIF{Image: []*image.Paletted{first, second}, Delay: []int{1, 1}, Config: image.Config{Width: 4, Height: 3}})
	})
	if p := read(t, content, Shape{Colour: RGB}); p.W != 4 || p.H != 3 || !slices.Equal(red(p), []byte{0, 0, 0, 0, 0, 9, 50, 0, 0, 0, 0, 0}) {
		t.Errorf("GIF: %v", p)
	}
}

// pngHeader is a PNG file that ends after its header.
func pngHeader(w, h uint32) []byte {
	chunk := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)...)
	chunk = append(chunk, 8, 2, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
}

func TestDecodeRefuses(t *testing.T) {
	good := pngOf(t, numbered(40, 30))
	photo := encode(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, numbered(40, 30), nil) })
	bitmap := encode(t, func(b *bytes.Buffer) error { return bmp.Encode(b, numbered(40, 30)) })
	movie := encode(t, func(b *bytes.Buffer) error { return gif.Encode(b, numbered(40, 30), nil) })
	huge := slices.Clone(bitmap)
	binary.LittleEndian.PutUint32(huge[18:], 8000)
	binary.LittleEndian.PutUint32(huge[22:], 8000)
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"empty":              {nil, "neither PNG, JPEG, GIF, BMP nor WebP"},
		"text":               {[]byte("hello, world, this is no picture"), "neither PNG"},
		"cut PNG":            {good[:len(good)-20], "PNG: the file ends early"},
		"PNG without an end": {good[:len(good)-12], "PNG: the file ends early"},
		"cut JPEG":           {photo[:len(photo)-40], "JPEG: the file ends early"},
		"cut BMP":            {bitmap[:len(bitmap)-40], "BMP: the file ends early"},
		"cut GIF":            {movie[:len(movie)/2], "GIF: "},
		"cut WebP":           {unbase(t, webpLossy)[:40], "WebP: the file ends early"},
		"PNG of 10⁹ pixels":  {pngHeader(40_000, 25_000), "a picture of 25000×40000 pixels, want at most 67108864 in all"},
		"2³¹ wide":           {pngHeader(1<<31-1, 1<<31-1), "PNG: "},
		"PNG of nothing":     {pngHeader(8000, 8000), "the header promises 8000×8000 pixels, more than a file of 33 bytes can hold"},
		"BMP of nothing":     {huge, "the header promises 8000×8000 pixels"},
	} {
		if _, err := Decode(c.content); !errors.Is(err, ErrBad) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if h, w, err := Size(good); h != 30 || w != 40 || err != nil {
		t.Errorf("size %d×%d, %v", h, w, err)
	}
	if _, err := Read(good, Shape{H: 1 << 20, Colour: RGB, Fit: Crop}); err == nil {
		t.Error("a height without a width was taken")
	}
	if _, err := Read(good, Shape{Colour: "blue"}); err == nil {
		t.Error("an unknown colour was taken")
	}
	if _, err := Read(good, Shape{H: 1, W: 1, Colour: RGB, Fit: "big"}); err == nil {
		t.Error("an unknown fit was taken")
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.png")
	if err := os.WriteFile(path, pngOf(t, numbered(3, 2)), 0o644); err != nil {
		t.Fatal(err)
	}
	if p, err := ReadFile(path, Shape{Colour: RGB}); err != nil || p.Bytes[3] != 1 {
		t.Errorf("%v, %v", p, err)
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path, Shape{Colour: RGB}); !errors.Is(err, ErrBad) || !strings.HasPrefix(err.Error(), path) {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := ReadFile(dir, Shape{Colour: RGB}); err == nil {
		t.Error("a folder was read")
	}
	big := filepath.Join(dir, "big.png")
	if err := os.WriteFile(big, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, MaxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(big, Shape{Colour: RGB}); !errors.Is(err, ErrBad) || !strings.Contains(err.Error(), "want at most") {
		t.Errorf("a file of %d bytes: %v", MaxFile+1, err)
	}
}

func TestNamed(t *testing.T) {
	for name, want := range map[string]bool{"a.png": true, "b.JPG": true, "c.x.JpEg": true, "d.gif": true, "e.BMP": true, "f.webp": true,
		"g.tif": false, "png": false, "h.png.txt": false} {
		if Named(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(pngOf(f, numbered(5, 4)))
	f.Add(encode(f, func(b *bytes.Buffer) error { return jpeg.Encode(b, numbered(9, 4), nil) }))
	f.Add(encode(f, func(b *bytes.Buffer) error { return gif.Encode(b, numbered(5, 4), nil) }))
	f.Add(encode(f, func(b *bytes.Buffer) error { return bmp.Encode(b, numbered(5, 4)) }))
	f.Add(unbase(f, webpBoth))
	f.Add(unbase(f, webpExact))
	f.Add(pngHeader(40_000, 25_000))
	f.Fuzz(func(t *testing.T, content []byte) {
		if h, w, err := Size(content); err == nil && h*w > 1<<20 {
			t.Skip("too slow to decode a million times")
		}
		p, err := Read(content, Shape{H: 4, W: 3, Colour: RGB, Fit: Crop})
		if err == nil && len(p.Bytes) != 36 || err != nil && !errors.Is(err, ErrBad) {
			t.Errorf("%d bytes, error %v", len(p.Bytes), err)
		}
	})
}
