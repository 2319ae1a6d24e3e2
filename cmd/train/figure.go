package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/cmd/figures"
	"github.com/maxgain/maxgain/configs"
	"github.com/spf13/cobra"
)

// figureFlags are the flags of "train figure".
type figureFlags struct {
	outputFlags
	figures.Options
}

// newFigure is "train figure".
func newFigure(a *app) *cobra.Command {
	var f figureFlags
	c := &cobra.Command{
		Use:   "figure N",
		Short: "Repeat a figure of the paper: train what it shows, and draw it",
		Long: `Repeat a figure of the paper (arXiv:1810.03241) and write it as figN.svg, figN.png and figN.csv.

` + figureList() + `
Figures 1 to 4 are of a net whose response is known in closed form, and are held against it. Figures 5 to 7 are of nets
in ONNX files, with a table of their errors (docs/figures.md). The others train: their runs are ordinary run folders. Those that have ended are used again, by other figures too, and those
that were interrupted go on where they were. The same command may run several times at once: each process trains runs
that no other one is training, and the last to finish draws the figure.`,
		Example: `  train figure 8 --seeds 1,2,3
  train figure 9 --quick
  train figure 3 --image photo.png
  train figure 7 --nets NETS --photos PHOTOS`,
		Args: exactly(1, "the number of a figure, e.g. 8"),
		RunE: func(c *cobra.Command, args []string) error { return a.figure(c, args[0], f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.Runs, "runs", "runs/figures", "`folder` of the runs, a folder a run in it")
	flags.StringVarP(&f.Out, "out", "o", "runs/figures", "`folder` to write the figure to")
	flags.UintSliceVar(&f.Seeds, "seeds", []uint{1}, "`seeds` to train each curve with, separated by commas")
	flags.StringVar(&f.DataDir, "data-dir", "", "`folder` of the data (else $MAXGAIN_DATA, the user's cache, a download)")
	flags.UintVar(&f.Workers, "workers", 0, "cores to use; results do not depend on it (0 = all)")
	flags.BoolVar(&f.Quick, "quick", false, "a trial of a few seconds: LeNet on a few built-in digits stands for every net")
	flags.StringVar(&f.Image, "image", "", "PNG `file` for figures 1 to 3, whose middle is taken (else a scene made by the program); photo of figure 5")
	flags.StringVar(&f.Nets.Dir, "nets", "", "`folder` of ONNX files with a table of them, nets.tsv or MANIFEST.tsv, for figures 5 to 7")
	flags.StringVar(&f.Nets.Net, "net", "", "`name` of the net of figure 5 (else the table's first)")
	flags.StringVar(&f.Nets.Errors, "errors", "", "`column` of the table with the errors of figures 6 and 7 (else top5_error)")
	flags.StringVar(&f.Nets.Photos, "photos", "", "`folder` of photos for figure 7")
	flags.Float64Var(&f.Nets.Impulse, "impulse", 1, "`levels` of the impulse's pixel, in a picture's levels of 0 to 255, for figures 5 to 7")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print the result only, no progress and no remarks but errors")
	return c
}

// figureList names the figures, a line each.
func figureList() string {
	var b strings.Builder
	for _, p := range figures.All {
		fmt.Fprintf(&b, "%4d  %s\n", p.Number, p.Title)
	}
	return b.String()
}

// figure makes the figure of that number.
func (a *app) figure(c *cobra.Command, number string, f figureFlags) error {
	f.apply(a)
	if len(f.Seeds) == 0 {
		return usage("--seeds: want at least one")
	}
	n, err := strconv.Atoi(number)
	if err == nil {
		if i := slices.IndexFunc(figures.All, func(p figures.Figure) bool { return p.Number == n }); i >= 0 {
			return a.makeFigure(c.Context(), figures.All[i], f)
		}
	}
	return usage("there is no figure %q to make; those that can be made are\n%s", number, strings.TrimRight(figureList(), "\n"))
}

// makeFigure makes a figure, draws it and prints it in numbers.
func (a *app) makeFigure(ctx context.Context, p figures.Figure, f figureFlags) error {
	shown := &app{stdout: a.stderr, stderr: a.stderr, logFormat: a.logFormat} // stdout is for the figure
	if f.quiet {
		shown.stdout = io.Discard
	}
	f.apply(shown)
	f.Log = shown.log
	f.Run = func(ctx context.Context, c configs.Config, o experiment.RunOptions) error {
		_, err := shown.trainConfig(ctx, c, o, f.outputFlags)
		return err
	}
	if p.OfNets() {
		return a.netsFigure(ctx, p, f.Options)
	}
	if p.Curves == nil {
		figure, err := f.Toy(p)
		if err != nil {
			return err
		}
		files, err := figure.Save(f.Out)
		if err != nil {
			return err
		}
		console.PrintToy(a.stdout, figure)
		a.printLines(files)
		return figures.CheckTheory(figure)
	}
	figure, err := f.Train(ctx, p)
	if err != nil {
		return err
	}
	files, err := figure.Save(f.Out)
	if err != nil {
		return err
	}
	console.PrintCurves(a.stdout, figure)
	a.printLines(files)
	return nil
}

func (a *app) printLines(lines []string) {
	for _, line := range lines {
		fmt.Fprintln(a.stdout, line)
	}
}
