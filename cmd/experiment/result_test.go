package experiment

import (
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// The result says over the ends of which epochs the kept weights are averaged.
func TestAverageFrom(t *testing.T) {
	for _, c := range []struct{ best, average, want int }{
		{14, 10, 5}, {3, 10, 1}, {10, 10, 1}, {11, 10, 2}, {7, 1, 7}, {7, 0, 7}, {0, 10, 0}, {-1, 10, -1},
	} {
		r := newResult("run", trainer.Status{BestEpoch: c.best}, &trainer.History{}, diagnostics.DefaultThresholds(), c.average)
		if r.AverageFrom != c.want {
			t.Errorf("epoch %d kept, averages of %d: from %d, want %d", c.best, c.average, r.AverageFrom, c.want)
		}
	}
}
