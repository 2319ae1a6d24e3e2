package main

import (
	"context"
	"errors"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// pilot trains by a config without a folder and returns its history, which ends early and without an
// error if the training diverged. Validation is left out: nothing that follows from a pilot may need it.
func (a *app) pilot(ctx context.Context, c configs.Config, spec models.Spec, data *datasets.Dataset, b *bar) (_ *trainer.History, err error) {
	net, err := models.New(spec, netOptions(c))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	blind := *data
	blind.Val, blind.Test = nil, nil
	measured, err := trainingProbes(c, spec.Input, data)
	if err != nil {
		return nil, err
	}
	o := trainerOptions(c)
	o.Hooks = []trainer.Hook{&diagnostics.Monitor{Probes: measured, Every: 1}}
	o.Observer = &pilotScreen{bar: b, epochs: c.Train.Epochs}
	t, err := trainer.New(net, &blind, o)
	if err != nil {
		return nil, err
	}
	if _, err := t.Run(ctx); err != nil && !errors.Is(err, trainer.ErrDiverged) {
		return nil, err
	}
	return t.History(), nil
}

// pilotScreen shows the bar of a pilot. It is a trainer.Observer.
type pilotScreen struct {
	bar    *bar
	epochs int
}

// BatchDone implements trainer.Observer.
func (p *pilotScreen) BatchDone(epoch, done, total int, loss float64) {
	p.bar.batch(epoch, p.epochs, done, total, loss)
}

// EpochDone implements trainer.Observer.
func (p *pilotScreen) EpochDone(trainer.Row) { p.bar.clear() }
