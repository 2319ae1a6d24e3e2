package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/maxgain/maxgain/trainer/atomicfile"
)

// Names of the files in the folder of checkpoints.
const (
	LastFile     = "last.safetensors"   // where to go on from
	BestFile     = "best.safetensors"   // the weights that are kept
	previousFile = "last-1.safetensors" // the one before the last, for when that is damaged
	damagedFile  = "last-damaged.safetensors"
)

// EpochFile is the file of an epoch's checkpoint in the folder of checkpoints, if it was kept.
func EpochFile(epoch int) string { return fmt.Sprintf("epoch-%d.safetensors", epoch) }

// CheckpointOptions say when and where checkpoints are written. last.safetensors is written after
// every epoch.
type CheckpointOptions struct {
	Dir     *os.Root // the open folder of the checkpoints; nil: none are written
	Every   int      // epochs from one epoch-N.safetensors, which are kept, to the next; 0: none
	Minutes float64  // after which last.safetensors is written within an epoch; 0: never
	Resume  bool     // go on from the last checkpoint in Dir; without one the run begins anew
	Config  []byte   // of the run, kept in its checkpoints
	// Differences says in what this run differs from one of the Config of a checkpoint, a line each; a run that differs is
	// not resumed. Nil: nothing is compared. A resumed run may have other Epochs than before, but not fewer than it has
	// begun.
	Differences func(config []byte) ([]string, error)
	// Inputs are the SHA-256 in hexadecimal of the files that the run reads beside its data, by the setting that names each:
	// {"gain.image": "9f86…"}. A run that is resumed with other contents is refused.
	Inputs map[string]string
	// AllowOtherCPU resumes a run that was trained at another CPU level too. It does not go on to the same bits then, and a
	// warning in its status says so.
	AllowOtherCPU bool
}

// store is the folder of checkpoints. It is held open, so that a folder that is renamed is written to all the same.
type store struct{ dir *os.Root }

// path is a file's path for people.
func (s *store) path(name string) string { return filepath.Join(s.dir.Name(), name) }

// clean removes what a killed process left half written.
func (s *store) clean() error {
	if err := atomicfile.Clean(s.dir, 0); err != nil {
		return fmt.Errorf("folder of checkpoints: %w", err)
	}
	return nil
}

// put writes a file other than last.
func (s *store) put(name string, file []byte) error {
	return atomicfile.WriteBytesIn(s.dir, name, file)
}

// putLast writes last and keeps the one before it. Whatever happens, one of the two is whole.
func (s *store) putLast(file []byte) error {
	if _, err := s.dir.Stat(LastFile); err == nil {
		if err := s.dir.Remove(previousFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := s.dir.Link(LastFile, previousFile); err != nil { // not every file system has links
			if err := s.dir.Rename(LastFile, previousFile); err != nil {
				return err
			}
		}
	}
	return s.put(LastFile, file)
}

// best reads and checks the weights that are kept.
func (s *store) best() (*checkpoint, error) {
	file, err := s.dir.ReadFile(BestFile)
	if err != nil {
		return nil, err
	}
	tensors, meta, err := unsealed(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.path(BestFile), err)
	}
	return &checkpoint{tensors: byName(tensors), meta: meta}, nil
}

// get reads and checks one checkpoint.
func (s *store) get(name string) (*checkpoint, error) {
	file, err := s.dir.ReadFile(name)
	if err != nil {
		return nil, err
	}
	c, err := decodeCheckpoint(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.path(name), err)
	}
	return c, nil
}

// latest is the newest whole checkpoint, nil if none was ever written. A damaged last is put aside
// with a warning and the one before it is used.
func (s *store) latest(warn func(format string, args ...any)) (*checkpoint, error) {
	c, err := s.get(LastFile)
	if err == nil {
		return c, nil
	}
	if !errors.Is(err, ErrCheckpoint) && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	previous, previousErr := s.get(previousFile)
	switch {
	case previousErr == nil:
	case errors.Is(previousErr, fs.ErrNotExist) && errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(previousErr, fs.ErrNotExist):
		return nil, fmt.Errorf("%w; there is none before it, so begin the run anew", err)
	default:
		return nil, fmt.Errorf("%w; nor can the one before it be used: %w", err, previousErr)
	}
	warn("%v; going on from the one before it, after epoch %s", err, previous.meta[metaEpoch])
	if errors.Is(err, ErrCheckpoint) {
		// Else the next checkpoint would move the damaged file over the good one.
		if err := s.dir.Rename(LastFile, damagedFile); err != nil {
			return nil, err
		}
	}
	return previous, nil
}

// save writes the run as it is now to last.safetensors, and to other files before it.
func (t *Trainer) save(also ...string) error {
	if t.store == nil {
		return nil
	}
	file, err := t.encodeCheckpoint()
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	for _, name := range also {
		if err := t.store.put(name, file); err != nil {
			return fmt.Errorf("checkpoint: %w", err)
		}
	}
	if err := t.store.putLast(file); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	t.saved = t.now()
	return nil
}

// saveEpoch writes what is kept after an epoch: the last checkpoint at the end, so that whatever was written before it
// is written again, the same, by a run that is killed and resumed.
func (t *Trainer) saveEpoch(epoch int, best bool) error {
	if t.store == nil {
		return nil
	}
	if err := t.saveEnd(epoch); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if best {
		if err := t.saveBest(false); err != nil {
			return err
		}
	}
	if every := t.o.Checkpoints.Every; every > 0 && epoch > 0 && epoch%every == 0 {
		return t.save(EpochFile(epoch))
	}
	return t.save()
}

// saveBest writes the weights that are kept; ends says that they are those that the run ends with.
func (t *Trainer) saveBest(ends bool) error {
	if t.store == nil {
		return nil
	}
	file, err := t.encodeBest(ends)
	if err == nil {
		err = t.store.put(BestFile, file)
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// saveOnTimer writes last.safetensors within an epoch when it is time, if the weights are sound.
func (t *Trainer) saveOnTimer() error {
	minutes := t.o.Checkpoints.Minutes
	if t.store == nil || minutes == 0 || t.now().Sub(t.saved).Minutes() < minutes {
		return nil
	}
	if err := t.checkWeights(); err != nil {
		return t.diverged(t.row(), ReasonWeights, err)
	}
	return t.save()
}

// keep keeps the weights of an epoch, the one just ended, in memory: the averaged ones if there are any.
func (t *Trainer) keep(epoch int) {
	t.bestEpoch, t.status.BestEpoch = epoch, epoch
	if t.average == nil || t.average.mean == nil {
		t.best = copyWeights(t.best, t.net)
		return
	}
	if t.best == nil {
		t.best = make([][]float32, len(t.average.mean))
	}
	for i, mean := range t.average.mean {
		t.best[i] = append(t.best[i][:0], mean...)
	}
}
