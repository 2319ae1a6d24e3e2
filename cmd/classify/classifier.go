// Package classify uses trained nets: it evaluates them on labelled images and names the classes of pictures. It prints
// nothing.
package classify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// batch is the number of images that the net is given at a time.
const batch = 100

// Classifier is a trained net with the preprocessing of its input and the names of its classes. Close it.
type Classifier struct {
	Path    string // of the run or the checkpoint
	Weights *trainer.Weights
	Recipe  *datasets.Recipe
	Config  *configs.Config // of the run; nil if nobody knows

	net  *models.Net
	data *datasets.Dataset // of the run, once it has been read
}

// Open reads the weights that a run has kept, or those of a checkpoint. Of a checkpoint of an earlier version, which has
// no preprocessing, the run's data are read to find it anew. What is no run and no checkpoint of ours is an
// experiment.ErrUsage.
func Open(ctx context.Context, path string, workers int, r experiment.Reading) (_ *Classifier, err error) {
	w, err := rundir.ReadWeights(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, experiment.Usagef("%s: want the folder of a run that has a checkpoint, or a checkpoint: %w", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", datasets.ErrDamaged, err)
	}
	c := &Classifier{Path: path, Weights: w, Recipe: w.Recipe}
	if c.Config, err = configOf(path, w); err != nil {
		return nil, err
	}
	if len(w.Spec.Layers) == 0 {
		return nil, experiment.Usagef("%s: the file does not say which net its weights are of; want a checkpoint of a run", path)
	}
	if c.Recipe == nil {
		if c.Config == nil {
			return nil, experiment.Usagef("%s: the file does not say how images are preprocessed; want a checkpoint of a run", path)
		}
		if err := c.openData(ctx, "", r); err != nil {
			return nil, fmt.Errorf("%s has no preprocessing, as an earlier version wrote it, and to find it anew: %w", path, err)
		}
		c.Recipe = c.data.Recipe
	}
	if err := c.fits(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", datasets.ErrDamaged, path, err)
	}
	if c.net, err = w.Net(models.Options{Batch: batch, Workers: workers}); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", datasets.ErrDamaged, path, err)
	}
	return c, nil
}

// configOf is the config of a run: that in its folder or, for a checkpoint, the one that it holds.
func configOf(path string, w *trainer.Weights) (*configs.Config, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		c, err := experiment.ConfigOf(path, nil)
		return &c, err
	}
	if w.Config == nil {
		return nil, nil
	}
	c, err := configs.ParseResolved(filepath.Base(path), w.Config)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: the configuration in it: %w", datasets.ErrDamaged, path, err)
	}
	return &c, nil
}

// fits says by what net and preprocessing differ, if they do.
func (c *Classifier) fits() error {
	r, in := c.Recipe, c.Weights.Spec.Input
	if r.H != in.H || r.W != in.W || r.C != in.C {
		return fmt.Errorf("the net takes images of %d×%d×%d, its preprocessing makes %d×%d×%d", in.H, in.W, in.C, r.H, r.W, r.C)
	}
	if len(r.ClassNames) != c.Weights.Spec.Classes {
		return fmt.Errorf("the net has %d classes, its preprocessing names %d", c.Weights.Spec.Classes, len(r.ClassNames))
	}
	return nil
}

// openData opens the run's data, from another place if one is given.
func (c *Classifier) openData(ctx context.Context, from string, r experiment.Reading) error {
	if c.Config == nil {
		return experiment.Usagef("%s: the file does not say what data it was trained on; give --data", c.Path)
	}
	config := *c.Config
	switch {
	case from == "":
	case config.Data.Path != "":
		config.Data.Path = from
	default:
		config.Data.Dir = from
	}
	data, err := experiment.OpenData(ctx, config, r)
	if err != nil {
		return err
	}
	if from != "" && config.Data.Path == "" && !within(data.Dir, from) {
		return experiment.Usagef("--data: %s holds neither folders called as the net's classes, %s, nor the files of %s", from, some(c.Recipe.ClassNames), data.Name)
	}
	c.data = data
	return nil
}

// within tells whether a path is a folder or something in it; "" is none.
func within(path, folder string) bool {
	a, errA := filepath.Abs(path)
	b, errB := filepath.Abs(folder)
	if errA != nil || errB != nil || path == "" {
		return false
	}
	rel, err := filepath.Rel(b, a)
	return err == nil && filepath.IsLocal(rel)
}

// Close releases the net.
func (c *Classifier) Close() error { return c.net.Close() }

// classOf is the number of a class of that name.
func (c *Classifier) classOf(name string) (uint16, bool) {
	for i, n := range c.Recipe.ClassNames {
		if n == name {
			return uint16(i), true
		}
	}
	return 0, false
}
