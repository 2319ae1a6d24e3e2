package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/diagnostics/report"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// figureRun is one run of a figure.
type figureRun struct {
	paperCurve
	seed   uint64
	config configs.Config // its name is that of the run's folder
}

// quickSettings make the small version of any figure's run.
var quickSettings = []string{"model.name=lenet-mnist", "data.name=digits", "data.train_count=300", "data.val_count=100",
	"train.epochs=3", "train.batch_size=50"}

// quickRate is the rate at which the small version of a preset's own run trains.
const quickRate = 0.001

// runsOf are the runs of a figure, by curve and then by seed.
func (f figureFlags) runsOf(p paperFigure) ([]figureRun, error) {
	var runs []figureRun
	for _, curve := range p.curves {
		for _, seed := range f.seeds {
			r, err := f.runOf(curve, uint64(seed))
			if err != nil {
				return nil, err
			}
			runs = append(runs, r)
		}
	}
	return runs, nil
}

// runOf is one run. Its name follows from its preset, rate and seed.
func (f figureFlags) runOf(curve paperCurve, seed uint64) (figureRun, error) {
	name := fmt.Sprintf("%s-rate-%s-seed-%d", curve.preset, decimal(curve.rate), seed)
	set := []string{fmt.Sprint("train.seed=", seed), fmt.Sprint("train.workers=", f.workers)}
	if f.dataDir != "" {
		set = append(set, "data.dir="+f.dataDir)
	}
	if f.quick {
		base, err := configs.Load(curve.preset, nil)
		if err != nil {
			return figureRun{}, err
		}
		curve.rate *= quickRate / base.Train.LearningRate
		name = "quick-" + name
		set = append(set, quickSettings...)
	}
	set = append(set, "name="+name, "train.learning_rate="+decimal(curve.rate))
	c, err := configs.Load(curve.preset, set)
	if err != nil {
		return figureRun{}, err
	}
	curve.rate = c.Train.LearningRate
	return figureRun{curve, seed, c}, nil
}

// decimal is a rate without an exponent, in so many digits that 0.05/0.05 × 0.001 is 0.001.
func decimal(rate float64) string {
	short, _ := strconv.ParseFloat(strconv.FormatFloat(rate, 'g', 9, 64), 64) // what was just formatted
	return strconv.FormatFloat(short, 'f', -1, 64)
}

// trainingFigure trains what the figure lacks and draws it.
func (a *app) trainingFigure(ctx context.Context, p paperFigure, f figureFlags) error {
	runs, err := f.runsOf(p)
	if err != nil {
		return err
	}
	if err := a.trainAll(ctx, runs, f); err != nil {
		return err
	}
	figure := report.Figure{Number: p.number, Title: p.title}
	if f.quick {
		figure.Title += " (a trial on digits)"
	}
	for _, r := range runs {
		loaded, err := loadRuns(r.path(f))
		if err != nil {
			return err
		}
		figure.Curves = append(figure.Curves, report.FigureCurve{Setting: r.setting, Rate: r.rate, Seed: r.seed, Run: loaded[0]})
	}
	files, err := figure.Save(f.out)
	if err != nil {
		return err
	}
	printCurves(a.stdout, figure)
	for _, path := range files {
		fmt.Fprintln(a.stdout, path)
	}
	return nil
}

// path is the run's folder.
func (r figureRun) path(f figureFlags) string { return filepath.Join(f.runs, r.config.Name) }

// trainAll trains the runs that have not ended, one after the other. Those that another process is training are left to
// it and looked at again in the end.
func (a *app) trainAll(ctx context.Context, runs []figureRun, f figureFlags) error {
	for i, r := range runs {
		a.log.Info("run", "index", i+1, "of", len(runs), "name", r.config.Name)
		err := a.trainOne(ctx, r, f)
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
		if !ended(r.path(f), r.config) {
			elsewhere = append(elsewhere, r.path(f))
		}
	}
	if len(elsewhere) > 0 {
		return fmt.Errorf("%w: %s; the same command draws the figure when they have ended", rundir.ErrLocked, strings.Join(elsewhere, ", "))
	}
	return nil
}

// trainOne trains a run, goes on with it, or finds that it has ended. One that diverges has ended too.
func (a *app) trainOne(ctx context.Context, r figureRun, f figureFlags) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	path := r.path(f)
	there, err := r.sameAsIn(path)
	if err != nil {
		return err
	}
	if ended(path, r.config) {
		return nil
	}
	options := trainFlags{outputFlags: f.outputFlags, out: path}
	if there {
		options.resume = path
	}
	shown := &app{stdout: a.stderr, stderr: a.stderr, log: a.log} // stdout is for the figure
	if f.quiet {
		shown.stdout = io.Discard
	}
	err = shown.trainConfig(ctx, r.config, options)
	if errors.Is(err, rundir.ErrExists) {
		if begun, again := r.sameAsIn(path); begun || again != nil { // by another process, while the data were read
			return errors.Join(rundir.ErrLocked, again)
		}
	}
	if errors.Is(err, trainer.ErrDiverged) {
		a.log.Warn("the curve ends early", "name", r.config.Name, "error", err)
		return nil
	}
	return err
}

// sameAsIn says whether there is a run in a folder; it must have been made by the same settings.
func (r figureRun) sameAsIn(dir string) (bool, error) {
	path := filepath.Join(dir, rundir.ConfigFile)
	if _, err := os.Stat(path); err != nil {
		return false, nil // what else is wrong with the folder, making the run says
	}
	have, err := configs.Load(path, nil)
	if err != nil {
		return true, err
	}
	if have.Hash() != r.config.Hash() {
		return true, usage("%s holds a run of other settings (%s); remove it, or choose another folder with --runs",
			dir, strings.Join(configs.Diff(have, r.config), "; "))
	}
	return true, nil
}
