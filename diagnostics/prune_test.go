package diagnostics

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/trainer"
)

// A gain swings by ±4 dB while the loss, 2/e, shows learning from epoch 2 on. Eight measurements since make epoch 9 the
// first at which the rate is judged too high, and 11 the third in a row. A smooth one is never ended. What validation
// says changes nothing.
func TestPrune(t *testing.T) {
	const planned = 20
	for name, c := range map[string]struct {
		swing float64
		ends  int // epoch; 0: never
	}{"swinging": {4, 11}, "smooth": {0, 0}} {
		for _, valLoss := range []float64{math.NaN(), 0.01, 100} {
			p := &Prune{Thresholds: DefaultThresholds()}
			h := &trainer.History{Rows: []trainer.Row{{TrainLoss: math.NaN()}}}
			ended, detail := 0, ""
			for e := 1; e <= planned && ended == 0; e++ {
				side := float64(1 - 2*(e%2))
				h.Rows = append(h.Rows, trainer.Row{Epoch: e, LearningRate: 0.1, TrainLoss: 2 / float64(e), ValLoss: valLoss, ValError: valLoss,
					Signals: []trainer.Signal{{Name: PopulationGainDB, Value: -20 + side*c.swing}}})
				err := p.AfterEpoch(context.Background(), &trainer.State{History: h, Epochs: planned})
				var stop *trainer.StopError
				if errors.As(err, &stop) {
					ended, detail = e, stop.Detail
					if stop.Reason != trainer.ReasonPruned {
						t.Errorf("%s: reason %s", name, stop.Reason)
					}
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if ended != c.ends {
				t.Errorf("%s, validation loss %v: ended at %d, want %d", name, valLoss, ended, c.ends)
			}
			if ended > 0 && !strings.Contains(detail, "learning-rate-too-high at epochs 9 to 11, 9 epochs saved") {
				t.Errorf("%s: %s", name, detail)
			}
		}
	}
}

// A network that has stopped responding is hopeless although its losses are finite; one that is merely slow is not.
func TestPruneEndsDeadTrials(t *testing.T) {
	for name, test := range map[string]struct {
		gain, loss func(e float64) float64
		ends       int
	}{
		// Dead from epoch 4 on: two measurements say so at epoch 5, and 7 is the third such epoch in a row.
		"dead":            {func(e float64) float64 { return map[bool]float64{true: -30, false: math.Inf(-1)}[e < 4] }, func(float64) float64 { return 2.3 }, 7},
		"slow, but alive": {func(e float64) float64 { return -60 + 0.1*e }, func(e float64) float64 { return 2.303 - 1e-4*e }, 0},
	} {
		p := &Prune{Thresholds: DefaultThresholds()}
		h := &trainer.History{Rows: []trainer.Row{{TrainLoss: math.NaN()}}}
		ended := 0
		for e := 1; e <= 12 && ended == 0; e++ {
			h.Rows = append(h.Rows, trainer.Row{Epoch: e, LearningRate: 0.1, TrainLoss: test.loss(float64(e)), TrainError: 0.9,
				Signals: []trainer.Signal{{Name: PopulationGainDB, Value: test.gain(float64(e))}}})
			err := p.AfterEpoch(context.Background(), &trainer.State{History: h, Epochs: 12})
			var stop *trainer.StopError
			if errors.As(err, &stop) {
				ended = e
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if ended != test.ends {
			t.Errorf("%s: ended at %d, want %d", name, ended, test.ends)
		}
	}
}
