package datasets

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
)

// Slices is a data set in a program's memory.
type Slices struct {
	Name       string   // "" for "slices"
	H, W, C    int      // of an image: 1 to 256 pixels a side, 1 to 4 channels
	ClassNames []string // in the order of the labels, 2 to 1,000; nil for "0", "1", … up to the greatest training label
	Train      Images
	Val        Images // may be empty
	Test       Images // may be empty
}

// Images is a run of images in memory and their labels.
type Images struct {
	Bytes  []byte    // [N,H,W,C], or nil
	Floats []float32 // [N,H,W,C], finite numbers of any range; used where Bytes is nil
	Labels []uint16  // [N]
}

// FromSlices makes a dataset of arrays in memory, divided, preprocessed and augmented as Open does it. Of the options, those
// that find and read files have no effect. Images are not copied where that can be helped: they must not be changed
// while the dataset is in use. Errors wrap ErrOptions, ErrDamaged or ErrTooLarge.
func FromSlices(ctx context.Context, s Slices, o Options) (*Dataset, error) {
	name := cmp.Or(s.Name, "slices")
	load := func(context.Context, Options) (official, error) { return s.official(o) }
	d, err := source{name: name, normalize: NormalizeMean, shift: -1, load: load}.open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("data from slices: %w", err)
	}
	return d, nil
}

func (s Slices) official(o Options) (official, error) {
	if s.H < 1 || s.W < 1 || s.H > maxSide || s.W > maxSide || s.C < 1 || s.C > maxChannels {
		return official{}, fmt.Errorf("%w: images of %d×%d×%d, want a height and a width from 1 to %d and 1 to %d channels",
			ErrDamaged, s.H, s.W, s.C, maxSide, maxChannels)
	}
	out := official{height: s.H, width: s.W, channels: s.C, classNames: s.ClassNames}
	var m [parts]images
	for part, given := range [parts]Images{trainPart: s.Train, valPart: s.Val, testPart: s.Test} {
		var err error
		if m[part], err = given.images(s.H * s.W * s.C); err != nil {
			return official{}, fmt.Errorf("%w: %s images: %w", ErrDamaged, []string{"training", "validation", "test"}[part], err)
		}
	}
	out.train = m[trainPart]
	out.arrange(m[valPart], m[testPart])
	out.asPictures()
	if out.classNames == nil {
		out.classNames = numberedClasses(out.train.labels)
		return out, out.withCounts(cmp.Or(s.Name, "slices"), o)
	}
	return out, nil
}

// images checks what is given: images of size values.
func (m Images) images(size int) (images, error) {
	out := images{pixels: m.Bytes, labels: m.Labels}
	if m.Bytes == nil {
		out.values = m.Floats
	}
	if n := len(out.pixels) + len(out.values); n != len(m.Labels)*size {
		return images{}, fmt.Errorf("%d values for %d labels, want %d a label", n, len(m.Labels), size)
	}
	for i, label := range m.Labels {
		if label >= maxClasses {
			return images{}, fmt.Errorf("label %d is %d, %s", i, label, labelLimit)
		}
	}
	whole := true
	for i, v := range out.values {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return images{}, fmt.Errorf("value %d of image %d is %v: want finite numbers", i%size, i/size, v)
		}
		whole = whole && v == float32(byte(v)) && v >= 0 && v <= 255
	}
	if whole && len(out.values) > 0 { // as data from files are kept
		out.pixels = make([]byte, len(out.values))
		for i, v := range out.values {
			out.pixels[i] = byte(v)
		}
		out.values = nil
	}
	out.labels = slices.Clone(out.labels) // classes without images may be left out
	return out, nil
}
