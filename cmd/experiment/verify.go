package experiment

import (
	"context"
	"errors"
	"os"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// VerifyResume trains once undisturbed and once with so many interruptions after random steps, each time resumed with
// another number of workers, and returns the hashes of what both came to.
func (e *Experiment) VerifyResume(ctx context.Context, cuts int) (_ trainer.Verification, err error) {
	judge, err := Thresholds(e.Config)
	if err != nil {
		return trainer.Verification{}, err
	}
	dir, err := os.MkdirTemp("", "maxgain-verify-")
	if err != nil {
		return trainer.Verification{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	leg := func(number int) (trainer.Net, *datasets.Dataset, trainer.Options, func() error, error) {
		o := trainerOptions(e.Config, e.Data)
		workers := e.Config.Train.Workers
		if number > 0 {
			workers = 1 + number%3
		}
		net, err := e.NewNet(workers)
		if err != nil {
			return nil, nil, o, nil, err
		}
		silent := keeper{verdict: func(int, diagnostics.Report) error { return nil }}
		if o.Hooks, err = hooks(e.Config, e.Spec.Input, e.Data, judge, silent); err != nil {
			return nil, nil, o, nil, errors.Join(err, net.Close())
		}
		return net, e.Data, o, net.Close, nil
	}
	return trainer.VerifyResume(ctx, leg, cuts, e.Config.Train.Seed, dir)
}
