package datasets

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"

	"github.com/maxgain/maxgain/datasets/picture"
	"github.com/maxgain/maxgain/trainer/atomicfile"
)

// CIFAR's binary versions (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html) are files of records, each of one or
// two label bytes and the red, green and blue planes of a 32×32 image, row by row. CIFAR-10 has six files of 10,000 records
// with one label; CIFAR-100 has files of 50,000 and 10,000 with two, the second of which is the class.
const (
	cifarSide     = 32
	cifarChannels = 3
	cifarSize     = cifarSide * cifarSide * cifarChannels
)

// cifar is one of the two sets.
type cifar struct {
	files      fileSet
	records    []int // of each file; the last file is the test images
	labels     int   // label bytes in a record; the last is the class
	classNames []string
}

// record is the number of bytes in a record.
func (c cifar) record() int { return c.labels + cifarSize }

var cifar10 = cifar{files: cifarFiles, records: []int{10_000, 10_000, 10_000, 10_000, 10_000, 10_000}, labels: 1, classNames: cifarNames}

var cifarFiles = fileSet{
	dataset: "cifar10",
	folders: []string{"cifar-10-batches-bin"},
	files: []file{
		{name: "data_batch_1.bin", sum: "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
		{name: "data_batch_2.bin", sum: "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
		{name: "data_batch_3.bin", sum: "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
		{name: "data_batch_4.bin", sum: "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
		{name: "data_batch_5.bin", sum: "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
		{name: "test_batch.bin", sum: "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"},
	},
	archive: file{name: "cifar-10-binary.tar.gz", sum: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", size: 170_052_171},
	mirrors: []string{
		"https://www.cs.toronto.edu/~kriz/",
		"https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
	},
}

var cifarNames = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

var _ = register(source{
	name: "cifar10", note: "photographs of ten things, 50,000 + 10,000 of 32×32×3",
	normalize: NormalizeWhiten, flip: true,
	shift: 4, // the usual random crop (He et al. 2016, arXiv:1512.03385)
	load:  cifar10.load,
})

// load finds the set's files, or the archive they come in, and reads them.
func (c cifar) load(ctx context.Context, o Options) (official, error) {
	found, err := newLocator(o).locate(ctx, c.files)
	if err != nil {
		return official{}, err
	}
	all, err := c.readBatches(found, o)
	if err != nil {
		return official{}, err
	}
	train := all.len() - c.records[len(c.records)-1]
	return official{
		height: cifarSide, width: cifarSide, channels: cifarChannels,
		train:      images{pixels: all.pixels[:train*cifarSize], labels: all.labels[:train]},
		test:       images{pixels: all.pixels[train*cifarSize:], labels: all.labels[train:]},
		classNames: c.classNames,
		dir:        found.dir,
		colour:     picture.RGB, fit: picture.Crop,
	}, nil
}

// readBatches reads the set's files one after the other in the set's order.
func (c cifar) readBatches(found location, o Options) (images, error) {
	set, first := c.files, make([]int, len(c.records)+1) // the first record of each file
	for k, n := range c.records {
		first[k+1] = first[k] + n
	}
	total := first[len(c.records)]
	all := images{pixels: make([]byte, total*cifarSize), labels: make([]uint16, total)}
	read := func(k int, name string, r io.Reader) error {
		hash := sha256.New()
		from, to := first[k], first[k+1]
		part := images{pixels: all.pixels[from*cifarSize : to*cifarSize], labels: all.labels[from:to]}
		if err := c.readBatch(part, io.TeeReader(r, hash), name); err != nil {
			return err
		}
		if sum := hex.EncodeToString(hash.Sum(nil)); sum != set.files[k].sum {
			o.log("%s: warning: %s is not the published file (SHA-256 %s); used as it is", set.dataset, name, sum)
		}
		return nil
	}
	if found.archive != "" {
		return all, readFile(found.archive, func(r io.Reader) error {
			size := func(k int) int64 { return int64(c.records[k] * c.record()) }
			return walkArchive(r, found.archive, set.files, size, read)
		})
	}
	for k, f := range set.files {
		path := found.path(f.name)
		if err := readFile(path, func(r io.Reader) error { return read(k, path, r) }); err != nil {
			return images{}, err
		}
	}
	return all, nil
}

// readBatch fills m with a batch of as many records as m has room for, its planes turned into pixels, [32,32,3].
func (c cifar) readBatch(m images, r io.Reader, file string) error {
	content, err := readExactly(r, file, 0, len(m.labels)*c.record())
	if err != nil {
		return err
	}
	const plane = cifarSide * cifarSide
	for i := range m.labels {
		record := content[i*c.record() : (i+1)*c.record()]
		m.labels[i] = uint16(record[c.labels-1])
		record = record[c.labels:]
		out := m.pixels[i*cifarSize : (i+1)*cifarSize]
		red, green, blue := record[:plane], record[plane:2*plane], record[2*plane:]
		for p := range plane {
			out[3*p], out[3*p+1], out[3*p+2] = red[p], green[p], blue[p]
		}
	}
	return checkLabels(m.labels, len(c.classNames), file, int64(c.labels-1), int64(c.record()))
}

// walkArchive calls visit once for each of files, found by its base name in the .tar.gz that r reads, with its place in
// files. Each must be there once and have size(k) bytes; nil for any size.
func walkArchive(r io.Reader, archive string, files []file, size func(k int) int64, visit func(k int, name string, r io.Reader) error) error {
	zipped, err := gzip.NewReader(r)
	if err != nil {
		return readFault(archive, 0, err, "the gzip header")
	}
	seen := make([]bool, len(files))
	unpacked := &counted{Reader: zipped}
	for members := tar.NewReader(unpacked); ; {
		member, err := members.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return readFault(archive, unpacked.done, err, "the archive's next entry")
		}
		k := indexOf(files, path.Base(member.Name))
		if k < 0 || member.Typeflag != tar.TypeReg {
			continue
		}
		name := archive + ": " + path.Base(member.Name)
		if seen[k] {
			return damage(name, unpacked.done, "the archive holds this file twice")
		}
		if size != nil && member.Size != size(k) {
			return damage(name, unpacked.done, "the file has %d bytes, want %d", member.Size, size(k))
		}
		seen[k] = true
		if err := visit(k, name, members); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(unpacked, 1<<20)); err != nil { // so that gzip compares its checksum
		return readFault(archive, unpacked.done, err, "the archive's end")
	}
	for k, f := range files {
		if !seen[k] {
			return damage(archive, unpacked.done, "the archive ends without %s", f.name)
		}
	}
	return nil
}

func indexOf(files []file, name string) int {
	for k, f := range files {
		if f.name == name {
			return k
		}
	}
	return -1
}

// counted counts the bytes read.
type counted struct {
	io.Reader
	done int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.done += int64(n)
	return n, err
}

// unpack writes the files of the .tar.gz at archive into dir; each appears there only with the right SHA-256.
func unpack(archive, dir string, files []file) error {
	return readFile(archive, func(r io.Reader) error {
		return walkArchive(r, archive, files, nil, func(k int, name string, r io.Reader) error {
			return atomicfile.Write(filepath.Join(dir, files[k].name), func(w io.Writer) error {
				hash := sha256.New()
				if _, err := io.Copy(io.MultiWriter(w, hash), r); err != nil {
					return fmt.Errorf("unpack %s: %w", name, err)
				}
				if sum, _ := hex.DecodeString(files[k].sum); !bytes.Equal(sum, hash.Sum(nil)) {
					return fmt.Errorf("unpack %s: SHA-256 is %x, want %s", name, hash.Sum(nil), files[k].sum)
				}
				return nil
			})
		})
	})
}
