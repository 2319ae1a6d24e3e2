package datasets

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/maxgain/maxgain/trainer/atomicfile"
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

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

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
	now := time.Now()
	if err := os.Chtimes(s.path, now, now); err != nil { // the age goes by the last use
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
	var end [5]byte
	if n, err := io.ReadFull(r, end[:]); n != 4 || !errors.Is(err, io.ErrUnexpectedEOF) {
		return damage(s.path, offset, "%d bytes after the images, want a checksum of 4", n)
	}
	if want := binary.LittleEndian.Uint32(end[:]); sum.Sum32() != want {
		return damage(s.path, offset, "checksum %08x, want %08x", sum.Sum32(), want)
	}
	return nil
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
	err := os.MkdirAll(filepath.Dir(s.path), 0o755)
	if err == nil {
		err = atomicfile.Write(s.path, s.write)
	}
	if err == nil {
		err = s.prune()
	}
	if err != nil {
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

// prune removes the files longest unused.
func (s store) prune() error {
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(s.path), "*.f32"))
	if err != nil || len(paths) <= storeKept {
		return err
	}
	used := map[string]time.Time{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		used[path] = info.ModTime()
	}
	slices.SortFunc(paths, func(a, b string) int { return used[b].Compare(used[a]) })
	for _, path := range paths[storeKept:] {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
