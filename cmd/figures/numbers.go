package figures

import (
	"math"
	"slices"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// Numbers are what a figure's curve says in numbers. Gains are the impulse's, in dB; losses in nats.
type Numbers struct {
	First, Level    float64 // gain after epoch 1; its median over the last third of the epochs
	Early, Late     float64 // the gain's scatter about its trend in the first and in the second half of the epochs
	TrainLoss       float64 // of the last epoch
	ValLoss, Lowest float64 // of the last epoch; of all
	LowestAt        int     // epoch
	ValError        float64 // of the last epoch, in per cent of the images
	Epochs          int
}

// NumbersOf reads them off a run's epochs from 1 on.
func NumbersOf(h *trainer.History) Numbers {
	rows := slices.DeleteFunc(slices.Clone(h.Rows), func(r trainer.Row) bool { return r.Epoch < 1 })
	n := Numbers{First: math.NaN(), TrainLoss: math.NaN(), ValLoss: math.NaN(), Lowest: math.NaN(), ValError: math.NaN()}
	for _, r := range rows {
		if !(n.Lowest <= r.ValLoss) && !math.IsNaN(r.ValLoss) {
			n.Lowest, n.LowestAt = r.ValLoss, r.Epoch
		}
	}
	if len(rows) > 0 {
		last := rows[len(rows)-1]
		n.First, n.Epochs = experiment.SignalOf(rows[0], diagnostics.GainDB), last.Epoch
		n.TrainLoss, n.ValLoss, n.ValError = last.TrainLoss, last.ValLoss, 100*last.ValError
	}
	gain := func(rows []trainer.Row) (level, scatter float64) {
		_, level, scatter = diagnostics.GainLevel(diagnostics.FromHistory(&trainer.History{Rows: rows}).Only(diagnostics.GainDB))
		return level, scatter
	}
	n.Level, _ = gain(rows)
	half := (len(rows) + 1) / 2
	_, n.Early = gain(rows[:half])
	_, n.Late = gain(rows[half:])
	return n
}
