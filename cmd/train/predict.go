package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/maxgain/maxgain/cmd/classify"
	"github.com/maxgain/maxgain/datasets"
	"github.com/spf13/cobra"
)

// predictFlags are the flags of "train predict".
type predictFlags struct {
	json, quiet bool
	workers     int
}

// newPredict is "train predict".
func newPredict(a *app) *cobra.Command {
	var f predictFlags
	c := &cobra.Command{
		Use:   "predict RUN IMAGE…|FOLDER…",
		Short: "Name the classes of pictures by a trained net",
		Long: `Give the weights that a run has kept, or those of a checkpoint file, one picture after the other: PNG, JPEG, GIF, BMP
and WebP of any size. In folders and their folders all pictures are taken. What comes out is CSV with the columns path,
class, probability and those of the next four classes, or with --json an object a line. A picture that cannot be read is
said and left out, and the command exits with 3 in the end.`,
		Example: `  train predict runs/fast photo.jpg
  train predict runs/fast photos --json > classes.jsonl`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage("%s wants a run's folder or a checkpoint, and pictures or folders of pictures", c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.predict(c, args[0], args[1:], f) },
	}
	flags := c.Flags()
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line instead of CSV")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print the predictions only, no progress and no remarks but errors")
	flags.IntVar(&f.workers, "workers", 0, "cores to use; results do not depend on it (0 = all)")
	return c
}

func (a *app) predict(c *cobra.Command, run string, paths []string, f predictFlags) (err error) {
	(&outputFlags{quiet: f.quiet}).apply(a)
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("%w: %w", datasets.ErrMissing, err)
		}
	}
	bar := a.newBar(!f.quiet)
	defer bar.Clear()
	net, err := classify.Open(c.Context(), run, f.workers, a.reading(bar))
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, net.Close()) }()
	write, end := csvPredictions(a.stdout, min(5, len(net.Recipe.ClassNames)))
	if f.json {
		write, end = jsonPredictions(a.stdout)
	}
	done, broken := 0, 0
	err = net.Predict(c.Context(), pictures(paths), func(p classify.Prediction) error {
		if p.Err != nil {
			broken++
			a.log.Error("left out", "picture", p.Path, "error", p.Err)
			return nil
		}
		done++
		bar.Show("predicting", int64(done), 0, fmt.Sprintf("%d pictures", done))
		return write(p)
	})
	bar.Clear()
	if err := cmp.Or(err, end()); err != nil {
		return err
	}
	if broken > 0 {
		return fmt.Errorf("%w: %d of %d pictures could not be read", datasets.ErrDamaged, broken, done+broken)
	}
	if done == 0 {
		return fmt.Errorf("%w: there are no pictures in %v", datasets.ErrMissing, paths)
	}
	return nil
}

// pictures are the pictures at several paths.
func pictures(paths []string) func(yield func(string, error) bool) {
	return func(yield func(string, error) bool) {
		for _, path := range paths {
			for at, err := range classify.Pictures(path) {
				if !yield(at, err) {
					return
				}
			}
		}
	}
}

// csvPredictions writes predictions of so many classes each as lines of CSV, the title first; end is to be called last.
func csvPredictions(out io.Writer, classes int) (write func(classify.Prediction) error, end func() error) {
	w := csv.NewWriter(out)
	title := []string{"path", "class", "probability"}
	for k := 2; k <= classes; k++ {
		title = append(title, fmt.Sprint("class_", k), fmt.Sprint("probability_", k))
	}
	w.Write(title) // an error shows in end
	write = func(p classify.Prediction) error {
		line := []string{p.Path}
		for _, g := range p.Top {
			line = append(line, g.Class, strconv.FormatFloat(g.Probability, 'g', 6, 64))
		}
		w.Write(line)
		w.Flush()
		return w.Error()
	}
	return write, func() error {
		w.Flush()
		return w.Error()
	}
}

// jsonPredictions writes predictions as lines of JSON.
func jsonPredictions(out io.Writer) (write func(classify.Prediction) error, end func() error) {
	w := json.NewEncoder(out)
	w.SetEscapeHTML(false)
	return func(p classify.Prediction) error { return w.Encode(p) }, func() error { return nil }
}
