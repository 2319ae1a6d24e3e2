package judged

import (
	"math"
	"slices"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// ranked is a run of that verdict and those training losses, whose validation says the opposite of them.
func ranked(name string, v diagnostics.Verdict, losses ...float64) Run {
	r := Run{Name: name, Verdict: diagnostics.Report{Verdict: v}, History: &trainer.History{Rows: []trainer.Row{{TrainLoss: math.NaN(), ValError: 0.9}}}}
	for i, loss := range losses {
		r.History.Rows = append(r.History.Rows, trainer.Row{Epoch: i + 1, TrainLoss: loss, ValLoss: -loss, ValError: 1 - loss/10})
	}
	return r
}

func TestRank(t *testing.T) {
	nan := math.NaN()
	failed := ranked("it failed", diagnostics.Converged, 0.2)
	failed.Status.State = trainer.StateFailed
	want := []Run{
		ranked("converged", diagnostics.Converged, 0.9),
		ranked("overfitting", diagnostics.Overfitting, 0.1, 0.3),
		ranked("still learning, once as low", diagnostics.StillLearning, 0.2, 0.2),
		ranked("still learning", diagnostics.StillLearning, 0.5, 0.3),
		ranked("undetermined", diagnostics.Undetermined, 0.01),
		ranked("too high", diagnostics.LearningRateTooHigh, 0.01),
		ranked("diverged", diagnostics.Diverged, 0.1, nan),
		failed,
		ranked("loss is no number", diagnostics.Diverged, nan),
		ranked("equal to it", diagnostics.Diverged, nan),
		ranked("before its first epoch", diagnostics.Undetermined),
	}
	runs := slices.Concat(want[10:], want[8:10], want[5:8], want[:5]) // equal runs keep their order
	sorted := Rank(runs)
	for i := range want {
		if sorted[i].Name != want[i].Name {
			t.Errorf("place %d: %s, want %s", i+1, sorted[i].Name, want[i].Name)
		}
	}
	for i, r := range []struct {
		run  Run
		want Fitness
	}{{want[0], Healthy}, {want[1], Promising}, {want[2], Promising}, {want[4], Unclear}, {want[5], Unfit}, {want[6], Lost}, {want[10], Lost}} {
		if got := r.run.Fitness(); got != r.want {
			t.Errorf("%d: fitness %d, want %d", i, got, r.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	r := ranked("", diagnostics.Converged, 4, 1, 2)
	for i := range r.History.Rows {
		r.History.Rows[i].LearningRate = float64(i)
		r.History.Rows[i].Signals = []trainer.Signal{{Name: diagnostics.GainDB, Value: -10}}
	}
	got := r.Numbers()
	want := Numbers{LearningRate: 3, TrainLoss: 2, LowestLoss: 1, ValLoss: -2, LowestValLoss: -4, ValError: 0.8, LowestValError: 0.6,
		GainColumn: diagnostics.GainDB, GainDB: -10, GainVariability: 0}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
