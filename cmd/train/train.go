package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer/rundir"
	"github.com/spf13/cobra"
)

// trainFlags are the flags of the root command.
type trainFlags struct {
	configFlags
	outputFlags
	out    string
	resume string
	dryRun bool
	prune  bool // a sweep's: end the run when it is judged hopeless
}

func newTrain(a *app) *cobra.Command {
	var f trainFlags
	c := &cobra.Command{
		Use:   "train --config FILE",
		Short: "Train a convolutional net and judge the training by its gain",
		Long: `Train a convolutional net and judge, from its Maximum Gain after every epoch, whether the learning
rate fits, whether the net has converged and whether it overfits. No validation data is needed for that.

Presets: ` + strings.Join(configs.Presets(), ", "),
		Example: `  train --config quickstart.yaml
  train --config lenet_mnist.yaml --set train.learning_rate=0.005 --out runs/fast
  train --resume runs/fast
  train --resume runs/fast --set train.epochs=40`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.train(c, f) },
	}
	f.configFlags.add(c)
	f.outputFlags.add(c)
	c.Flags().StringVarP(&f.out, "out", "o", "", "`folder` of this run, new or empty (else <output.dir>/<name>-<time>)")
	c.Flags().StringVar(&f.resume, "resume", "", "go on with the run in this `folder`, to the same bits as if it had never stopped")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "check config and data, print what would be done, write nothing")
	return c
}

// train is the root command.
func (a *app) train(c *cobra.Command, f trainFlags) error {
	f.apply(a)
	config, err := f.resolve(c)
	if err != nil {
		return err
	}
	return a.trainConfig(c.Context(), config, f)
}

// trainConfig trains one config, or says what it would do.
func (a *app) trainConfig(ctx context.Context, config configs.Config, f trainFlags) error {
	bar := newBar(a.stderr, !f.quiet)
	data, spec, err := a.openFor(ctx, config, bar)
	if err != nil {
		return err
	}
	if f.dryRun {
		return a.plan(config, spec, data, f.json)
	}
	return a.execute(ctx, config, spec, data, f)
}

// resolve is the config of a new run, or of the one to resume.
func (f trainFlags) resolve(c *cobra.Command) (configs.Config, error) {
	if f.resume == "" {
		return f.load(c)
	}
	if f.config != "" || f.out != "" {
		return configs.Config{}, usage("--resume goes on in the run's own folder with its own config; leave out --config and --out")
	}
	path := filepath.Join(f.resume, rundir.ConfigFile)
	if _, err := os.Stat(path); err != nil {
		return configs.Config{}, fmt.Errorf("%w in %s: %w", rundir.ErrNoRun, f.resume, err)
	}
	return configs.Load(path, f.overrides(c))
}

// folder makes the folder of a new run or opens that of the one to resume.
func (f trainFlags) folder(config configs.Config, started time.Time) (*rundir.Dir, error) {
	if f.resume != "" {
		return f.reopen(config)
	}
	level, err := models.CPULevel()
	if err != nil {
		return nil, usage("%w", err)
	}
	path := f.out
	if path == "" {
		path = rundir.Path(config.Output.Dir, config.Name, started)
	}
	env := rundir.NewEnv(version(), level, config.Train.Workers, config.Train.Seed, started)
	return rundir.Create(path, config.YAML(), env)
}

// reopen opens the folder of the run to resume, which may go on for another number of epochs than it was to have.
func (f trainFlags) reopen(config configs.Config) (*rundir.Dir, error) {
	dir, err := rundir.Open(f.resume)
	if err != nil {
		return nil, err
	}
	before, err := configs.Parse(dir.Path(rundir.ConfigFile), dir.Config(), nil)
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	if epochs := config.Train.Epochs; before.Train.Epochs != epochs {
		before.Train.Epochs = epochs
		before.Source += fmt.Sprint(", resumed with train.epochs=", epochs)
		dir.SetConfig(before.YAML())
	}
	return dir, nil
}

// execute trains, with the run folder locked.
func (a *app) execute(ctx context.Context, config configs.Config, spec models.Spec, data *datasets.Dataset, f trainFlags) (err error) {
	started := time.Now()
	dir, err := f.folder(config, started)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	table := a.stdout
	switch {
	case f.quiet:
		table = io.Discard
	case f.json:
		table = a.stderr
	}
	s := &session{app: a, config: config, spec: spec, data: data, dir: dir, started: started, prune: f.prune,
		screen: newScreen(table, newBar(a.stderr, !f.quiet), config, data)}
	result, err := s.run(ctx, f.resume != "")
	if result == nil {
		return err
	}
	if f.json {
		return errors.Join(err, writeJSON(a.stdout, result))
	}
	result.print(a.stdout, f.quiet)
	return err
}
