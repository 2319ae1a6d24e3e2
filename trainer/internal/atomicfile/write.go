// Package atomicfile replaces files so that a reader, or a crash at any moment, finds either the whole
// old file or the whole new one.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const suffix = ".tmp"

// Write calls content with a temporary file beside path, makes it durable and renames it to path. If
// anything fails, what was at path is untouched and the temporary file is gone.
func Write(path string, content func(io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w%s", path, err, remedy(err, filepath.Dir(path)))
		}
	}()
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*"+suffix)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
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
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// WriteBytes is Write with all content at hand.
func WriteBytes(path string, content []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// Temporary tells whether a file of that name is one that Write had not finished.
func Temporary(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, suffix)
}

// Clean removes the temporary files that a killed process left in dir. Nobody else may be writing there.
func Clean(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if Temporary(e.Name()) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// remedy says what can be done about a failed write.
func remedy(err error, dir string) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "; free some space and resume the run"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("; make %s writable and resume the run, or choose another folder", dir)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("; the folder %s has been removed or renamed", dir)
	}
	return ""
}
