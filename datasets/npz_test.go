package datasets

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// npy is a NumPy array as a file holds it.
func npy(descr string, fortran bool, shape []int, numbers any) []byte {
	var dims []string
	for _, n := range shape {
		dims = append(dims, fmt.Sprint(n))
	}
	order := "False"
	if fortran {
		order = "True"
	}
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': (%s,), }", descr, order, strings.Join(dims, ", "))
	for (10+len(header)+1)%64 != 0 {
		header += " "
	}
	header += "\n"
	out := append([]byte("\x93NUMPY\x01\x00"), binary.LittleEndian.AppendUint16(nil, uint16(len(header)))...)
	out = append(out, header...)
	var order2 binary.ByteOrder = binary.LittleEndian
	if descr[0] == '>' {
		order2 = binary.BigEndian
	}
	var b bytes.Buffer
	b.Write(out)
	if numbers != nil {
		binary.Write(&b, order2, numbers)
	}
	return b.Bytes()
}

// npz packs arrays; names and contents take turns.
func npz(t testing.TB, method uint16, entries ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		f, err := w.CreateHeader(&zip.FileHeader{Name: entries[i].(string) + ".npy", Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(entries[i+1].([]byte)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeNpz(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.npz")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// raw are the values of image i, of whatever type.
func raw(s *Split, i int) []float32 {
	out := make([]float32, s.size())
	s.RawFloats(out, i)
	return out
}

// NumPy's own: x_train is 0 … 23 as uint8 of [2,2,3,2], y_train [[1], [0]] as int64; x_test is the first image as big-endian int32 in
// Fortran's order, y_test [1]; compressed.
const numpyFile = "UEsDBC0AAAAIAAAAIQBBB2+R//////////8LABQAeF90cmFpbi5ucHkBABAAmAAAAAAAAABhAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loF5Taqiuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CkBkDCQ1dRRqFcgAXAyMTMwsrGzsHJxc3Dy8fPwCgkLCIqJi4gBQSwMELQAAAAgAAAAhAIlupbr//////////wsAFAB5X3RyYWluLm5weQEAEACQAAAAAAAAAEoAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNpoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjoKhpo6CrUKZAMuRgZUAABQSwMELQAAAAgAAAAhAIwpgk7//////////woAFAB4X3Rlc3QubnB5AQAQALAAAAAAAAAAZgAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBul2mirqOgnpZfVFKUmBefX5SSChIPKSpNBQoXZyQWpAK5GoY6CkY6CsZAUlNHoVaBHMDFAAFsQMwExBxAzALEIHFGIGYHYmYg5gRiViDmBgBQSwMELQAAAAgAAAAhAHuypsD//////////woAFAB5X3Rlc3QubnB5AQAQAIEAAAAAAAAARQAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RqGOpo6CrUKFAAuRgBQSwECLQMtAAAACAAAACEAQQdvkWEAAACYAAAACwAAAAAAAAAAAAAAgAEAAAAAeF90cmFpbi5ucHlQSwECLQMtAAAACAAAACEAiW6lukoAAACQAAAACwAAAAAAAAAAAAAAgAGeAAAAeV90cmFpbi5ucHlQSwECLQMtAAAACAAAACEAjCmCTmYAAACwAAAACgAAAAAAAAAAAAAAgAElAQAAeF90ZXN0Lm5weVBLAQItAy0AAAAIAAAAIQB7sqbARQAAAIEAAAAKAAAAAAAAAAAAAACAAccBAAB5X3Rlc3QubnB5UEsFBgAAAAAEAAQA4gAAAEgCAAAAAA=="

func TestNpzByNumPy(t *testing.T) {
	content, err := base64.StdEncoding.DecodeString(numpyFile)
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := openPath(t, Options{Name: "npz", Path: writeNpz(t, content)})
	if err != nil {
		t.Fatal(err)
	}
	s := d.Train
	if s.H != 2 || s.W != 3 || s.C != 2 || !slices.Equal(s.Labels, []uint16{1, 0}) || !slices.Equal(d.Val.Labels, []uint16{1}) || strings.Join(d.ClassNames, " ") != "0 1" {
		t.Errorf("%d×%d×%d, labels %v, %v, classes %v", s.H, s.W, s.C, s.Labels, d.Val.Labels, d.ClassNames)
	}
	for i := range 2 {
		for j, v := range s.Raw(i) {
			if int(v) != 12*i+j {
				t.Fatalf("image %d is %v", i, s.Raw(i))
			}
		}
	}
	if !bytes.Equal(d.Val.Raw(0), s.Raw(0)) {
		t.Errorf("test image %v, want %v", d.Val.Raw(0), s.Raw(0))
	}
	if d.Recipe.Colour != "" || d.Recipe.Divisor != 1 || d.Recipe.Normalize != NormalizeMean {
		t.Errorf("recipe of two channels: %+v", d.Recipe)
	}
}

// Four images of 1×2 and labels 0 1 0 1 in every type of number, both orders of bytes and both ways to pack.
func TestNpzTypes(t *testing.T) {
	for _, c := range []struct {
		descr   string
		numbers any
		want    []float32
		floats  bool
	}{
		{"|u1", []uint8{0, 1, 2, 3, 4, 5, 6, 255}, []float32{0, 1, 2, 3, 4, 5, 6, 255}, false},
		{"|b1", []bool{true, false, true, false, true, true, false, false}, []float32{1, 0, 1, 0, 1, 1, 0, 0}, false},
		{"|i1", []int8{0, 1, 2, 3, 4, 5, 6, 127}, []float32{0, 1, 2, 3, 4, 5, 6, 127}, false},
		{"|i1", []int8{0, 1, 2, 3, 4, 5, 6, -1}, []float32{0, 1, 2, 3, 4, 5, 6, -1}, true},
		{"<u2", []uint16{0, 1, 2, 3, 4, 5, 6, 255}, []float32{0, 1, 2, 3, 4, 5, 6, 255}, false},
		{">u2", []uint16{0, 1, 2, 3, 4, 5, 6, 256}, []float32{0, 1, 2, 3, 4, 5, 6, 256}, true},
		{"<i2", []int16{0, 1, 2, 3, 4, 5, 6, -300}, []float32{0, 1, 2, 3, 4, 5, 6, -300}, true},
		{"<u4", []uint32{0, 1, 2, 3, 4, 5, 6, 1 << 31}, []float32{0, 1, 2, 3, 4, 5, 6, 1 << 31}, true},
		{"<i8", []int64{0, 1, 2, 3, 4, 5, 6, 9}, []float32{0, 1, 2, 3, 4, 5, 6, 9}, false},
		{">u8", []uint64{0, 1, 2, 3, 4, 5, 6, 9}, []float32{0, 1, 2, 3, 4, 5, 6, 9}, false},
		{"<f4", []float32{0, 1, 2, 3, 4, 5, 6, 9}, []float32{0, 1, 2, 3, 4, 5, 6, 9}, false},
		{">f4", []float32{0, 0.25, 1, 0, 0.5, 0, 0, 1}, []float32{0, 0.25, 1, 0, 0.5, 0, 0, 1}, true},
		{"<f8", []float64{0, 0.1, -2, 0, 0.5, 0, 0, 1e9}, []float32{0, 0.1, -2, 0, 0.5, 0, 0, 1e9}, true},
		// 1, −2, 65504, 2⁻²⁴ (the least), 0, 0.5, 3, 0.333 as float16
		{"<f2", []uint16{0x3c00, 0xc000, 0x7bff, 0x0001, 0, 0x3800, 0x4200, 0x3555}, []float32{1, -2, 65504, 0x1p-24, 0, 0.5, 3, 1365.0 / 4096}, true},
	} {
		for _, method := range []uint16{zip.Store, zip.Deflate} {
			path := writeNpz(t, npz(t, method, "x", npy(c.descr, false, []int{4, 1, 2}, c.numbers), "y", npy("<i4", false, []int{4}, []int32{0, 1, 0, 1})))
			d, _, err := openPath(t, Options{Name: "npz", Path: path, Normalize: NormalizeNone})
			if err != nil {
				t.Errorf("%s: %v", c.descr, err)
				continue
			}
			var got []float32
			for i := range 4 {
				got = append(got, raw(d.Train, i)...)
			}
			if !slices.Equal(got, c.want) || (d.Train.Raw(0) == nil) != c.floats || !slices.Equal(filled(d.Train), c.want) {
				t.Errorf("%s: got %v, floats %v, want %v, %v", c.descr, got, d.Train.Raw(0) == nil, c.want, c.floats)
			}
			if d.Train.C != 1 || d.Train.H != 1 || d.Train.W != 2 || d.Val != nil || d.Recipe.Colour != "grey" {
				t.Errorf("%s: %d×%d×%d, %+v", c.descr, d.Train.H, d.Train.W, d.Train.C, d.Recipe)
			}
		}
	}
}

// The order of the dimensions: value (n, h, w, c) is 1000·n + 100·h + 10·w + c.
func TestNpzFortranOrder(t *testing.T) {
	var c, fortran []float32
	at := func(n, h, w, k int) float32 { return float32(1000*n + 100*h + 10*w + k) }
	for n := range 3 {
		for h := range 2 {
			for w := range 4 {
				for k := range 3 {
					c = append(c, at(n, h, w, k))
				}
			}
		}
	}
	for k := range 3 {
		for w := range 4 {
			for h := range 2 {
				for n := range 3 {
					fortran = append(fortran, at(n, h, w, k))
				}
			}
		}
	}
	y := npy("|u1", true, []int{3, 1}, []uint8{0, 1, 0})
	for name, x := range map[string][]byte{"C": npy("<f4", false, []int{3, 2, 4, 3}, c), "Fortran": npy("<f4", true, []int{3, 2, 4, 3}, fortran)} {
		d, _, err := openPath(t, Options{Name: "npz", Path: writeNpz(t, npz(t, zip.Deflate, "x", x, "y", y))})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if got := raw(d.Train, i); !slices.Equal(got, c[i*24:(i+1)*24]) {
				t.Errorf("%s: image %d is %v", name, i, got)
			}
		}
	}
}

func TestNpzParts(t *testing.T) {
	x := func(first byte, n int) []byte {
		return npy("|u1", false, []int{n, 1, 1}, []byte{first, first + 1, first + 2, first + 3}[:n])
	}
	y := func(labels ...uint8) []byte { return npy("|u1", false, []int{len(labels)}, labels) }
	path := writeNpz(t, npz(t, zip.Store, "x_train", x(10, 3), "y_train", y(0, 1, 1), "x_val", x(20, 2), "y_val", y(1, 0), "x_test", x(30, 1), "y_test", y(1), "more", []byte("?")))
	d, _, err := openPath(t, Options{Name: "npz", Path: path})
	if err != nil || marks(d.Train) != "10:0 11:1 12:1" || marks(d.Val) != "20:1 21:0" || marks(d.Test) != "30:1" {
		t.Errorf("%v: %q, %q, %q", err, marks(d.Train), marks(d.Val), marks(d.Test))
	}
	if d.Dir != path {
		t.Errorf("found at %q, want %q", d.Dir, path)
	}
}

func TestNpzFaults(t *testing.T) {
	x := npy("|u1", false, []int{2, 1, 1}, []byte{1, 2})
	y := npy("|u1", false, []int{2}, []byte{0, 1})
	float := func(v float64) []byte { return npy("<f8", false, []int{2, 1, 1}, []float64{1, v}) }
	cut := npz(t, zip.Deflate, "x", x, "y", y)
	bad := slices.Clone(npz(t, zip.Store, "x", x, "y", y))
	bad[bytes.Index(bad, []byte{1, 2})] ^= 4 // the checksum no longer fits
	for _, c := range []struct {
		name    string
		content []byte
		o       Options
		want    string
	}{
		{"no zip", []byte("hello"), Options{}, "is no npz file"},
		{"cut", cut[:len(cut)-30], Options{}, "is no npz file"},
		{"other names", npz(t, 0, "a", x, "b", y), Options{}, "holds no x_train and y_train, nor x and y, but: a, b"},
		{"no labels", npz(t, 0, "x_train", x), Options{}, "holds x_train, but no y_train"},
		{"no images", npz(t, 0, "y", x), Options{}, "holds y, but no x"},
		{"no test labels", npz(t, 0, "x", x, "y", y, "x_test", x), Options{}, "holds x_test, but no y_test"},
		{"twice", npz(t, 0, "x", x, "x", x, "y", y), Options{}, "holds x.npy twice"},
		{"objects", npz(t, 0, "x", npy("|O", false, []int{2, 1, 1}, nil), "y", y), Options{}, "x.npy: it holds Python objects, which are not read"},
		{"complex", npz(t, 0, "x", npy("<c8", false, []int{2, 1, 1}, []byte{1}), "y", y), Options{}, `numbers of type "<c8" cannot be read`},
		{"text", npz(t, 0, "x", x, "y", npy("<U3", false, []int{2}, nil)), Options{}, `numbers of type "<U3"`},
		{"records", npz(t, 0, "x", append([]byte("\x93NUMPY\x01\x00\x20\x00"), "{'descr': [('a', '<i4')], 'x': 1}"...), "y", y), Options{}, "want an array of plain numbers"},
		{"no array", npz(t, 0, "x", []byte("0123456789"), "y", y), Options{}, "x.npy is no NumPy array"},
		{"empty entry", npz(t, 0, "x", []byte{}, "y", y), Options{}, "the file ends within the header"},
		{"long header", npz(t, 0, "x", []byte("\x93NUMPY\x02\x00\xff\xff\xff\x7f{"), "y", y), Options{}, "with a header of 2147483647 bytes"},
		{"flat", npz(t, 0, "x", npy("|u1", false, []int{2, 3}, []byte{1, 2, 3, 4, 5, 6}), "y", y), Options{}, "an array of the shape [2 3], want images as [N,H,W] or [N,H,W,C]"},
		{"channels first", npz(t, 0, "x", npy("|u1", false, []int{2, 3, 8, 8}, make([]byte, 384)), "y", y), Options{}, "channels must come last"},
		{"too many channels", npz(t, 0, "x", npy("|u1", false, []int{2, 8, 8, 5}, make([]byte, 640)), "y", y), Options{}, "images of 8×8×5"},
		{"too large", npz(t, 0, "x", npy("|u1", false, []int{2, 257, 1}, make([]byte, 514)), "y", y), Options{}, "images of 257×1×1, want a height and a width from 1 to 256"},
		{"nothing", npz(t, 0, "x", npy("|u1", false, []int{0, 1, 1}, nil), "y", npy("|u1", false, []int{0}, nil)), Options{}, "holds no images"},
		{"other count", npz(t, 0, "x", npy("|u1", false, []int{3, 1, 1}, []byte{1, 2, 3}), "y", y), Options{}, "x.npy has 3 images, but y.npy has 2 labels"},
		{"other size", npz(t, 0, "x", x, "y", y, "x_test", npy("|u1", false, []int{2, 1, 2}, []byte{1, 2, 3, 4}), "y_test", y), Options{}, "x_test holds images of 1×2×1, but the training images are of 1×1×1"},
		{"labels in two columns", npz(t, 0, "x", x, "y", npy("|u1", false, []int{2, 2}, []byte{0, 1, 1, 0})), Options{}, "labels of the shape [2 2]"},
		{"negative label", npz(t, 0, "x", x, "y", npy("<i4", false, []int{2}, []int32{0, -1})), Options{}, "y.npy: label 1 is -1, want a whole number from 0 to 999"},
		{"label 1000", npz(t, 0, "x", x, "y", npy("<i4", false, []int{2}, []int32{1000, 0})), Options{}, "label 0 is 1000"},
		{"half a label", npz(t, 0, "x", x, "y", npy("<f4", false, []int{2}, []float32{0, 0.5})), Options{}, "label 1 is 0.5"},
		{"empty class", npz(t, 0, "x", x, "y", npy("<i4", false, []int{2}, []int32{0, 2})), Options{}, `1 of 3 classes have no training images that can be used: "1"`},
		{"unknown test label", npz(t, 0, "x", x, "y", y, "x_test", x, "y_test", npy("|u1", false, []int{2}, []byte{0, 7})), Options{}, "label 7 of image 1 of the validation or test images"},
		{"NaN", npz(t, 0, "x", float(math.NaN()), "y", y), Options{}, "x.npy: value 0 of image 1 is NaN: want finite numbers"},
		{"infinite", npz(t, 0, "x", float(math.Inf(-1)), "y", y), Options{}, "value 0 of image 1 is -Inf"},
		{"beyond float32", npz(t, 0, "x", float(1e300), "y", y), Options{}, "value 0 of image 1 is 1e+300"},
		{"short array", npz(t, 0, "x", npy("|u1", false, []int{2, 1, 1}, []byte{1}), "y", y), Options{}, "the file ends within 2 numbers of type uint8"},
		{"long array", npz(t, 0, "x", npy("|u1", false, []int{2, 1, 1}, []byte{1, 2, 3}), "y", y), Options{}, "the content does not end with the array"},
		{"checksum", bad, Options{}, "does not end with the array (zip: checksum error)"},
		{"overflow", npz(t, 0, "x", npy("<f8", false, []int{1 << 40, 1 << 40, 1 << 40}, nil), "y", y), Options{}, "an array of the shape"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Name, c.o.Path = "npz", writeNpz(t, c.content)
			if _, _, err := openPath(t, c.o); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.o.Path) {
				t.Errorf("error %v, want ErrDamaged with the path and %q", err, c.want)
			}
		})
	}
	if _, _, err := openPath(t, Options{Name: "npz", Path: filepath.Join(t.TempDir(), "no.npz")}); !errors.Is(err, ErrMissing) {
		t.Errorf("no file: %v", err)
	}
	if _, _, err := openPath(t, Options{Name: "npz", Path: t.TempDir()}); !errors.Is(err, ErrOptions) {
		t.Errorf("a folder: %v", err)
	}
}

func TestNpzSkips(t *testing.T) {
	x := npy("|u1", false, []int{3, 1, 1}, []byte{10, 11, 12})
	path := writeNpz(t, npz(t, 0, "x", x, "y", npy("|u1", false, []int{3}, []byte{3, 0, 3}), "x_test", x, "y_test", npy("|u1", false, []int{3}, []byte{0, 7, 3})))
	d, log, err := openPath(t, Options{Name: "npz", Path: path, SkipBroken: true})
	if err != nil || strings.Join(d.ClassNames, " ") != "0 3" || marks(d.Train) != "10:1 11:0 12:1" || marks(d.Val) != "10:0 12:1" {
		t.Errorf("%v: classes %v, %q, %q", err, d.ClassNames, marks(d.Train), marks(d.Val))
	}
	if all := strings.Join(log, "\n"); !strings.Contains(all, "1 validation or test images are left out") || !strings.Contains(all, `"1", "2"; they are left out`) {
		t.Errorf("remarks %q", log)
	}
}

// A small file that unpacks to far more than there is room for is refused before it is unpacked.
func TestNpzBomb(t *testing.T) {
	before := availableMemory
	defer func() { availableMemory = before }()
	availableMemory = func() (int64, bool) { return 100 << 10, true }
	const count = 100 << 10
	path := writeNpz(t, npz(t, zip.Deflate, "x", npy("|u1", false, []int{count, 8, 8}, make([]byte, 64*count)), "y", npy("|u1", false, []int{count}, make([]byte, count))))
	if info, err := os.Stat(path); err != nil || info.Size() > 20<<10 {
		t.Fatalf("%v bytes, %v", info.Size(), err)
	}
	if _, _, err := openPath(t, Options{Name: "npz", Path: path}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("labels: error %v, want ErrTooLarge", err)
	}
	availableMemory = func() (int64, bool) { return 1 << 20, true }
	if _, _, err := openPath(t, Options{Name: "npz", Path: path}); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "x.npy") {
		t.Errorf("images: error %v, want ErrTooLarge", err)
	}
}

func FuzzNpz(f *testing.F) {
	x, y := npy("|u1", false, []int{2, 1, 1}, []byte{1, 2}), npy("|u1", false, []int{2}, []byte{0, 1})
	f.Add(npz(f, zip.Store, "x", x, "y", y))
	f.Add(npz(f, zip.Deflate, "x_train", npy(">f4", true, []int{2, 1, 2, 2}, make([]float32, 8)), "y_train", y, "x_test", x, "y_test", y))
	f.Add(npz(f, zip.Store, "x", npy("|O", false, []int{1 << 40, 1, 1}, nil), "y", y))
	f.Fuzz(func(t *testing.T, content []byte) {
		archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return
		}
		found, err := readNpz(archive, "f", Options{})
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrTooLarge) {
				t.Errorf("error %v", err)
			}
			return
		}
		if err := found.check(); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("error %v", err)
		}
	})
}

// The header alone, which a packed file's checksums keep a fuzzer from changing.
func FuzzNpyHeader(f *testing.F) {
	f.Add(npy("|u1", false, []int{2, 1, 1}, []byte{1, 2}))
	f.Add(npy(">f8", true, []int{3}, []float64{1, 2, 3}))
	f.Fuzz(func(t *testing.T, content []byte) {
		a, err := readNpyHeader(bytes.NewReader(content), "f")
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("error %v", err)
			}
			return
		}
		count := 1
		for _, n := range a.shape {
			count *= n
		}
		if count != a.count || a.count < 0 || a.element.size < 1 {
			t.Errorf("%+v", a)
		}
	})
}
