// Package atomicfile replaces files so that a reader, or a crash at any moment, finds either the whole
// old file or the whole new one.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const suffix = ".tmp"

// Write calls content with a temporary file beside path, makes it durable and renames it to path. If
// anything fails, what was at path is untouched and the temporary file is gone.
func Write(path string, content func(io.Writer) error) error {
	dir, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return fault(path, err)
	}
	return errors.Join(writeIn(dir, filepath.Base(path), path, content), dir.Close())
}

// WriteBytes is Write with all content at hand.
func WriteBytes(path string, content []byte) error { return Write(path, all(content)) }

// WriteIn is Write for a file in an open folder or in one below it: the same folder even if it has been renamed since
// it was opened.
func WriteIn(dir *os.Root, name string, content func(io.Writer) error) error {
	return writeIn(dir, name, filepath.Join(dir.Name(), name), content)
}

// WriteBytesIn is WriteIn with all content at hand.
func WriteBytesIn(dir *os.Root, name string, content []byte) error {
	return WriteIn(dir, name, all(content))
}

func all(content []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	}
}

// syncFile makes a file's content, or a folder's entries, durable. Tests replace it.
var syncFile = (*os.File).Sync

// writeIn is WriteIn; shown is the file's path in errors.
func writeIn(dir *os.Root, name, shown string, content func(io.Writer) error) (err error) {
	f, temporary, err := createTemp(dir, name)
	if err != nil {
		return fault(shown, err)
	}
	if err := errors.Join(fill(f, content), f.Close()); err != nil {
		dir.Remove(temporary)
		return fault(shown, err)
	}
	if err := dir.Rename(temporary, name); err != nil {
		dir.Remove(temporary)
		return fault(shown, err)
	}
	if err := syncDir(dir, filepath.Dir(name)); err != nil {
		return fault(shown, err)
	}
	return nil
}

// createTemp makes a new file beside the one of a name, that only its owner may read while it is being written.
func createTemp(dir *os.Root, name string) (f *os.File, temporary string, err error) {
	const attempts = 1000
	for range attempts {
		temporary = filepath.Join(filepath.Dir(name), fmt.Sprintf(".%s.%d%s", filepath.Base(name), rand.Uint32(), suffix))
		f, err = dir.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if !errors.Is(err, fs.ErrExist) {
			return f, temporary, err
		}
	}
	return nil, "", fmt.Errorf("%d temporary files are in the way", attempts)
}

// fill writes the content and makes it durable.
func fill(f *os.File, content func(io.Writer) error) error {
	w := bufio.NewWriterSize(f, 1<<16)
	if err := content(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	return syncFile(f)
}

// Temporary tells whether a file's name is that of a temporary file of Write.
func Temporary(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, suffix)
}

// Clean removes the temporary files that a killed process left in a folder: those not written to for age, which is 0
// where nobody else can be writing.
func Clean(dir *os.Root, age time.Duration) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	names, err := f.Readdirnames(-1)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	for _, name := range names {
		if !Temporary(name) {
			continue
		}
		info, err := dir.Lstat(name)
		if err == nil && time.Since(info.ModTime()) >= age {
			err = dir.Remove(name)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // its writer may have finished
			return err
		}
	}
	return nil
}

// fault says which file could not be written and what can be done about it.
func fault(path string, err error) error {
	remedy := ""
	switch {
	case errors.Is(err, syscall.ENOSPC):
		remedy = "; free some space"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		remedy = fmt.Sprintf("; make %s writable or choose another folder", filepath.Dir(path))
	case errors.Is(err, fs.ErrNotExist):
		remedy = fmt.Sprintf("; the folder %s has been removed or renamed", filepath.Dir(path))
	}
	return fmt.Errorf("writing %s: %w%s", path, err, remedy)
}
