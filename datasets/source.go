package datasets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/datasets/picture"
)

// source is a kind of data that Open can read. A new kind is a file of its own that registers one.
type source struct {
	name      string
	note      string // what it is, in a few words
	normalize string // how its images are preprocessed unless the options say otherwise
	flip      bool   // training mirrors mini-batches by a coin unless the options say otherwise
	shift     int    // pixels by which an image may be moved and still show its label; −1: a sixteenth of its shorter side
	path      bool   // it is read from Options.Path
	pictures  bool   // it may be pictures, for which Options has a size, a colour and a fit
	load      func(ctx context.Context, o Options) (official, error)
}

// sources holds what has been registered, sorted by name.
var sources []source

// register makes a source known by its name. It is called while the package's variables are set up, and returns true.
func register(s source) bool {
	sources = append(sources, s)
	slices.SortFunc(sources, func(a, b source) int { return cmp.Compare(a.name, b.name) })
	return true
}

// Names lists the data that Open knows, sorted.
func Names() []string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.name
	}
	return names
}

// PathNames lists the data that are read from Options.Path.
func PathNames() []string { return namesOf(func(s source) bool { return s.path }) }

// PictureNames lists the data that may be pictures, to which Options.Height, Width, Colour and Fit apply.
func PictureNames() []string { return namesOf(func(s source) bool { return s.pictures }) }

// ReadsPictures tells whether the data of a name may be pictures.
func ReadsPictures(name string) bool {
	s, _ := sourceOf(name)
	return s.pictures
}

func namesOf(which func(source) bool) []string {
	var names []string
	for _, s := range sources {
		if which(s) {
			names = append(names, s.name)
		}
	}
	return names
}

// Describe says in a few words what the data of a name are; "" for a name that Open does not know.
func Describe(name string) string {
	s, _ := sourceOf(name)
	return s.note
}

func sourceOf(name string) (source, bool) {
	i := slices.IndexFunc(sources, func(s source) bool { return s.name == name })
	if i < 0 {
		return source{}, false
	}
	return sources[i], true
}

// Limits of what can be opened.
const (
	maxSide     = 256
	maxChannels = 4
	maxClasses  = 1000
)

// official holds data as their makers divide them, before any choice of the user's.
type official struct {
	height, width, channels int
	train                   images
	test                    images   // becomes the validation images, or the test images beside a holdout
	final                   images   // becomes the test images; most data have none beside those of test
	classNames              []string // in the order of the labels
	dir                     string
	colour, fit             string // how pictures were brought to this size; "" for data that are not pictures
}

// coloursOf says how pictures become images of so many channels: "" where they cannot.
func coloursOf(channels int) (colour, fit string) {
	switch channels {
	case 1:
		return picture.Grey, picture.Crop
	case 3:
		return picture.RGB, picture.Crop
	}
	return "", ""
}

// check makes sure that the parts agree with each other, and makes them all of one type of value.
func (f *official) check() error {
	if f.height < 1 || f.width < 1 || f.height > maxSide || f.width > maxSide || f.channels < 1 || f.channels > maxChannels {
		return fmt.Errorf("%w: images of %d×%d×%d, want a height and a width from 1 to %d and 1 to %d channels",
			ErrDamaged, f.height, f.width, f.channels, maxSide, maxChannels)
	}
	if k := len(f.classNames); k < 2 || k > maxClasses {
		return fmt.Errorf("%w: %d classes, want 2 to %d", ErrDamaged, k, maxClasses)
	}
	size := f.height * f.width * f.channels
	parts := []*images{&f.train, &f.test, &f.final}
	floats := false
	for _, m := range parts {
		floats = floats || m.values != nil
		if n := m.len() * size; len(m.pixels)+len(m.values) != n {
			return fmt.Errorf("%d values for %d images of %d", len(m.pixels)+len(m.values), m.len(), size)
		}
		for _, label := range m.labels {
			if int(label) >= len(f.classNames) {
				return fmt.Errorf("%w: label %d, want 0 to %d", ErrDamaged, label, len(f.classNames)-1)
			}
		}
	}
	for _, m := range parts {
		if floats {
			m.toFloats()
		}
	}
	return nil
}

// unknownName says that no data are of that name.
func unknownName(name string) error {
	return fmt.Errorf("%w: unknown name %q, want one of %s", ErrOptions, name, strings.Join(Names(), ", "))
}

// Errors that callers decide by.
var (
	// ErrOptions says that the options are at fault, by themselves or because the data cannot satisfy them.
	ErrOptions = errors.New("bad data options")
	// ErrMissing says that a dataset's files are nowhere to be found; its text names the files and the places looked in.
	ErrMissing = errors.New("data not found")
	// ErrDamaged says that a file was found whose content is not what its format promises.
	ErrDamaged = errors.New("data damaged")
	// ErrTooLarge says that the data would take more memory than there is.
	ErrTooLarge = errors.New("data too large")
)
