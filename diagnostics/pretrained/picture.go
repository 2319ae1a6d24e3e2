package pretrained

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/maxgain/maxgain/datasets/picture"
	"github.com/maxgain/maxgain/models"
)

// Preparation says how a picture becomes the input of a net: it is scaled so that its short side has ShortSide pixels,
// the middle is cut out in the net's size, the channels are put in order, and each value v of 0 to 255 becomes
// (v − Mean)·Scale.
type Preparation struct {
	Mean, Scale []float64 // one for each of the net's channels, in its order, or one for all; none: 0 and 1
	BGR         bool      // blue first
	ShortSide   int       // 0: as small as the net's size allows
}

// Check finds what cannot be done for images of the given shape.
func (p Preparation) Check(s models.Shape) error {
	switch {
	case s.C != 1 && s.C != 3:
		return fmt.Errorf("a picture has 1 or 3 channels, the net takes %d", s.C)
	case len(p.Mean) > 1 && len(p.Mean) != s.C:
		return fmt.Errorf("%d means for %d channels", len(p.Mean), s.C)
	case len(p.Scale) > 1 && len(p.Scale) != s.C:
		return fmt.Errorf("%d scales for %d channels", len(p.Scale), s.C)
	case p.ShortSide != 0 && p.ShortSide < min(s.H, s.W):
		return fmt.Errorf("a short side of %d pixels is less than the net's %d×%d", p.ShortSide, s.H, s.W)
	}
	for _, v := range p.Scale {
		if v == 0 {
			return fmt.Errorf("a scale is 0")
		}
	}
	return nil
}

// Picture reads a picture file as a net takes it, [H,W,C].
func (p Preparation) Picture(path string, s models.Shape) ([]float64, error) {
	if err := p.Check(s); err != nil {
		return nil, err
	}
	content, err := picture.ReadContent(path)
	if err != nil {
		return nil, err
	}
	image, err := p.picture(content, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return image, nil
}

func (p Preparation) picture(content []byte, s models.Shape) ([]float64, error) {
	h, w, err := picture.Size(content)
	if err != nil {
		return nil, err
	}
	// The picture's size after scaling: both sides at least the net's.
	scale := max(float64(s.H)/float64(h), float64(s.W)/float64(w))
	if p.ShortSide > 0 {
		scale = max(scale, float64(p.ShortSide)/float64(min(h, w)))
	}
	shape := picture.Shape{H: max(s.H, round(float64(h)*scale)), W: max(s.W, round(float64(w)*scale)), Colour: picture.RGB, Fit: picture.Stretch}
	if s.C == 1 {
		shape.Colour = picture.Grey
	}
	if shape.H > picture.MaxPixels/shape.W {
		return nil, fmt.Errorf("%d×%d pixels become %d×%d, which is too large", w, h, shape.W, shape.H)
	}
	pixels, err := picture.Read(content, shape)
	if err != nil {
		return nil, err
	}
	top, left := (shape.H-s.H)/2, (shape.W-s.W)/2
	out := make([]float64, 0, s.Len())
	for y := range s.H {
		for x := range s.W {
			pixel := pixels.Bytes[((top+y)*shape.W+left+x)*s.C:][:s.C]
			for c := range s.C {
				v := pixel[c]
				if p.BGR {
					v = pixel[s.C-1-c]
				}
				out = append(out, (float64(v)-channel(p.Mean, c, 0))*channel(p.Scale, c, 1))
			}
		}
	}
	return out, nil
}

func round(v float64) int { return int(v + 0.5) }

// channel is the number for channel c of a list of one, some or none.
func channel(list []float64, c int, otherwise float64) float64 {
	switch len(list) {
	case 0:
		return otherwise
	case 1:
		return list[0]
	}
	return list[c]
}

// Pictures lists the picture files in a folder and the folders in it, sorted by path, at most limit of them, evenly
// spread.
func Pictures(dir string, limit int) ([]string, error) {
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && picture.Named(path) {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: there are no pictures in this folder; their names end in one of %v", dir, picture.Endings())
	}
	slices.Sort(all)
	return spread(all, limit), nil
}

// spread is at most limit of the elements, evenly spread from the first.
func spread[E any](all []E, limit int) []E {
	if len(all) <= limit {
		return all
	}
	out := make([]E, limit)
	for i := range out {
		out[i] = all[i*len(all)/limit]
	}
	return out
}
