// Package rundir keeps a training run in a folder:
//
//	config.yaml    the resolved configuration, enough to repeat the run
//	env.json       program, machine and seed
//	metrics.csv    one line an epoch, and the same as metrics.jsonl
//	flags.jsonl    verdicts when they appeared
//	status.json    what has become of the run, and why
//	spectra/       frequency responses and the data derivatives that they are of, .npy
//	checkpoints/   weights, .safetensors
//
// Every file is replaced as a whole and made durable before it takes its name, so that a crash, a full
// disk or a reader never sees half of one. All but the checkpoints follow from the history: a resumed
// run writes them anew.
package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/atomicfile"
	"github.com/sbinet/npyio/npy"
	"gonum.org/v1/gonum/mat"
)

// Names of what is in a run's folder.
const (
	ConfigFile     = "config.yaml"
	EnvFile        = "env.json"
	MetricsCSV     = "metrics.csv"
	MetricsJSONL   = "metrics.jsonl"
	FlagsFile      = "flags.jsonl"
	StatusFile     = "status.json"
	SpectraDir     = "spectra"
	CheckpointsDir = "checkpoints"
	lockFile       = ".lock"
)

// Errors by which a caller decides.
var (
	// ErrExists is wrapped when there is something where a new run should go.
	ErrExists = errors.New("the folder is not empty")
	// ErrLocked is wrapped when another process is working in the run's folder.
	ErrLocked = errors.New("the run is in use by another process")
	// ErrNoRun is wrapped when a folder to be resumed holds no run.
	ErrNoRun = errors.New("there is no run here")
)

// Env is what a run was made with.
type Env struct {
	Version string    `json:"version"` // of the program
	Go      string    `json:"go"`
	OS      string    `json:"os"`
	Arch    string    `json:"arch"`
	CPU     string    `json:"cpu"` // level of the kernels in use
	Cores   int       `json:"cores"`
	Workers int       `json:"workers"`
	Seed    uint64    `json:"seed"`
	Started time.Time `json:"started"`
}

// NewEnv describes this process, started at a moment.
func NewEnv(version, cpu string, workers int, seed uint64, started time.Time) Env {
	return Env{Version: version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: cpu,
		Cores: runtime.NumCPU(), Workers: workers, Seed: seed, Started: started.UTC().Truncate(time.Second)}
}

// Dir is the folder of a run, locked for this process. It is a trainer.Recorder.
type Dir struct {
	path     string
	config   []byte
	replaces bool // config is to be written with the next record
	lock     *os.File
	flags    []flag
}

// Path is the folder of a new run in root: its name, made fit for a file name, and the time.
func Path(root, name string, now time.Time) string {
	fit := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '_'
	}, name)
	if fit = strings.TrimLeft(fit, "."); fit == "" {
		fit = "run"
	}
	return filepath.Join(root, fit+"-"+now.Format("20060102-150405"))
}

// Create makes the folder of a new run and locks it. A folder that holds anything is an ErrExists, unless it is no more
// than the remains of a run that was never made.
func Create(path string, config []byte, env Env) (*Dir, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	if err := checkEmpty(path); err != nil {
		return nil, err
	}
	lock, err := lockDir(path)
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path, config: config, lock: lock}
	if err := d.fill(env); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// fill makes what a new run begins with; the folder is looked at again, as it was not locked before.
func (d *Dir) fill(env Env) error {
	if err := checkEmpty(d.path); err != nil {
		return err
	}
	if err := clearRemains(d.path); err != nil {
		return err
	}
	for _, sub := range []string{SpectraDir, CheckpointsDir} {
		if err := os.MkdirAll(d.Path(sub), 0o755); err != nil {
			return fmt.Errorf("run folder: %w", err)
		}
	}
	text, err := json.MarshalIndent(env, "", "  ")
	if err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(d.Path(EnvFile), append(text, '\n')); err != nil {
		return err
	}
	return atomicfile.WriteBytes(d.Path(ConfigFile), d.config) // last: its presence makes this a run
}

