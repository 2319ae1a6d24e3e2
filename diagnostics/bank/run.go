// Package bank holds the rules against real runs: it loads a folder of run tables with their settings, judges each by
// the ground truth and by the rules, and makes the tables of docs/diagnosis.md.
package bank

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/internal/truth"
)

// Setting is what was trained and how.
type Setting struct {
	Data      string  `json:"data"`                // dataset
	Model     string  `json:"model"`               //
	Train     int     `json:"train"`               // labelled images, held-out ones included; 0 for all
	Val       int     `json:"val"`                 // official test images that the run was evaluated on; 0 for all
	Noise     float64 `json:"noise"`               // probability of a label drawn anew
	Rate      float64 `json:"rate"`                // learning rate
	Epochs    int     `json:"epochs"`              //
	Holdout   float64 `json:"holdout"`             // share of Train held out for validation; the official images are then the test
	Proof     bool    `json:"proof"`               // one of the runs of the proof of use
	Augmented bool    `json:"augmented,omitempty"` // training images shifted at random, colour ones and pictures mirrored too
}

// Name names a setting, its holdout left out: runs with and without one are two ways to use the same labels.
func (s Setting) Name() string {
	size := "all"
	if s.Train > 0 {
		size = strconv.Itoa(s.Train)
	}
	name := fmt.Sprintf("%s-%s-%s-noise%g-rate%g", s.Data, s.Model, size, s.Noise, s.Rate)
	if s.Augmented {
		name += "-augmented"
	}
	return name
}

// Tuning tells whether a setting belongs to the half on which thresholds may be tuned (docs/ground-truth.md).
func (s Setting) Tuning() bool {
	h := fnv.New64a()
	io.WriteString(h, s.Name())
	return h.Sum64()%2 == 0
}

// Key is what a run is called in the bank: its setting, its holdout if it has one, and its seed.
func Key(s Setting, seed uint64) string {
	if s.Holdout > 0 {
		return fmt.Sprintf("%s-holdout%g-seed%d", s.Name(), s.Holdout, seed)
	}
	return fmt.Sprintf("%s-seed%d", s.Name(), seed)
}

// Entry is a run's line in the bank's index.
type Entry struct {
	Setting
	Seed uint64 `json:"seed"`
	File string `json:"file"`
}

// Run is a run of the bank.
type Run struct {
	Entry
	Curve  *diagnostics.Curve // what rules see
	Noise  *diagnostics.Curve // the same with the population's signals measured on images of noise
	Losses truth.Losses       // what they do not
	// KeptTest is Test of the averaged weights.
	KeptTest Figures
	Test     Figures // on images that nobody chose by; of length 0 without a holdout
	Kept     Figures // the same of the averaged weights, those that a run keeps; those of Val without any
	Val      Figures // on held-out images, or without a holdout on the official ones
	Truth    truth.Truth

	lower []truth.Losses // of the runs that differ by a lower learning rate
}

// Figures are a run's losses and errors on one set of images, from epoch 1 on.
type Figures struct{ Loss, Error []float64 }

// NoisePrefix begins the columns of the signals that were measured on images of noise.
const NoisePrefix = "noise_"

// noiseColumns puts the signals of images of noise in place of those of training images.
var noiseColumns = diagnostics.Mapping{
	diagnostics.PopulationGainDB: NoisePrefix + diagnostics.PopulationGainDB,
	diagnostics.BoundaryDistance: NoisePrefix + diagnostics.BoundaryDistance,
	diagnostics.LowShare:         NoisePrefix + diagnostics.LowShare,
}

// indexName is the file in a bank's folder that lists its runs, one JSON object a line.
const indexName = "index.jsonl"

// classes is the number of classes of every dataset in the bank.
const classes = 10

// Load reads all runs of a bank's folder.
func Load(dir string) ([]Run, error) {
	entries, err := ReadIndex(dir)
	if err != nil {
		return nil, err
	}
	runs := make([]Run, 0, len(entries))
	for _, e := range entries {
		run, err := loadRun(dir, e)
		if err != nil {
			return nil, fmt.Errorf("bank: %w", err)
		}
		runs = append(runs, run)
	}
	findLower(runs)
	for i, r := range runs {
		runs[i].Truth = r.truthAt(len(r.Losses.Epochs))
	}
	return runs, nil
}

