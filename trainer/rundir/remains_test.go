package rundir

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/maxgain/maxgain/trainer"
)

// Wherever the making of a run's folder is cut short, the run can be made again.
func TestCreateOverRemains(t *testing.T) {
	for _, left := range [][]string{{SpectraDir}, {SpectraDir, CheckpointsDir}, {SpectraDir, CheckpointsDir, EnvFile},
		{SpectraDir, CheckpointsDir, EnvFile, ".config.yaml.1234.tmp"}, {StatusFile}} {
		dir := t.TempDir()
		for _, name := range left {
			var err error
			if name == SpectraDir || name == CheckpointsDir {
				err = os.Mkdir(filepath.Join(dir, name), 0o755)
			} else {
				err = os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		d, err := Create(dir, []byte("a: 1\n"), Env{Seed: 3})
		if err != nil {
			t.Errorf("over %v: %v", left, err)
			continue
		}
		d.Close()
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 5 { // .lock, checkpoints, config.yaml, env.json, spectra
			t.Errorf("over %v: left %v, error %v", left, entries, err)
		}
	}
	for _, name := range []string{"notes.txt", "spectra/mine.npy"} {
		path := filepath.Join(t.TempDir(), "run", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Dir(path)
		if filepath.Base(dir) == SpectraDir {
			dir = filepath.Dir(dir)
		}
		if _, err := Create(dir, nil, Env{}); !errors.Is(err, ErrExists) {
			t.Errorf("over %s: error %v", name, err)
		}
	}
}

func TestFail(t *testing.T) {
	never := filepath.Join(t.TempDir(), "a", "never-begun")
	if err := Fail(never, 7, "no data"); err != nil {
		t.Fatal(err)
	}
	want := trainer.Status{State: trainer.StateFailed, Reason: trainer.ReasonError, Detail: "no data", Epochs: 7, BestEpoch: -1}
	if got, err := ReadStatus(never); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	d := create(t)
	running := trainer.Status{State: trainer.StateRunning, Epoch: 2, Epochs: 9, BestEpoch: 1}
	if err := d.Record(history(2), running); err != nil {
		t.Fatal(err)
	}
	if err := Fail(d.Path(), 9, "killed"); !errors.Is(err, ErrLocked) {
		t.Errorf("a run that goes on: error %v", err)
	}
	d.Close()
	if err := Fail(d.Path(), 9, "killed"); err != nil {
		t.Fatal(err)
	}
	want = running
	want.State, want.Reason, want.Detail = trainer.StateFailed, trainer.ReasonError, "killed"
	if got, err := ReadStatus(d.Path()); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for _, state := range []trainer.RunState{trainer.StateFinished, trainer.StateStopped, trainer.StateDiverged} {
		d := create(t)
		ended := trainer.Status{State: state, Epoch: 9, Epochs: 9}
		if err := d.Record(history(9), ended); err != nil {
			t.Fatal(err)
		}
		d.Close()
		if err := Fail(d.Path(), 9, "killed"); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadStatus(d.Path()); err != nil || !reflect.DeepEqual(got, ended) {
			t.Errorf("%+v, %v; want %+v", got, err, ended)
		}
	}
}
