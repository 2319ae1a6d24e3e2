package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/maxgain/maxgain/trainer"
)

// Run reads the folder of a run, whether or not a process is writing to it: every file is there whole or not at all.
// What reads a file that is not there returns an fs.ErrNotExist, and an ErrDamaged where its content is no such file's.
type Run struct {
	path string
	root *os.Root
}

// Read opens a folder for reading; it need not hold all files of a run. Close it.
func Read(path string) (*Run, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	return &Run{path: path, root: root}, nil
}

// Close closes the folder.
func (r *Run) Close() error { return r.root.Close() }

// Path is the path of something in the folder as it was when the folder was opened; without arguments, of the folder.
func (r *Run) Path(parts ...string) string { return joined(r.path, parts) }

// read reads one file.
func (r *Run) read(name string) ([]byte, error) {
	text, err := r.root.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("run folder %s: %w", r.path, err)
	}
	return text, nil
}

// readBy reads one file and hands its content to parse, whose error says that it is damaged.
func (r *Run) readBy(name string, parse func(text []byte) error) error {
	text, err := r.read(name)
	if err != nil {
		return err
	}
	if err := parse(text); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, r.Path(name), err)
	}
	return nil
}

// Begun tells whether there is a run in a folder, finished or not: whether it has a configuration to be resumed by.
func Begun(path string) bool {
	_, err := os.Stat(filepath.Join(path, ConfigFile))
	return err == nil
}

// IsRun tells whether a folder is that of a run of this program, or of one that has failed before it began.
func IsRun(path string) bool {
	_, err := os.Stat(filepath.Join(path, StatusFile))
	return err == nil || Begun(path)
}

// ReadMetrics is the run's table of metrics as WriteMetrics has written it.
func (r *Run) ReadMetrics() ([]byte, error) { return r.read(MetricsCSV) }

// ReadConfig is the run's resolved configuration as it is on disk.
func (r *Run) ReadConfig() ([]byte, error) { return r.read(ConfigFile) }

// ReadEnv is what the run was made with, as JSON.
func (r *Run) ReadEnv() ([]byte, error) { return r.read(EnvFile) }

// Env is what the run was made with.
func (r *Run) Env() (Env, error) {
	var e Env
	return e, r.readBy(EnvFile, func(text []byte) error { return json.Unmarshal(text, &e) })
}

// Status is what has become of the run.
func (r *Run) Status() (trainer.Status, error) {
	var s trainer.Status
	err := r.readBy(StatusFile, func(text []byte) error { return json.Unmarshal(text, &s) })
	if err != nil {
		return trainer.Status{}, err
	}
	return s, nil
}

// History is the run's table of metrics.
func (r *Run) History() (h *trainer.History, err error) {
	return h, r.readBy(MetricsCSV, func(text []byte) (err error) {
		h, err = parseMetrics(text)
		return err
	})
}

// Flags are the verdicts that were told while the run went on.
func (r *Run) Flags() (flags []Flag, err error) {
	return flags, r.readBy(FlagsFile, func(text []byte) error {
		lines, err := parseFlags(text)
		for _, line := range lines {
			var f Flag
			err = errors.Join(err, json.Unmarshal(line.line, &f))
			flags = append(flags, f)
		}
		return err
	})
}

// Verdict reads the verdict on a run that has ended into an object of the kind that was given to Dir.WriteVerdict.
func (r *Run) Verdict(into any) error {
	return r.readBy(VerdictFile, func(text []byte) error { return json.Unmarshal(text, into) })
}

// Weights are the weights that the run has kept, or where it has kept none yet those of its last checkpoint, with the net
// and its preprocessing. A run that has ended and whose status tells of another epoch is a trainer.ErrCheckpoint.
func (r *Run) Weights() (*trainer.Weights, error) {
	dir, err := r.root.OpenRoot(CheckpointsDir)
	if err != nil {
		return nil, fmt.Errorf("run folder %s: %w", r.path, err)
	}
	w, err := trainer.KeptWeights(dir.FS())
	if err := errors.Join(err, dir.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", r.Path(CheckpointsDir), err)
	}
	s, err := r.Status()
	if err == nil && s.State.Ended() && s.BestEpoch >= 0 && s.BestEpoch != w.Epoch {
		return nil, fmt.Errorf("%w: %s: the weights are of epoch %d, those of epoch %d were kept", trainer.ErrCheckpoint, r.Path(CheckpointsDir), w.Epoch, s.BestEpoch)
	}
	return w, nil
}

// ReadWeights reads the weights at a path: those that the run in a folder has kept, or those in a safetensors file. The
// preprocessing of a file is looked for beside it too.
func ReadWeights(path string) (w *trainer.Weights, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		r, err := Read(path)
		if err != nil {
			return nil, err
		}
		w, err := r.Weights()
		return w, errors.Join(err, r.Close())
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if w, err = trainer.ReadWeights(file); err == nil {
		err = w.FindRecipe(os.DirFS(filepath.Dir(path)))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return w, nil
}

// ReadStatus reads the status of the run in a folder; the run need not be locked.
func ReadStatus(path string) (s trainer.Status, err error) {
	r, err := Read(path)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return r.Status()
}
