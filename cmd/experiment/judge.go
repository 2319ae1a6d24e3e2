package experiment

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/foreign"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// Thresholds are what verdicts are judged by: those of the config's calibration, or the defaults.
func Thresholds(c configs.Config) (diagnostics.Thresholds, error) {
	t, err := calibrated(c)
	t.PaperOnly = c.Diagnosis.Rules == "paper"
	return t, err
}

// calibrated are the thresholds of the config's calibration, or the defaults.
func calibrated(c configs.Config) (diagnostics.Thresholds, error) {
	if c.Diagnosis.Calibration == "" {
		return diagnostics.DefaultThresholds(), nil
	}
	t, err := named(c.Diagnosis.Calibration)
	if err != nil {
		return t, Usagef("diagnosis.calibration: %w", err)
	}
	return t, nil
}

// named is the calibration of a config's name: that of one shipped inside the program, or an absolute path.
func named(calibration string) (diagnostics.Thresholds, error) {
	if text, shipped := configs.ReadShipped(calibration); shipped {
		return parseCalibration(calibration, text)
	}
	return Calibration(calibration)
}

// Calibration reads a calibration file, or one of those shipped inside the program.
func Calibration(nameOrPath string) (diagnostics.Thresholds, error) {
	text, found, err := configs.Read(nameOrPath)
	if err != nil {
		return diagnostics.Thresholds{}, err
	}
	return parseCalibration(found.Name, text)
}

// parseCalibration is Calibration for a file's content.
func parseCalibration(name string, text []byte) (diagnostics.Thresholds, error) {
	t, err := diagnostics.ParseThresholds(name, text)
	if err != nil {
		return t, Usagef("%w", err)
	}
	return t, nil
}

// ThresholdsOf are what a finished run's verdict is judged by: those of its config, or the defaults where it has none.
func ThresholdsOf(dir string) (diagnostics.Thresholds, error) {
	path := filepath.Join(dir, rundir.ConfigFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return diagnostics.DefaultThresholds(), nil // no run, or one of another program: only the curve counts
	}
	c, err := configs.ParseResolved(path, text)
	if err != nil {
		return diagnostics.Thresholds{}, err
	}
	return Thresholds(c)
}

// Load reads the run in a folder, judged by its own thresholds.
func Load(dir string) (judged.Run, error) {
	judge, err := ThresholdsOf(dir)
	if err != nil {
		return judged.Run{}, err
	}
	return judged.Load(dir, judge)
}

// Diagnosing says how a training is judged by its curve.
type Diagnosing struct {
	Columns       map[string]string // signal's name to that of the column it is read from, where they differ
	StepsPerEpoch float64           // of a log that counts steps; 0: the log must tell
	Calibration   string            // file of thresholds; empty takes those of the run's config, or the defaults
	Rules         string            // ours or paper; empty takes those of the run's config, or ours
}

// Judge judges the training whose curve is at a path: a run's folder, or the log of another program as package foreign reads it.
// The notes say how a log was understood. A path that is not there is a datasets.ErrMissing, a file that cannot be read a
// datasets.ErrDamaged.
func (d Diagnosing) Judge(path string) (report diagnostics.Report, notes []string, err error) {
	judge, err := d.thresholds(path)
	if err != nil {
		return diagnostics.Report{}, nil, err
	}
	if rundir.IsRun(path) {
		report, err = d.judgeRun(path, judge)
		return report, nil, err
	}
	log, err := foreign.Read(path, foreign.Options{Columns: d.Columns, StepsPerEpoch: d.StepsPerEpoch})
	var fault *foreign.Fault
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return diagnostics.Report{}, nil, fmt.Errorf("%w: %w", datasets.ErrMissing, err)
	case errors.Is(err, foreign.ErrOptions):
		return diagnostics.Report{}, nil, Usagef("%w", err)
	case errors.As(err, &fault):
		return diagnostics.Report{}, nil, logFault{fault}
	case err != nil:
		return diagnostics.Report{}, nil, err
	}
	notes = log.Notes
	if !judge.Calibrated {
		notes = append(notes, validity)
	}
	return diagnostics.Diagnose(log.Curve, judge), notes, nil
}

// validity says what the default thresholds were found on.
const validity = "thresholds and confidence come from LeNets on MNIST, Fashion-MNIST, CIFAR-10 and drawn digits (docs/diagnosis.md): for other nets and data they are a first guess"

// judgeRun is Judge for a run of this program.
func (d Diagnosing) judgeRun(path string, judge diagnostics.Thresholds) (_ diagnostics.Report, err error) {
	run, err := rundir.Read(path)
	if err != nil {
		return diagnostics.Report{}, err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	status, err := run.Status()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diagnostics.Report{}, fmt.Errorf("%w: %w", datasets.ErrDamaged, err)
	}
	table, err := run.ReadMetrics()
	if errors.Is(err, fs.ErrNotExist) {
		return diagnostics.Report{}, fmt.Errorf("%w: %w", datasets.ErrMissing, err)
	}
	if err != nil {
		return diagnostics.Report{}, err
	}
	curve, err := diagnostics.ReadCSV(bytes.NewReader(table), d.Columns)
	file := run.Path(rundir.MetricsCSV)
	var fault *diagnostics.CSVError
	switch {
	case errors.As(err, &fault):
		return diagnostics.Report{}, logFault{&foreign.Fault{File: file, Line: fault.Line, Column: fault.Column, Detail: fault.Detail}}
	case err != nil:
		return diagnostics.Report{}, Usagef("%s: %w", file, err)
	}
	return diagnostics.DiagnoseRun(curve, status, judge), nil
}

func (d Diagnosing) thresholds(path string) (t diagnostics.Thresholds, err error) {
	if d.Calibration != "" {
		t, err = Calibration(d.Calibration)
	} else {
		t, err = ThresholdsOf(path)
	}
	switch d.Rules {
	case "":
	case "ours", "paper":
		t.PaperOnly = d.Rules == "paper"
	default:
		return t, Usagef("--rules: got %q, want ours or paper", d.Rules)
	}
	return t, err
}

// logFault is a fault in a log, which is damaged data.
type logFault struct{ fault *foreign.Fault }

func (e logFault) Error() string   { return e.fault.Error() }
func (e logFault) Unwrap() []error { return []error{e.fault, datasets.ErrDamaged} }
