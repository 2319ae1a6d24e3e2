package rundir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/maxgain/maxgain/trainer"
)

// On a disk that runs full the error says so, and the files of the epoch before stay whole.
func TestRecordOnFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small disk can be mounted only by root: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
	d, err := Create(filepath.Join(disk, "run"), []byte("a: 1\n"), Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Record(history(5), trainer.Status{Epoch: 5}); err != nil {
		t.Fatal(err)
	}
	before := read(t, d.Path(MetricsCSV))
	if err := os.WriteFile(filepath.Join(disk, "other"), make([]byte, 1<<20), 0o644); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	err = d.Record(history(6), trainer.Status{Epoch: 6})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free some space; the run can be resumed") {
		t.Errorf("error %v", err)
	}
	if read(t, d.Path(MetricsCSV)) != before {
		t.Error("the metrics of the epoch before are gone")
	}
	if s, err := ReadStatus(d.Path()); err != nil || s.Epoch != 5 {
		t.Errorf("status %+v, error %v", s, err)
	}
	if err := os.Remove(filepath.Join(disk, "other")); err != nil {
		t.Fatal(err)
	}
	if err := d.Record(history(6), trainer.Status{Epoch: 6}); err != nil {
		t.Errorf("with space again: %v", err)
	}
}

// On a read-only disk the error names the folder.
func TestRecordReadOnly(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small disk can be mounted only by root: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
	d, err := Create(filepath.Join(disk, "run"), []byte("a: 1\n"), Env{})
	if err != nil {
		t.Fatal(err)
	}
	d.lock.Close() // an open file would keep the disk writable
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	err = d.Record(history(1), trainer.Status{})
	if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), "make "+d.Path()+" writable") {
		t.Errorf("error %v", err)
	}
	if _, err := Open(d.Path()); !errors.Is(err, syscall.EROFS) {
		t.Errorf("opening: error %v", err)
	}
}
