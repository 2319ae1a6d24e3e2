// Package judged holds judged runs: what a run's folder says, with the verdict on it, the order of several, and where their
// settings differ. It changes nothing in a folder.
package judged

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
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
	Epoch   int                 `json:"epoch"` // at which it was told
	Verdict diagnostics.Verdict `json:"verdict"`
}

// Setting is a name and its value for people.
type Setting struct{ Name, Value string }

// Load reads the folder of a run. The verdict follows from its metrics, its status and the thresholds. Only metrics.csv must be
// there; what else is missing, as in a run that still goes on, stays empty.
func Load(dir string, t diagnostics.Thresholds) (Run, error) {
	run := Run{Name: filepath.Base(filepath.Clean(dir)), Status: trainer.Status{BestEpoch: -1}}
	metrics, err := os.ReadFile(filepath.Join(dir, rundir.MetricsCSV))
	if err != nil {
		return Run{}, fmt.Errorf("run: %w; want the folder of a run", err)
	}
	if run.History, err = readHistory(bytes.NewReader(metrics)); err != nil {
		return Run{}, fmt.Errorf("run: %s: %w", filepath.Join(dir, rundir.MetricsCSV), err)
	}
	for _, part := range []struct {
		file string
		read func([]byte) error
	}{
		{rundir.StatusFile, func(b []byte) error { return json.Unmarshal(b, &run.Status) }},
		{rundir.FlagsFile, run.readFlags},
		{rundir.ConfigFile, func(b []byte) (err error) { run.Settings, err = flatten(b); return err }},
		{rundir.EnvFile, func(b []byte) (err error) { run.Environment, err = flatten(b); return err }},
	} {
		text, err := os.ReadFile(filepath.Join(dir, part.file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = part.read(text)
		}
		if err != nil {
			return Run{}, fmt.Errorf("run: %s: %w", filepath.Join(dir, part.file), err)
		}
	}
	if err := run.readPlanes(filepath.Join(dir, rundir.SpectraDir)); err != nil {
		return Run{}, fmt.Errorf("run: %w", err)
	}
	run.Verdict = diagnostics.DiagnoseRun(diagnostics.FromHistory(run.History), run.Status, t)
	return run, nil
}

// readFlags reads flags.jsonl.
func (r *Run) readFlags(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	for n := 1; ; n++ {
		var f Flag
		switch err := decoder.Decode(&f); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("flag %d: %w", n, err)
		}
		r.Flags = append(r.Flags, f)
	}
}

// readHistory reads a metrics table back. Columns that a Row has no field for are signals.
func readHistory(r io.Reader) (*trainer.History, error) {
	records, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, err
	}
	h := &trainer.History{}
	if len(records) == 0 {
		return h, nil
	}
	nan := math.NaN()
	for n, record := range records[1:] {
		row := trainer.Row{Epoch: -1, LearningRate: nan, TrainLoss: nan, TrainError: nan, ValLoss: nan, ValError: nan,
			TestLoss: nan, TestError: nan, Seconds: nan, ImagesPerSecond: nan}
		fields := map[string]*float64{"learning_rate": &row.LearningRate, "train_loss": &row.TrainLoss,
			"train_error": &row.TrainError, "val_loss": &row.ValLoss, "val_error": &row.ValError,
			"test_loss": &row.TestLoss, "test_error": &row.TestError, "seconds": &row.Seconds,
			"images_per_second": &row.ImagesPerSecond}
		for k, name := range records[0] {
			if name == "epoch" {
				if row.Epoch, err = strconv.Atoi(record[k]); err != nil {
					return nil, fmt.Errorf("line %d: epoch: %w", n+2, err)
				}
				continue
			}
			if record[k] == "" {
				continue
			}
			v, err := strconv.ParseFloat(record[k], 64)
			if err != nil {
				return nil, fmt.Errorf("line %d: %s: %w", n+2, name, err)
			}
			if field, ok := fields[name]; ok {
				*field = v
			} else {
				row.Signals = append(row.Signals, trainer.Signal{Name: name, Value: v})
			}
		}
		if row.Epoch < 0 {
			return nil, fmt.Errorf("line %d: want an epoch, at least 0", n+2)
		}
		h.Rows = append(h.Rows, row)
	}
	return h, nil
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
