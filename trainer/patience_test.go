package trainer

import (
	"context"
	"errors"
	"math"
	"testing"
)

func TestPatience(t *testing.T) {
	losses := []float64{0.1, 3, 2, 2, 2.5, 1.9, 2, 2, 2} // epoch 0 does not count; lowest at 5, ties are no improvement
	raw := []float64{0, 9, 8, 7, 6, 5, 4, 3, 2}          // of the raw weights, where those of the averaged ones are there
	for _, averaged := range []bool{false, true} {
		for _, c := range []struct {
			p        Patience
			best     []int // epochs marked
			stop     int   // first epoch that wants to stop; 0: none
			lastBest string
		}{
			{Patience{}, []int{1, 2, 5}, 0, ""},
			{Patience{Epochs: 3}, []int{1, 2, 5}, 8, "the validation loss has not fallen below 1.9 of epoch 5 for 3 epochs"},
			{Patience{Epochs: 1}, []int{1, 2, 5}, 3, "the validation loss has not fallen below 2 of epoch 2 for 1 epochs"},
			{Patience{Epochs: 4}, []int{1, 2, 5}, 0, ""},
		} {
			var best []int
			stop := 0
			h := &History{}
			for epoch := range losses {
				r := Row{Epoch: epoch, ValLoss: losses[epoch]}
				if epoch > 0 && averaged {
					r.ValLoss, r.Signals = raw[epoch], []Signal{{AvgValLoss, losses[epoch]}}
				}
				h.Rows = append(h.Rows, r)
				s := &State{History: h}
				err := c.p.AfterEpoch(context.Background(), s)
				if s.Best {
					best = append(best, epoch)
				}
				var wish *StopError
				switch {
				case errors.As(err, &wish):
					if stop == 0 {
						stop = epoch
						if wish.Reason != ReasonValidation || wish.Detail != c.lastBest {
							t.Errorf("%+v: %+v", c.p, wish)
						}
					}
				case err != nil:
					t.Fatal(err)
				}
			}
			if len(best) != len(c.best) || stop != c.stop {
				t.Errorf("%+v: best %v, stop %d, want %v, %d", c.p, best, stop, c.best, c.stop)
				continue
			}
			for i := range best {
				if best[i] != c.best[i] {
					t.Errorf("%+v: best %v, want %v", c.p, best, c.best)
				}
			}
		}
	}
}

func TestPatienceNeedsValidation(t *testing.T) {
	s := &State{History: &History{Rows: []Row{{Epoch: 1, ValLoss: math.NaN()}}}}
	if err := (Patience{Epochs: 2}).AfterEpoch(context.Background(), s); err == nil || errors.Is(err, ErrStop) {
		t.Errorf("error %v", err)
	}
}
