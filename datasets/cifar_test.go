package datasets

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// cifarBatch is a batch whose record i has label (first+i)%10 and a pixel's bytes depend on record, place and plane.
func cifarBatch(first, records int) []byte {
	var out []byte
	for i := first; i < first+records; i++ {
		out = append(out, byte(i%len(cifarNames)))
		for plane := range 3 {
			for p := range cifarSide * cifarSide {
				out = append(out, cifarByte(i, p, plane))
			}
		}
	}
	return out
}

func cifarByte(record, p, plane int) byte { return byte(7*record + 3*p + 80*plane + p/cifarSide) }

// archiveOf packs files as CIFAR-10's archive does.
func archiveOf(t testing.TB, names []string, contents [][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i, name := range names {
		header := &tar.Header{Name: "cifar-10-batches-bin/" + name, Mode: 0o644, Size: int64(len(contents[i]))}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(contents[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return gzipped(t, b.Bytes())
}

// smallCIFAR is a set of two files of two records, with the contents of its files.
func smallCIFAR() (fileSet, [][]byte) {
	contents := [][]byte{cifarBatch(0, 2), cifarBatch(2, 2)}
	set := fileSet{
		dataset: "small", folders: []string{"small-bin"},
		files:   []file{{name: "a.bin", sum: sumOf(contents[0])}, {name: "b.bin", sum: sumOf(contents[1])}},
		archive: file{name: "small.tar.gz"},
	}
	return set, contents
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func checkSmallCIFAR(t *testing.T, all images) {
	t.Helper()
	if !slices.Equal(all.labels, []uint16{0, 1, 2, 3}) {
		t.Errorf("labels %v, want 0 to 3", all.labels)
	}
	for i := range 4 {
		for p := range cifarSide * cifarSide {
			for plane := range 3 {
				if got, want := all.pixels[i*cifarSize+3*p+plane], cifarByte(i, p, plane); got != want {
					t.Fatalf("image %d pixel %d plane %d is %d, want %d", i, p, plane, got, want)
				}
			}
		}
	}
}

func TestReadBatches(t *testing.T) {
	set, contents := smallCIFAR()
	archive := archiveOf(t, []string{"b.bin", "readme.html", "a.bin"}, [][]byte{contents[1], {1, 2, 3}, contents[0]})
	for name, files := range map[string]map[string][]byte{
		"files":   {"a.bin": contents[0], "b.bin": contents[1]},
		"archive": {"small.tar.gz": archive},
	} {
		t.Run(name, func(t *testing.T) {
			found, missing := set.in(writeFiles(t, files))
			if len(missing) > 0 {
				t.Fatalf("missing %v", missing)
			}
			all, err := cifar{files: set, records: []int{2, 2}, labels: 1, classNames: cifarNames}.readBatches(found, Options{Log: func(s string) { t.Errorf("remark %q", s) }})
			if err != nil {
				t.Fatal(err)
			}
			checkSmallCIFAR(t, all)
		})
	}
}

// A file of CIFAR-100: two records of a coarse and a fine label each.
func TestReadBatchOfTwoLabels(t *testing.T) {
	var content []byte
	for i, fine := range []byte{99, 7} {
		content = append(content, 19, fine)
		content = append(content, cifarBatch(i, 1)[1:]...)
	}
	m := images{pixels: make([]byte, 2*cifarSize), labels: make([]uint16, 2)}
	if err := cifar100.readBatch(m, bytes.NewReader(content), "f"); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.labels, []uint16{99, 7}) || m.pixels[0] != cifarByte(0, 0, 0) || m.pixels[cifarSize+5] != cifarByte(1, 1, 2) {
		t.Errorf("labels %v, pixels %v, %v", m.labels, m.pixels[:6], m.pixels[cifarSize:cifarSize+6])
	}
	content[cifar100.record()+1] = 100
	if err := cifar100.readBatch(m, bytes.NewReader(content), "f"); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "offset 3075: label 100 of image 1, want 0 to 99") {
		t.Errorf("error %v", err)
	}
	if len(cifar100Names) != 100 || !slices.IsSorted(cifar100Names) {
		t.Errorf("%d names, sorted %v", len(cifar100Names), slices.IsSorted(cifar100Names))
	}
}

func TestReadBatchesRemarksOnOtherContent(t *testing.T) {
	set, contents := smallCIFAR()
	contents[1][1] ^= 1
	found, _ := set.in(writeFiles(t, map[string][]byte{"a.bin": contents[0], "b.bin": contents[1]}))
	var remarks []string
	_, err := cifar{files: set, records: []int{2, 2}, labels: 1, classNames: cifarNames}.readBatches(found, Options{Log: func(s string) { remarks = append(remarks, s) }})
	if err != nil || len(remarks) != 1 || !strings.Contains(remarks[0], "b.bin is not the published file") {
		t.Errorf("remarks %q, error %v, want one on b.bin", remarks, err)
	}
}

func TestReadBatchFaults(t *testing.T) {
	good := cifarBatch(0, 2)
	label := slices.Clone(good)
	label[cifar10.record()] = 10
	for _, c := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"empty", nil, "f: offset 0: the file ends within 6146 bytes"},
		{"cut", good[:5000], "f: offset 5000: the file ends within 6146 bytes"},
		{"too long", append(slices.Clone(good), 1), "f: offset 6146: bytes after the end"},
		{"label", label, "f: offset 3073: label 10 of image 1, want 0 to 9"},
	} {
		m := images{pixels: make([]byte, 2*cifarSize), labels: make([]uint16, 2)}
		err := cifar10.readBatch(m, bytes.NewReader(c.content), "f")
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q", c.name, err, c.want)
		}
	}
}