// Open locks the folder of a run that was made before, to resume it. Without a config.yaml the error
// is an ErrNoRun.
func Open(path string) (*Dir, error) {
	config, err := os.ReadFile(filepath.Join(path, ConfigFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("run folder %s: %w: it has no %s", path, ErrNoRun, ConfigFile)
	}
	if err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	lock, err := lockDir(path)
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path, config: config, lock: lock}
	for _, dir := range []string{path, d.Path(SpectraDir)} {
		if err := clean(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(fmt.Errorf("run folder: %w", err), d.Close())
		}
	}
	if d.flags, err = readFlags(d.Path(FlagsFile)); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Close lets other processes have the folder.
func (d *Dir) Close() error { return d.lock.Close() }

// Path is the path of something in the folder; without arguments, of the folder.
func (d *Dir) Path(parts ...string) string {
	return filepath.Join(append([]string{d.path}, parts...)...)
}

// Config is the run's configuration.
func (d *Dir) Config() []byte { return d.config }

// SetConfig replaces the run's configuration when the run is next recorded: a resumption that is refused before
// leaves it as it was.
func (d *Dir) SetConfig(config []byte) { d.config, d.replaces = config, true }

// Record implements trainer.Recorder: it writes the metrics, the flags and the status, and a configuration that was
// set. Flags of epochs that the history does not have (any more, after a resumption) are dropped.
func (d *Dir) Record(h *trainer.History, s trainer.Status) error {
	if err := d.record(h, s); err != nil {
		return fmt.Errorf("%w; the run can be resumed", err)
	}
	return nil
}

func (d *Dir) record(h *trainer.History, s trainer.Status) error {
	if d.replaces {
		if err := atomicfile.WriteBytes(d.Path(ConfigFile), d.config); err != nil {
			return err
		}
		d.replaces = false
	}
	if err := atomicfile.Write(d.Path(MetricsCSV), h.WriteCSV); err != nil {
		return err
	}
	if err := atomicfile.Write(d.Path(MetricsJSONL), h.WriteJSONL); err != nil {
		return err
	}
	last := -1
	if n := len(h.Rows); n > 0 {
		last = h.Rows[n-1].Epoch
	}
	d.trimFlags(last)
	if err := atomicfile.Write(d.Path(FlagsFile), d.writeFlags); err != nil {
		return err
	}
	return writeStatus(d.path, s)
}

func writeStatus(path string, s trainer.Status) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(filepath.Join(path, StatusFile), append(text, '\n'))
}

// ReadStatus reads the status of the run in a folder; the run need not be locked.
func ReadStatus(path string) (trainer.Status, error) {
	file := filepath.Join(path, StatusFile)
	text, err := os.ReadFile(file)
	if err != nil {
		return trainer.Status{}, fmt.Errorf("status of a run: %w", err)
	}
	return parseStatus(file, text)
}

// parseStatus is ReadStatus for the file's content.
func parseStatus(file string, text []byte) (trainer.Status, error) {
	var s trainer.Status
	if err := json.Unmarshal(text, &s); err != nil {
		return trainer.Status{}, fmt.Errorf("status of a run: %s: %w", file, err)
	}
	return s, nil
}

// WriteFile replaces the file at path by what content writes, as the files of a run are: whole or not at all.
func WriteFile(path string, content func(io.Writer) error) error {
	return atomicfile.Write(path, content)
}

// SavePlane writes a response in dB or a derivative, [rows,cols], as spectra/epoch-0007-NAME.npy, float64.
func (d *Dir) SavePlane(epoch int, name string, rows, cols int, values []float64) error {
	if rows < 1 || cols < 1 || len(values) != rows*cols {
		return fmt.Errorf("%s of epoch %d: %d values for %d×%d", name, epoch, len(values), rows, cols)
	}
	path := d.Path(SpectraDir, fmt.Sprintf("epoch-%04d-%s.npy", epoch, filepath.Base(name)))
	return atomicfile.Write(path, func(w io.Writer) error {
		return npy.Write(w, mat.NewDense(rows, cols, values))
	})
}
