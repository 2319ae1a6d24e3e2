package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// On a disk that runs full, at whatever write, the error says so and the old file stays.
func TestWriteOnFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("a small disk can be mounted only by root: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
	path := filepath.Join(disk, "a")
	if err := WriteBytes(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(disk, "other"), make([]byte, 48<<10), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{20 << 10, 200 << 10} { // written at the end, and while the content comes
		err := WriteBytes(path, make([]byte, size))
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free some space") {
			t.Errorf("%d bytes: error %v", size, err)
		}
		if got := contents(t, disk); len(got) != 2 || got["a"] != "old" {
			t.Errorf("%d bytes: %d files are left", size, len(got))
		}
	}
}