func TestWalkArchiveFaults(t *testing.T) {
	set, contents := smallCIFAR()
	good := archiveOf(t, []string{"a.bin", "b.bin"}, contents)
	checksum := slices.Clone(good)
	checksum[len(checksum)-6] ^= 1
	for _, c := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"no gzip", []byte("hello, world"), "gzip"},
		{"empty", nil, "ends within the gzip header"},
		{"cut", good[:len(good)/2], "f"},
		{"checksum", checksum, "gzip: invalid checksum"},
		{"a file lacks", archiveOf(t, []string{"a.bin"}, contents[:1]), "ends without b.bin"},
		{"a file twice", archiveOf(t, []string{"a.bin", "a.bin"}, contents), "a.bin: offset 7680: the archive holds this file twice"},
		{"wrong size", archiveOf(t, []string{"a.bin"}, [][]byte{contents[0][1:]}), "the file has 6145 bytes, want 6146"},
		{"no archive", gzipped(t, bytes.Repeat([]byte("text"), 500)), "the archive's next entry"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := walkArchive(bytes.NewReader(c.content), "f", set.files, func(int) int64 { return 2 * int64(cifar10.record()) }, func(_ int, _ string, r io.Reader) error {
				_, err := io.Copy(io.Discard, r)
				if err != nil {
					return readFault("f", 0, err, "a file")
				}
				return nil
			})
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want ErrDamaged with %q", err, c.want)
			}
		})
	}
}

func TestUnpackChecksSums(t *testing.T) {
	set, contents := smallCIFAR()
	contents[1][5] ^= 1
	dir := writeFiles(t, map[string][]byte{"small.tar.gz": archiveOf(t, []string{"a.bin", "b.bin"}, contents)})
	err := unpack(filepath.Join(dir, "small.tar.gz"), dir, set.files)
	if err == nil || !strings.Contains(err.Error(), "b.bin: SHA-256 is "+sumOf(contents[1])) {
		t.Errorf("got error %v, want one on b.bin's SHA-256", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "b.bin")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("b.bin is there although its sum is wrong (%v)", err)
	}
}

func FuzzReadBatch(f *testing.F) {
	f.Add([]byte{})
	f.Add(cifarBatch(0, 1))
	f.Add(append(cifarBatch(3, 1), 0))
	m := images{pixels: make([]byte, cifarSize), labels: make([]uint16, 1)}
	f.Fuzz(func(t *testing.T, content []byte) {
		err := cifar10.readBatch(m, bytes.NewReader(content), "f")
		if fits := len(content) == cifar10.record() && int(content[0]) < len(cifarNames); fits != (err == nil) {
			t.Errorf("%d bytes: error %v", len(content), err)
		}
	})
}

func FuzzWalkArchive(f *testing.F) {
	set := []file{{name: "a"}, {name: "b"}}
	f.Add(archiveOf(f, []string{"a", "b"}, [][]byte{{1}, {2}}))
	f.Add(archiveOf(f, []string{"a", "c", "a"}, [][]byte{{1}, {2}, {3}}))
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, content []byte) {
		visits := 0
		err := walkArchive(bytes.NewReader(content), "f", set, func(int) int64 { return 1 }, func(_ int, _ string, r io.Reader) error {
			visits++
			n, err := io.Copy(io.Discard, r)
			if err == nil && n != 1 {
				t.Errorf("a file of %d bytes, want 1", n)
			}
			return err
		})
		if err == nil && visits != 2 {
			t.Errorf("%d files without error, want 2", visits)
		}
	})
}
