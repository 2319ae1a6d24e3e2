// Package datasets finds, checks, reads and preprocesses the images that nets are trained on: data sets known by name
// (MNIST, Fashion-MNIST, EMNIST, CIFAR-10, CIFAR-100), digits that the package draws itself, and the user's own pictures
// and arrays. All images are NHWC.
package datasets

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/maxgain/maxgain/datasets/picture"
	"github.com/maxgain/maxgain/models/cpu"
)

// Options says which images to open and how to divide them. Only Name is required.
type Options struct {
	Name       string  // one of Names()
	Dir        string  // folder searched first; "" for none; of data known by name
	Path       string  // where the user's own data are: a folder, or a file of arrays
	Height     int     // pixels that pictures are brought to; 0 for their own, which must be the same then
	Width      int     // 0 if Height is
	Colour     string  // picture.RGB or picture.Grey; "" for RGB
	Fit        string  // how pictures come to another size: picture.Crop, Stretch or Pad; "" for Crop
	Division   string  // of emnist, one of Divisions(); "" for balanced
	SkipBroken bool    // leave out pictures and classes that cannot be used instead of giving up
	TrainCount int     // training images, a subset drawn by Seed; 0 for all (digits: 10,000)
	ValCount   int     // validation images, the first of the official test images; 0 for all (digits: 2,000)
	UseAll     bool    // train on the official test images too, and validate on none
	Holdout    float64 // share of the training images held out as Val, in [0, 1); the official test images become Test
	LabelNoise float64 // probability, in [0, 1], with which a training label is drawn anew over all classes
	Normalize  string  // one of Normalizations(); "" for the data's own way
	Shift      *int    // pixels by which an image may be moved and keep its label; nil for the data's own
	Augment    Augment // changes of training images; its Flip "" for the data's own way
	Seed       uint64  // of the subset, the held-out images, the label noise and the strokes of digits

	Log      func(message string) // one-line remarks on what was found and done; nil for none
	Progress func(Progress)       // steps of long work (downloads, whitening); nil for none; never called concurrently
}

// Progress tells how far a long piece of work has come.
type Progress struct {
	Stage string // what is being done, e.g. "download train-images-idx3-ubyte.gz"
	Done  int64  // units done, of Total
	Total int64  // 0 when not known
}

// Dataset is a dataset opened, divided and preprocessed.
type Dataset struct {
	Name       string
	ClassNames []string
	Train      *Split
	Val        *Split  // nil when nothing is held back to validate on
	Test       *Split  // nil unless a holdout freed the official test images
	Augment    Augment // how training changes images each time it shows them; its Flip is never ""
	Shift      int     // pixels by which an image may be moved and still show what its label says; 0 where there is no such number
	Recipe     *Recipe
	Dir        string // where the files were found; "" for generated data
	Checksum   string // SHA-256, in hex, of every image and label in order
}

// class names of the datasets whose classes are digits.
var digitNames = strings.Split("0 1 2 3 4 5 6 7 8 9", " ")

// Open finds a dataset, downloading it if it must, checks it, divides it as the options say and prepares it for training.
// Errors wrap ErrOptions, ErrMissing, ErrDamaged or ErrTooLarge where these tell what is at fault.
func Open(ctx context.Context, o Options) (*Dataset, error) {
	if _, err := cpu.Current(); err != nil {
		return nil, fmt.Errorf("open data: %w: %w", ErrOptions, err)
	}
	s, known := sourceOf(o.Name)
	if !known {
		return nil, fmt.Errorf("open data: %w", unknownName(o.Name))
	}
	d, err := s.open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open data %s: %w", o.Name, err)
	}
	return d, nil
}

func (s source) open(ctx context.Context, o Options) (*Dataset, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	if s.path && o.Path == "" {
		return nil, fmt.Errorf("%w: data.path is needed: where the data are", ErrOptions)
	}
	found, err := s.load(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := found.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", found.dir, err)
	}
	d, err := divide(found, o)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	d.Name, d.Shift, d.Dir, d.ClassNames = s.name, s.shift, found.dir, shownNames(found.classNames)
	side := min(found.height, found.width)
	if d.Shift < 0 {
		d.Shift = min(max(1, side/16), side-1)
	}
	if o.Shift != nil {
		d.Shift = *o.Shift
	}
	if d.Shift >= side || o.Augment.Shift >= side {
		return nil, fmt.Errorf("%w: a shift of %d pixels moves images of %d×%d out of sight", ErrOptions, max(d.Shift, o.Augment.Shift), found.height, found.width)
	}
	d.Augment = o.Augment
	if d.Augment.Flip == "" {
		if d.Augment.Flip = FlipNone; s.flip {
			d.Augment.Flip = FlipBatches
		}
	}
	return d, d.preprocess(ctx, found, cmp.Or(o.Normalize, s.normalize), o)
}

