package datasets

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
)

var _ = register(source{
	name: "idx", note: "your own IDX files, as MNIST has them: data.path with a file of images, or the folder of images and labels",
	normalize: NormalizeMean, shift: -1, path: true,
	load: loadIDX,
})

// idxTypes are the types of number that IDX knows, by their code.
var idxTypes = map[byte]string{0x08: "u1", 0x09: "i1", 0x0b: "i2", 0x0c: "i4", 0x0d: "f4", 0x0e: "f8"}

// loadIDX reads pairs of files: images, [N,H,W] or [N,H,W,C], and labels, [N], whose names differ in "images" and "labels" (and in
// the number of dimensions behind "idx"). In a folder, names with "train", "val", and "test" or "t10k" tell the parts.
func loadIDX(_ context.Context, o Options) (official, error) {
	pairs, err := idxPairs(o.Path)
	if err != nil {
		return official{}, err
	}
	var out official
	var m [parts]images
	for part, pair := range pairs {
		if pair == [2]string{} {
			continue
		}
		p, err := readIDXPair(pair[0], pair[1])
		if err != nil {
			return official{}, err
		}
		if part == trainPart {
			out.height, out.width, out.channels = p.h, p.w, p.c
		} else if p.h != out.height || p.w != out.width || p.c != out.channels {
			return official{}, fmt.Errorf("%w: %s: images of %d×%d×%d, but the training images are of %d×%d×%d",
				ErrDamaged, pair[0], p.h, p.w, p.c, out.height, out.width, out.channels)
		}
		m[part] = p.images
	}
	out.train, out.dir = m[trainPart], o.Path
	out.classNames = numberedClasses(out.train.labels)
	out.arrange(m[valPart], m[testPart])
	out.asPictures()
	return out, out.withCounts(o.Path, o)
}

// idxPairs finds the files of each part.
func idxPairs(path string) (pairs [parts][2]string, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return pairs, fmt.Errorf("%w: data.path: there is no file or folder %s", ErrMissing, path)
	case err != nil:
		return pairs, fmt.Errorf("data.path: %w", err)
	case !info.IsDir():
		labels, found := labelsOf(path)
		if !found {
			return pairs, fmt.Errorf("%w: data.path: there is no file of labels beside %s: want the same name with labels for images and idx1 for idx3", ErrMissing, path)
		}
		pairs[trainPart] = [2]string{path, labels}
		return pairs, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return pairs, fmt.Errorf("data.path: %w", err)
	}
	var found [][2]string
	for _, e := range entries {
		name := filepath.Join(path, e.Name())
		if hidden(e.Name()) || !isFile(name) || !strings.Contains(strings.ToLower(e.Name()), "images") {
			continue
		}
		labels, ok := labelsOf(name)
		if !ok {
			return pairs, fmt.Errorf("%w: data.path: there is no file of labels beside %s", ErrMissing, name)
		}
		found = append(found, [2]string{name, labels})
	}
	if len(found) == 1 {
		pairs[trainPart] = found[0]
		return pairs, nil
	}
	for _, pair := range found {
		part := partOf(filepath.Base(pair[0]))
		if part < 0 || pairs[part] != [2]string{} {
			return pairs, fmt.Errorf("%w: data.path: %s: cannot tell which part of the data this is: want one pair of files, or one each with train, val, and test or t10k in their names", ErrDamaged, pair[0])
		}
		pairs[part] = pair
	}
	if pairs[trainPart] == [2]string{} {
		return pairs, fmt.Errorf("%w: data.path: %s holds no IDX files of training images: want names such as %s and %s", ErrMissing, path, trainImages, trainLabels)
	}
	return pairs, nil
}

// labelsOf finds the file of labels for one of images, gzipped or not.
func labelsOf(path string) (string, bool) {
	dir, name := filepath.Split(path)
	name = strings.TrimSuffix(name, ".gz")
	for _, change := range [][2]string{{"images", "labels"}, {"Images", "Labels"}, {"IMAGES", "LABELS"}} {
		other := strings.Replace(name, change[0], change[1], 1)
		if other == name {
			continue
		}
		other = strings.NewReplacer("idx3", "idx1", "idx4", "idx1").Replace(other)
		for _, ending := range []string{"", ".gz"} {
			if isFile(dir + other + ending) {
				return dir + other + ending, true
			}
		}
	}
	return "", false
}

