package datasets

import (
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/maxgain/maxgain/trainer/atomicfile"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// cacheDir is this program's folder in the user's cache.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "maxgain"), nil
}

// staleAfter is how long nobody has written to a temporary file whose writer must have been killed: downloads that stand
// still for a shorter time have failed.
const staleAfter = 2 * time.Minute

// makeCache makes a folder of the cache and removes what killed processes have left in it.
func makeCache(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	return errors.Join(atomicfile.Clean(root, staleAfter), root.Close())
}

// saveStored writes a file of the cache and keeps only so many of its kind: the last ones used.
func saveStored(path string, kept int, write func(io.Writer) error) error {
	if err := makeCache(filepath.Dir(path)); err != nil {
		return err
	}
	if err := atomicfile.Write(path, write); err != nil {
		return err
	}
	return prune(filepath.Dir(path), filepath.Ext(path), kept)
}

// touch makes a file of the cache the last one used.
func touch(path string) error {
	now := time.Now()
	return os.Chtimes(path, now, now)
}

// prune removes the files with the given ending that were longest unused, and keeps so many.
func prune(dir, ending string, kept int) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+ending))
	if err != nil || len(paths) <= kept {
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
	for _, path := range paths[kept:] {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// checkEnd compares the checksum at the end of a file of the cache with that of what stands before it.
func checkEnd(path string, r io.Reader, sum uint32) error {
	var end [5]byte
	if n, err := io.ReadFull(r, end[:]); n != 4 || !errors.Is(err, io.ErrUnexpectedEOF) {
		return damage(path, 0, "%d bytes after the images, want a checksum of 4", n)
	}
	if want := uint32(end[0]) | uint32(end[1])<<8 | uint32(end[2])<<16 | uint32(end[3])<<24; sum != want {
		return damage(path, 0, "checksum %08x, want %08x", sum, want)
	}
	return nil
}