// shownNames are class names that can be printed and kept in any file: what is not printable or not UTF-8 is escaped as Go does.
func shownNames(names []string) []string {
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = name
		if !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
			quoted := strconv.Quote(name)
			shown[i] = quoted[1 : len(quoted)-1]
		}
	}
	return shown
}

// preprocess finds the recipe from the training images, and applies it to all where that is not done image by image.
func (d *Dataset) preprocess(ctx context.Context, found official, normalize string, o Options) error {
	pixels, all := d.checksums()
	d.Checksum = all
	d.Recipe = &Recipe{
		Data: d.Name, ClassNames: d.ClassNames, H: found.height, W: found.width, C: found.channels,
		Colour: found.colour, Fit: found.fit, Normalize: normalize, Divisor: divisorOf(d.splits()),
	}
	for _, s := range d.splits() {
		s.recipe = d.Recipe
	}
	if normalize == NormalizeWhiten {
		return whitenSplits(ctx, d.Recipe, d.splits(), pixels, o)
	}
	d.Recipe.fit(d.Train)
	return nil
}

// check finds options that no dataset could satisfy; divide compares counts with what is there.
func (o Options) check() error {
	switch {
	case o.TrainCount < 0:
		return fmt.Errorf("train count %d, want 0 (all) or more", o.TrainCount)
	case o.ValCount < 0:
		return fmt.Errorf("validation count %d, want 0 (all) or more", o.ValCount)
	case !(o.Holdout >= 0 && o.Holdout < 1):
		return fmt.Errorf("holdout %v, want a share in [0, 1)", o.Holdout)
	case !(o.LabelNoise >= 0 && o.LabelNoise <= 1):
		return fmt.Errorf("label noise %v, want a probability in [0, 1]", o.LabelNoise)
	case o.Normalize != "" && !slices.Contains(Normalizations(), o.Normalize):
		return fmt.Errorf("normalize %q, want one of %s", o.Normalize, strings.Join(Normalizations(), ", "))
	case o.Shift != nil && *o.Shift < 0:
		return fmt.Errorf("shift %d, want 0 (none) or more", *o.Shift)
	case o.Height < 0 || o.Height > maxSide || o.Width < 0 || o.Width > maxSide || (o.Height == 0) != (o.Width == 0):
		return fmt.Errorf("size %d×%d, want two numbers from 1 to %d, or 0×0 for the pictures' own", o.Height, o.Width, maxSide)
	case o.Colour != "" && !slices.Contains(picture.Colours(), o.Colour):
		return fmt.Errorf("colour %q, want one of %s", o.Colour, strings.Join(picture.Colours(), ", "))
	case o.Fit != "" && !slices.Contains(picture.Fits(), o.Fit):
		return fmt.Errorf("fit %q, want one of %s", o.Fit, strings.Join(picture.Fits(), ", "))
	case o.UseAll && o.Holdout > 0:
		return fmt.Errorf("use_all trains on every image, so none can be held out: set holdout to 0 or use_all to false")
	}
	return o.Augment.check()
}

func (o Options) log(format string, args ...any) {
	if o.Log != nil {
		o.Log(fmt.Sprintf(format, args...))
	}
}

func (o Options) progress(stage string, done, total int64) {
	if o.Progress != nil {
		o.Progress(Progress{Stage: stage, Done: done, Total: total})
	}
}

// splits returns those of Train, Val and Test that exist, Train first.
func (d *Dataset) splits() []*Split {
	all := []*Split{d.Train}
	for _, s := range []*Split{d.Val, d.Test} {
		if s != nil {
			all = append(all, s)
		}
	}
	return all
}

// checksums returns the SHA-256, in hex, of the splits' sizes and images, and of these and the labels: equal sums mean equal
// training data, noise included.
func (d *Dataset) checksums() (pixels, all string) {
	h, labels := sha256.New(), sha256.New()
	for _, s := range []*Split{d.Train, d.Val, d.Test} {
		if s == nil {
			h.Write([]byte{0})
			continue
		}
		h.Write([]byte{1})
		for _, n := range []int{s.Len(), s.H, s.W, s.C} {
			h.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
		}
		h.Write(s.pixels)
		for part := range slices.Chunk(s.values, 1<<16) {
			h.Write(floatBytes(part))
		}
		labels.Write(s.labelBytes())
	}
	pixels = hex.EncodeToString(h.Sum(nil))
	h.Write(labels.Sum(nil))
	return pixels, hex.EncodeToString(h.Sum(nil))
}

// floatBytes are the values' bits, little-endian.
func floatBytes(values []float32) []byte {
	out := make([]byte, 0, 4*len(values))
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}