// partOf tells by a file's name which part of the data it holds; −1 for none.
func partOf(name string) int {
	name = strings.ToLower(name)
	switch {
	case strings.Contains(name, "train"):
		return trainPart
	case strings.Contains(name, "val"):
		return valPart
	case strings.Contains(name, "test"), strings.Contains(name, "t10k"):
		return testPart
	}
	return -1
}

// readIDXPair reads a file of images and one of labels.
func readIDXPair(imageFile, labelFile string) (p sized, err error) {
	err = readFile(labelFile, func(r io.Reader) error {
		r, e, shape, err := readIDXHeader(r, labelFile)
		if err != nil {
			return err
		}
		if len(shape) != 1 {
			return damage(labelFile, 0, "labels of the shape %v, want one number for each image", shape)
		}
		if err := imagesRoom(shape[0], 1, 2); err != nil {
			return fmt.Errorf("%s: %w", labelFile, err)
		}
		p.labels, err = readLabels(r, e, shape[0], labelFile)
		return errors.Join(err, atEnd(r, labelFile, err))
	})
	if err != nil {
		return p, err
	}
	return p, readFile(imageFile, func(r io.Reader) error {
		r, e, shape, err := readIDXHeader(r, imageFile)
		if err != nil {
			return err
		}
		if p.h, p.w, p.c, err = imageShape(shape, imageFile); err != nil {
			return err
		}
		if shape[0] != len(p.labels) {
			return damage(imageFile, 4, "%d images, but %s has %d labels", shape[0], filepath.Base(labelFile), len(p.labels))
		}
		size, bytes := p.h*p.w*p.c, 1
		if !e.whole {
			bytes = 4
		}
		if err := imagesRoom(shape[0], size, bytes); err != nil {
			return fmt.Errorf("%s: %w", imageFile, err)
		}
		g, err := readNumbers(r, e, shape[0]*size, imageFile, func(i int) string { return fmt.Sprintf("value %d of image %d", i%size, i/size) })
		p.pixels, p.values = g.bytes, g.values
		return errors.Join(err, atEnd(r, imageFile, err))
	})
}

// atEnd finds fault with what follows the content, unless there was a fault already.
func atEnd(r io.Reader, file string, fault error) error {
	if fault != nil {
		return nil
	}
	var extra [1]byte
	switch _, err := io.ReadFull(r, extra[:]); {
	case err == nil:
		return fmt.Errorf("%w: %s: bytes after the end of the content", ErrDamaged, file)
	case !errors.Is(err, io.EOF):
		return readFault(file, 0, err, "the end of the file")
	}
	return nil
}

// readIDXHeader reads an IDX file's header, gzipped or not; content is what follows it.
func readIDXHeader(r io.Reader, file string) (content io.Reader, e element, shape []int, err error) {
	if content, err = gunzip(r, file); err != nil {
		return nil, e, nil, err
	}
	var start [4]byte
	if n, err := io.ReadFull(content, start[:]); err != nil {
		return nil, e, nil, readFault(file, int64(n), err, "the header of an IDX file")
	}
	name, known := idxTypes[start[2]]
	if start[0] != 0 || start[1] != 0 || !known || start[3] < 1 || start[3] > 4 {
		return nil, e, nil, damage(file, 0, "magic number 0x%x, want 0, 0, a type of number (8, 9, b to e) and 1 to 4 dimensions", start)
	}
	e = elements(binary.BigEndian)[name]
	total := 1
	for k := range int(start[3]) {
		var b [4]byte
		if _, err := io.ReadFull(content, b[:]); err != nil {
			return nil, e, nil, readFault(file, int64(4+4*k), err, "the header of an IDX file")
		}
		n := int(binary.BigEndian.Uint32(b[:]))
		if n < 1 || n > math.MaxInt/16/total {
			return nil, e, nil, damage(file, int64(4+4*k), "dimension %d is %d", k, n)
		}
		shape = append(shape, n)
		total *= n
	}
	return content, e, shape, nil
}
