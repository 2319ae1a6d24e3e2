package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
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
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "; free some space") {
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

// clean calls Clean on a folder by its path.
func clean(t *testing.T, dir string, age time.Duration) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(Clean(root, age), root.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestClean(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".a.txt.123.tmp", ".old.9.tmp", "b.tmp", ".c", "d.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	hourAgo := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, ".old.9.tmp"), hourAgo, hourAgo); err != nil {
		t.Fatal(err)
	}
	clean(t, dir, time.Minute)
	if got := slices.Sorted(maps.Keys(contents(t, dir))); !slices.Equal(got, []string{".a.txt.123.tmp", ".c", "b.tmp", "d.txt"}) {
		t.Errorf("files %v, want all but .old.9.tmp", got)
	}
	clean(t, dir, 0)
	if got := slices.Sorted(maps.Keys(contents(t, dir))); !slices.Equal(got, []string{".c", "b.tmp", "d.txt"}) {
		t.Errorf("files %v, want all but .a.txt.123.tmp", got)
	}
}

// The content is durable before the file takes its name, and the folder's entry after that.
func TestWriteSyncs(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	var synced []string
	defer func(before func(*os.File) error) { syncFile = before }(syncFile)
	syncFile = func(f *os.File) error {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		what := "file"
		if info.IsDir() {
			what = "folder"
		} else if info.Size() != 5 {
			t.Errorf("synced with %d bytes in the file, want 5", info.Size())
		}
		if _, err := os.Stat(path); err == nil {
			what += " renamed"
		}
		synced = append(synced, what)
		return nil
	}
	if err := WriteBytes(path, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	want := []string{"file", "folder renamed"}
	if runtime.GOOS == "windows" {
		want = want[:1]
	}
	if !slices.Equal(synced, want) {
		t.Errorf("synced %v, want %v", synced, want)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	fault := errors.New("lost")
	if runtime.GOOS != "windows" {
		calls := 0
		syncFile = func(*os.File) error {
			if calls++; calls == 2 { // of the folder
				return fault
			}
			return nil
		}
		if err := WriteBytes(path, []byte("hello")); !errors.Is(err, fault) {
			t.Errorf("sync of the folder failed: error %v", err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	syncFile = func(*os.File) error { return fault }
	if err := WriteBytes(path, []byte("hello")); !errors.Is(err, fault) {
		t.Errorf("sync failed: error %v", err)
	}
	if got := contents(t, dir); len(got) != 0 {
		t.Errorf("sync failed: files %v are left", got)
	}
}

// A folder that was opened is written to under whatever name it has now, and never made anew at its old place.
func TestWriteInRenamedFolder(t *testing.T) {
	parent := t.TempDir()
	was, now := filepath.Join(parent, "was"), filepath.Join(parent, "now")
	if err := os.Mkdir(was, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.OpenRoot(was)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := os.Rename(was, now); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(was, 0o755); err != nil { // another's
		t.Fatal(err)
	}
	if err := WriteBytesIn(dir, "a.txt", []byte("mine")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(now, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytesIn(dir, filepath.Join("below", "b.txt"), []byte("too")); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, filepath.Join(now, "below")); len(got) != 1 || got["b.txt"] != "too" {
		t.Errorf("in a folder below: %v", got)
	}
	if err := os.RemoveAll(filepath.Join(now, "below")); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, now); got["a.txt"] != "mine" || len(contents(t, was)) != 0 {
		t.Errorf("the renamed folder holds %v, the other %v", got, contents(t, was))
	}
	if err := os.RemoveAll(now); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytesIn(dir, "a.txt", []byte("mine")); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "has been removed") {
		t.Errorf("after the folder was removed: error %v", err)
	}
}

// Where a folder has the name, or the open folder is closed, the error says so and nothing is left.
func TestWriteInTheWay(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytes(filepath.Join(dir, "a"), []byte("x")); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "a")) {
		t.Errorf("in the place of a folder: error %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left %v, error %v", entries, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := root.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Clean(root, 0); err == nil {
		t.Error("cleaning a folder that is closed: no error")
	}
	if err := WriteBytesIn(root, "x", nil); err == nil {
		t.Error("writing to a folder that is closed: no error")
	}
	if err := syncDir(root, "."); err == nil && runtime.GOOS != "windows" {
		t.Error("syncing a folder that is closed: no error")
	}
}
