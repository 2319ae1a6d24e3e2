package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/atomicfile"
)

// Dir is the folder of a run, locked for this process to write to. It is a trainer.Recorder.
type Dir struct {
	Run
	config      []byte
	replaces    bool // config is to be written with the next record
	lock        *os.File
	checkpoints *os.Root
	events      *os.Root // nil until Events is called
	flags       []flag
}

// Create makes the folder of a new run and locks it. A folder that holds anything is an ErrExists, unless it is no more
// than the remains of a run that was never made.
func Create(path string, config []byte, env Env) (*Dir, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	run, err := Read(path)
	if err != nil {
		return nil, err
	}
	if err := run.checkEmpty(); err != nil {
		return nil, errors.Join(err, run.Close())
	}
	d, err := run.locked()
	if err != nil {
		return nil, err
	}
	d.config = config
	if err := d.fill(env); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// locked makes a Dir of a Run, or closes it.
func (r *Run) locked() (*Dir, error) {
	lock, err := lockIn(r.root)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &Dir{Run: *r, lock: lock}, nil
}

// fill makes what a new run begins with; the folder is looked at again, as it was not locked before.
func (d *Dir) fill(env Env) error {
	if err := d.checkEmpty(); err != nil {
		return err
	}
	if err := d.clearRemains(); err != nil {
		return err
	}
	if err := d.subfolders(); err != nil {
		return err
	}
	if err := d.writeJSON(EnvFile, env); err != nil {
		return err
	}
	return d.write(ConfigFile, d.config) // last: its presence makes this a run
}

// subfolders makes the folders within the run's that are missing and opens that of the checkpoints.
func (d *Dir) subfolders() (err error) {
	for _, sub := range []string{SpectraDir, CheckpointsDir} {
		if err := d.root.MkdirAll(sub, 0o755); err != nil {
			return fmt.Errorf("run folder: %w", err)
		}
	}
	if d.checkpoints, err = d.root.OpenRoot(CheckpointsDir); err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	return nil
}

// Open locks the folder of a run that was made before, to resume it. Without a config.yaml the error
// is an ErrNoRun.
func Open(path string) (*Dir, error) {
	run, err := Read(path)
	if err != nil {
		return nil, err
	}
	config, err := run.ReadConfig()
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("run folder %s: %w: it has no %s", path, ErrNoRun, ConfigFile)
	}
	if err != nil {
		return nil, errors.Join(err, run.Close())
	}
	d, err := run.locked()
	if err != nil {
		return nil, err
	}
	d.config = config
	if err := d.reopen(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// reopen removes what a killed process left half written and reads what the next record needs.
func (d *Dir) reopen() (err error) {
	if err := d.subfolders(); err != nil {
		return err
	}
	if err := clean(d.root, ".", SpectraDir); err != nil {
		return err
	}
	d.flags, err = d.readFlags()
	return err
}

// clean removes the temporary files in folders that nobody else writes to.
func clean(root *os.Root, folders ...string) error {
	for _, name := range folders {
		dir, err := root.OpenRoot(name)
		if err == nil {
			err = errors.Join(atomicfile.Clean(dir, 0), dir.Close())
		}
		if err != nil {
			return fmt.Errorf("run folder: %w", err)
		}
	}
	return nil
}

// Close lets other processes have the folder.
func (d *Dir) Close() error {
	var errs []error
	for _, folder := range []*os.Root{d.checkpoints, d.events} {
		if folder != nil {
			errs = append(errs, folder.Close())
		}
	}
	return errors.Join(append(errs, d.lock.Close(), d.Run.Close())...)
}

// Config is the run's configuration.
func (d *Dir) Config() []byte { return d.config }

// SetConfig replaces the run's configuration when the run is next recorded: a resumption that is refused before
// leaves it as it was.
func (d *Dir) SetConfig(config []byte) { d.config, d.replaces = config, true }

// Checkpoints is the open folder of the run's weights. It is closed with the Dir.
func (d *Dir) Checkpoints() *os.Root { return d.checkpoints }

// Events is the open folder of TensorBoard's events, which is made if need be. It is closed with the Dir.
func (d *Dir) Events() (*os.Root, error) {
	if d.events != nil {
		return d.events, nil
	}
	if err := d.root.MkdirAll(EventsDir, 0o755); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	events, err := d.root.OpenRoot(EventsDir)
	if err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	d.events = events
	return events, nil
}

// Record implements trainer.Recorder: it writes the metrics, the flags and the status, and a configuration that was
// set. Flags of epochs that the history does not have (any more, after a resumption) are dropped, and so is the
// verdict on a run that goes on.
func (d *Dir) Record(h *trainer.History, s trainer.Status) error {
	if err := d.record(h, s); err != nil {
		return fmt.Errorf("%w; the run can be resumed", err)
	}
	return nil
}

func (d *Dir) record(h *trainer.History, s trainer.Status) error {
	if d.replaces {
		if err := d.write(ConfigFile, d.config); err != nil {
			return err
		}
		d.replaces = false
	}
	if _, err := d.root.Lstat(VerdictFile); err == nil && !s.State.Ended() {
		if err := d.root.Remove(VerdictFile); err != nil {
			return fmt.Errorf("run folder: %w", err)
		}
	}
	if err := d.writeBy(MetricsCSV, func(w io.Writer) error { return WriteMetrics(w, h) }); err != nil {
		return err
	}
	if err := d.writeBy(MetricsJSONL, func(w io.Writer) error { return writeMetricsJSONL(w, h) }); err != nil {
		return err
	}
	last := -1
	if n := len(h.Rows); n > 0 {
		last = h.Rows[n-1].Epoch
	}
	d.trimFlags(last)
	if err := d.writeBy(FlagsFile, d.writeFlags); err != nil {
		return err
	}
	return d.writeJSON(StatusFile, s)
}

// WriteVerdict keeps the verdict on a run that has ended, as an object that encoding/json can write.
func (d *Dir) WriteVerdict(verdict any) error { return d.writeJSON(VerdictFile, verdict) }

// WriteReport keeps the page about the run.
func (d *Dir) WriteReport(page func(io.Writer) error) error { return d.writeBy(ReportFile, page) }

// Moved tells whether the run's folder is no longer at Path: it was renamed or removed, or another is there.
func (d *Dir) Moved() bool {
	there, err := os.Stat(d.path)
	if err != nil {
		return true
	}
	here, err := d.root.Stat(".")
	return err != nil || !os.SameFile(there, here)
}

func (d *Dir) write(name string, content []byte) error {
	return atomicfile.WriteBytesIn(d.root, name, content)
}

func (d *Dir) writeBy(name string, content func(io.Writer) error) error {
	return atomicfile.WriteIn(d.root, name, content)
}

// writeJSON writes an object, indented, on lines of its own.
func (d *Dir) writeJSON(name string, object any) error {
	text, err := json.MarshalIndent(object, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return d.write(name, append(text, '\n'))
}

// WriteFile replaces the file at path by what content writes, as the files of a run are: whole or not at all.
func WriteFile(path string, content func(io.Writer) error) error {
	return atomicfile.Write(path, content)
}

// Fail records in the folder of a run of so many epochs that it failed, for a run that cannot say so itself as it was
// killed or never began; the folder is made if need be. A run that has ended stays as it is, and one that another
// process is working on is an ErrLocked.
func Fail(path string, epochs int, detail string) (err error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	run, err := Read(path)
	if err != nil {
		return err
	}
	d, err := run.locked()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	s, err := d.Status()
	if errors.Is(err, fs.ErrNotExist) {
		s = trainer.Status{Epochs: epochs, BestEpoch: -1}
	} else if err != nil {
		return err
	}
	if s.State.Ended() {
		return nil
	}
	s.State, s.Reason, s.Detail = trainer.StateFailed, trainer.ReasonError, detail
	return d.writeJSON(StatusFile, s)
}

// joined is a path within a folder.
func joined(path string, parts []string) string {
	return filepath.Join(append([]string{path}, parts...)...)
}