// ReadIndex reads the list of runs of a bank's folder.
func ReadIndex(dir string) ([]Entry, error) {
	text, err := os.ReadFile(filepath.Join(dir, indexName))
	if err != nil {
		return nil, fmt.Errorf("bank: %w", err)
	}
	var entries []Entry
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	for decoder.More() {
		var e Entry
		if err := decoder.Decode(&e); err != nil {
			return nil, fmt.Errorf("bank: %s, entry %d: %w", indexName, len(entries)+1, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// WriteIndex writes the list of runs of a bank's folder.
func WriteIndex(dir string, entries []Entry) error {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	for _, e := range entries {
		if err := encoder.Encode(e); err != nil {
			return fmt.Errorf("bank: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, indexName), []byte(out.String()), 0o644); err != nil {
		return fmt.Errorf("bank: %w", err)
	}
	return nil
}

// loadRun reads one run's table twice: once as rules see it, once for its losses and errors.
func loadRun(dir string, e Entry) (Run, error) {
	text, err := os.ReadFile(filepath.Join(dir, e.File))
	if err != nil {
		return Run{}, err
	}
	curve := &diagnostics.Curve{}
	if header, _, _ := strings.Cut(string(text), "\n"); e.Holdout == 0 || strings.Contains(header, diagnostics.GainDB) {
		if curve, err = diagnostics.ReadCSV(strings.NewReader(string(text)), nil); err != nil { // a run with a holdout need not be measured
			return Run{}, fmt.Errorf("%s:%w", e.File, err)
		}
	}
	noise := curve.Only(diagnostics.PredictionChanges, diagnostics.TrainLoss, diagnostics.TrainError)
	if header, _, _ := strings.Cut(string(text), "\n"); strings.Contains(header, NoisePrefix) {
		if noise, err = diagnostics.ReadCSV(strings.NewReader(string(text)), noiseColumns); err != nil {
			return Run{}, fmt.Errorf("%s:%w", e.File, err)
		}
	}
	table, err := readTable(string(text))
	if err != nil {
		return Run{}, fmt.Errorf("%s: %w", e.File, err)
	}
	run := Run{Entry: e, Curve: curve, Noise: noise, Val: Figures{table["val_loss"], table["val_error"]}}
	if e.Holdout > 0 {
		run.Test = Figures{table["test_loss"], table["test_error"]}
		if run.KeptTest = (Figures{table["avg_test_loss"], table["avg_test_error"]}); len(run.KeptTest.Error) == 0 {
			run.KeptTest = run.Test
		}
	}
	if run.Kept = (Figures{table["avg_val_loss"], table["avg_val_error"]}); len(run.Kept.Error) == 0 {
		run.Kept = run.Val
	}
	run.Losses = truth.Losses{TrainLoss: table["train_loss"], ValLoss: run.Kept.Loss, ValError: run.Kept.Error, Classes: classes}
	for _, epoch := range table["epoch"] {
		run.Losses.Epochs = append(run.Losses.Epochs, int(epoch))
	}
	return run, nil
}

// readTable reads all columns of a run's table from epoch 1 on; an empty field is NaN.
func readTable(text string) (map[string][]float64, error) {
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("the table is empty")
	}
	table := map[string][]float64{}
	for _, record := range records[1:] {
		if record[0] == "0" {
			continue
		}
		for i, field := range record {
			v := math.NaN()
			if field != "" {
				if v, err = strconv.ParseFloat(field, 64); err != nil {
					return nil, fmt.Errorf("column %s: %w", records[0][i], err)
				}
			}
			table[records[0][i]] = append(table[records[0][i]], v)
		}
	}
	for _, name := range []string{"epoch", "train_loss", "val_loss", "val_error"} {
		if len(table[name]) == 0 {
			return nil, fmt.Errorf("no values in column %s", name)
		}
	}
	return table, nil
}
