package experiment

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
)

// Speed is how fast this machine trains a net. Rates are medians.
type Speed struct {
	Model           string       `json:"model"`
	Batch           int          `json:"batch"`
	CPU             string       `json:"cpu_level"`
	Workers         int          `json:"workers"`
	Go              string       `json:"go"`
	TrainPerSecond  float64      `json:"train_images_per_second"`   // forward, backward, update
	ForwardRate     float64      `json:"forward_images_per_second"` // evaluation
	GainSeconds     float64      `json:"gain_seconds"`              // one measurement of all the config's signals
	GainShare       float64      `json:"gain_share_of_epoch"`
	EpochImages     int          `json:"epoch_images"`
	PeakGFLOPS      float64      `json:"peak_gflops"`
	TrainGFLOPS     float64      `json:"train_gflops"` // convolutions' work in the direct form
	Layers          []LayerSpeed `json:"layers"`
	MeasuredSeconds float64      `json:"measured_seconds"`
}

// LayerSpeed is one convolution with what is fused to it, over one batch.
type LayerSpeed struct {
	Name      string           `json:"name"`
	Direction []DirectionSpeed `json:"directions"`
}

// DirectionSpeed is one pass. A share over 1 says that the layer needs fewer operations than the direct form.
type DirectionSpeed struct {
	Name   string  `json:"name"` // forward, backward-data, backward-weights
	Millis float64 `json:"ms"`
	GFLOPS float64 `json:"gflops"` // of the direct form's operations
	Share  float64 `json:"share_of_peak"`
}

// benchedSpec is the config's net. Only a net of layers needs the data, for the shape of its input.
func benchedSpec(ctx context.Context, c configs.Config) (models.Spec, error) {
	if c.Model.Layers == nil {
		return Lookup(c)
	}
	e, err := Open(ctx, c, Reading{})
	if err != nil {
		return models.Spec{}, err
	}
	return e.Spec, nil
}

// Bench measures this machine's speed on the config's net with synthetic images, for about so many seconds.
func Bench(ctx context.Context, c configs.Config, seconds float64) (_ Speed, err error) {
	level, err := models.CPULevel()
	if err != nil {
		return Speed{}, Usagef("%w", err)
	}
	spec, err := benchedSpec(ctx, c)
	if err != nil {
		return Speed{}, err
	}
	net, err := models.New(spec, netOptions(c, c.Train.Workers))
	if err != nil {
		return Speed{}, err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	r := Speed{Model: spec.Name, Batch: c.Train.BatchSize, CPU: level, Workers: c.Train.Workers,
		Go: runtime.Version(), EpochImages: epochImages(c)}
	if r.Workers == 0 {
		r.Workers = runtime.GOMAXPROCS(0)
	}
	started := time.Now()
	r.PeakGFLOPS = models.PeakGFLOPS(r.Workers)
	if r.GainSeconds, err = benchGain(ctx, c, spec.Input, net); err != nil {
		return Speed{}, err
	}
	t, err := models.Bench(net, time.Duration(seconds*float64(time.Second)))
	if err != nil {
		return Speed{}, err
	}
	r.fill(t)
	r.MeasuredSeconds = time.Since(started).Seconds()
	return r, nil
}

// epochImages is how many images an epoch of the config has.
func epochImages(c configs.Config) int {
	if c.Data.TrainCount > 0 {
		return c.Data.TrainCount
	}
	return map[string]int{"mnist": 60000, "fashion-mnist": 60000, "cifar10": 50000}[c.Data.Name]
}

// benchGain is the median time, in seconds, of one measurement of the config's signals.
func benchGain(ctx context.Context, config configs.Config, shape models.Shape, net *models.Net) (float64, error) {
	sample := diagnostics.Sample{Images: make([]float32, 100*shape.Len()), Labels: make([]uint16, 100)}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range sample.Images {
		sample.Images[i] = float32(r.NormFloat64())
	}
	measured, err := probes(config, shape, sample, 1)
	if err != nil {
		return 0, err
	}
	var times []float64
	for range 4 {
		start := time.Now()
		for _, p := range measured {
			if _, err := p.Measure(ctx, diagnostics.Subject{Net: net}); err != nil {
				return 0, err
			}
		}
		net.Changed() // as after an epoch
		times = append(times, time.Since(start).Seconds())
	}
	times = times[1:] // the first one builds the graphs
	slices.Sort(times)
	return times[len(times)/2], nil
}

// fill takes over what models has measured.
func (r *Speed) fill(t models.Timing) {
	batch := float64(t.Batch)
	r.TrainPerSecond, r.ForwardRate = batch/t.Train, batch/t.Forward
	work := 0.0
	for i, l := range t.Layers {
		layer := LayerSpeed{Name: l.Name}
		for _, d := range []struct {
			name    string
			seconds float64
		}{{"forward", l.Forward}, {"backward-data", l.BackwardData}, {"backward-weights", l.BackwardWeights}} {
			if d.name == "backward-data" && i == 0 {
				continue
			}
			work += l.FLOPs
			rate := l.FLOPs / d.seconds / 1e9
			layer.Direction = append(layer.Direction, DirectionSpeed{d.name, 1e3 * d.seconds, rate, rate / r.PeakGFLOPS})
		}
		r.Layers = append(r.Layers, layer)
	}
	r.TrainGFLOPS = work / t.Train / 1e9
	if r.EpochImages > 0 {
		r.GainShare = r.GainSeconds / (float64(r.EpochImages) / r.TrainPerSecond)
	}
}
