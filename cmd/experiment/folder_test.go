package experiment

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

const oldRun = "../../trainer/rundir/testdata/old-run"

// The config of a run of an earlier version is that of a run that averages nothing, and agrees with its checkpoints.
func TestConfigOfOldRun(t *testing.T) {
	c, err := ConfigOf(oldRun, nil)
	if err != nil || c.Average.Epochs != 0 {
		t.Fatalf("averages over %d epochs, error %v", c.Average.Epochs, err)
	}
	text, err := os.ReadFile(filepath.Join(oldRun, rundir.ConfigFile))
	if err != nil {
		t.Fatal(err)
	}
	if lines, err := differences(text, c); err != nil || len(lines) != 0 {
		t.Errorf("differences %q, error %v", lines, err)
	}
	c, err = ConfigOf(oldRun, []string{"train.momentum=0.5", "train.epochs=9", "train.workers=1", "average.epochs=3", "output.dir=x"})
	if err != nil {
		t.Fatal(err)
	}
	lines, err := differences(text, c)
	if want := []string{"train.momentum: checkpoint 0.9, now 0.5", "average.epochs: checkpoint 0, now 3"}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("differences %q, error %v, want %q", lines, err, want)
	}
	if _, err := differences([]byte("train: ["), c); err == nil {
		t.Error("a config that cannot be read: no error")
	}
}

// A file that the config names is known by its content.
func TestInputs(t *testing.T) {
	image := filepath.Join(t.TempDir(), "a.png")
	if err := os.WriteFile(image, []byte("abc"), 0o644); err != nil {
		t.Fatal(err)
	}
	var c configs.Config
	c.Gain.Image, c.Diagnosis.Calibration = image, "calibration_lenet_mnist.yaml"
	sums, err := inputs(c)
	// The SHA-256 of abc is in FIPS 180-2, appendix B.1.
	if err != nil || len(sums) != 2 || sums["gain.image"] != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" || len(sums["diagnosis.calibration"]) != 64 {
		t.Errorf("%v, error %v", sums, err)
	}
	c.Gain.Image += "x"
	if _, err := inputs(c); !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), "gain.image") {
		t.Errorf("no such file: error %v", err)
	}
}

// atEpoch calls a function when an epoch is done.
type atEpoch struct {
	silent
	epoch int
	call  func()
}

func (a atEpoch) EpochDone(r trainer.Row) {
	if r.Epoch == a.epoch {
		a.call()
	}
}

// A run whose folder is renamed while it goes on ends in its own folder; another run in its old place keeps all that it has.
func TestFolderRenamedWhileRunning(t *testing.T) {
	c, err := configs.Load("quickstart", []string{"data.train_count=60", "data.val_count=20", "train.batch_size=20", "train.epochs=4"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(context.Background(), c, Reading{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	moved := dir + "-moved"
	rename := func() {
		if err := os.Rename(dir, moved); err != nil {
			t.Error(err)
		}
		if err := os.CopyFS(dir, os.DirFS(oldRun)); err != nil {
			t.Error(err)
		}
	}
	r, err := e.Run(context.Background(), RunOptions{Out: dir, Log: slog.New(slog.DiscardHandler), Screen: atEpoch{epoch: 2, call: rename}})
	if err != nil || r.State != trainer.StateFinished || r.Epoch != 4 {
		t.Fatalf("result %+v, error %v", r, err)
	}
	if err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		got, err1 := os.ReadFile(filepath.Join(dir, path))
		want, err2 := os.ReadFile(filepath.Join(oldRun, path))
		if err1 != nil || err2 != nil || string(got) != string(want) {
			t.Errorf("%s was changed, or is new", path)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	run, err := Load(moved)
	if err != nil || run.Status.Epoch != 4 || len(run.History.Rows) != 5 || len(run.Spectra) != 5 {
		t.Errorf("in the renamed folder: %+v, error %v", run.Status, err)
	}
	for _, name := range []string{"report.html", "verdict.json", "checkpoints/best.safetensors", "tb/events.out.tfevents.maxgain"} {
		if _, err := os.Stat(filepath.Join(moved, name)); err != nil {
			t.Error(err)
		}
	}
	w, err := rundir.ReadWeights(moved)
	if err != nil || w.Epoch != r.BestEpoch {
		t.Errorf("weights of epoch %d, error %v", w.Epoch, err)
	}
}

// The weights that are averaged take memory too: those of the epochs' ends, as many as there are, the mean and a copy.
func TestPlanCountsAveragedWeights(t *testing.T) {
	memory := map[string]float64{}
	for _, set := range []string{"average.epochs=0", "average.epochs=3", "average.epochs=10"} {
		c, err := configs.Load("quickstart", []string{"data.train_count=60", "data.val_count=20", "train.epochs=4", set})
		if err != nil {
			t.Fatal(err)
		}
		e, err := Open(context.Background(), c, Reading{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := e.Plan()
		if err != nil {
			t.Fatal(err)
		}
		memory[set] = p.Memory
	}
	const weights = 4 * 431080 // bytes of LeNet's weights
	if got := memory["average.epochs=3"] - memory["average.epochs=0"]; got != 5*weights {
		t.Errorf("three epochs: %v bytes more, want %d", got, 5*weights)
	}
	if got := memory["average.epochs=10"] - memory["average.epochs=0"]; got != 6*weights {
		t.Errorf("ten epochs in a run of four: %v bytes more, want %d", got, 6*weights)
	}
}
