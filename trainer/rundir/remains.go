package rundir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/atomicfile"
)

// A process that is killed while it makes a run's folder, or that fails before, leaves a folder without config.yaml:
// there is no run in it to go on with, and what it holds must not keep the run from being made.

// remains are the files and folders that may be left, the folders empty.
var remains = []string{StatusFile, EnvFile, SpectraDir, CheckpointsDir}

// checkEmpty is an ErrExists if a folder holds more than remains.
func checkEmpty(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	for _, e := range entries {
		left, err := remain(path, e)
		if err != nil {
			return fmt.Errorf("run folder: %w", err)
		}
		if !left {
			return fmt.Errorf("run folder %s: %w (it holds %s); choose another, or resume the run that is in it", path, ErrExists, e.Name())
		}
	}
	return nil
}

// remain tells whether an entry of a folder may be what was left of a run that was never made.
func remain(path string, e fs.DirEntry) (bool, error) {
	switch e.Name() {
	case lockFile, StatusFile, EnvFile:
		return e.Type().IsRegular(), nil
	case SpectraDir, CheckpointsDir:
		inside, err := os.ReadDir(filepath.Join(path, e.Name()))
		return len(inside) == 0, err
	}
	return atomicfile.Temporary(e.Name()), nil
}

// clearRemains removes what checkEmpty lets pass; the folder must be locked.
func clearRemains(path string) error {
	for _, name := range remains {
		if err := os.Remove(filepath.Join(path, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("run folder: %w", err)
		}
	}
	if err := clean(path); err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	return nil
}

// Fail records in the folder of a run of so many epochs that it failed, for a run that cannot say so itself as it was
// killed or never began; the folder is made if need be. A run that has ended stays as it is, and one that another
// process is working on is an ErrLocked.
func Fail(path string, epochs int, detail string) (err error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	lock, err := lockDir(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	s, err := ReadStatus(path)
	if errors.Is(err, fs.ErrNotExist) {
		s = trainer.Status{Epochs: epochs, BestEpoch: -1}
	} else if err != nil {
		return err
	}
	if s.State.Ended() {
		return nil
	}
	s.State, s.Reason, s.Detail = trainer.StateFailed, trainer.ReasonError, detail
	return writeStatus(path, s)
}

// clean removes the temporary files of a folder that nobody else writes to.
func clean(path string) error {
	dir, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	return errors.Join(atomicfile.Clean(dir, 0), dir.Close())
}
