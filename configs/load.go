package configs

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed *.yaml
var presets embed.FS

// ErrNotFound is wrapped by the error for a config that is neither a file nor
// a preset.
var ErrNotFound = errors.New("no such config")

// Presets returns the names of the runs shipped inside the program, with .yaml.
func Presets() []string {
	entries, _ := presets.ReadDir(".") // an embedded folder is always readable
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "sweep_") && !strings.HasPrefix(e.Name(), "calibration_") {
			names = append(names, e.Name())
		}
	}
	return names
}

// PresetSweeps returns the names of the sweeps shipped inside the program, with .yaml.
func PresetSweeps() []string {
	names, _ := fs.Glob(presets, "sweep_*.yaml") // the pattern is sound
	return names
}

// Load reads the config of that name or path, lays the overrides
// ("key.path=value") over it and checks everything. Faults come back all at
// once as FieldErrors.
//
// A file at that path, with or without ".yaml", is preferred to a preset of
// that name; Config.Source says which it was. Relative paths of the config are
// made absolute: those of the file are looked for beside it and then in the
// working directory, those of the overrides in the working directory.
func Load(nameOrPath string, overrides []string) (Config, error) {
	data, found, err := Read(nameOrPath)
	if err != nil {
		return Config{}, err
	}
	r, err := parseConfig(found.Name, data, overrides)
	if err != nil {
		return Config{}, err
	}
	folder := "."
	if !found.Preset {
		folder = filepath.Dir(found.Name)
	}
	if err := r.resolve(folder, r.config.Source != ""); err != nil {
		return Config{}, fmt.Errorf("read config: %w", err)
	}
	c := r.config
	c.Source = found.String()
	for _, o := range overrides {
		c.Source += " --set " + shorten(o, 200)
	}
	return c, nil
}

// Parse is Load for a config already in memory; file is the name that faults
// are given under, and its base is the run's name unless the config has one.
// Config.Source is what a resolved file says of itself, if it is one. Relative
// paths stay relative.
func Parse(file string, data []byte, overrides []string) (Config, error) {
	r, err := parseConfig(file, data, overrides)
	if err != nil {
		return Config{}, err
	}
	return r.config, nil
}

// parseConfig is Parse with the places of the keys.
func parseConfig(file string, data []byte, overrides []string) (*reading, error) {
	r := &reading{file: file, config: Default(), given: map[string]place{}}
	r.config.Name = nameOf(file)
	r.document(data)
	for i, o := range overrides {
		r.override(o, i+1)
	}
	r.settle()
	if len(r.faults) > 0 {
		r.faults.sort()
		return nil, r.faults
	}
	if source, ok := bytes.CutPrefix(data, []byte("# "+sourceComment)); ok {
		source, _, _ = bytes.Cut(source, []byte("\n"))
		r.config.Source = string(source)
	}
	return r, nil
}

// Found says where Read found a file.
type Found struct {
	Name   string // the path, or the preset's name
	Preset bool
}

// String returns "preset lenet_mnist.yaml" or "file my.yaml".
func (f Found) String() string {
	if f.Preset {
		return "preset " + f.Name
	}
	return "file " + f.Name
}

// Read returns the bytes of the YAML file at a path or, if there is none, of
// the embedded file of that name; ".yaml" may be left out.
func Read(nameOrPath string) ([]byte, Found, error) {
	candidates := []string{nameOrPath}
	if filepath.Ext(nameOrPath) != ".yaml" {
		candidates = append(candidates, nameOrPath+".yaml")
	}
	for _, path := range candidates {
		info, err := os.Stat(path)
		if err != nil || info.IsDir() {
			continue
		}
		data, err := readFile(path)
		if err != nil {
			return nil, Found{}, fmt.Errorf("read config: %w", err)
		}
		return data, Found{Name: path}, nil
	}
	for _, name := range candidates {
		if data, err := presets.ReadFile(name); err == nil {
			return data, Found{Name: name, Preset: true}, nil
		}
	}
	if info, err := os.Stat(nameOrPath); err == nil && info.IsDir() {
		return nil, Found{}, fmt.Errorf("%w: %s is a folder", ErrNotFound, nameOrPath)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, Found{}, fmt.Errorf("read config: %w", err)
	}
	hint := "the presets are " + strings.Join(Presets(), ", ")
	var names []string
	for _, p := range Presets() {
		names = append(names, strings.TrimSuffix(p, ".yaml"))
	}
	if near := nearest(strings.TrimSuffix(nameOrPath, ".yaml"), names); near != "" {
		hint = "did you mean " + near + ".yaml? (" + hint + ")"
	}
	return nil, Found{}, fmt.Errorf("%w: %q is neither a file nor a preset; %s",
		ErrNotFound, shorten(nameOrPath, 80), hint)
}

