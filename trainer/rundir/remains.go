package rundir

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/maxgain/maxgain/trainer/atomicfile"
)

// A process that is killed while it makes a run's folder, or that fails before, leaves a folder without config.yaml:
// there is no run in it to go on with, and what it holds must not keep the run from being made.

// remains are the files and folders that may be left, the folders empty.
var remains = []string{StatusFile, EnvFile, SpectraDir, CheckpointsDir}

// checkEmpty is an ErrExists if the folder holds more than remains.
func (r *Run) checkEmpty() error {
	entries, err := r.entries(".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		left, err := r.remain(e)
		if err != nil {
			return err
		}
		if !left {
			return fmt.Errorf("run folder %s: %w (it holds %s); choose another, or resume the run that is in it", r.path, ErrExists, e.Name())
		}
	}
	return nil
}

// entries are what a folder holds.
func (r *Run) entries(name string) ([]fs.DirEntry, error) {
	dir, err := r.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	entries, err := dir.ReadDir(-1)
	if err := errors.Join(err, dir.Close()); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	return entries, nil
}

// remain tells whether an entry of the folder may be what was left of a run that was never made.
func (r *Run) remain(e fs.DirEntry) (bool, error) {
	switch e.Name() {
	case lockFile, StatusFile, EnvFile:
		return e.Type().IsRegular(), nil
	case SpectraDir, CheckpointsDir:
		inside, err := r.entries(e.Name())
		return len(inside) == 0, err
	}
	return atomicfile.Temporary(e.Name()), nil
}

// clearRemains removes what checkEmpty lets pass; the folder must be locked.
func (d *Dir) clearRemains() error {
	for _, name := range remains {
		if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("run folder: %w", err)
		}
	}
	return clean(d.root, ".")
}
