// Package judged holds judged runs: what a run's folder says with the verdict on it, plain words for the facts behind a
// verdict, and of several runs their order, the settings in which they differ and which of them to take. It changes
// nothing in a folder.
package judged

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/signal"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
	"gopkg.in/yaml.v3"
)

// Run is a run and the verdict on it.
type Run struct {
	Name        string
	History     *trainer.History
	Verdict     diagnostics.Report
	Flags       []Flag
	Status      trainer.Status
	Settings    []Setting // the configuration, keys as in "train.batch_size"
	Environment []Setting
	Spectra     []Plane // frequency responses by epoch, ascending
	Derivative  *Plane  // data derivative of the last epoch that has one; nil if none
}

// Flag is a verdict that was told while the run went on.
type Flag struct {
	Epoch   int // at which it was told
	Verdict diagnostics.Verdict
}

// Setting is a name and its value for people.
type Setting struct{ Name, Value string }

// Load reads the folder of a run. The verdict follows from its metrics, its status and the thresholds. Only metrics.csv must be
// there; what else is missing, as in a run that still goes on, stays empty.
func Load(dir string, t diagnostics.Thresholds) (Run, error) {
	folder, err := rundir.Read(dir)
	if err != nil {
		return Run{}, fmt.Errorf("run: %w; want the folder of a run", err)
	}
	run, err := From(folder, t)
	return run, errors.Join(err, folder.Close())
}

// LoadLatest is Load with the spectrum of the last epoch alone and no derivative: what is quickly read again after each
// epoch.
func LoadLatest(dir string, t diagnostics.Thresholds) (Run, error) {
	folder, err := rundir.Read(dir)
	if err != nil {
		return Run{}, fmt.Errorf("run: %w; want the folder of a run", err)
	}
	run, err := from(folder, t, (*Run).readLastSpectrum)
	return run, errors.Join(err, folder.Close())
}

// From is Load for a folder that is open.
func From(folder *rundir.Run, t diagnostics.Thresholds) (Run, error) {
	return from(folder, t, (*Run).readPlanes)
}

// from reads a folder, its pictures of numbers by a function.
func from(folder *rundir.Run, t diagnostics.Thresholds, planes func(*Run, *rundir.Run) error) (Run, error) {
	run := Run{Name: filepath.Base(filepath.Clean(folder.Path())), Status: trainer.Status{BestEpoch: -1}}
	var err error
	if run.History, err = folder.History(); err != nil {
		return Run{}, fmt.Errorf("run: %w; want the folder of a run", err)
	}
	for _, read := range []func() error{
		func() error { return run.readStatus(folder) },
		func() error { return run.readFlags(folder) },
		func() (err error) {
			run.Settings, err = settings(folder, folder.ReadConfig, rundir.ConfigFile)
			return err
		},
		func() (err error) {
			run.Environment, err = settings(folder, folder.ReadEnv, rundir.EnvFile)
			return err
		},
		func() error { return planes(&run, folder) },
	} {
		if err := read(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Run{}, fmt.Errorf("run: %w", err)
		}
	}
	run.Verdict = diagnostics.DiagnoseRun(diagnostics.FromHistory(run.History), run.Status, t)
	return run, nil
}

func (r *Run) readStatus(folder *rundir.Run) error {
	status, err := folder.Status()
	if err == nil {
		r.Status = status
	}
	return err
}

func (r *Run) readFlags(folder *rundir.Run) error {
	flags, err := folder.Flags()
	if err != nil {
		return err
	}
	for i, f := range flags {
		verdict, err := diagnostics.ParseVerdict(f.Verdict)
		if err != nil {
			return fmt.Errorf("%s: flag %d: %w", folder.Path(rundir.FlagsFile), i+1, err)
		}
		r.Flags = append(r.Flags, Flag{f.Epoch, verdict})
	}
	return nil
}

func (r *Run) readPlanes(folder *rundir.Run) error {
	spectra, err := folder.Spectra()
	if err != nil {
		return err
	}
	for _, p := range spectra {
		r.Spectra = append(r.Spectra, PlaneOf(p))
	}
	derivative, err := folder.Derivative()
	if derivative != nil {
		p := PlaneOf(*derivative)
		r.Derivative = &p
	}
	return err
}

// readLastSpectrum reads the spectrum of the last epoch that was measured.
func (r *Run) readLastSpectrum(folder *rundir.Run) error {
	for _, row := range slices.Backward(r.History.Rows) {
		p, err := folder.Spectrum(row.Epoch)
		if p != nil {
			r.Spectra = []Plane{PlaneOf(*p)}
		}
		if p != nil || err != nil || !math.IsNaN(Value(row, signal.GainDB)) { // spectra come with the gain, or are not kept
			return err
		}
	}
	return nil
}

// settings flattens one of the folder's files.
func settings(folder *rundir.Run, read func() ([]byte, error), name string) ([]Setting, error) {
	text, err := read()
	if err != nil {
		return nil, err
	}
	list, err := flatten(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", folder.Path(name), err)
	}
	return list, nil
}

// SettingsOf reads the configuration of the run in a folder, nil if it has none.
func SettingsOf(dir string) ([]Setting, error) {
	folder, err := rundir.Read(dir)
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	list, err := SettingsIn(folder)
	return list, errors.Join(err, folder.Close())
}

// SettingsIn is SettingsOf for a folder that is open.
func SettingsIn(folder *rundir.Run) ([]Setting, error) {
	list, err := settings(folder, folder.ReadConfig, rundir.ConfigFile)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return list, err
}

// flatten reads YAML, of which JSON is a part, into a list of its leaves in their order.
func flatten(text []byte) ([]Setting, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	var out []Setting
	var walk func(prefix string, n *yaml.Node)
	walk = func(prefix string, n *yaml.Node) {
		if n.Kind != yaml.MappingNode {
			out = append(out, Setting{prefix, leaf(n)})
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			walk(strings.TrimPrefix(prefix+"."+n.Content[i].Value, "."), n.Content[i+1])
		}
	}
	for _, n := range root.Content {
		walk("", n)
	}
	return out, nil
}

// leaf is a value on one line.
func leaf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.Value
	case yaml.SequenceNode:
		parts := make([]string, len(n.Content))
		for i, c := range n.Content {
			parts[i] = leaf(c)
		}
		return strings.Join(parts, ", ")
	case yaml.MappingNode:
		var parts []string
		for i := 0; i+1 < len(n.Content); i += 2 {
			parts = append(parts, n.Content[i].Value+" "+leaf(n.Content[i+1]))
		}
		return strings.Join(parts, " × ")
	}
	return ""
}
