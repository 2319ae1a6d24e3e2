package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/maxgain/maxgain/cmd/classify"
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
	defer bar.clear()
	net, err := classify.Open(c.Context(), path, f.workers, a.reading(bar))
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, net.Close()) }()
	e, err := net.Evaluate(c.Context(), classify.Source{Split: f.split, Data: f.data, Reading: a.reading(bar),
		Progress: func(done, total int) { bar.show("evaluating", int64(done), int64(total), "") }})
	bar.clear()
	if err != nil {
		return err
	}
	if f.out != "" {
		if err := e.SaveMatrix(f.out); err != nil {
			return err
		}
	}
	if f.json {
		return writeJSON(a.stdout, e)
	}
	printEvaluation(a.stdout, e)
	if f.out != "" {
		fmt.Fprintf(a.stdout, "picture: %s\n", f.out)
	}
	return nil
}

// mostColumns is how many classes a confusion matrix may have that is printed as a table.
const mostColumns = 20

func printEvaluation(w io.Writer, e *classify.Evaluation) {
	what := e.Data
	if e.Split != "" {
		what += ", " + e.Split
	}
	weights := fmt.Sprintf("weights of epoch %d", e.Epoch)
	if e.Averaged > 1 {
		weights += fmt.Sprintf(", the mean of %d epochs", e.Averaged)
	}
	fmt.Fprintf(w, "%s: %s images, %s\nloss   %.4f\nerror  %.2f %% (%s wrong)\n\n", what, grouped(e.Images), weights, float64(e.Loss), 100*float64(e.Error), grouped(e.Wrong))
	widest := len("class")
	for _, c := range e.Classes {
		widest = max(widest, utf8.RuneCountInString(c.Class))
	}
	columns := []column[classify.ClassResult]{
		{"class", widest, true, 0, func(c classify.ClassResult) string { return c.Class }},
		{"images", 8, false, 1, func(c classify.ClassResult) string { return grouped(c.Images) }},
		{"wrong", 7, false, 2, func(c classify.ClassResult) string { return grouped(c.Wrong) }},
		{"error %", 7, false, 1, func(c classify.ClassResult) string { return figure("%.2f", 100*float64(c.Error)) }},
	}
	fmt.Fprintln(w, tableLine(columns, func(c column[classify.ClassResult]) string { return c.title }))
	for _, class := range e.Classes {
		fmt.Fprintln(w, tableLine(columns, func(c column[classify.ClassResult]) string { return c.text(class) }))
	}
	fmt.Fprintln(w)
	if len(e.Classes) <= mostColumns {
		printConfusion(w, e, widest)
	} else {
		printConfused(w, e)
	}
}

// printConfusion writes the matrix, a line a label and a column a prediction.
func printConfusion(w io.Writer, e *classify.Evaluation, widest int) {
	cell := 5
	for _, row := range e.Confusion {
		for _, n := range row {
			cell = max(cell, len(fmt.Sprint(n)))
		}
	}
	fmt.Fprintf(w, "labels down, predictions across\n%s", strings.Repeat(" ", widest))
	for _, c := range e.Classes {
		name := shortened(c.Class, cell)
		fmt.Fprintf(w, "  %s%s", strings.Repeat(" ", cell-utf8.RuneCountInString(name)), name)
	}
	fmt.Fprintln(w)
	for i, row := range e.Confusion {
		fmt.Fprintf(w, "%s%s", e.Classes[i].Class, strings.Repeat(" ", widest-utf8.RuneCountInString(e.Classes[i].Class)))
		for _, n := range row {
			fmt.Fprintf(w, "  %*d", cell, n)
		}
		fmt.Fprintln(w)
	}
}

// printConfused lists the pairs of classes that are confused most often.
func printConfused(w io.Writer, e *classify.Evaluation) {
	type pair struct{ label, prediction, count int }
	var pairs []pair
	for i, row := range e.Confusion {
		for j, n := range row {
			if i != j && n > 0 {
				pairs = append(pairs, pair{i, j, n})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.count, a.count) })
	fmt.Fprintln(w, "confused most often (label, taken for):")
	for _, p := range pairs[:min(mostColumns, len(pairs))] {
		fmt.Fprintf(w, "%7d  %s, %s\n", p.count, e.Classes[p.label].Class, e.Classes[p.prediction].Class)
	}
}
