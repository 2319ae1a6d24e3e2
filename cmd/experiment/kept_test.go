package experiment

import (
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// There is one answer to which weights a run has kept: in its result, status, verdict and report, and in the file itself.
func TestOneEpochIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		set  []string
		kept int // 0: any
	}{
		"lowest validation loss": {nil, 0},
		"no validation images":   {[]string{"data.use_all=true", "gain.every=0"}, 4},
		"stop by the gain":       {[]string{"stop.rule=gain"}, 0},
		"weights of one epoch":   {[]string{"average.epochs=0"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir, r := trained(t, "quickstart", append(c.set, "data.train_count=80", "data.val_count=20", "train.batch_size=20",
				"train.learning_rate=0.005", "train.epochs=4", "gain.save_spectra=false")...)
			kept := r.BestEpoch
			if kept < 1 || c.kept > 0 && kept != c.kept {
				t.Errorf("the weights of epoch %d are kept", kept)
			}
			run, err := rundir.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer run.Close()
			status, err := run.Status()
			if err != nil {
				t.Fatal(err)
			}
			var verdict diagnostics.Report
			if err := run.Verdict(&verdict); err != nil {
				t.Fatal(err)
			}
			weights, err := run.Weights()
			if err != nil {
				t.Fatal(err)
			}
			loaded, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			for what, epoch := range map[string]int{"diagnosis": r.Diagnosis.BestEpoch, "status": status.BestEpoch, "verdict": verdict.BestEpoch,
				"weights": weights.Epoch, "report": loaded.Verdict.BestEpoch} {
				if epoch != kept {
					t.Errorf("%s: epoch %d, want %d", what, epoch, kept)
				}
			}
		})
	}
}
