package sweep

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// Of five trials of 10 epochs one is done, one was stopped after 4, one is in its third epoch, one was interrupted after 6
// and one has not begun: 10 + 4 + 2 + 6 of 10 + 4 + 10 + 10 + 10 epochs.
func TestProgress(t *testing.T) {
	s, err := configs.ParseSweep("s.yaml", []byte("config: quickstart.yaml\nparameters: {train.seed: [1, 2, 3, 4, 5]}\noverrides: {train.epochs: 10}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r := Runner{Out: t.TempDir()}
	for i, status := range []trainer.Status{
		{State: trainer.StateFinished, Epoch: 10, Epochs: 10}, {State: trainer.StateStopped, Epoch: 4, Epochs: 10},
		{State: trainer.StateRunning, Epoch: 2, Epochs: 10}, {State: trainer.StateInterrupted, Epoch: 6, Epochs: 10},
	} {
		d, err := rundir.Create(filepath.Join(r.Out, s.Trials[i].Name), s.Trials[i].Config.YAML(), rundir.Env{})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Record(&trainer.History{}, status); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	want := Progress{Ended: 2, Trials: 5, Done: 22, Epochs: 44, Running: []Running{{"seed=3", 2, 10}}}
	if got := r.progress(s, labelsOf(s)); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
