// Package experiment turns a config into a training: it opens the data, finds the net that fits them, connects the
// trainer with the hooks that watch it, and keeps the run in its folder. It prints nothing.
package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// Experiment is a config with the data and the net that it names.
type Experiment struct {
	Config configs.Config
	Data   *datasets.Dataset
	Spec   models.Spec // of the net, which fits the data

	log func(message string)
}

// Reading says who is told how the data are read. What is nil is not called.
type Reading struct {
	Log      func(message string)
	Progress func(datasets.Progress)
}

// Open opens the config's data and finds the net that fits them. Data that are missing or damaged are a
// datasets.ErrMissing or datasets.ErrDamaged, and a net that does not fit them is an ErrUsage.
func Open(ctx context.Context, c configs.Config, r Reading) (*Experiment, error) {
	data, err := OpenData(ctx, c, r)
	if err != nil {
		return nil, err
	}
	spec, err := specFor(c, data)
	if err != nil {
		return nil, err
	}
	return &Experiment{Config: c, Data: data, Spec: spec, log: r.Log}, nil
}

// OpenData is Open for the data alone.
func OpenData(ctx context.Context, c configs.Config, r Reading) (*datasets.Dataset, error) {
	if dir := c.Data.Dir; dir != "" {
		if _, err := os.Stat(dir); err != nil {
			return nil, fmt.Errorf("data.dir: %w: %w; name an existing folder, or leave it out", datasets.ErrMissing, err)
		}
	}
	o := dataOptions(c)
	o.Log, o.Progress = r.Log, r.Progress
	return datasets.Open(ctx, o)
}

// NewNet makes the net with its first weights, drawn or those of train.init, in as many goroutines as workers says; 0 takes
// all cores. It is to be closed.
func (e *Experiment) NewNet(workers int) (*models.Net, error) {
	net, err := e.drawnNet(workers)
	if err != nil || e.Config.Train.Init == "" {
		return net, err
	}
	if err := e.initialize(net); err != nil {
		return nil, errors.Join(err, net.Close())
	}
	return net, nil
}

// drawnNet makes the net with weights that are drawn by the seed.
func (e *Experiment) drawnNet(workers int) (*models.Net, error) {
	net, err := models.New(e.Spec, netOptions(e.Config, workers))
	if errors.Is(err, models.ErrMemory) {
		return nil, Usagef("%w", err)
	}
	return net, err
}

// dataOptions are what the config says of the data.
func dataOptions(c configs.Config) datasets.Options {
	d := c.Data
	o := datasets.Options{
		Name: d.Name, Dir: d.Dir, TrainCount: d.TrainCount, ValCount: d.ValCount,
		UseAll: d.UseAll, Holdout: d.Holdout, LabelNoise: d.LabelNoise, Seed: c.Train.Seed,
		Path: d.Path, Division: d.Split, Height: d.Height, Width: d.Width, Colour: d.Colour, Fit: d.Fit,
		SkipBroken: d.SkipBroken, Normalize: d.Normalize, Augment: d.Augment,
	}
	if d.Shift >= 0 {
		o.Shift = &d.Shift
	}
	return o
}

// Lookup is the config's net.
func Lookup(c configs.Config) (models.Spec, error) {
	spec, err := models.Lookup(c.Model.Name)
	if err != nil {
		return models.Spec{}, Usagef("%w", err)
	}
	return spec, nil
}

// specFor is the config's net, which must fit the data. A net of layers takes its input's shape and its number of
// classes from them.
func specFor(c configs.Config, data *datasets.Dataset) (models.Spec, error) {
	if c.Model.Layers != nil {
		t := data.Train
		spec := models.Spec{Name: c.Model.Name, Input: models.Shape{H: t.H, W: t.W, C: t.C}, Classes: t.Classes,
			Init: c.Model.Init, Layers: c.Model.Layers}
		if _, err := spec.Summary(); err != nil {
			return models.Spec{}, Usagef("%w", c.LayerFaults(err))
		}
		return spec, nil
	}
	spec, err := Lookup(c)
	if err != nil {
		return models.Spec{}, err
	}
	t, in := data.Train, spec.Input
	if in.H != t.H || in.W != t.W || in.C != t.C {
		return models.Spec{}, Usagef("model.name: %s takes images of %d×%d×%d, but those of data.name %s are %d×%d×%d",
			spec.Name, in.H, in.W, in.C, data.Name, t.H, t.W, t.C)
	}
	if spec.Classes != t.Classes {
		return models.Spec{}, Usagef("model.name: %s tells %d classes apart, but data.name %s has %d",
			spec.Name, spec.Classes, data.Name, t.Classes)
	}
	return spec, nil
}

// netOptions are what the config says of the net's inside.
func netOptions(c configs.Config, workers int) models.Options {
	return models.Options{Batch: c.Train.BatchSize, Seed: c.Train.Seed, Workers: workers,
		Nesterov: c.Train.Nesterov, DecayWeightsOnly: !c.Train.DecayNormsAndBiases}
}

// schedule is the config's learning rate over the epochs.
func schedule(c configs.Config) trainer.Schedule {
	if c.Train.Schedule == nil {
		return trainer.Constant(c.Train.LearningRate)
	}
	var s trainer.Schedule
	for _, p := range c.Train.Schedule {
		curves := map[string]trainer.Curve{"": trainer.Flat, "linear": trainer.Linear, "cosine": trainer.Cosine}
		s = append(s, trainer.Piece{Rate: p.Rate, Epochs: p.Epochs, To: p.To, Curve: curves[p.Curve]})
	}
	return s
}

// trainerOptions are the settings of the training itself, without what watches and keeps it.
func trainerOptions(c configs.Config, data *datasets.Dataset) trainer.Options {
	o := trainer.Options{
		Epochs: c.Train.Epochs, BatchSize: c.Train.BatchSize, Schedule: schedule(c),
		Momentum: c.Train.Momentum, WeightDecay: c.Train.WeightDecay, Seed: c.Train.Seed, Average: c.Average.Epochs,
	}
	if c.Train.ClassWeights == "balanced" {
		o.ClassWeights = data.Train.BalancedWeights()
	}
	return o
}

// checkpointOptions say when and where checkpoints are written, and what a run must be to be resumed from them.
func checkpointOptions(c configs.Config, dir *os.Root) (trainer.CheckpointOptions, error) {
	inputs, err := inputs(c)
	return trainer.CheckpointOptions{
		Dir: dir, Every: c.Output.CheckpointEvery, Minutes: c.Output.CheckpointMinutes, Config: c.YAML(), Inputs: inputs,
		Differences: func(was []byte) ([]string, error) { return differences(was, c) },
	}, err
}

// inputs are the SHA-256 of the files, beside the data, that the config names.
func inputs(c configs.Config) (map[string]string, error) {
	sums := map[string]string{}
	for key, path := range map[string]string{"gain.image": c.Gain.Image, "diagnosis.calibration": c.Diagnosis.Calibration} {
		if path == "" {
			continue
		}
		content, shipped := configs.ReadShipped(path)
		var err error
		if !shipped || key != "diagnosis.calibration" {
			content, err = readInput(path)
		}
		if err != nil {
			return nil, Usagef("%s: %w", key, err)
		}
		sum := sha256.Sum256(content)
		sums[key] = hex.EncodeToString(sum[:])
	}
	return sums, nil
}

// readInput reads a file that a config names; ".yaml" may be left out of its name.
func readInput(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if yaml, yamlErr := os.ReadFile(path + ".yaml"); yamlErr == nil {
			return yaml, nil
		}
	}
	return content, err
}

// Version is the program's, with the commit where it is known.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
