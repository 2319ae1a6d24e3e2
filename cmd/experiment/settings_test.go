package experiment

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// everything is what a config becomes: the options of the packages below, the probes and the hooks.
type everything struct {
	data        datasets.Options
	net         models.Options
	train       trainer.Options
	checkpoints trainer.CheckpointOptions
	probes      []diagnostics.Probe
	hooks       []trainer.Hook
}

// probeOf is the probe of a type, the zero value if there is none.
func probeOf[P diagnostics.Probe](e everything) (found P) {
	for _, p := range e.probes {
		if p, ok := p.(P); ok {
			return p
		}
	}
	return found
}

// hookOf is the hook of a type, the zero value if there is none.
func hookOf[H trainer.Hook](e everything) (found H) {
	for _, h := range e.hooks {
		if h, ok := h.(H); ok {
			return h
		}
	}
	return found
}

// has tells whether there is a probe of a type.
func has[P diagnostics.Probe](e everything) bool {
	return slices.ContainsFunc(e.probes, func(p diagnostics.Probe) bool { _, ok := p.(P); return ok })
}

// smallData are six drawn digits, two of them to validate on, which may be moved by three pixels.
func smallData(t *testing.T) *datasets.Dataset {
	t.Helper()
	shift := 3
	data, err := datasets.Open(t.Context(), datasets.Options{Name: "digits", TrainCount: 4, ValCount: 2, Shift: &shift})
	if err != nil {
		t.Fatal(err)
	}
	data.Train.Labels = []uint16{0, 0, 0, 1}
	return data
}

func everythingOf(t *testing.T, data *datasets.Dataset, set ...string) everything {
	t.Helper()
	c, err := configs.Load("lenet_mnist", set)
	if err != nil {
		t.Fatalf("%v: %v", set, err)
	}
	e := everything{data: dataOptions(c), net: netOptions(c, 7), train: trainerOptions(c, data)}
	if e.checkpoints, err = checkpointOptions(c, nil); err != nil {
		t.Fatal(err)
	}
	shape := models.Shape{H: 28, W: 28, C: 1}
	if e.probes, err = trainingProbes(c, shape, data); err != nil {
		t.Fatal(err)
	}
	if e.hooks, err = hooks(c, shape, data, diagnostics.DefaultThresholds(), keeper{}); err != nil {
		t.Fatal(err)
	}
	return e
}

