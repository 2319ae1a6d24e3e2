package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(b)
	}
	return files
}

func TestWriteReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	for _, text := range []string{"one", "two, and longer", ""} {
		if err := WriteBytes(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := contents(t, dir); len(got) != 1 || got["a.txt"] != text {
			t.Errorf("files %v, want a.txt with %q", got, text)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, error %v, want 0644", info.Mode(), err)
	}
}

// Wherever content fails, the old file stays and nothing is left behind.
func TestWriteFailureKeepsOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	if err := WriteBytes(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 1 << 16, 1<<16 + 1, 1 << 18} {
		err := Write(path, func(w io.Writer) error {
			if _, err := w.Write(make([]byte, size)); err != nil {
				return err
			}
			return &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
		})
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free some space and resume the run") {
			t.Errorf("error %v", err)
		}
		if got := contents(t, dir); len(got) != 1 || got["a.txt"] != "old" {
			t.Errorf("failure after %d bytes: files %v", size, got)
		}
	}
}

func TestWriteToRemovedFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	err := WriteBytes(filepath.Join(dir, "a.txt"), nil)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "the folder "+dir+" has been removed or renamed") {
		t.Errorf("error %v", err)
	}
}

func TestClean(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".a.txt.123.tmp", "b.tmp", ".c", "d.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := Clean(dir); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, dir); len(got) != 3 {
		t.Errorf("files %v, want all but .a.txt.123.tmp", got)
	}
}
