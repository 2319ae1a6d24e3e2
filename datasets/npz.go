package datasets

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

var _ = register(source{
	name: "npz", note: "your own arrays: data.path with a NumPy file of x_train, y_train and x_test, y_test, or of x and y",
	normalize: NormalizeMean, shift: -1, path: true,
	load: loadNpz,
})

// npzNames are the arrays of each part, under the names that they may have.
var npzNames = [parts][][2]string{
	trainPart: {{"x_train", "y_train"}, {"x", "y"}},
	valPart:   {{"x_val", "y_val"}},
	testPart:  {{"x_test", "y_test"}},
}

// loadNpz reads images [N,H,W] or [N,H,W,C] and labels [N] or [N,1] from a file that NumPy's savez or savez_compressed wrote.
// Values stay what they are.
func loadNpz(_ context.Context, o Options) (official, error) {
	if err := needFile(o.Path); err != nil {
		return official{}, err
	}
	file, err := zip.OpenReader(o.Path)
	if err != nil {
		return official{}, fmt.Errorf("%w: data.path: %s is no npz file: %v", ErrDamaged, o.Path, err)
	}
	defer file.Close()
	f, err := readNpz(&file.Reader, o.Path, o)
	if err != nil {
		return official{}, err
	}
	return f, f.withCounts(o.Path, o)
}

// needFile makes sure that data.path is a file.
func needFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: data.path: there is no file %s", ErrMissing, path)
	case err != nil:
		return fmt.Errorf("data.path: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: data.path: %s is not a file", ErrOptions, path)
	}
	return nil
}

// readNpz reads all parts.
func readNpz(archive *zip.Reader, path string, o Options) (official, error) {
	entries := map[string]*zip.File{}
	var names []string
	for _, f := range archive.File {
		name := strings.TrimSuffix(f.Name, ".npy")
		if entries[name] != nil {
			return official{}, fmt.Errorf("%w: %s holds %s twice", ErrDamaged, path, shortened(f.Name))
		}
		entries[name] = f
		names = append(names, name)
	}
	var out official
	var m [parts]images
	for part, choices := range npzNames {
		at := slices.IndexFunc(choices, func(c [2]string) bool { return entries[c[0]] != nil || entries[c[1]] != nil })
		if at < 0 {
			if part == trainPart {
				slices.Sort(names)
				return official{}, fmt.Errorf("%w: %s holds no x_train and y_train, nor x and y, but: %s", ErrDamaged, path, shortened(strings.Join(names, ", ")))
			}
			continue
		}
		for _, name := range choices[at] {
			if entries[name] == nil {
				return official{}, fmt.Errorf("%w: %s holds %s, but no %s", ErrDamaged, path, cmp.Or(otherOf(choices[at], name), name), name)
			}
		}
		p, err := readNpzPart(entries[choices[at][0]], entries[choices[at][1]], path)
		if err != nil {
			return official{}, err
		}
		if part == trainPart {
			out.height, out.width, out.channels = p.h, p.w, p.c
		} else if p.h != out.height || p.w != out.width || p.c != out.channels {
			return official{}, fmt.Errorf("%w: %s: %s holds images of %d×%d×%d, but the training images are of %d×%d×%d",
				ErrDamaged, path, choices[at][0], p.h, p.w, p.c, out.height, out.width, out.channels)
		}
		m[part] = p.images
	}
	out.train, out.dir = m[trainPart], path
	out.classNames = numberedClasses(out.train.labels)
	out.arrange(m[valPart], m[testPart])
	out.asPictures()
	return out, nil
}

func otherOf(pair [2]string, name string) string {
	if pair[0] == name {
		return pair[1]
	}
	return pair[0]
}

// sized is images and their size.
type sized struct {
	images
	h, w, c int
}

// readNpzPart reads the images of one entry and the labels of another.
func readNpzPart(x, y *zip.File, path string) (p sized, err error) {
	var shape []int
	err = openNpy(y, path, func(r io.Reader, a npyArray, name string) error {
		if shape = a.shape; len(shape) == 2 && shape[1] == 1 {
			shape = shape[:1]
		}
		if len(shape) != 1 {
			return fmt.Errorf("%w: %s: labels of the shape %v, want one number for each image", ErrDamaged, name, a.shape)
		}
		if err := imagesRoom(a.count, 1, 2); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		p.labels, err = readLabels(r, a.element, a.count, name)
		return err
	})
	if err != nil {
		return p, err
	}
	err = openNpy(x, path, func(r io.Reader, a npyArray, name string) error {
		if p.h, p.w, p.c, err = imageShape(a.shape, name); err != nil {
			return err
		}
		if a.shape[0] != len(p.labels) {
			return fmt.Errorf("%w: %s has %d images, but %s has %d labels", ErrDamaged, name, a.shape[0], y.Name, len(p.labels))
		}
		bytes := 1
		if !a.element.whole {
			bytes = 4
		}
		size := p.h * p.w * p.c
		if err := imagesRoom(a.shape[0], size, bytes); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		g, err := readNumbers(r, a.element, a.count, name, func(i int) string {
			if a.fortran {
				return fmt.Sprintf("a value of image %d", i%a.shape[0])
			}
			return fmt.Sprintf("value %d of image %d", i%size, i/size)
		})
		if err == nil {
			p.pixels, p.values = a.ordered(g)
		}
		return err
	})
	return p, err
}