// Each setting, changed, arrives where it is used with the value that it was given.
func TestSettingsArrive(t *testing.T) {
	data := smallData(t)
	for _, test := range []struct {
		set  string
		read func(e everything) any
		want any
	}{
		{"data.name=mnist", func(e everything) any { return e.data.Name }, "mnist"},
		{"data.name=folder; data.path=pictures", func(e everything) any { return filepath.Base(e.data.Path) }, "pictures"},
		{"data.dir=somewhere", func(e everything) any { return filepath.Base(e.data.Dir) }, "somewhere"},
		{"data.train_count=77", func(e everything) any { return e.data.TrainCount }, 77},
		{"data.val_count=78", func(e everything) any { return e.data.ValCount }, 78},
		{"data.use_all=true", func(e everything) any { return e.data.UseAll }, true},
		{"data.holdout=0.25", func(e everything) any { return e.data.Holdout }, 0.25},
		{"data.label_noise=0.125", func(e everything) any { return e.data.LabelNoise }, 0.125},
		{"data.split=letters", func(e everything) any { return e.data.Division }, "letters"},
		{"data.name=folder; data.path=pictures; data.size=[20, 30]", func(e everything) any { return [2]int{e.data.Height, e.data.Width} }, [2]int{20, 30}},
		{"data.name=folder; data.path=pictures; data.colour=grey", func(e everything) any { return e.data.Colour }, "grey"},
		{"data.name=folder; data.path=pictures; data.fit=pad", func(e everything) any { return e.data.Fit }, "pad"},
		{"data.name=folder; data.path=pictures; data.skip_broken=true", func(e everything) any { return e.data.SkipBroken }, true},
		{"data.normalize=none", func(e everything) any { return e.data.Normalize }, "none"},
		{"data.shift=5", func(e everything) any { return *e.data.Shift }, 5},
		{"data.shift=0", func(e everything) any { return *e.data.Shift }, 0},
		{"data.augment.flip=batch", func(e everything) any { return e.data.Augment.Flip }, datasets.FlipBatches},
		{"data.augment.shift=2", func(e everything) any { return e.data.Augment.Shift }, 2},
		{"data.augment.rotate=12.5", func(e everything) any { return e.data.Augment.Rotate }, 12.5},
		{"data.augment.scale=0.25", func(e everything) any { return e.data.Augment.Scale }, 0.25},
		{"data.augment.cutout=9", func(e everything) any { return e.data.Augment.Cutout }, 9},
		{"train.seed=99", func(e everything) any { return [3]uint64{e.data.Seed, e.net.Seed, e.train.Seed} }, [3]uint64{99, 99, 99}},
		{"train.epochs=17", func(e everything) any { return e.train.Epochs }, 17},
		{"train.batch_size=33", func(e everything) any { return [2]int{e.net.Batch, e.train.BatchSize} }, [2]int{33, 33}},
		{"train.learning_rate=0.25", func(e everything) any { return e.train.Schedule.Rate(3) }, 0.25},
		{"train.schedule=[{rate: 0.5, epochs: 2, to: 0.25, curve: linear}, {rate: 0.125, epochs: 30, to: 0.0625, curve: cosine}, {rate: 0.01, epochs: 1}]",
			func(e everything) any { return fmt.Sprint(e.train.Schedule) },
			fmt.Sprint(trainer.Schedule{{Rate: 0.5, Epochs: 2, To: 0.25, Curve: trainer.Linear}, {Rate: 0.125, Epochs: 30, To: 0.0625, Curve: trainer.Cosine}, {Rate: 0.01, Epochs: 1}})},
		{"train.momentum=0.5", func(e everything) any { return e.train.Momentum }, 0.5},
		{"train.weight_decay=0.25", func(e everything) any { return e.train.WeightDecay }, 0.25},
		{"train.nesterov=true", func(e everything) any { return e.net.Nesterov }, true},
		{"train.decay_norms_and_biases=false", func(e everything) any { return e.net.DecayWeightsOnly }, true},
		// Of four images three are of class 0 and one of class 1, of ten classes: 4/(10·3) and 4/(10·1).
		{"train.class_weights=balanced", func(e everything) any { return [2]float32{e.train.ClassWeights[0], e.train.ClassWeights[1]} }, [2]float32{4.0 / 30, 0.4}},
		{"train.class_weights=none", func(e everything) any { return e.train.ClassWeights == nil }, true},
		{"average.epochs=4", func(e everything) any { return e.train.Average }, 4},
		{"gain.every=3", func(e everything) any { return hookOf[*diagnostics.Monitor](e).Every }, 3},
		{"gain.every=0", func(e everything) any { return hookOf[*diagnostics.Monitor](e) == nil }, true},
		{"gain.impulse=5", func(e everything) any { return probeOf[*diagnostics.ImageGain](e).Image[14*28+14] }, 5.0},
		{"gain.window=none", func(e everything) any { return probeOf[*diagnostics.ImageGain](e).Window }, spectrum.None},
		{"gain.window=hann", func(e everything) any { return probeOf[*diagnostics.ImageGain](e).Window }, spectrum.HannWindow},
		{"gain.projection=one", func(e everything) any { return probeOf[*diagnostics.ImageGain](e).Projection }, models.Score},
		{"gain.projection=inverse-score", func(e everything) any { return probeOf[*diagnostics.ImageGain](e).Projection }, models.LogScore},
		{"gain.positions=3", func(e everything) any { return len(probeOf[*diagnostics.PositionsGain](e).Positions) }, 3},
		{"gain.positions=0", func(e everything) any { return has[*diagnostics.PositionsGain](e) }, false},
		{"gain.population=false", func(e everything) any { return has[*diagnostics.Population](e) }, false},
		{"gain.shifts=false", func(e everything) any { return has[*diagnostics.Shifts](e) }, false},
		{"gain.changes=false", func(e everything) any { return has[diagnostics.Changes](e) }, false},
		{"gain.changes=true", func(e everything) any { return has[diagnostics.Changes](e) }, true},
		{"gain.shifts=true", func(e everything) any { return probeOf[*diagnostics.Shifts](e).Pixels }, 3}, // of the data
		{"gain.mixed=false", func(e everything) any { return has[*diagnostics.Mixed](e) }, false},
		{"gain.mixed=true", func(e everything) any { return len(hookOf[*diagnostics.Monitor](e).Averaged) }, 2},
		{"gain.mixed=true; gain.population=false", func(e everything) any { return has[*diagnostics.Mixed](e) }, true},
		{"stop.rule=none", func(e everything) any { return hookOf[trainer.Patience](e).Epochs }, 0},
		{"output.checkpoint_every=6", func(e everything) any { return e.checkpoints.Every }, 6},
		{"output.checkpoint_minutes=2.5", func(e everything) any { return e.checkpoints.Minutes }, 2.5},
	} {
		t.Run(test.set, func(t *testing.T) {
			if got := test.read(everythingOf(t, data, strings.Split(test.set, "; ")...)); got != test.want {
				t.Errorf("%s arrives as %v, want %v", test.set, got, test.want)
			}
		})
	}
}

// Settings that need others beside them.
func TestStopSettingsArrive(t *testing.T) {
	data := smallData(t)
	stop := hookOf[*diagnostics.Stop](everythingOf(t, data, "stop.rule=gain", "stop.on_overfitting=false"))
	if stop == nil || stop.OnOverfitting || !stop.OnConvergence {
		t.Errorf("stop.on_overfitting=false arrives as %+v", stop)
	}
	stop = hookOf[*diagnostics.Stop](everythingOf(t, data, "stop.rule=gain", "stop.on_convergence=false"))
	if stop == nil || !stop.OnOverfitting || stop.OnConvergence {
		t.Errorf("stop.on_convergence=false arrives as %+v", stop)
	}
	if p := hookOf[trainer.Patience](everythingOf(t, data, "stop.rule=validation", "stop.patience=9")); p.Epochs != 9 {
		t.Errorf("stop.patience=9 arrives as %+v", p)
	}
}

// The population's images are the training images, or noise of the same deviation where gain.images says so.
func TestImagesOfThePopulation(t *testing.T) {
	data := smallData(t)
	want := make([]float32, 4*28*28)
	data.Train.Fill(want, []int{0, 1, 2, 3}, false)
	if got := probeOf[*diagnostics.Population](everythingOf(t, data, "gain.images=train")).Images; !slices.Equal(got, want) {
		t.Error("gain.images=train: these are not the training images")
	}
	if got := probeOf[*diagnostics.Population](everythingOf(t, data, "gain.images=noise")).Images; !slices.Equal(got, diagnostics.NoiseImages(want)) {
		t.Error("gain.images=noise: these are not the images of noise")
	}
}
