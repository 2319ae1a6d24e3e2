package experiment

import (
	"context"
	"fmt"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// A pilot of a search for a learning rate takes at least pilotSteps steps in at least pilotEpochs epochs, over whose ends
// its signals are read, on at most pilotImages of the training images; with few images, no more than mostPilotEpochs.
const (
	pilotImages     = 5000
	pilotEpochs     = 12
	pilotSteps      = 600
	mostPilotEpochs = 60
)

// OpenPilots is Open for a search for a learning rate, with no more training images than a pilot needs.
func OpenPilots(ctx context.Context, c configs.Config, r Reading) (*Experiment, error) {
	e, err := Open(ctx, c, r)
	if err != nil || e.Data.Train.Len() <= pilotImages {
		return e, err
	}
	c.Data.TrainCount = pilotImages
	return Open(ctx, c, r)
}

// FoundRate is what a search for a learning rate found.
type FoundRate struct {
	Rate       float64                  // the highest that serves; 0 if none does
	Judged     []diagnostics.JudgedRate // all pilots, by their rates
	Epochs     int                      // of each pilot, on
	Images     int                      // so many training images
	EpochsDone int                      // of all pilots together
}

// FindRate looks for the highest learning rate that serves, by short trainings at one rate each, from the config's rate on.
// told is called after each with all of them.
func (e *Experiment) FindRate(ctx context.Context, t diagnostics.Thresholds, observer func(epochs int) trainer.Observer, told func([]diagnostics.JudgedRate)) (FoundRate, error) {
	images := e.Data.Train.Len()
	steps := (images + e.Config.Train.BatchSize - 1) / e.Config.Train.BatchSize
	found := FoundRate{Images: images, Epochs: min(max(pilotEpochs, (pilotSteps+steps-1)/steps), mostPilotEpochs)}
	search := diagnostics.NewRateSearch(baseRate(e.Config))
	var pilots []diagnostics.Pilot
	for {
		rate, more := search.Next(found.Judged)
		if !more {
			break
		}
		p, err := e.pilot(ctx, rate, found.Epochs, observer(found.Epochs))
		if err != nil {
			return FoundRate{}, fmt.Errorf("pilot at the learning rate %.3g: %w", rate, err)
		}
		pilots = append(pilots, diagnostics.Pilot{Rate: rate, Epochs: found.Epochs, Curve: p.curve})
		found.EpochsDone += p.Epochs
		found.Judged = diagnostics.JudgeRates(pilots, t)
		told(found.Judged)
	}
	found.Rate = diagnostics.HighestServing(found.Judged)
	return found, nil
}
