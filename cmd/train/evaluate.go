package main

import (
	"cmp"
	"fmt"
	"path/filepath"

	"github.com/maxgain/maxgain/cmd/classify"
	"github.com/maxgain/maxgain/cmd/console"
	"github.com/spf13/cobra"
)

// evaluateFlags are the flags of "train evaluate".
type evaluateFlags struct {
	outputFlags
	split, data, out string
	workers          int
}

// newEvaluate is "train evaluate".
func newEvaluate(a *app) *cobra.Command {
	var f evaluateFlags
	c := &cobra.Command{
		Use:   "evaluate RUN",
		Short: "Say how well a trained net tells images apart: loss, error, error of each class, confusion matrix",
		Long: `Give the weights that a run has kept, or those of a checkpoint file, every image of a part of the data once. The
images are preprocessed as those that the net was trained on.

--data names a folder of pictures by class, DIR/<class>/… or DIR/<split>/<class>/…, whose classes are called as the
net's; or another place of the same kind of data as the run's. Without it the run's own data are evaluated, training
images with the labels that they were trained with.`,
		Example: `  train evaluate runs/fast
  train evaluate runs/fast --split train --json
  train evaluate runs/fast/checkpoints/best.safetensors --data photos --out confusion.png`,
		Args: exactly(1, "a run's folder or a checkpoint"),
		RunE: func(c *cobra.Command, args []string) error { return a.evaluate(c, args[0], f) },
	}
	f.outputFlags.add(c)
	flags := c.Flags()
	flags.StringVar(&f.split, "split", "", "train, val or test `images` (else the first of val, test, train that there are)")
	flags.StringVar(&f.data, "data", "", "`folder` or file of other images")
	flags.StringVarP(&f.out, "out", "o", "", "`file` for a picture of the confusion matrix: .png or .svg")
	flags.IntVar(&f.workers, "workers", 0, "cores to use; results do not depend on it (0 = all)")
	return c
}

func (a *app) evaluate(c *cobra.Command, path string, f evaluateFlags) (err error) {
	f.apply(a)
	if ext := filepath.Ext(f.out); f.out != "" && ext != ".png" && ext != ".svg" {
		return usage("--out: %s is neither .png nor .svg", f.out)
	}
	bar := a.newBar(!f.quiet)
	defer bar.Clear()
	net, err := classify.Open(c.Context(), path, f.workers, a.reading(bar))
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, net.Close()) }()
	e, err := net.Evaluate(c.Context(), classify.Source{Split: f.split, Data: f.data, Reading: a.reading(bar),
		Progress: func(done, total int) { bar.Show("evaluating", int64(done), int64(total), "") }})
	bar.Clear()
	if err != nil {
		return err
	}
	if f.out != "" {
		if err := e.SaveMatrix(f.out); err != nil {
			return err
		}
	}
	if f.json {
		return console.WriteJSON(a.stdout, e)
	}
	console.PrintEvaluation(a.stdout, e)
	if f.out != "" {
		fmt.Fprintf(a.stdout, "picture: %s\n", f.out)
	}
	return nil
}
