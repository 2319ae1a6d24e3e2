package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// Watching says what looks at a training that is kept in no folder.
type Watching struct {
	Hooks    func(net *models.Net) ([]trainer.Hook, error) // makes the hooks; nil: there are none
	Observer trainer.Observer                              // is shown the progress; nil: nobody is
}

// Train trains without a folder and returns the history. A training that diverges is no error: its history ends with the
// epoch in which it did.
func (e *Experiment) Train(ctx context.Context, w Watching) (_ *trainer.History, err error) {
	net, err := e.NewNet(e.Config.Train.Workers)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	o := trainerOptions(e.Config, e.Data)
	o.Observer = w.Observer
	if w.Hooks != nil {
		if o.Hooks, err = w.Hooks(net); err != nil {
			return nil, err
		}
	}
	t, err := trainer.New(net, e.Data, o)
	if err != nil {
		return nil, err
	}
	if _, err := t.Run(ctx); err != nil && !errors.Is(err, trainer.ErrDiverged) {
		return nil, err
	}
	return t.History(), nil
}

// Pilot is how one short training of a calibration went.
type Pilot struct {
	Rate      float64             `json:"learning_rate"`
	Epochs    int                 `json:"epochs"`
	TrainLoss diagnostics.Number  `json:"train_loss"` // of the last epoch
	GainDB    diagnostics.Number  `json:"gain_db"`    // likewise
	Verdict   diagnostics.Verdict `json:"verdict"`    // by the thresholds found
	curve     *diagnostics.Curve
}

// PilotRates are five rates to calibrate at, evenly spaced in logarithm from a tenth of the config's to ten times it. Of a
// schedule the highest rate counts.
func PilotRates(c configs.Config) []float64 {
	base := baseRate(c)
	return []float64{base / 10, base / math.Sqrt(10), base, base * math.Sqrt(10), base * 10}
}

// baseRate is the config's learning rate, of a schedule the highest.
func baseRate(c configs.Config) float64 {
	base := c.Train.LearningRate
	for _, p := range c.Train.Schedule {
		base = max(base, p.Rate, p.To)
	}
	return base
}

// Calibrate trains for some epochs at each rate and finds from these pilots what variability of the gain is high. observer
// makes what is shown the progress of a pilot, and told is called after each.
func (e *Experiment) Calibrate(ctx context.Context, rates []float64, epochs int, observer trainer.Observer, told func(Pilot)) ([]Pilot, diagnostics.Thresholds, error) {
	var pilots []Pilot
	var trials []diagnostics.Pilot
	for _, rate := range rates {
		p, err := e.pilot(ctx, rate, epochs, observer)
		if err != nil {
			return nil, diagnostics.Thresholds{}, fmt.Errorf("pilot at the learning rate %.3g: %w", rate, err)
		}
		told(p)
		pilots = append(pilots, p)
		trials = append(trials, diagnostics.Pilot{Rate: rate, Epochs: epochs, Curve: p.curve})
	}
	t, err := diagnostics.Calibrate(trials, diagnostics.DefaultThresholds())
	if err != nil {
		return nil, t, err
	}
	t.Source += fmt.Sprintf(", %s on %s (%d images), %d epochs each", e.Spec.Name, e.Data.Name, e.Data.Train.Len(), epochs)
	for i := range pilots {
		pilots[i].Verdict = diagnostics.Diagnose(pilots[i].curve, t).Verdict
	}
	return pilots, t, nil
}

// pilot trains at one rate. Validation is left out: nothing that follows from a pilot may need it.
func (e *Experiment) pilot(ctx context.Context, rate float64, epochs int, observer trainer.Observer) (Pilot, error) {
	blind := *e.Data
	blind.Val, blind.Test = nil, nil
	short := Experiment{Config: e.Config, Data: &blind, Spec: e.Spec}
	short.Config.Train.LearningRate, short.Config.Train.Schedule, short.Config.Train.Epochs = rate, nil, epochs
	h, err := short.Train(ctx, Watching{Observer: observer, Hooks: func(*models.Net) ([]trainer.Hook, error) {
		measured, err := trainingProbes(short.Config, e.Spec.Input, e.Data)
		return []trainer.Hook{&diagnostics.Monitor{Probes: measured, Every: 1}}, err
	}})
	if err != nil {
		return Pilot{}, err
	}
	last := h.Rows[len(h.Rows)-1]
	return Pilot{
		Rate: rate, Epochs: last.Epoch, TrainLoss: diagnostics.Number(last.TrainLoss),
		GainDB: diagnostics.Number(SignalOf(last, diagnostics.GainDB)), curve: diagnostics.FromHistory(h),
	}, nil
}
