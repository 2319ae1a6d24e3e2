// Package rundir keeps a training run in a folder. It alone knows the names and the contents of the files
// there; others write them by a Dir and read them by a Run:
//
//	config.yaml    the resolved configuration, enough to repeat the run
//	env.json       program, machine and seed
//	metrics.csv    one line an epoch, and the same as metrics.jsonl
//	flags.jsonl    verdicts when they appeared
//	status.json    what has become of the run, and why
//	verdict.json   the verdict on the run when it ended
//	report.html    the page about it
//	spectra/       frequency responses and the data derivatives that they are of, .npy
//	checkpoints/   weights, .safetensors
//	tb/            events for TensorBoard
//
// Every file is replaced as a whole and made durable before it takes its name, so that a crash, a full
// disk or a reader never sees half of one. All but the checkpoints follow from the history: a resumed
// run writes them anew. A Dir or a Run holds the folder itself, not its name: a folder that is renamed
// is written to and read under its new name.
package rundir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Names of what is in a run's folder.
const (
	ConfigFile     = "config.yaml"
	EnvFile        = "env.json"
	MetricsCSV     = "metrics.csv"
	MetricsJSONL   = "metrics.jsonl"
	FlagsFile      = "flags.jsonl"
	StatusFile     = "status.json"
	VerdictFile    = "verdict.json"
	ReportFile     = "report.html"
	SpectraDir     = "spectra"
	CheckpointsDir = "checkpoints"
	EventsDir      = "tb"
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
	// ErrDamaged is wrapped when the content of a file of a run cannot be read.
	ErrDamaged = errors.New("damaged file of a run")
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

// CreateIn makes the folder of a new run in root and locks it: that of Path, with a number behind it
// if another run has that one.
func CreateIn(root, name string, now time.Time, config []byte, env Env) (*Dir, error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	first := Path(root, name, now)
	path := first
	for n := 2; ; n++ {
		err := os.Mkdir(path, 0o755)
		if err == nil {
			return Create(path, config, env)
		}
		if !errors.Is(err, os.ErrExist) {
			return nil, fmt.Errorf("run folder: %w", err)
		}
		path = fmt.Sprintf("%s-%d", first, n)
	}
}
