package main

import (
	"context"
	"errors"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// This file is the only one that turns a config into the settings of the packages below.

// dataOptions are what the config says of the data.
func dataOptions(c configs.Config) datasets.Options {
	d := c.Data
	return datasets.Options{
		Name: d.Name, Dir: d.Dir, TrainCount: d.TrainCount, ValCount: d.ValCount,
		UseAll: d.UseAll, Holdout: d.Holdout, LabelNoise: d.LabelNoise, Seed: c.Train.Seed,
	}
}

// openData opens the config's data, with remarks to the log and long work shown.
func (a *app) openData(ctx context.Context, c configs.Config, shown func(datasets.Progress)) (*datasets.Dataset, error) {
	o := dataOptions(c)
	o.Log = func(message string) { a.log.Info(message) }
	o.Progress = shown
	return datasets.Open(ctx, o)
}

// openFor opens the config's data, shown on the bar, and finds the net that fits them.
func (a *app) openFor(ctx context.Context, c configs.Config, b *bar) (*datasets.Dataset, models.Spec, error) {
	data, err := a.openData(ctx, c, b.data)
	b.clear()
	if err != nil {
		return nil, models.Spec{}, err
	}
	spec, err := specFor(c, data)
	return data, spec, err
}

// specFor is the config's net, which must fit the data.
func specFor(c configs.Config, data *datasets.Dataset) (models.Spec, error) {
	spec, err := models.Lookup(c.Model.Name)
	if err != nil {
		return models.Spec{}, usage("%w", err)
	}
	t, in := data.Train, spec.Input
	if in.H != t.H || in.W != t.W || in.C != t.C {
		return models.Spec{}, usage("model.name: %s takes images of %d×%d×%d, but those of data.name %s are %d×%d×%d",
			spec.Name, in.H, in.W, in.C, data.Name, t.H, t.W, t.C)
	}
	if spec.Classes != t.Classes {
		return models.Spec{}, usage("model.name: %s tells %d classes apart, but data.name %s has %d",
			spec.Name, spec.Classes, data.Name, t.Classes)
	}
	return spec, nil
}

// netOptions are what the config says of the net's inside.
func netOptions(c configs.Config) models.Options {
	return models.Options{Batch: c.Train.BatchSize, Seed: c.Train.Seed, Workers: c.Train.Workers}
}

// schedule is the config's learning rate over the epochs.
func schedule(c configs.Config) trainer.Schedule {
	if c.Train.Schedule == nil {
		return trainer.Constant(c.Train.LearningRate)
	}
	var s trainer.Schedule
	for _, p := range c.Train.Schedule {
		s = append(s, trainer.Piece{Rate: p.Rate, Epochs: p.Epochs})
	}
	return s
}

// trainerOptions are the settings of the training itself, without what watches and keeps it.
func trainerOptions(c configs.Config) trainer.Options {
	return trainer.Options{
		Epochs: c.Train.Epochs, BatchSize: c.Train.BatchSize, Schedule: schedule(c),
		Momentum: c.Train.Momentum, WeightDecay: c.Train.WeightDecay, Seed: c.Train.Seed,
	}
}

// checkpointOptions say where and when checkpoints are written.
func checkpointOptions(c configs.Config, dir string, resume bool) trainer.CheckpointOptions {
	return trainer.CheckpointOptions{
		Dir: dir, Every: c.Output.CheckpointEvery, Minutes: c.Output.CheckpointMinutes, Resume: resume,
		Config: c.YAML(), FreeKeys: configs.FreeKeys(),
	}
}

// thresholds are what verdicts are judged by: those of the config's calibration, or the defaults.
func thresholds(c configs.Config) (diagnostics.Thresholds, error) {
	if c.Diagnosis.Calibration == "" {
		return diagnostics.DefaultThresholds(), nil
	}
	t, err := calibration(c.Diagnosis.Calibration)
	if err != nil {
		return t, usage("diagnosis.calibration: %w", err)
	}
	return t, nil
}

// calibration reads a calibration file, or one of those shipped inside the program.
func calibration(nameOrPath string) (diagnostics.Thresholds, error) {
	text, found, err := configs.Read(nameOrPath)
	if err != nil {
		return diagnostics.Thresholds{}, err
	}
	return parseCalibration(found.Name, text)
}

// parseCalibration is calibration for a file's content.
func parseCalibration(name string, text []byte) (diagnostics.Thresholds, error) {
	t, err := diagnostics.ParseThresholds(name, text)
	if err != nil {
		return t, usage("%w", err)
	}
	return t, nil
}

// imageProbe is the gain at one image: the impulse or the config's picture.
func imageProbe(g configs.Gain, shape models.Shape) (*diagnostics.ImageGain, error) {
	projection, window, err := measurement(g)
	if err != nil {
		return nil, err
	}
	if g.Image == "" {
		return diagnostics.ImpulseGain(shape, g.Impulse, projection, window)
	}
	pixels, err := readImage(g.Image, shape)
	if err != nil {
		return nil, usage("gain.image: %w", err)
	}
	return &diagnostics.ImageGain{Shape: shape, Image: pixels, Projection: projection, Window: window}, nil
}

// measurement is the config's projection and window.
func measurement(g configs.Gain) (models.Projection, spectrum.Window, error) {
	window, err := spectrum.ParseWindow(g.Window)
	if err != nil {
		return 0, 0, usage("gain.window: %w", err)
	}
	projection := models.LogScore
	if g.Projection == "one" {
		projection = models.Score
	}
	return projection, window, nil
}

// trainingProbes are the signals to be measured after each epoch of training on the data.
func trainingProbes(c configs.Config, shape models.Shape, data *datasets.Dataset) ([]diagnostics.Probe, error) {
	sample, err := diagnostics.TrainingImages(data.Train, data.Train.Labels, shape)
	if err != nil {
		return nil, err
	}
	return probes(c, shape, sample, data.Shift)
}

// probes are the config's signals, those of several images over the sample, which may be moved by shift pixels.
func probes(c configs.Config, shape models.Shape, sample diagnostics.Sample, shift int) ([]diagnostics.Probe, error) {
	image, err := imageProbe(c.Gain, shape)
	if err != nil {
		return nil, err
	}
	list := []diagnostics.Probe{image}
	if n := c.Gain.Positions; n > 0 {
		list = append(list, &diagnostics.PositionsGain{
			Shape: shape, Value: c.Gain.Impulse, Positions: diagnostics.SpreadPositions(shape.H, shape.W, n),
			Projection: image.Projection, Window: image.Window,
		})
	}
	if c.Gain.Population {
		images := sample.Images
		if c.Gain.Images == "noise" {
			images = diagnostics.NoiseImages(images)
		}
		list = append(list, &diagnostics.Population{Shape: shape, Images: images, Batch: c.Train.BatchSize})
	}
	if c.Gain.Shifts {
		list = append(list, &diagnostics.Shifts{Shape: shape, Images: sample.Images, Labels: sample.Labels, Pixels: shift, Batch: c.Train.BatchSize})
	}
	if c.Gain.Changes {
		list = append(list, diagnostics.Changes{})
	}
	return list, nil
}

// keeper takes what hooks find beside the history.
type keeper struct {
	spectrum func(epoch int, r diagnostics.Reading) error     // nil: not kept
	verdict  func(epoch int, report diagnostics.Report) error // appeared or changed
}

// hooks are what looks at the net after each epoch: the monitor first, as the others read its signals.
func hooks(c configs.Config, shape models.Shape, data *datasets.Dataset, t diagnostics.Thresholds, k keeper) ([]trainer.Hook, error) {
	var list []trainer.Hook
	if c.Gain.Every > 0 {
		measured, err := trainingProbes(c, shape, data)
		if err != nil {
			return nil, err
		}
		list = append(list, &diagnostics.Monitor{Probes: measured, Every: c.Gain.Every, Save: k.spectrum})
	}
	list = append(list, &diagnostics.Flags{Thresholds: t, Tell: k.verdict})
	switch {
	case c.Stop.Rule == "gain":
		list = append(list, &diagnostics.Stop{
			Thresholds: t, OnOverfitting: c.Stop.OnOverfitting, OnConvergence: c.Stop.OnConvergence,
		})
	case c.Stop.Rule == "validation":
		list = append(list, trainer.Patience{Epochs: c.Stop.Patience})
	case data.Val != nil: // no rule: best.safetensors is of the lowest validation loss
		list = append(list, trainer.Patience{})
	default: // nor validation images: as the signals say
		list = append(list, &diagnostics.Stop{Thresholds: t})
	}
	return list, nil
}

// recorders keep a run in several places.
type recorders []trainer.Recorder

// Record implements trainer.Recorder.
func (r recorders) Record(h *trainer.History, s trainer.Status) error {
	var errs []error
	for _, one := range r {
		errs = append(errs, one.Record(h, s))
	}
	return errors.Join(errs...)
}
