package datasets

import (
	"archive/zip"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/datasets/picture"
)

// EMNIST (Cohen, Afshar, Tapson, van Schaik 2017, arXiv:1702.05373) comes as one zip of gzipped IDX files in six divisions.
// Its images are stored with rows and columns exchanged, and the labels of letters begin with 1.
var _ = register(source{
	name: "emnist", note: "handwritten letters and digits, 28×28×1, in the division of data.split",
	normalize: NormalizeMean, shift: shiftMNIST,
	load: loadEMNIST,
})

// division is one way in which EMNIST divides its images into classes.
type division struct {
	name    string
	classes string // a letter or digit each
	first   uint16 // label of the first class
	// How many images the published files have.
	train, test int
}

var divisions = []division{
	{name: "balanced", classes: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt", train: 112_800, test: 18_800},
	{name: "byclass", classes: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", train: 697_932, test: 116_323},
	{name: "bymerge", classes: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt", train: 697_932, test: 116_323},
	{name: "digits", classes: "0123456789", train: 240_000, test: 40_000},
	{name: "letters", classes: "abcdefghijklmnopqrstuvwxyz", first: 1, train: 124_800, test: 20_800},
	{name: "mnist", classes: "0123456789", train: 60_000, test: 10_000},
}

// Divisions lists the divisions of EMNIST, the values of Options.Division.
func Divisions() []string {
	names := make([]string, len(divisions))
	for i, d := range divisions {
		names[i] = d.name
	}
	return names
}

// emnistFiles are a division's four files, and the archive of them all.
func emnistFiles(division string) fileSet {
	set := fileSet{
		dataset: "emnist", folders: []string{"emnist", "EMNIST/raw", "gzip"}, zipped: true,
		archive: file{name: "gzip.zip", sum: "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e", size: 600_000_000},
		mirrors: []string{"https://biometrics.nist.gov/cs_links/EMNIST/"},
		keep:    true,
	}
	for _, part := range []string{"train-images-idx3", "train-labels-idx1", "test-images-idx3", "test-labels-idx1"} {
		set.files = append(set.files, file{name: "emnist-" + division + "-" + part + "-ubyte"})
	}
	return set
}

func loadEMNIST(ctx context.Context, o Options) (official, error) {
	name := cmp.Or(o.Division, divisions[0].name)
	at := slices.Index(Divisions(), name)
	if at < 0 {
		return official{}, fmt.Errorf("%w: split %q, want one of %s", ErrOptions, name, strings.Join(Divisions(), ", "))
	}
	d, set := divisions[at], emnistFiles(name)
	found, err := newLocator(o).locate(ctx, set)
	if err != nil {
		return official{}, err
	}
	out := official{height: idxSide, width: idxSide, channels: 1, classNames: strings.Split(d.classes, ""), dir: found.dir,
		colour: picture.Grey, fit: picture.Crop}
	for k, m := range []*images{&out.train, &out.test} {
		most := []int{d.train, d.test}[k]
		*m, err = readPair(found.opener(set.files[2*k].name), found.opener(set.files[2*k+1].name), most, d.first, len(d.classes))
		if err != nil {
			return official{}, err
		}
		for i := range m.labels {
			transposeImage(m.pixels[i*idxSide*idxSide : (i+1)*idxSide*idxSide])
		}
	}
	return out, nil
}

// transposeImage exchanges rows and columns of a square image.
func transposeImage(image []byte) {
	for y := range idxSide {
		for x := range y {
			image[y*idxSide+x], image[x*idxSide+y] = image[x*idxSide+y], image[y*idxSide+x]
		}
	}
}

// opener opens a file of the set, as it is or within a zip of gzipped files. Its name serves errors.
func (l location) opener(name string) opener {
	if l.archive == "" {
		return fileOpener(l.path(name))
	}
	shown := l.archive + ": " + name
	return opener{shown, func(read func(io.Reader) error) (err error) {
		archive, err := zip.OpenReader(l.archive)
		if err != nil {
			return fmt.Errorf("%w: %s: %v", ErrDamaged, l.archive, err)
		}
		defer func() { err = errors.Join(err, archive.Close()) }()
		for _, f := range archive.File {
			if path.Base(f.Name) != name+".gz" {
				continue
			}
			packed, err := f.Open()
			if err != nil {
				return fmt.Errorf("%w: %s: %v", ErrDamaged, shown, err)
			}
			defer packed.Close()
			unpacked, err := gzip.NewReader(packed)
			if err != nil {
				return readFault(shown, 0, err, "the gzip header")
			}
			return read(unpacked)
		}
		return fmt.Errorf("%w: %s holds no %s.gz", ErrDamaged, l.archive, name)
	}}
}

// opener opens a file to be read from its start.
type opener struct {
	name string
	open func(read func(io.Reader) error) error
}

func fileOpener(path string) opener {
	return opener{path, func(read func(io.Reader) error) error { return readFile(path, read) }}
}
