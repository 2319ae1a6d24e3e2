package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/bank"
	"github.com/maxgain/maxgain/diagnostics/signal"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// Settings that all runs of the bank share; the weight decay is that of the nets' makers.
const (
	batchSize     = 100
	averageSpan   = 10 // epochs
	momentum      = 0.9
	positionCount = 9
	digitsShown   = 4 // significant digits in the tables
)

var weightDecay = map[string]float64{"lenet-mnist": 5e-4, "lenet-cifar10": 1e-4, "nin-cifar10-narrow": 5e-4,
	"dense": 5e-4, "vgg": 5e-4, "residual": 5e-4}

// makeRun trains one run and writes its table.
func makeRun(ctx context.Context, e bank.Entry, dataDir string, workers int, path string) error {
	config, err := configOf(e, dataDir)
	if err != nil {
		return err
	}
	config.Train.Workers = workers
	run, err := experiment.Open(ctx, config, experiment.Reading{})
	if err != nil {
		return err
	}
	watching := experiment.Watching{}
	if e.Holdout == 0 { // of the others nothing is wanted but what validation shows
		watching.Hooks = func(net *models.Net) ([]trainer.Hook, error) {
			probes, err := probesOf(run.Data, net)
			if err != nil {
				return nil, err
			}
			return []trainer.Hook{&diagnostics.Monitor{Every: 1, Probes: probes, Averaged: probes[1:2]}}, nil // the transformed images
		}
	}
	// A run that diverges is a run of the bank as well: its table ends with the epoch that was no number.
	history, err := run.Train(ctx, watching)
	if err != nil {
		return err
	}
	return writeTable(path, history)
}

// greyData is the name under which the bank holds a folder of grey pictures, 32×32, in the folder of the data sets; it has
// train and test in it, with a folder a class.
const greyData = "cifar10-grey"

// configOf is the configuration of a run.
func configOf(e bank.Entry, dataDir string) (configs.Config, error) {
	c := configs.Default()
	layers, init, err := layersOf(e.Model)
	if err != nil {
		return c, err
	}
	c.Model = configs.Model{Name: e.Model, Layers: layers, Init: init}
	c.Train.BatchSize, c.Train.Epochs, c.Train.LearningRate, c.Train.Seed = batchSize, e.Epochs, e.Rate, e.Seed
	c.Train.Momentum, c.Train.WeightDecay, c.Average.Epochs = momentum, weightDecay[e.Model], averageSpan
	d := &c.Data
	d.Name, d.Dir, d.TrainCount, d.ValCount, d.Holdout, d.LabelNoise = e.Data, dataDir, e.Train, e.Val, e.Holdout, e.Noise
	if e.Data == greyData {
		d.Name, d.Path, d.Colour, d.Normalize, d.Shift = "folder", filepath.Join(dataDir, greyData), "grey", datasets.NormalizeStandardize, 4
	}
	if e.Augmented {
		d.Augment = datasets.Augment{Flip: datasets.FlipNone, Shift: 2}
		if e.Data == "cifar10" || e.Data == greyData {
			d.Augment = datasets.Augment{Flip: datasets.FlipImages, Shift: 4}
		}
	}
	return c, nil
}

// probesOf are the probes that measure every signal after every epoch, the prediction changes last.
func probesOf(data *datasets.Dataset, net *models.Net) ([]diagnostics.Probe, error) {
	shape := net.Spec().Input
	impulse, err := diagnostics.ImpulseGain(shape, 1, models.LogScore, spectrum.HannWindow)
	if err != nil {
		return nil, err
	}
	mixed, err := diagnostics.NewMixed(data.Train, data.Train.Labels, shape, batchSize)
	if err != nil {
		return nil, err
	}
	return []diagnostics.Probe{
		impulse,
		mixed,
		diagnostics.Changes{},
	}, nil
}

// columns of a run's table after the epoch; the channels' gains and the timings are left out to keep the bank small.
var columns = func() []string {
	measured := []string{signal.MixedLoss, signal.MixedError}
	held := []string{signal.ValLoss, signal.ValError, signal.TestLoss, signal.TestError}
	all := slices.Concat([]string{signal.LearningRate, signal.TrainLoss, signal.TrainError, signal.GainDB, signal.PredictionChanges, signal.MixedChanges},
		held, measured)
	for _, name := range slices.Concat(held, measured) {
		all = append(all, signal.Averaged(name))
	}
	return all
}()

// writeTable writes a run's table; NaN is an empty field, but for a loss that was measured.
func writeTable(path string, h *trainer.History) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	out := csv.NewWriter(file)
	columns := slices.DeleteFunc(slices.Clone(columns), func(name string) bool {
		return name != signal.TrainLoss && !slices.ContainsFunc(h.Rows, func(r trainer.Row) bool { return !math.IsNaN(value(r, name)) })
	})
	out.Write(slices.Concat([]string{"epoch"}, columns))
	for _, row := range h.Rows {
		record := []string{strconv.Itoa(row.Epoch)}
		for _, name := range columns {
			v := value(row, name)
			text := strconv.FormatFloat(v, 'g', digitsShown, 64)
			if math.IsNaN(v) && (row.Epoch == 0 || name != "train_loss") {
				text = ""
			}
			record = append(record, text)
		}
		out.Write(record)
	}
	out.Flush()
	if err := errors.Join(out.Error(), file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// value is a row's figure by the name of its column.
func value(row trainer.Row, name string) float64 {
	switch name {
	case "learning_rate":
		return row.LearningRate
	case "train_loss":
		return row.TrainLoss
	case "train_error":
		return row.TrainError
	case "val_loss":
		return row.ValLoss
	case "val_error":
		return row.ValError
	case "test_loss":
		return row.TestLoss
	case "test_error":
		return row.TestError
	}
	for _, s := range row.Signals {
		if s.Name == name {
			return s.Value
		}
	}
	return math.NaN()
}
