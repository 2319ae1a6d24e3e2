// Package datasets finds, checks, reads and preprocesses the images that nets are trained on: MNIST and Fashion-MNIST
// (IDX files), CIFAR-10 (binary batches), and digits, which the package draws itself. All images are NHWC.
package datasets

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// ErrMissing says that a dataset's files are nowhere to be found; its text names the files and the places looked in.
var ErrMissing = errors.New("data not found")

// ErrDamaged says that a file was found whose content is not what its format promises.
var ErrDamaged = errors.New("data damaged")

// Options says which images to open and how to divide them. Only Name is required.
type Options struct {
	Name       string  // one of Names()
	Dir        string  // folder searched first; "" for none
	TrainCount int     // training images, a subset drawn by Seed; 0 for all (digits: 10,000)
	ValCount   int     // validation images, the first of the official test images; 0 for all (digits: 2,000)
	UseAll     bool    // train on the official test images too, and validate on none
	Holdout    float64 // share of the training images held out as Val, in [0, 1); the official test images become Test
	LabelNoise float64 // probability, in [0, 1], with which a training label is drawn anew over all classes
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
	Val        *Split // nil when nothing is held back to validate on
	Test       *Split // nil unless a holdout freed the official test images
	Flip       bool   // training mirrors every other mini-batch, by a coin
	Shift      int    // pixels by which an image may be moved and still show what its label says
	Dir        string // where the files were found; "" for generated data
	Checksum   string // SHA-256, in hex, of every image and label in order
}

// class names of the datasets whose classes are digits.
var digitNames = strings.Split("0 1 2 3 4 5 6 7 8 9", " ")

// classes is the number of classes of every dataset here.
const classes = 10

// official holds a dataset as its makers divide it, before any choice of the user's.
type official struct {
	height, width, channels int
	train, test             images
	classNames              []string
	dir                     string
}

// images is a run of images of one size, untouched.
type images struct {
	pixels []byte   // [N,H,W,C]
	labels []uint16 // [N]
}

// kind describes one dataset this package can open.
type kind struct {
	name   string
	whiten bool // CIFAR's preprocessing; otherwise the mean image alone is subtracted
	flip   bool
	shift  int // 4 for CIFAR-10, the usual random crop (He et al. 2016, arXiv:1512.03385); 2 for digits and clothes, which fill 20 of 28 pixels
	load   func(ctx context.Context, o Options) (official, error)
}

var kinds = []kind{
	{name: "mnist", shift: 2, load: idxSource{files: mnistFiles, classNames: digitNames}.load},
	{name: "fashion-mnist", shift: 2, load: idxSource{files: fashionFiles, classNames: fashionNames}.load},
	{name: "cifar10", whiten: true, flip: true, shift: 4, load: loadCIFAR},
	{name: "digits", shift: 2, load: loadDigits},
}

// Names lists the datasets that Open knows.
func Names() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// Open finds a dataset, downloading it if it must, checks it, divides it as the options say and prepares it for training.
// Errors wrap ErrMissing or ErrDamaged where the data are at fault; any other error is the options' or the context's.
func Open(ctx context.Context, o Options) (*Dataset, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("open data: %w", err)
	}
	for _, k := range kinds {
		if k.name == o.Name {
			d, err := k.open(ctx, o)
			if err != nil {
				return nil, fmt.Errorf("open data %s: %w", o.Name, err)
			}
			return d, nil
		}
	}
	return nil, fmt.Errorf("open data: unknown name %q, want one of %s", o.Name, strings.Join(Names(), ", "))
}

func (k kind) open(ctx context.Context, o Options) (*Dataset, error) {
	source, err := k.load(ctx, o)
	if err != nil {
		return nil, err
	}
	d, err := divide(source, o)
	if err != nil {
		return nil, err
	}
	d.Name, d.Flip, d.Shift, d.Dir, d.ClassNames = k.name, k.flip, k.shift, source.dir, source.classNames
	pixels, all := d.checksums()
	d.Checksum = all
	if k.whiten {
		if err := whitenSplits(ctx, d.splits(), pixels, o); err != nil {
			return nil, err
		}
		return d, nil
	}
	subtractMean(d.splits())
	return d, nil
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
	case o.UseAll && o.Holdout > 0:
		return fmt.Errorf("use_all trains on every image, so none can be held out: set holdout to 0 or use_all to false")
	}
	return nil
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
		labels.Write(s.labelBytes())
	}
	pixels = hex.EncodeToString(h.Sum(nil))
	h.Write(labels.Sum(nil))
	return pixels, hex.EncodeToString(h.Sum(nil))
}
