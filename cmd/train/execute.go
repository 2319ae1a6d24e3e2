package main

import (
	"context"
	"errors"
	"io"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
)

// trainConfig trains one config, shows how it goes on and prints what came of it.
func (a *app) trainConfig(ctx context.Context, config configs.Config, o experiment.RunOptions, f outputFlags) (*experiment.Result, error) {
	return a.trainShown(ctx, config, o, f, func(s experiment.Screen) experiment.Screen { return s })
}

// trainShown is trainConfig with a screen that over makes of the terminal's.
func (a *app) trainShown(ctx context.Context, config configs.Config, o experiment.RunOptions, f outputFlags,
	over func(experiment.Screen) experiment.Screen) (*experiment.Result, error) {
	bar := a.newBar(!f.quiet)
	e, err := a.open(ctx, config, bar)
	if err != nil {
		return nil, err
	}
	table := a.stdout
	switch {
	case f.quiet:
		table = io.Discard
	case f.json:
		table = a.stderr
	}
	s := console.NewScreen(table, bar, config, e.Data)
	s.Start()
	o.Log, o.Screen = a.log, over(s)
	result, err := e.Run(ctx, o)
	bar.Clear()
	switch {
	case result == nil:
	case f.json:
		err = errors.Join(err, console.WriteJSON(a.stdout, result))
	default:
		console.PrintResult(a.stdout, result, f.quiet)
	}
	return result, err
}

// dryRun prints what a run would do.
func (a *app) dryRun(ctx context.Context, config configs.Config, f outputFlags) error {
	e, err := a.open(ctx, config, a.newBar(!f.quiet))
	if err != nil {
		return err
	}
	p, err := e.Plan()
	if err != nil {
		return err
	}
	if f.json {
		return console.WriteJSON(a.stdout, p)
	}
	console.PrintPlan(a.stdout, p, e.Spec.Input)
	return nil
}

// open opens a config's data, shown on the bar and with remarks to the log, and finds the net that fits them.
func (a *app) open(ctx context.Context, c configs.Config, b *console.Bar) (*experiment.Experiment, error) {
	defer b.Clear()
	return experiment.Open(ctx, c, a.reading(b))
}

// reading shows on the bar and in the log how data are read.
func (a *app) reading(b *console.Bar) experiment.Reading {
	return experiment.Reading{Log: func(message string) { a.log.Info(message) }, Progress: b.Data}
}
