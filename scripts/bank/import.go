package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/bank"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// importRun copies the table of a run on a whole training set from its folder into the bank and lists it there.
func importRun(run, dir string) error {
	c, err := configs.Load(filepath.Join(run, rundir.ConfigFile), nil)
	if err != nil {
		return err
	}
	d := c.Data
	if d.TrainCount != 0 || d.ValCount != 0 || d.UseAll || d.Holdout != 0 || c.Train.Schedule != nil {
		return fmt.Errorf("%s: want a run on the whole training set, validated on all official test images, at one learning rate", run)
	}
	setting := bank.Setting{Data: d.Name, Model: c.Model.Name, Noise: d.LabelNoise, Rate: c.Train.LearningRate, Epochs: c.Train.Epochs}
	e := bank.Entry{Setting: setting, Seed: c.Train.Seed, File: bank.Key(setting, c.Train.Seed) + ".csv"}
	loaded, err := judged.Load(run, diagnostics.DefaultThresholds())
	if err != nil {
		return err
	}
	if err := writeTable(filepath.Join(dir, e.File), loaded.History); err != nil {
		return err
	}
	all, err := bank.ReadIndex(dir)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(o bank.Entry) bool { return o.File == e.File })
	return bank.WriteIndex(dir, append([]bank.Entry{e}, all...))
}

// imports are the listed runs that are none of the plan's.
func imports(dir string) ([]bank.Entry, error) {
	all, err := bank.ReadIndex(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	planned := map[string]bool{}
	for _, e := range runs() {
		planned[e.File] = true
	}
	return slices.DeleteFunc(all, func(e bank.Entry) bool {
		_, missing := os.Stat(filepath.Join(dir, e.File))
		return planned[e.File] || missing != nil
	}), err
}
