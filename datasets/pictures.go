package datasets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maxgain/maxgain/datasets/picture"
)

// pictureFile is a picture of a data set.
type pictureFile struct {
	path  string // under the set's folder
	label int
	part  int // trainPart …
	info  fs.FileInfo
}

// The parts that data may come in.
const (
	trainPart = iota
	valPart
	testPart
	parts
)

// pictureSet is the pictures of a data set in their order.
type pictureSet struct {
	root       string // folder
	files      []pictureFile
	classNames []string
	// open opens a file under the root.
	open func(path string) (*os.File, error)
}

// broken is a picture that is left out, or that ends the loading.
type broken struct {
	Index int    `json:"index"` // in pictureSet.files
	Why   string `json:"why"`
}

// decoded is what becomes of a set's files.
type decoded struct {
	shape  picture.Shape // as they are, of the wanted colour
	pixels []byte        // [len(files),H,W,C], zero where a file is broken
	broken []broken      // in the order of the files
}

// load sorts the set by its parts, decodes it, or reads what an earlier run has stored of the same files, and makes its parts.
func (set pictureSet) load(ctx context.Context, o Options) (official, error) {
	if len(set.files) == 0 {
		return official{}, fmt.Errorf("%w: %s holds no pictures (%s)", ErrDamaged, set.root, strings.Join(picture.Endings(), ", "))
	}
	slices.SortStableFunc(set.files, func(a, b pictureFile) int { return cmp.Compare(a.part, b.part) })
	shape := picture.Shape{H: o.Height, W: o.Width, Colour: cmp.Or(o.Colour, picture.RGB), Fit: cmp.Or(o.Fit, picture.Crop)}
	all, err := set.decodeOrStored(ctx, shape, o)
	if err != nil {
		return official{}, err
	}
	if len(all.broken) > 0 {
		if err := set.skip(all.broken, o); err != nil {
			return official{}, err
		}
	}
	return set.official(all, shape.Fit, o)
}

// skip says which pictures are left out; unless the options allow it, that is an error.
func (set pictureSet) skip(bad []broken, o Options) error {
	const told = 5
	var list []string
	for _, b := range bad[:min(told, len(bad))] {
		list = append(list, filepath.Join(set.root, set.files[b.Index].path)+": "+b.Why)
	}
	if more := len(bad) - told; more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	what := fmt.Sprintf("%d of %d pictures cannot be used", len(bad), len(set.files))
	if o.SkipBroken {
		o.log("warning: %s and are left out: %s", what, strings.Join(list, "; "))
		return nil
	}
	return fmt.Errorf("%w: %s:\n  %s\n  mend or remove them, or set data.skip_broken to true to go on without them",
		ErrDamaged, what, strings.Join(list, "\n  "))
}

// official divides the pictures into their parts, without the broken ones and without classes that are left empty.
func (set pictureSet) official(all decoded, fit string, o Options) (official, error) {
	bad := make([]bool, len(set.files))
	for _, b := range all.broken {
		bad[b.Index] = true
	}
	size := all.shape.H * all.shape.W * all.shape.Channels()
	var m [parts]images
	counts := make([]int, len(set.classNames))
	at := 0 // good pictures move up in place
	for i, f := range set.files {
		if bad[i] {
			continue
		}
		copy(all.pixels[at*size:(at+1)*size], all.pixels[i*size:(i+1)*size])
		at++
		m[f.part].labels = append(m[f.part].labels, uint16(f.label))
		if f.part == trainPart {
			counts[f.label]++
		}
	}
	from := 0
	for p := range m {
		to := from + m[p].len()*size
		m[p].pixels = all.pixels[from:to:to]
		from = to
	}
	out := official{
		height: all.shape.H, width: all.shape.W, channels: all.shape.Channels(),
		train: m[trainPart], classNames: set.classNames, dir: set.root,
		colour: all.shape.Colour, fit: fit,
	}
	out.arrange(m[valPart], m[testPart])
	return out, out.dropEmpty(counts, set.root, o)
}

// arrange makes val and test the parts that Open knows: with one of them alone, that is the official test images.
func (f *official) arrange(val, test images) {
	if val.len() == 0 {
		f.test = test
		return
	}
	f.test, f.final = val, test
}

