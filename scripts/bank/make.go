package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/bank"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// Settings that all runs of the bank share; the weight decay is that of the nets' makers.
const (
	batchSize     = 100
	momentum      = 0.9
	positionCount = 9
	digitsShown   = 5 // significant digits in the tables
)

var weightDecay = map[string]float64{"lenet-mnist": 5e-4, "lenet-cifar10": 1e-4, "nin-cifar10-narrow": 5e-4}

// makeRun trains one run and writes its table.
func makeRun(ctx context.Context, e bank.Entry, dataDir string, workers int, path string) error {
	data, err := datasets.Open(ctx, datasets.Options{Name: e.Data, Dir: dataDir, TrainCount: e.Train, ValCount: e.Val,
		Holdout: e.Holdout, LabelNoise: e.Noise, Seed: e.Seed})
	if err != nil {
		return err
	}
	spec, err := models.Lookup(e.Model)
	if err != nil {
		return err
	}
	net, err := models.New(spec, models.Options{Batch: batchSize, Seed: e.Seed, Workers: workers})
	if err != nil {
		return err
	}
	defer net.Close()
	var hooks []trainer.Hook
	if e.Holdout == 0 { // of the others nothing is wanted but what validation shows
		if hooks, err = monitors(data, net); err != nil {
			return err
		}
	}
	keeper := &keeper{}
	t, err := trainer.New(net, data, trainer.Options{Epochs: e.Epochs, BatchSize: batchSize, Schedule: trainer.Constant(e.Rate),
		Momentum: momentum, WeightDecay: weightDecay[e.Model], Seed: e.Seed, Hooks: hooks, Recorder: keeper})
	if err != nil {
		return err
	}
	// A run that diverges is a run of the bank as well: its table ends with the epoch that was no number.
	if _, err := t.Run(ctx); err != nil && !errors.Is(err, trainer.ErrDiverged) {
		return err
	}
	return writeTable(path, keeper.history)
}

// renamed is a probe whose signals are kept under other names.
type renamed struct {
	diagnostics.Probe
	prefix string
}

// Measure implements diagnostics.Probe.
func (p renamed) Measure(ctx context.Context, s diagnostics.Subject) (diagnostics.Reading, error) {
	r, err := p.Probe.Measure(ctx, s)
	for i := range r.Signals {
		r.Signals[i].Name = p.prefix + r.Signals[i].Name
	}
	return r, err
}

// monitors are the hooks that measure every signal after every epoch.
func monitors(data *datasets.Dataset, net *models.Net) ([]trainer.Hook, error) {
	shape := net.Spec().Input
	sample, err := diagnostics.TrainingImages(data.Train, data.Train.Labels, shape)
	if err != nil {
		return nil, err
	}
	impulse, err := diagnostics.ImpulseGain(shape, 1, models.LogScore, spectrum.HannWindow)
	if err != nil {
		return nil, err
	}
	return []trainer.Hook{&diagnostics.Monitor{Every: 1, Probes: []diagnostics.Probe{
		impulse,
		&diagnostics.PositionsGain{Shape: shape, Value: 1, Positions: diagnostics.SpreadPositions(shape.H, shape.W, positionCount),
			Projection: models.LogScore, Window: spectrum.HannWindow},
		&diagnostics.Population{Shape: shape, Images: sample.Images, Batch: batchSize},
		renamed{&diagnostics.Population{Shape: shape, Images: diagnostics.NoiseImages(sample.Images), Batch: batchSize}, bank.NoisePrefix},
		&diagnostics.Shifts{Shape: shape, Images: sample.Images, Labels: sample.Labels, Pixels: data.Shift, Batch: batchSize},
		diagnostics.Changes{},
	}}, &rivals{net: net, train: data.Train}}, nil
}

// keeper is a trainer.Recorder that keeps the history in memory.
type keeper struct{ history *trainer.History }

// Record implements trainer.Recorder.
func (k *keeper) Record(h *trainer.History, _ trainer.Status) error {
	k.history = h
	return nil
}

// columns of a run's table after the epoch; the channels' gains and the timings are left out to keep the bank small.
var columns = []string{"learning_rate", "train_loss", "train_error", "val_loss", "val_error", "test_loss", "test_error",
	diagnostics.GainDB, diagnostics.PositionsMedianDB, diagnostics.PositionsSpreadDB, diagnostics.PopulationGainDB,
	diagnostics.BoundaryDistance, diagnostics.LowShare, diagnostics.PredictionChanges, diagnostics.ShiftLoss, diagnostics.ShiftError,
	bank.NoisePrefix + diagnostics.PopulationGainDB, bank.NoisePrefix + diagnostics.BoundaryDistance, bank.NoisePrefix + diagnostics.LowShare, bank.GradientDisparity, bank.Evidence}

// writeTable writes a run's table; NaN is an empty field, but for a loss that was measured.
func writeTable(path string, h *trainer.History) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	out := csv.NewWriter(file)
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
