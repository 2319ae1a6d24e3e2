package rundir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// The weights of a run are found by its folder, and those of any file by its path.
func TestWeights(t *testing.T) {
	data, err := datasets.Open(t.Context(), datasets.Options{Name: "digits", TrainCount: 40, ValCount: 20, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	spec := models.Spec{Name: "flat", Input: models.Shape{H: 28, W: 28, C: 1}, Classes: 10, Layers: []models.Layer{models.Dense{Out: models.OutClasses}}}
	net, err := models.New(spec, models.Options{Batch: 10, Seed: 1, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	d := create(t)
	if _, err := d.Weights(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before the first checkpoint: error %v", err)
	}
	run, err := trainer.New(net, data, trainer.Options{Epochs: 2, BatchSize: 10, Schedule: trainer.Constant(1e-6), Average: 2,
		Checkpoints: trainer.CheckpointOptions{Dir: d.Checkpoints()}, Recorder: d})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	folder := d.Path()
	for path, averaged := range map[string]int{folder: 2, filepath.Join(folder, "checkpoints", "best.safetensors"): 2, filepath.Join(folder, "checkpoints", "last.safetensors"): 0} {
		w, err := ReadWeights(path)
		if err != nil {
			t.Fatal(err)
		}
		if w.Spec.Name != "flat" || w.Epoch != 2 || w.Averaged != averaged || w.Recipe == nil || !slices.Equal(w.Recipe.ClassNames, data.ClassNames) {
			t.Errorf("%s: %+v", path, w)
		}
	}
	w, err := d.Weights()
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.Net(models.Options{Batch: 1, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if !slices.Equal(again.Params()[0].Value, net.Params()[0].Value) {
		t.Error("the weights are others than those that the run has ended with")
	}
	status, err := d.Status()
	if err != nil {
		t.Fatal(err)
	}
	status.BestEpoch = 1
	if err := d.Record(run.History(), status); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Weights(); !errors.Is(err, trainer.ErrCheckpoint) || !strings.Contains(err.Error(), "the weights are of epoch 2, those of epoch 1 were kept") {
		t.Errorf("weights of another epoch than the status says: error %v", err)
	}
	status.State = trainer.StateRunning
	if err := d.Record(run.History(), status); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Weights(); err != nil {
		t.Errorf("the same while the run goes on: error %v", err)
	}
	best := d.Path(CheckpointsDir, trainer.BestFile)
	info, err := os.Stat(best)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{info.Size() - 1, 300} {
		if err := os.Truncate(best, size); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadWeights(folder); !errors.Is(err, trainer.ErrCheckpoint) {
			t.Errorf("the run's, cut to %d bytes: error %v", size, err)
		}
		if _, err := ReadWeights(best); !errors.Is(err, models.ErrSafetensors) {
			t.Errorf("a file cut to %d bytes: error %v", size, err)
		}
	}
	if _, err := ReadWeights(filepath.Join(folder, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: error %v", err)
	}
}
