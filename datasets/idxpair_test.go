package datasets

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// idxOf is an IDX file of numbers of any type.
func idxOf(code byte, shape []int, numbers any) []byte {
	out := []byte{0, 0, code, byte(len(shape))}
	for _, n := range shape {
		out = binary.BigEndian.AppendUint32(out, uint32(n))
	}
	var b bytes.Buffer
	b.Write(out)
	if numbers != nil {
		binary.Write(&b, binary.BigEndian, numbers)
	}
	return b.Bytes()
}

func TestIDXSource(t *testing.T) {
	images := func(first byte) []byte {
		return idxOf(8, []int{3, 1, 2}, []byte{first, 0, first + 1, 0, first + 2, 0})
	}
	labels := func(l ...byte) []byte { return idxOf(8, []int{len(l)}, l) }
	usual := map[string][]byte{
		trainImages + ".gz": gzipped(t, images(10)), trainLabels: labels(0, 1, 1), testImages: images(20), testLabels + ".gz": gzipped(t, labels(1, 0, 1)),
	}
	for _, c := range []struct {
		name       string
		files      map[string][]byte
		path       string
		train, val string
	}{
		{"the four files", usual, "", "10:0 11:1 12:1", "20:1 21:0 22:1"},
		{"one pair", map[string][]byte{"my-images.idx": images(30), "my-labels.idx": labels(0, 1, 0)}, "", "30:0 31:1 32:0", ""},
		{"a file", usual, trainImages + ".gz", "10:0 11:1 12:1", ""},
		{"four dimensions", map[string][]byte{"x-images-idx4": idxOf(8, []int{2, 1, 1, 2}, []byte{5, 6, 7, 8}), "x-labels-idx1": labels(0, 1)}, "x-images-idx4", "5:0 7:1", ""},
	} {
		d, _, err := openPath(t, Options{Name: "idx", Path: filepath.Join(writeTree(t, c.files), c.path)})
		if err != nil || marks(d.Train) != c.train || marks(d.Val) != c.val {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for code, numbers := range map[byte]any{0x09: []int8{1, -2}, 0x0b: []int16{1, -2}, 0x0c: []int32{1, -2}, 0x0d: []float32{1, -2}, 0x0e: []float64{1, -2}} {
		dir := writeTree(t, map[string][]byte{"images": idxOf(code, []int{2, 1, 1}, numbers), "labels": idxOf(0x0c, []int{2}, []int32{0, 1})})
		d, _, err := openPath(t, Options{Name: "idx", Path: dir})
		if err != nil || !slices.Equal(append(raw(d.Train, 0), raw(d.Train, 1)...), []float32{1, -2}) {
			t.Errorf("type %#x: %v", code, err)
		}
	}
}

func TestIDXSourceFaults(t *testing.T) {
	x, y := idxOf(8, []int{2, 1, 1}, []byte{1, 2}), idxOf(8, []int{2}, []byte{0, 1})
	for _, c := range []struct {
		name  string
		files map[string][]byte
		kind  error
		want  string
	}{
		{"no labels", map[string][]byte{"images": x}, ErrMissing, "there is no file of labels beside"},
		{"no training images", map[string][]byte{"t10k-images": x, "t10k-labels": y, "val-images": x, "val-labels": y}, ErrMissing, "holds no IDX files of training images"},
		{"which part", map[string][]byte{"a-images": x, "a-labels": y, "b-images": x, "b-labels": y}, ErrDamaged, "cannot tell which part"},
		{"train twice", map[string][]byte{"train-images": x, "train-labels": y, "train2-images": x, "train2-labels": y}, ErrDamaged, "cannot tell which part"},
		{"magic number", map[string][]byte{"images": []byte("hello, world"), "labels": y}, ErrDamaged, "magic number"},
		{"empty", map[string][]byte{"images": {}, "labels": y}, ErrDamaged, "the file ends within the header"},
		{"cut", map[string][]byte{"images": x[:len(x)-1], "labels": y}, ErrDamaged, "the file ends within 2 numbers of type uint8"},
		{"longer", map[string][]byte{"images": append(slices.Clone(x), 1), "labels": y}, ErrDamaged, "bytes after the end"},
		{"more labels", map[string][]byte{"images": x, "labels": idxOf(8, []int{3}, []byte{0, 1, 0})}, ErrDamaged, "2 images, but labels has 3 labels"},
		{"labels in two dimensions", map[string][]byte{"images": x, "labels": x}, ErrDamaged, "labels of the shape [2 1 1]"},
		{"bad label", map[string][]byte{"images": x, "labels": idxOf(0x0c, []int{2}, []int32{0, -5})}, ErrDamaged, "label 1 is -5"},
		{"empty class", map[string][]byte{"images": x, "labels": idxOf(8, []int{2}, []byte{0, 2})}, ErrDamaged, `1 of 3 classes have no training images`},
		{"NaN", map[string][]byte{"images": idxOf(0x0d, []int{2, 1, 1}, []float32{1, float32(math.NaN())}), "labels": y}, ErrDamaged, "value 0 of image 1 is NaN"},
		{"other size", map[string][]byte{"train-images": x, "train-labels": y, "test-images": idxOf(8, []int{2, 1, 2}, []byte{1, 2, 3, 4}), "test-labels": y}, ErrDamaged, "images of 1×2×1, but the training images are of 1×1×1"},
		{"too large", map[string][]byte{"images": idxOf(8, []int{1, 300, 1}, nil), "labels": idxOf(8, []int{1}, []byte{0})}, ErrDamaged, "images of 300×1×1"},
		{"huge", map[string][]byte{"images": gzipped(t, idxOf(0x0e, []int{1 << 31, 256, 256}, nil)), "labels": gzipped(t, idxOf(8, []int{1 << 31}, nil))}, ErrTooLarge, "labels"},
	} {
		before := availableMemory
		availableMemory = func() (int64, bool) { return 1 << 30, true }
		_, _, err := openPath(t, Options{Name: "idx", Path: writeTree(t, c.files)})
		availableMemory = before
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %v with %q", c.name, err, c.kind, c.want)
		}
	}
}

// MNIST's own files have 60,000 images: a packed file of millions is refused by its header.
func TestMNISTRefusesMoreThanPublished(t *testing.T) {
	files := smallMNIST(3, 2)
	files[trainImages] = gzipped(t, idxOf(8, []int{60_001, 28, 28}, nil))
	_, err := Open(t.Context(), Options{Name: "mnist", Dir: writeFiles(t, files), TrainCount: 1})
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "dimension 0 is 60001, want 1 to 60000") {
		t.Errorf("error %v", err)
	}
}

