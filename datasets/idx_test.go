package datasets

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// idxFile is an IDX file of bytes.
func idxFile(values []byte, dims ...int) []byte {
	out := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		out = binary.BigEndian.AppendUint32(out, uint32(d))
	}
	return append(out, values...)
}

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadIDX(t *testing.T) {
	file := idxFile([]byte{1, 2, 3, 4, 5, 6}, 3, 2, 1)
	for name, content := range map[string][]byte{"plain": file, "gzipped": gzipped(t, file)} {
		dims, values, err := readIDX(bytes.NewReader(content), name, []int{0, 2, 1})
		if err != nil || !slices.Equal(dims, []int{3, 2, 1}) || !slices.Equal(values, []byte{1, 2, 3, 4, 5, 6}) {
			t.Errorf("%s: got %v %v, error %v", name, dims, values, err)
		}
	}
}

func TestReadIDXFaults(t *testing.T) {
	good := idxFile([]byte{1, 2, 3, 4, 5, 6}, 3, 2)
	packed := gzipped(t, good)
	broken := slices.Clone(packed)
	broken[len(broken)-5] ^= 1 // in the checksum
	cases := []struct {
		name    string
		content []byte
		want    string
	}{
		{"empty", nil, "f: offset 0: the file ends within the header of 12 bytes"},
		{"header cut", good[:7], "f: offset 7: the file ends within the header"},
		{"content cut", good[:15], "f: offset 15: the file ends within 6 bytes of content"},
		{"bytes after the end", append(slices.Clone(good), 0), "f: offset 18: bytes after the end"},
		{"wrong type", append([]byte{0, 0, 13, 2}, good[4:]...), "f: offset 0: magic number 0x00000d02, want 0x00000802"},
		{"wrong number of dimensions", idxFile([]byte{1, 2, 3, 4}, 4), "magic number 0x00000801, want 0x00000802"},
		{"wrong size", idxFile([]byte{1, 2, 3}, 1, 3), "f: offset 8: dimension 1 is 3, want 2"},
		{"no images", idxFile(nil, 0, 2), "f: offset 4: dimension 0 is 0, want 1 or more"},
		{"giant", idxFile([]byte{1}, 1<<32-1, 2), "f: offset 4: dimension 0 is 4294967295, which makes the array larger"},
		{"large and empty", idxFile(nil, 1<<29, 2), "f: offset 12: the file ends within 1073741824 bytes"},
		{"gzip cut", packed[:len(packed)-9], "the file ends within"},
		{"gzip checksum", broken, "gzip: invalid checksum"},
		{"gzip header", []byte{0x1f, 0x8b, 0, 0}, "f: offset 0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := readIDX(bytes.NewReader(c.content), "f", []int{0, 2})
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want ErrDamaged with %q", err, c.want)
			}
		})
	}
}

func TestReadIDXAllocatesByContent(t *testing.T) {
	lying := idxFile(make([]byte, 1000), 1<<29, 2)
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := readIDX(bytes.NewReader(lying), "f", []int{0, 2}); err == nil {
				b.Fatal("no error")
			}
		}
	})
	if got := result.AllocedBytesPerOp(); got > 2<<20 {
		t.Errorf("a file of 1 kB that promises 1 GB had %d bytes allocated, want at most 2 MiB", got)
	}
}

// writeFiles writes files into a new folder.
func writeFiles(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// smallMNIST is a dataset in MNIST's files: images 0, 1, 2 … are filled with their number, the test images' beginning at 100.
func smallMNIST(train, test int) map[string][]byte {
	part := func(count, first int) (pixels, labels []byte) {
		for i := range count {
			pixels = append(pixels, bytes.Repeat([]byte{byte(first + i)}, idxSide*idxSide)...)
			labels = append(labels, byte(i%len(digitNames)))
		}
		return idxFile(pixels, count, idxSide, idxSide), idxFile(labels, count)
	}
	files := map[string][]byte{}
	files[trainImages], files[trainLabels] = part(train, 0)
	files[testImages], files[testLabels] = part(test, 100)
	return files
}

func TestReadPairFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		labels []byte
		want   string
	}{
		{"wrong count", idxFile([]byte{1, 2}, 2), "offset 4: 2 labels, but " + trainImages + " has 3 images"},
		{"no class", idxFile([]byte{1, 10, 2}, 3), "offset 9: label 10 of image 1, want 0 to 9"},
	} {
		files := smallMNIST(3, 1)
		files[trainLabels] = c.labels
		dir := writeFiles(t, files)
		_, err := readPair(fileOpener(filepath.Join(dir, trainImages)), fileOpener(filepath.Join(dir, trainLabels)), 3, 0, 10)
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q", c.name, err, c.want)
		}
	}
}

func FuzzReadIDX(f *testing.F) {
	f.Add(idxFile([]byte{1, 2, 3, 4, 5, 6}, 3, 2))
	f.Add(gzipped(f, idxFile([]byte{1, 2}, 1, 2)))
	f.Add(idxFile(nil, 1<<29, 2))
	f.Fuzz(func(t *testing.T, content []byte) {
		dims, values, err := readIDX(bytes.NewReader(content), "f", []int{0, 2})
		if err != nil {
			return
		}
		if dims[0]*2 != len(values) || len(dims) != 2 || dims[1] != 2 {
			t.Errorf("dimensions %v, but %d values", dims, len(values))
		}
	})
}