// openNpy opens an array of the archive, whose numbers must fill it.
func openNpy(f *zip.File, path string, read func(r io.Reader, a npyArray, name string) error) error {
	name := path + ": " + f.Name
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("%w: %s: %v", ErrDamaged, name, err)
	}
	defer r.Close()
	a, err := readNpyHeader(r, name)
	if err != nil {
		return err
	}
	if need := uint64(a.count) * uint64(a.element.size); f.UncompressedSize64 < need {
		return fmt.Errorf("%w: %s: %d bytes, but the array takes %d", ErrDamaged, name, f.UncompressedSize64, need)
	}
	if err := read(r, a, name); err != nil {
		return err
	}
	if n, err := io.Copy(io.Discard, io.LimitReader(r, 1)); n > 0 || err != nil { // at its end, zip compares the checksum
		return fmt.Errorf("%w: %s: the content does not end with the array (%v)", ErrDamaged, name, err)
	}
	return nil
}

// ordered brings the numbers of an array whose first dimension varies fastest into the usual order.
func (a npyArray) ordered(g growing) ([]byte, []float32) {
	if !a.fortran || len(a.shape) < 2 {
		return g.bytes, g.values
	}
	// [N,H,W,C] backwards is [C,W,H,N] in the usual order.
	if g.values != nil {
		return nil, reversed(g.values, a.shape)
	}
	return reversed(g.bytes, a.shape), nil
}

// reversed turns an array of the reversed shape, the last of shape's dimensions first, into one of shape.
func reversed[T any](in []T, shape []int) []T {
	out := make([]T, 0, len(in))
	steps := make([]int, len(shape)) // in `in`, for one step of each of shape's dimensions
	step := 1
	for k, n := range shape {
		steps[k] = step
		step *= n
	}
	at := make([]int, len(shape))
	for from := 0; len(out) < len(in); {
		out = append(out, in[from])
		for k := len(shape) - 1; k >= 0; k-- {
			at[k]++
			from += steps[k]
			if at[k] < shape[k] {
				break
			}
			from -= at[k] * steps[k]
			at[k] = 0
		}
	}
	return out
}

// imageShape reads [N,H,W] or [N,H,W,C].
func imageShape(shape []int, name string) (h, w, c int, err error) {
	switch len(shape) {
	case 3:
		h, w, c = shape[1], shape[2], 1
	case 4:
		h, w, c = shape[1], shape[2], shape[3]
	default:
		return 0, 0, 0, fmt.Errorf("%w: %s: an array of the shape %v, want images as [N,H,W] or [N,H,W,C]", ErrDamaged, name, shape)
	}
	if len(shape) == 4 && c > maxChannels && shape[1] <= maxChannels {
		return 0, 0, 0, fmt.Errorf("%w: %s: an array of the shape %v: channels must come last, [N,H,W,C]: x.transpose(0, 2, 3, 1)", ErrDamaged, name, shape)
	}
	if h < 1 || w < 1 || h > maxSide || w > maxSide || c < 1 || c > maxChannels {
		return 0, 0, 0, fmt.Errorf("%w: %s: images of %d×%d×%d, want a height and a width from 1 to %d and 1 to %d channels",
			ErrDamaged, name, h, w, c, maxSide, maxChannels)
	}
	if shape[0] < 1 {
		return 0, 0, 0, fmt.Errorf("%w: %s holds no images", ErrDamaged, name)
	}
	return h, w, c, nil
}

// readLabels reads count labels.
func readLabels(r io.Reader, e element, count int, name string) ([]uint16, error) {
	labels := make([]uint16, 0, min(count, 1<<20))
	b := make([]byte, e.size)
	for i := range count {
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, readFault(name, int64(i*e.size), err, "%d labels", count)
		}
		label, ok := labelOf(e.read(b))
		if !ok {
			return nil, fmt.Errorf("%w: %s: label %d is %v, %s", ErrDamaged, name, i, e.read(b), labelLimit)
		}
		labels = append(labels, label)
	}
	return labels, nil
}

// asPictures says how pictures become images like these, for nets that are trained on them.
func (f *official) asPictures() {
	f.colour, f.fit = coloursOf(f.channels)
}
