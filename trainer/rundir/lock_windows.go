package rundir

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// lockIn locks an open folder for as long as the file returned is open; the system frees the lock when the
// process ends, however it ends.
func lockIn(dir *os.Root) (*os.File, error) {
	f, err := dir.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	const mode = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(f.Fd()), mode, 0, 1, 0, &windows.Overlapped{})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		err = ErrLocked
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("run folder %s: %w", dir.Name(), err)
	}
	return f, nil
}
