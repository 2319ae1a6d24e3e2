// Package sample makes up runs for the tests of what shows runs.
package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// Sample says what a made-up run looks like. Its curves have the shapes and sizes of a LeNet's on CIFAR-10 that
// overfits from epoch 20 on.
type Sample struct {
	Epochs     int
	Rate       float64
	Validation bool
	Population bool
	Channels   int
	DeadFrom   int // epoch from which the gain is −∞ and the loss NaN; 0: never
}

// Short is a run of few epochs, so that the tests stay quick.
var Short = Sample{Epochs: 12, Rate: 0.05, Validation: true, Population: true, Channels: 3}

// History makes the curves, the same for the same sample.
func (s Sample) History() *trainer.History {
	random := rand.New(rand.NewPCG(uint64(s.Epochs), 5))
	nan, noise := math.NaN(), random.NormFloat64
	h := &trainer.History{}
	for e := range s.Epochs + 1 {
		t := float64(e)
		dead := s.DeadFrom > 0 && e >= s.DeadFrom
		r := trainer.Row{Epoch: e, LearningRate: s.Rate, TrainLoss: 0.04 + 1.6*math.Exp(-t/12) + 0.01*noise()*noise(),
			TrainError: 0.01 + 0.6*math.Exp(-t/11), ValLoss: nan, ValError: nan, TestLoss: nan, TestError: nan,
			Seconds: 31 + noise(), ImagesPerSecond: 1700 + 20*noise()}
		if e == 0 {
			r.LearningRate, r.TrainLoss, r.TrainError, r.ImagesPerSecond = nan, nan, nan, nan
		}
		if s.Validation {
			r.ValLoss = 0.62 + 1.6*math.Exp(-t/5) + 0.012*max(t-20, 0) + 0.015*noise()
			r.ValError = 0.215 + 0.68*math.Exp(-t/4) + 0.004*noise()
		}
		gain := -33 - 12*math.Exp(-(t-6)*(t-6)/18) + 0.12*max(t-20, 0) + (0.4+0.06*max(t-20, 0))*noise()
		if dead {
			gain, r.TrainLoss, r.TrainError = math.Inf(-1), nan, 0.9
			if e == s.DeadFrom {
				r.TrainLoss = math.Inf(1)
			}
		}
		add := func(name string, v float64) {
			r.Signals = append(r.Signals, trainer.Signal{Name: name, Value: v})
		}
		add(diagnostics.GainDB, gain)
		for k := range s.Channels {
			add(fmt.Sprint(diagnostics.GainChannelDB, k), gain+float64(k-1)*1.5)
		}
		if s.Population && !dead {
			add(diagnostics.PopulationGainDB, -13+0.23*t+0.3*noise())
			add(diagnostics.BoundaryDistance, 35+17*(1-math.Exp(-t/5))-0.6*max(t-15, 0)+noise())
			add(diagnostics.LowShare, 0.06+0.4*(1-math.Exp(-t/2))-0.003*max(t-12, 0)+0.006*noise())
			if e >= 2 {
				add(diagnostics.PredictionChanges, 0.06+0.4*math.Exp(-t/4)+0.001*max(t-18, 0))
			}
		}
		h.Rows = append(h.Rows, r)
	}
	return h
}

// plane is a made-up derivative [h,w] whose spectrum narrows as training goes on.
func (s Sample) plane(epoch, channel int) []float64 {
	const h, w = 32, 32
	random := rand.New(rand.NewPCG(uint64(epoch), uint64(channel)))
	d := make([]float64, h*w)
	width := 3 + 0.1*float64(epoch)
	for i := range d {
		r, c := float64(i/w-h/2), float64(i%w-w/2)
		d[i] = 0.02 * math.Exp(-(r*r+c*c)/(2*width*width)) * (math.Cos(0.6*r+float64(channel)) + 0.3*random.NormFloat64())
		if s.DeadFrom > 0 && epoch >= s.DeadFrom {
			d[i] = 0
		}
	}
	return d
}

// Write makes the folder of the run.
func (s Sample) Write(t testing.TB, dir string) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	d, err := rundir.Create(dir, fmt.Appendf(nil, sampleConfig, s.Epochs, s.Rate), sampleEnv)
	check(err)
	if s.Epochs >= 24 {
		check(d.AddFlag(rundir.Flag{Epoch: 9, Verdict: "still-learning"}))
		check(d.AddFlag(rundir.Flag{Epoch: 24, Verdict: "overfitting"}))
	}
	check(d.Record(s.History(), trainer.Status{State: trainer.StateFinished, Reason: trainer.ReasonEpochs, Epoch: s.Epochs,
		Epochs: s.Epochs, BestEpoch: -1}))
	for e := range s.Epochs + 1 {
		response := rundir.Plane{Epoch: e, H: 32, W: 32}
		derivative := response
		for k := range max(s.Channels, 1) {
			plane := s.plane(e, k)
			r, err := spectrum.Response(plane, 32, 32, 1, spectrum.HannWindow)
			check(err)
			response.Channels = append(response.Channels, r.DB())
			derivative.Channels = append(derivative.Channels, plane)
		}
		check(d.SaveSpectrum(response))
		if e == s.Epochs {
			check(d.SaveDerivative(derivative))
		}
	}
	check(d.Close())
}

// Load writes the run into a new folder of that name and loads it.
func (s Sample) Load(t testing.TB, name string) judged.Run {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	s.Write(t, dir)
	run, err := judged.Load(dir, diagnostics.DefaultThresholds())
	if err != nil {
		t.Fatal(err)
	}
	return run
}

const sampleConfig = `# Every setting of this run, from lenet_cifar10
model:
  name: lenet-cifar10
data:
  name: cifar10
  val_count: 0
  use_all: false
train:
  epochs: %d
  batch_size: 100
  learning_rate: %g
  momentum: 0.9
  weight_decay: 0.0001
  seed: 1
gain:
  every: 1
  impulse: 1
  window: hann
stop:
  rule: none
`

var sampleEnv = rundir.Env{Version: "v1.0.0", Go: "go1.26.8", OS: "linux", Arch: "amd64", CPU: "avx2", Cores: 2, Workers: 2, Seed: 1,
	Started: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