// readFile reads at most one byte more than a config may have.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxBytes+1))
}

// nameOf makes a run's name of a file's: its base without the extension, with
// dashes for what a name cannot hold.
func nameOf(file string) string {
	base := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	name := strings.Map(func(r rune) rune {
		if runNames.MatchString("a" + string(r)) {
			return r
		}
		return '-'
	}, base)
	name = strings.TrimLeft(name, "._-")
	if len(name) > 64 {
		name = name[:64]
	}
	if name == "" {
		return "run"
	}
	return name
}

// settle fills in what follows from other keys and checks keys against each
// other. Where a key itself is at fault, it stays silent about it.
func (r *reading) settle() {
	c, top := &r.config, place{line: 1, column: 1}
	if _, ok := r.given["data.name"]; !ok && !r.syntaxFailed() {
		r.fault(top, "data.name", "missing, want one of "+strings.Join(DataSets, ", "))
	}
	r.settleModel(top)
	r.settleData(top)
	r.settleRate(top)
	if _, ok := r.given["gain.window"]; !ok && c.Gain.Image != "" {
		c.Gain.Window = "none" // the window is the impulse's
	}
	if c.Stop.Rule == "gain" && c.Gain.Every == 0 {
		r.fault(r.later("gain.every", "stop.rule"), "stop.rule",
			"gain needs the gain measured, but gain.every is 0")
	}
	if !c.Data.UseAll {
		return
	}
	if c.Data.Holdout > 0 {
		r.fault(r.later("data.use_all", "data.holdout"), "data.holdout",
			"nothing can be held out when data.use_all trains on everything")
	}
	if c.Stop.Rule == "validation" {
		r.fault(r.later("data.use_all", "stop.rule"), "stop.rule",
			"validation needs images to validate on, but data.use_all trains on all; try stop.rule: gain")
	}
}

// settleRate makes sure of one of learning rate and schedule, the one on the
// command line taking the place of the other in the file, and of the epochs.
func (r *reading) settleRate(top place) {
	t := &r.config.Train
	rate, hasRate := r.given["train.learning_rate"]
	phases, hasSchedule := r.given["train.schedule"]
	_, hasEpochs := r.given["train.epochs"]
	covered := epochs(t.Schedule)
	switch {
	case r.syntaxFailed():
		return
	case !hasRate && !hasSchedule:
		r.fault(top, "train.learning_rate", "missing, want a number > 0 (or train.schedule)")
	case hasRate && hasSchedule && (rate.override == "") == (phases.override == ""):
		r.fault(r.later("train.learning_rate", "train.schedule"), "train.schedule",
			"train.learning_rate is given too; want one of them")
	case hasRate && hasSchedule && rate.override != "":
		t.Schedule = nil
	case hasRate && hasSchedule:
		t.LearningRate = 0
	}
	if !hasEpochs {
		if !hasSchedule {
			r.fault(top, "train.epochs", "missing, want a whole number from 1 to 1000000")
		}
		t.Epochs = covered
	} else if t.Schedule != nil && covered > 0 && t.Epochs > covered {
		r.fault(r.given["train.epochs"], "train.epochs",
			fmt.Sprintf("got %d, want at most %d, the epochs of train.schedule", t.Epochs, covered))
	}
}

// later returns the place of that one of two keys which was given last.
func (r *reading) later(a, b string) place {
	p, q := r.given[a], r.given[b]
	if p.order > q.order || p.order == q.order && p.line > q.line {
		return p
	}
	return q
}

// syntaxFailed reports whether the file could not be read as keys at all, so
// that a missing key says nothing.
func (r *reading) syntaxFailed() bool {
	for _, f := range r.faults {
		if f.Override == "" && f.Key == "" {
			return true
		}
	}
	return false
}
