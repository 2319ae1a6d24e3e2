package experiment

import (
	"slices"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
)

// ImageProbe is the gain at one image: the impulse or the config's picture.
func ImageProbe(g configs.Gain, shape models.Shape) (*diagnostics.ImageGain, error) {
	projection, window, err := measurement(g)
	if err != nil {
		return nil, err
	}
	if g.Image == "" {
		return diagnostics.ImpulseGain(shape, g.Impulse, projection, window)
	}
	pixels, err := readImage(g.Image, shape)
	if err != nil {
		return nil, Usagef("gain.image: %w", err)
	}
	return &diagnostics.ImageGain{Shape: shape, Image: pixels, Projection: projection, Window: window}, nil
}

// measurement is the config's projection and window.
func measurement(g configs.Gain) (models.Projection, spectrum.Window, error) {
	window, err := spectrum.ParseWindow(g.Window)
	if err != nil {
		return 0, 0, Usagef("gain.window: %w", err)
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
	list, err := probes(c, shape, sample, data.Shift)
	if err != nil || !c.Gain.Mixed || data.Shift == 0 { // images without a shift that keeps their label have no transformation either
		return list, err
	}
	mixed, err := diagnostics.NewMixed(data.Train, data.Train.Labels, shape, c.Train.BatchSize)
	if err != nil {
		return nil, err
	}
	return append(list, mixed), nil
}

// averagedProbes are those of the probes that measure the averaged weights too.
func averagedProbes(list []diagnostics.Probe) []diagnostics.Probe {
	return slices.DeleteFunc(slices.Clone(list), func(p diagnostics.Probe) bool {
		switch p.(type) {
		case *diagnostics.ImageGain, *diagnostics.Mixed:
			return false
		}
		return true
	})
}

// probes are the config's signals, those of several images over the sample, which may be moved by shift pixels.
func probes(c configs.Config, shape models.Shape, sample diagnostics.Sample, shift int) ([]diagnostics.Probe, error) {
	image, err := ImageProbe(c.Gain, shape)
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
	if c.Gain.Shifts && shift > 0 {
		list = append(list, &diagnostics.Shifts{Shape: shape, Images: sample.Images, Labels: sample.Labels, Pixels: shift, Batch: c.Train.BatchSize})
	}
	if c.Gain.Changes {
		list = append(list, diagnostics.Changes{})
	}
	return list, nil
}
