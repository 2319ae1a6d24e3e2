package experiment

import (
	"errors"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// keeper takes what hooks find beside the history.
type keeper struct {
	spectrum func(epoch int, r diagnostics.Reading) error     // nil: not kept
	verdict  func(epoch int, report diagnostics.Report) error // appeared or changed
}

// hooks are what looks at the net after each epoch: the monitor first, as the others read its signals.
func hooks(c configs.Config, shape models.Shape, data *datasets.Dataset, t diagnostics.Thresholds, k keeper) ([]trainer.Hook, error) {
	var list []trainer.Hook
	if c.Gain.Every > 0 {
		measured, err := trainingProbes(c, shape, data)
		if err != nil {
			return nil, err
		}
		list = append(list, &diagnostics.Monitor{Probes: measured, Averaged: averagedProbes(measured), Every: c.Gain.Every, Save: k.spectrum})
	}
	list = append(list, &diagnostics.Flags{Thresholds: t, Tell: k.verdict})
	switch {
	case c.Stop.Rule == "gain":
		list = append(list, &diagnostics.Stop{
			Thresholds: t, OnOverfitting: c.Stop.OnOverfitting, OnConvergence: c.Stop.OnConvergence,
		})
	case c.Stop.Rule == "validation":
		list = append(list, trainer.Patience{Epochs: c.Stop.Patience})
	case data.Val != nil: // no rule: best.safetensors is of the lowest validation loss
		list = append(list, trainer.Patience{})
	default: // nor validation images: as the signals say
		list = append(list, &diagnostics.Stop{Thresholds: t})
	}
	return list, nil
}

// recorders keep a run in several places.
type recorders []trainer.Recorder

// Record implements trainer.Recorder.
func (r recorders) Record(h *trainer.History, s trainer.Status) error {
	var errs []error
	for _, one := range r {
		errs = append(errs, one.Record(h, s))
	}
	return errors.Join(errs...)
}
