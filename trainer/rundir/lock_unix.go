//go:build unix

package rundir

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockIn locks an open folder for as long as the file returned is open; the system frees the lock when the
// process ends, however it ends.
func lockIn(dir *os.Root) (*os.File, error) {
	f, err := dir.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrLocked
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("run folder %s: %w", dir.Name(), err)
	}
	return f, nil
}