// dropEmpty finds classes without training images, of which counts has the number. Unless the options allow it, that is an
// error; else they are left out, with their images of the other parts.
func (f *official) dropEmpty(counts []int, where string, o Options) error {
	var empty []string
	kept := make([]int, len(counts)) // new labels, −1 for none
	var names []string
	for class, n := range counts {
		if kept[class] = len(names); n == 0 {
			kept[class] = -1
			empty = append(empty, fmt.Sprintf("%q", f.classNames[class]))
			continue
		}
		names = append(names, f.classNames[class])
	}
	if len(empty) == 0 {
		return nil
	}
	if len(empty) > 10 {
		empty = append(empty[:10], fmt.Sprintf("and %d more", len(empty)-10))
	}
	what := fmt.Sprintf("%d of %d classes have no training images that can be used: %s", len(counts)-len(names), len(counts), strings.Join(empty, ", "))
	if !o.SkipBroken {
		return fmt.Errorf("%w: %s: %s: add images, remove the classes, or set data.skip_broken to true to go on without them", ErrDamaged, where, what)
	}
	o.log("warning: %s: %s; they are left out", where, what)
	size := f.height * f.width * f.channels
	for _, m := range []*images{&f.train, &f.test, &f.final} {
		chosen := make([]bool, m.len())
		for i, label := range m.labels {
			chosen[i] = kept[label] >= 0
		}
		*m, _ = m.part(size, chosen)
		for i, label := range m.labels {
			m.labels[i] = uint16(kept[label])
		}
	}
	f.classNames = names
	return nil
}

// decode reads all files on all processors.
func (set pictureSet) decode(ctx context.Context, shape picture.Shape, o Options) (decoded, error) {
	set.settle()
	if shape.H == 0 {
		p, err := set.first(shape)
		if err != nil {
			return decoded{}, err
		}
		shape.H, shape.W = p.H, p.W
	}
	if shape.H > maxSide || shape.W > maxSide {
		return decoded{}, fmt.Errorf("%w: pictures of %d×%d pixels in %s, want at most %d×%d: set data.size", ErrDamaged, shape.H, shape.W, set.root, maxSide, maxSide)
	}
	size := shape.H * shape.W * shape.Channels()
	if err := imagesRoom(len(set.files), size, 1); err != nil {
		return decoded{}, err
	}
	out := decoded{shape: shape, pixels: make([]byte, len(set.files)*size)}
	var (
		next, done atomic.Int64
		lock       sync.Mutex
		told       time.Time
		wait       sync.WaitGroup
	)
	tell := func(done int64) {
		lock.Lock()
		defer lock.Unlock()
		if now := time.Now(); now.Sub(told) > 50*time.Millisecond || done == int64(len(set.files)) {
			told = now
			o.progress("decode pictures", done, int64(len(set.files)))
		}
	}
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(set.files) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := set.decodeOne(i, shape, out.pixels[i*size:(i+1)*size], o.Height > 0); err != nil {
					lock.Lock()
					out.broken = append(out.broken, broken{i, err.Error()})
					lock.Unlock()
				}
				if n := done.Add(1); n%64 == 0 || n == int64(len(set.files)) {
					tell(n)
				}
			}
		})
	}
	wait.Wait()
	slices.SortFunc(out.broken, func(a, b broken) int { return cmp.Compare(a.Index, b.Index) })
	return out, ctx.Err()
}

// first finds the first picture that can be read; its size is to be that of all.
func (set pictureSet) first(shape picture.Shape) (picture.Pixels, error) {
	var fault error
	for _, f := range set.files[:min(len(set.files), 1000)] {
		content, err := set.content(f.path)
		if err == nil {
			var h, w int
			if h, w, err = picture.Size(content); err == nil {
				return picture.Pixels{H: h, W: w}, nil
			}
		}
		if fault == nil {
			fault = fmt.Errorf("%s: %w", filepath.Join(set.root, f.path), err)
		}
	}
	return picture.Pixels{}, fmt.Errorf("%w: no picture can be read; the first: %w", ErrDamaged, fault)
}

// largePicture is how many pixels a picture has that is decoded beside no other such: it may take 16 bytes a pixel, and
// there may be many processors.
const largePicture = 8 << 20

var oneLarge sync.Mutex

// decodeOne reads file i into out, [H,W,C]. Its own size must be the shape's unless it may be fitted to that.
func (set pictureSet) decodeOne(i int, shape picture.Shape, out []byte, fitted bool) error {
	content, err := set.content(set.files[i].path)
	if err != nil {
		return trimPath(err)
	}
	h, w, err := picture.Size(content)
	if err != nil {
		return err
	}
	if !fitted && (h != shape.H || w != shape.W) {
		return fmt.Errorf("it has %d×%d pixels, and the first picture %d×%d: set data.size", h, w, shape.H, shape.W)
	}
	if h*w > largePicture {
		oneLarge.Lock()
		defer oneLarge.Unlock()
	}
	p, err := picture.Read(content, shape)
	if err != nil {
		return err
	}
	copy(out, p.Bytes)
	return nil
}

func (set pictureSet) content(path string) ([]byte, error) {
	f, err := set.open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return picture.ReadOpen(f)
}

// trimPath drops the path that an error of the operating system begins with.
func trimPath(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}
