package datasets

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"path/filepath"
	"slices"
)

// storeKept is how many preprocessed datasets, of up to 737 MB each, the cache keeps: the last ones used.
const storeKept = 3

// store keeps whitened splits in the user's cache. A file is its name's line, the recipe's contrast as a float64, its mean
// and filter and the values of every split as float32, all little-endian, and the CRC-32C of all that.
type store struct {
	path   string // "" when there is no cache folder
	header string
	recipe *Recipe
	splits []*Split
	o      Options
}

// newStore is the place for splits computed from the images of this name.
func newStore(name string, r *Recipe, splits []*Split, o Options) store {
	s := store{header: fmt.Sprintf("maxgain whitened %s%s\n", name, whitenVersion()), recipe: r, splits: splits, o: o}
	if dir, err := cacheDir(); err == nil {
		s.path = filepath.Join(dir, "whitened", name+whitenVersion()+".f32")
	}
	return s
}

// load fills the splits from the file and says whether it could. A damaged file is remarked on.
func (s store) load() bool {
	if s.path == "" || !isFile(s.path) {
		return false
	}
	if err := readFile(s.path, s.read); err != nil {
		s.o.log("warning: stored preprocessed images cannot be used and are computed anew: %v", err)
		return false
	}
	s.o.log("preprocessed images read from %s", s.path)
	if err := touch(s.path); err != nil {
		s.o.log("warning: %v", err)
	}
	return true
}

func (s store) read(r io.Reader) error {
	r = bufio.NewReaderSize(r, 1<<20)
	sum := crc32.New(castagnoli)
	checked := io.TeeReader(r, sum)
	header := make([]byte, len(s.header))
	if _, err := io.ReadFull(checked, header); err != nil || string(header) != s.header {
		return damage(s.path, 0, "the first line is %q, want %q", header, s.header)
	}
	block := make([]byte, 1<<20)
	offset := int64(len(header))
	if _, err := io.ReadFull(checked, block[:8]); err != nil {
		return readFault(s.path, offset, err, "the contrast")
	}
	offset += 8
	s.recipe.Contrast = math.Float64frombits(binary.LittleEndian.Uint64(block))
	for _, values := range s.arrays() {
		for len(values) > 0 {
			count := min(len(values), len(block)/4)
			n, err := io.ReadFull(checked, block[:4*count])
			offset += int64(n)
			if err != nil {
				return readFault(s.path, offset, err, "the images")
			}
			for i := range count {
				values[i] = math.Float32frombits(binary.LittleEndian.Uint32(block[4*i:]))
			}
			values = values[count:]
		}
	}
	return checkEnd(s.path, r, sum.Sum32())
}

// arrays lists the values of a file in their order.
func (s store) arrays() [][]float32 {
	all := [][]float32{s.recipe.Mean, s.recipe.Filter}
	for _, split := range s.splits {
		all = append(all, split.ready)
	}
	return all
}

// save writes the splits. Without the file the next run only takes longer, so a fault is no more than remarked on.
func (s store) save() {
	if s.path == "" {
		return
	}
	if err := saveStored(s.path, storeKept, s.write); err != nil {
		s.o.log("warning: preprocessed images not stored: %v", err)
	}
}

func (s store) write(w io.Writer) error {
	sum := crc32.New(castagnoli)
	checked := io.MultiWriter(w, sum)
	if _, err := io.WriteString(checked, s.header); err != nil {
		return err
	}
	if _, err := checked.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(s.recipe.Contrast))); err != nil {
		return err
	}
	for _, values := range s.arrays() {
		for part := range slices.Chunk(values, 1<<18) {
			if _, err := checked.Write(floatBytes(part)); err != nil {
				return err
			}
		}
	}
	_, err := w.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	return err
}
