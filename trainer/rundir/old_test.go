package rundir

import (
	"testing"
	"time"

	"github.com/maxgain/maxgain/models"
)

// A run of the program as it was before weights were averaged and verdicts kept can be read: testdata/old-run.
func TestOldRun(t *testing.T) {
	r, err := Read("testdata/old-run")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	h, err := r.History()
	if err != nil || len(h.Rows) != 3 {
		t.Fatalf("history %+v, error %v", h, err)
	}
	last := h.Rows[2]
	if last.Epoch != 2 || last.LearningRate != 0.04 || last.TrainLoss != 2.3218520349509686 || last.ValLoss != 12.846446720355209 ||
		last.Signal("pop_gain_db") != -34.794858204930776 || last.Signal("prediction_changes") != 0.9166666666666666 || last.Seconds != 0.364586071 {
		t.Errorf("last row %+v", last)
	}
	s, err := r.Status()
	if err != nil || s.State != "finished" || s.Epoch != 2 || s.BestEpoch != 1 || s.Warnings != nil {
		t.Errorf("status %+v, error %v", s, err)
	}
	flags, err := r.Flags()
	if err != nil || len(flags) != 1 || flags[0].Epoch != 2 || flags[0].Verdict != "still-learning" || len(flags[0].Evidence) == 0 {
		t.Errorf("flags %+v, error %v", flags, err)
	}
	env, err := r.Env()
	if err != nil || env.CPU != "avx512" || env.Seed != 1 || !env.Started.Equal(time.Date(2026, 11, 26, 7, 35, 46, 0, time.UTC)) {
		t.Errorf("env %+v, error %v", env, err)
	}
	spectra, err := r.Spectra()
	if err != nil || len(spectra) != 1 || spectra[0].Epoch != 2 || spectra[0].H != 32 || spectra[0].W != 32 || len(spectra[0].Channels) != 3 {
		t.Errorf("%d spectra, error %v", len(spectra), err)
	}
	if d, err := r.Derivative(); err != nil || d == nil || d.Epoch != 2 || len(d.Channels) != 3 {
		t.Errorf("derivative %v, error %v", d, err)
	}
	w, err := r.Weights()
	if err != nil {
		t.Fatal(err)
	}
	if w.Spec.Name != "nin-cifar10-narrow" || w.Epoch != 1 || w.Averaged != 0 || w.Recipe != nil {
		t.Errorf("weights of %s, epoch %d, averaged over %d, recipe %v", w.Spec.Name, w.Epoch, w.Averaged, w.Recipe)
	}
	net, err := w.Net(models.Options{Batch: 1, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := net.Close(); err != nil {
		t.Error(err)
	}
}

// A folder with a configuration can be resumed; one of a run that failed before it began is a run's all the same.
func TestIsRun(t *testing.T) {
	failed := t.TempDir()
	if err := Fail(failed, 3, "no data"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][2]bool{"testdata/old-run": {true, true}, failed: {false, true}, t.TempDir(): {}, "testdata/none": {}} {
		if got := [2]bool{Begun(path), IsRun(path)}; got != want {
			t.Errorf("%s: begun, a run: %v, want %v", path, got, want)
		}
	}
}
