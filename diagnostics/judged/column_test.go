package judged

import (
	"math"
	"slices"
	"testing"

	"github.com/maxgain/maxgain/trainer"
)

// Every column is that of its own name.
func TestValue(t *testing.T) {
	row := trainer.Row{Epoch: 1, LearningRate: 1, TrainLoss: 2, TrainError: 3, ValLoss: 4, ValError: 5, TestLoss: 6, TestError: 7,
		Signals: []trainer.Signal{{Name: "gain_db", Value: 8}, {Name: "avg_val_loss", Value: 9}}}
	for i, name := range []string{"learning_rate", "train_loss", "train_error", "val_loss", "val_error", "test_loss", "test_error", "gain_db", "avg_val_loss"} {
		if got := Value(row, name); got != float64(i+1) {
			t.Errorf("%s: got %v, want %d", name, got, i+1)
		}
	}
	if got := Value(row, "low_share"); !math.IsNaN(got) {
		t.Errorf("what was not measured: %v", got)
	}
	row.TrainLoss = math.NaN()
	if got := Value(row, "train_loss"); !math.IsInf(got, 1) {
		t.Errorf("a training loss that is NaN: %v, want +∞", got)
	}
	if row.Epoch = 0; !math.IsNaN(Value(row, "train_loss")) {
		t.Error("before training there is no training loss")
	}
}

func TestColumnsLastLowest(t *testing.T) {
	nan := math.NaN()
	none := trainer.Row{LearningRate: nan, TrainLoss: nan, TrainError: nan, ValLoss: nan, ValError: nan, TestLoss: nan, TestError: nan}
	a, b, c := none, none, none
	b.Epoch, b.TrainLoss, b.ValLoss, b.Signals = 1, 5, 3, []trainer.Signal{{Name: "my_own", Value: 1}, {Name: "gain_db_c0", Value: 2}}
	c.Epoch, c.TrainLoss, c.ValLoss = 2, 4, nan
	r := Run{History: &trainer.History{Rows: []trainer.Row{a, b, c}}}
	if got, want := r.Columns(), []string{"train_loss", "val_loss", "gain_db_c0"}; !slices.Equal(got, want) {
		t.Errorf("columns %q, want %q: measured ones that the table of signals knows", got, want)
	}
	if got := r.Last("val_loss"); got != 3 {
		t.Errorf("last %v, want 3", got)
	}
	if v, epoch := r.Lowest("train_loss"); v != 4 || epoch != 2 {
		t.Errorf("lowest %v at %d, want 4 at 2", v, epoch)
	}
	if v, epoch := r.Lowest("test_loss"); !math.IsNaN(v) || epoch != -1 || !math.IsNaN(r.Last("test_loss")) {
		t.Errorf("of nothing: %v at %d", v, epoch)
	}
}