// EMNIST's images lie on their side, and the labels of its letters begin with 1. The files are read as they are, gzipped, or
// from the archive.
func TestEMNIST(t *testing.T) {
	image := make([]byte, idxSide*idxSide)
	image[1*idxSide+5] = 200 // row 1, column 5 of the file is row 5, column 1 of the picture
	pixels := slices.Concat(image, bytes.Repeat([]byte{7}, idxSide*idxSide))
	x := gzipped(t, idxFile(pixels, 2, idxSide, idxSide))
	y := func(l ...byte) []byte { return gzipped(t, idxFile(l, len(l))) }
	name := "emnist-letters-"
	files := map[string][]byte{
		name + "train-images-idx3-ubyte.gz": x, name + "train-labels-idx1-ubyte.gz": y(26, 1),
		name + "test-images-idx3-ubyte.gz": x, name + "test-labels-idx1-ubyte.gz": y(2, 3),
	}
	archive := zipOf(t, files)
	for name, dir := range map[string]string{"files": writeFiles(t, files), "archive": writeFiles(t, map[string][]byte{"gzip.zip": archive})} {
		d, err := Open(t.Context(), Options{Name: "emnist", Division: "letters", Dir: dir, Normalize: NormalizeNone})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := d.Train.Raw(0); got[5*idxSide+1] != 200 || got[1*idxSide+5] != 0 {
			t.Errorf("%s: the image is not upright", name)
		}
		if !slices.Equal(d.Train.Labels, []uint16{25, 0}) || !slices.Equal(d.Val.Labels, []uint16{1, 2}) || len(d.ClassNames) != 26 || d.ClassNames[25] != "z" {
			t.Errorf("%s: labels %v, %v of %v", name, d.Train.Labels, d.Val.Labels, d.ClassNames)
		}
	}
	files[name+"train-labels-idx1-ubyte.gz"] = y(0, 1)
	if _, err := Open(t.Context(), Options{Name: "emnist", Division: "letters", Dir: writeFiles(t, files)}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "of image 0, want 0 to 25") {
		t.Errorf("label 0 of letters: %v", err)
	}
	if _, err := Open(t.Context(), Options{Name: "emnist", Division: "all"}); !errors.Is(err, ErrOptions) {
		t.Errorf("no such division: %v", err)
	}
	for _, d := range divisions {
		classes := map[rune]bool{}
		for _, c := range d.classes {
			classes[c] = true
		}
		if want := map[string]int{"balanced": 47, "byclass": 62, "bymerge": 47, "digits": 10, "letters": 26, "mnist": 10}[d.name]; len(classes) != want || len(d.classes) != want {
			t.Errorf("%s: %d classes, want %d", d.name, len(classes), want)
		}
	}
}

// zipOf packs files into a folder of a zip.
func zipOf(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range files {
		f, err := w.Create("gzip/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
