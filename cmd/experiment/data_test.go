package experiment

import (
	"reflect"
	"slices"
	"testing"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
)

// Every key of the data reaches the data.
func TestDataOptions(t *testing.T) {
	c, err := configs.Load("quickstart.yaml", []string{"data.name=csv", "data.path=/a.csv", "data.dir=/d", "data.train_count=3", "data.val_count=4",
		"data.holdout=0.25", "data.label_noise=0.5", "data.split=letters", "data.size=[6, 7]", "data.colour=grey", "data.fit=pad", "data.skip_broken=true",
		"data.normalize=none", "data.shift=5", "data.augment={flip: batch, shift: 1, rotate: 2, scale: 0.3, cutout: 4}", "train.seed=9"})
	if err != nil {
		t.Fatal(err)
	}
	shift := 5
	want := datasets.Options{Name: "csv", Path: "/a.csv", Dir: "/d", TrainCount: 3, ValCount: 4, Holdout: 0.25, LabelNoise: 0.5, Division: "letters",
		Height: 6, Width: 7, Colour: "grey", Fit: "pad", SkipBroken: true, Normalize: "none", Shift: &shift, Seed: 9,
		Augment: datasets.Augment{Flip: datasets.FlipBatches, Shift: 1, Rotate: 2, Scale: 0.3, Cutout: 4}}
	if got := dataOptions(c); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	c, err = configs.Load("quickstart.yaml", []string{"data.use_all=true"})
	if err != nil {
		t.Fatal(err)
	}
	if got := dataOptions(c); !got.UseAll || got.Shift != nil || got.Normalize != "" || got.Augment != (datasets.Augment{}) {
		t.Errorf("nothing asked for: %+v", got)
	}
}

// train.class_weights reaches the trainer, with the weights of the training images.
func TestClassWeights(t *testing.T) {
	data := &datasets.Dataset{Train: &datasets.Split{Classes: 2, Labels: []uint16{0, 0, 0, 1}}}
	for value, want := range map[string][]float32{"none": nil, "balanced": {4.0 / 6, 2}} {
		c, err := configs.Load("quickstart.yaml", []string{"train.class_weights=" + value})
		if err != nil {
			t.Fatal(err)
		}
		if got := trainerOptions(c, data).ClassWeights; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", value, got, want)
		}
	}
}

// Images that may not be moved have no signals of moved images.
func TestNoShiftNoShiftedImages(t *testing.T) {
	c, err := configs.Load("quickstart.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	shape := models.Shape{H: 4, W: 4, C: 1}
	sample := diagnostics.Sample{Images: make([]float32, 16), Labels: make([]uint16, 1)}
	for shift, want := range map[int]bool{0: false, 1: true} {
		list, err := probes(c, shape, sample, shift)
		if err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(list, func(p diagnostics.Probe) bool { _, is := p.(*diagnostics.Shifts); return is })
		if found != want {
			t.Errorf("shift %d: shifted images are looked at: %v", shift, found)
		}
	}
}
