package figures

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/diagnostics/figure"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// run is one run of a figure.
type run struct {
	Curve
	seed   uint64
	config configs.Config // its name is that of the run's folder
}

// quickSettings make the small version of any figure's run.
var quickSettings = []string{"model.name=lenet-mnist", "data.name=digits", "data.train_count=300", "data.val_count=100",
	"train.epochs=3", "train.batch_size=50"}

// quickRate is the rate at which the small version of a preset's own run trains.
const quickRate = 0.001

// runsOf are the runs of a figure, by curve and then by seed.
func (o Options) runsOf(p Figure) ([]run, error) {
	var runs []run
	for _, curve := range p.Curves {
		for _, seed := range o.Seeds {
			r, err := o.runOf(curve, uint64(seed))
			if err != nil {
				return nil, err
			}
			runs = append(runs, r)
		}
	}
	return runs, nil
}

// runOf is one run. Its name follows from its preset, rate and seed.
func (o Options) runOf(curve Curve, seed uint64) (run, error) {
	name := fmt.Sprintf("%s-rate-%s-seed-%d", curve.Preset, decimal(curve.Rate), seed)
	set := []string{fmt.Sprint("train.seed=", seed), fmt.Sprint("train.workers=", o.Workers)}
	if o.DataDir != "" {
		set = append(set, "data.dir="+o.DataDir)
	}
	if o.Quick {
		base, err := configs.Load(curve.Preset, nil)
		if err != nil {
			return run{}, err
		}
		curve.Rate *= quickRate / base.Train.LearningRate
		name = "quick-" + name
		set = append(set, quickSettings...)
	}
	set = append(set, "name="+name, "train.learning_rate="+decimal(curve.Rate))
	c, err := configs.Load(curve.Preset, set)
	if err != nil {
		return run{}, err
	}
	curve.Rate = c.Train.LearningRate
	return run{curve, seed, c}, nil
}

// decimal is a rate without an exponent, in so many digits that 0.05/0.05 × 0.001 is 0.001.
func decimal(rate float64) string {
	short, _ := strconv.ParseFloat(strconv.FormatFloat(rate, 'g', 9, 64), 64) // what was just formatted
	return strconv.FormatFloat(short, 'f', -1, 64)
}

// Train trains what a figure lacks and returns its curves, ready to be drawn. Runs that another process is training are
// left to it: the error is then a rundir.ErrLocked.
func (o Options) Train(ctx context.Context, p Figure) (figure.Training, error) {
	runs, err := o.runsOf(p)
	if err != nil {
		return figure.Training{}, err
	}
	if err := o.trainAll(ctx, runs); err != nil {
		return figure.Training{}, err
	}
	drawn := figure.Training{Number: p.Number, Title: p.Title}
	if o.Quick {
		drawn.Title += " (a trial on digits)"
	}
	for _, r := range runs {
		loaded, err := experiment.Load(r.path(o))
		if err != nil {
			return figure.Training{}, err
		}
		drawn.Curves = append(drawn.Curves, figure.Curve{Setting: r.Setting, Rate: r.Rate, Seed: r.seed, Run: loaded})
	}
	return drawn, nil
}

// path is the run's folder.
func (r run) path(o Options) string { return filepath.Join(o.Runs, r.config.Name) }

// trainAll trains the runs that have not ended, one after the other. Those that another process is training are left to
// it and looked at again in the end.
func (o Options) trainAll(ctx context.Context, runs []run) error {
	for i, r := range runs {
		o.Log.Info("run", "index", i+1, "of", len(runs), "name", r.config.Name)
		err := o.trainOne(ctx, r)
		switch {
		case err == nil, errors.Is(err, rundir.ErrLocked):
		case ctx.Err() != nil:
			return fmt.Errorf("%w: the same command goes on with the figure", err)
		default:
			return fmt.Errorf("run %s: %w", r.config.Name, err)
		}
	}
	var elsewhere []string
	for _, r := range runs {
		if !experiment.Ended(r.path(o), r.config) {
			elsewhere = append(elsewhere, r.path(o))
		}
	}
	if len(elsewhere) > 0 {
		return fmt.Errorf("%w: %s; the same command draws the figure when they have ended", rundir.ErrLocked, strings.Join(elsewhere, ", "))
	}
	return nil
}

// trainOne trains a run, goes on with it, or finds that it has ended. One that diverges has ended too.
func (o Options) trainOne(ctx context.Context, r run) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	path := r.path(o)
	there, err := r.sameAsIn(path)
	if err != nil {
		return err
	}
	if experiment.Ended(path, r.config) {
		return nil
	}
	err = o.Run(ctx, r.config, experiment.RunOptions{Out: path, Resume: there})
	if errors.Is(err, rundir.ErrExists) {
		if begun, again := r.sameAsIn(path); begun || again != nil { // by another process, while the data were read
			return errors.Join(rundir.ErrLocked, again)
		}
	}
	if errors.Is(err, trainer.ErrDiverged) {
		o.Log.Warn("the curve ends early", "name", r.config.Name, "error", err)
		return nil
	}
	return err
}

// sameAsIn says whether there is a run in a folder; it must have been made by the same settings.
func (r run) sameAsIn(dir string) (bool, error) {
	if !rundir.Begun(dir) {
		return false, nil // what else is wrong with the folder, making the run says
	}
	have, err := experiment.ConfigOf(dir, nil)
	if err != nil {
		return true, err
	}
	if have.Hash() != r.config.Hash() {
		return true, experiment.Usagef("%s holds a run of other settings (%s); remove it, or choose another folder with --runs",
			dir, strings.Join(configs.Diff(have, r.config), "; "))
	}
	return true, nil
}
