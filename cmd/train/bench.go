package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
	"github.com/spf13/cobra"
)

// benchFlags are the flags of "train bench".
type benchFlags struct {
	configFlags
	outputFlags
	seconds float64
}

// newBench is "train bench".
func newBench(a *app) *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use:     "bench --config FILE",
		Short:   "Measure this machine's speed on a config's net, layer by layer, with synthetic images",
		Example: `  train bench --config lenet_mnist.yaml`,
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.bench(c, f) },
	}
	f.configFlags.add(c)
	f.outputFlags.add(c)
	c.Flags().Float64Var(&f.seconds, "seconds", 15, "how long to measure, about")
	return c
}

// benchResult is what --json prints. Rates are medians.
type benchResult struct {
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
	Layers          []benchLayer `json:"layers"`
	MeasuredSeconds float64      `json:"measured_seconds"`
}

// benchLayer is one convolution with what is fused to it, over one batch.
type benchLayer struct {
	Name      string           `json:"name"`
	Direction []benchDirection `json:"directions"`
}

// benchDirection is one pass. A share over 1 says that the layer needs fewer operations than the direct form.
type benchDirection struct {
	Name   string  `json:"name"` // forward, backward-data, backward-weights
	Millis float64 `json:"ms"`
	GFLOPS float64 `json:"gflops"` // of the direct form's operations
	Share  float64 `json:"share_of_peak"`
}

func (a *app) bench(c *cobra.Command, f benchFlags) (err error) {
	f.apply(a)
	config, err := f.load(c)
	if err != nil {
		return err
	}
	if !(f.seconds > 0 && f.seconds <= 3600) {
		return usage("--seconds: got %v, want a number > 0 and at most 3600", f.seconds)
	}
	level, err := models.CPULevel()
	if err != nil {
		return usage("%w", err)
	}
	spec, err := models.Lookup(config.Model.Name)
	if err != nil {
		return usage("%w", err)
	}
	net, err := models.New(spec, netOptions(config))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	r := benchResult{Model: spec.Name, Batch: config.Train.BatchSize, CPU: level, Workers: config.Train.Workers,
		Go: runtime.Version(), EpochImages: epochImages(config)}
	if r.Workers == 0 {
		r.Workers = runtime.GOMAXPROCS(0)
	}
	started := time.Now()
	r.PeakGFLOPS = models.PeakGFLOPS(r.Workers)
	if r.GainSeconds, err = benchGain(c.Context(), config, spec.Input, net); err != nil {
		return err
	}
	t, err := models.Bench(net, time.Duration(f.seconds*float64(time.Second)))
	if err != nil {
		return err
	}
	r.fill(t)
	r.MeasuredSeconds = time.Since(started).Seconds()
	if f.json {
		return writeJSON(a.stdout, r)
	}
	a.printBench(r)
	return nil
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
func (r *benchResult) fill(t models.Timing) {
	batch := float64(t.Batch)
	r.TrainPerSecond, r.ForwardRate = batch/t.Train, batch/t.Forward
	work := 0.0
	for i, l := range t.Layers {
		layer := benchLayer{Name: l.Name}
		for _, d := range []struct {
			name    string
			seconds float64
		}{{"forward", l.Forward}, {"backward-data", l.BackwardData}, {"backward-weights", l.BackwardWeights}} {
			if d.name == "backward-data" && i == 0 {
				continue
			}
			work += l.FLOPs
			rate := l.FLOPs / d.seconds / 1e9
			layer.Direction = append(layer.Direction, benchDirection{d.name, 1e3 * d.seconds, rate, rate / r.PeakGFLOPS})
		}
		r.Layers = append(r.Layers, layer)
	}
	r.TrainGFLOPS = work / t.Train / 1e9
	if r.EpochImages > 0 {
		r.GainShare = r.GainSeconds / (float64(r.EpochImages) / r.TrainPerSecond)
	}
}

func (a *app) printBench(r benchResult) {
	w := a.stdout
	fmt.Fprintf(w, "%s, batch %d, %d workers, CPU level %s, %s\n\n", r.Model, r.Batch, r.Workers, r.CPU, r.Go)
	fmt.Fprintf(w, "training step   %9.0f images/s   %6.1f GFLOP/s, %3.0f %% of the peak of %.0f\n",
		r.TrainPerSecond, r.TrainGFLOPS, 100*r.TrainGFLOPS/r.PeakGFLOPS, r.PeakGFLOPS)
	fmt.Fprintf(w, "forward pass    %9.0f images/s\n", r.ForwardRate)
	fmt.Fprintf(w, "gain            %9.1f ms a measurement", 1e3*r.GainSeconds)
	if r.GainShare > 0 {
		fmt.Fprintf(w, ", %.2f %% of an epoch of %d images", 100*r.GainShare, r.EpochImages)
	}
	fmt.Fprintf(w, "\n\n%-8s %-17s %9s %9s %9s\n", "layer", "direction", "ms", "GFLOP/s", "of peak")
	for _, l := range r.Layers {
		for _, d := range l.Direction {
			fmt.Fprintf(w, "%-8s %-17s %9.2f %9.1f %7.0f %%\n", l.Name, d.Name, d.Millis, d.GFLOPS, 100*d.Share)
		}
	}
	fmt.Fprintln(w, "\nGFLOP/s count the operations of the direct form; a share over 100 % means that fewer are done.")
}
