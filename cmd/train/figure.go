package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// figureFlags are the flags of "train figure".
type figureFlags struct {
	outputFlags
	runs, out, dataDir string
	seeds              []uint
	workers            uint
	quick              bool
	image              string
}

// newFigure is "train figure".
func newFigure(a *app) *cobra.Command {
	var f figureFlags
	c := &cobra.Command{
		Use:   "figure N",
		Short: "Repeat a figure of the paper: train what it shows, and draw it",
		Long: `Repeat a figure of the paper (arXiv:1810.03241) and write it as figN.svg, figN.png and figN.csv.

` + figureList() + `
Figures 1 to 4 are of a net whose response is known in closed form, and are held against it. The others train:
their runs are ordinary run folders. Those that have ended are used again, by other figures too, and those
that were interrupted go on where they were. The same command may run several times at once: each process trains runs
that no other one is training, and the last to finish draws the figure.`,
		Example: `  train figure 8 --seeds 1,2,3
  train figure 9 --quick
  train figure 3 --image photo.png`,
		Args: exactly(1, "the number of a figure, e.g. 8"),
		RunE: func(c *cobra.Command, args []string) error { return a.figure(c, args[0], f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.runs, "runs", "runs/figures", "`folder` of the runs, a folder a run in it")
	flags.StringVarP(&f.out, "out", "o", "runs/figures", "`folder` to write the figure to")
	flags.UintSliceVar(&f.seeds, "seeds", []uint{1}, "`seeds` to train each curve with, separated by commas")
	flags.StringVar(&f.dataDir, "data-dir", "", "`folder` of the data (else $MAXGAIN_DATA, the user's cache, a download)")
	flags.UintVar(&f.workers, "workers", 0, "cores to use; results do not depend on it (0 = all)")
	flags.BoolVar(&f.quick, "quick", false, "a trial of a few seconds: LeNet on a few built-in digits stands for every net")
	flags.StringVar(&f.image, "image", "", "PNG `file` for figures 1 to 3, whose middle is taken (else a scene made by the program)")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print the result only, no progress and no remarks but errors")
	return c
}

// figureList names the figures, a line each.
func figureList() string {
	var b strings.Builder
	for _, p := range paperFigures {
		fmt.Fprintf(&b, "%4d  %s\n", p.number, p.title)
	}
	return b.String()
}

// figure makes the figure of that number.
func (a *app) figure(c *cobra.Command, number string, f figureFlags) error {
	f.apply(a)
	if len(f.seeds) == 0 {
		return usage("--seeds: want at least one")
	}
	n, err := strconv.Atoi(number)
	if err == nil {
		if i := slices.IndexFunc(paperFigures, func(p paperFigure) bool { return p.number == n }); i >= 0 {
			p := paperFigures[i]
			if p.curves == nil {
				return a.toyFigure(p, f)
			}
			return a.trainingFigure(c.Context(), p, f)
		}
	}
	return usage("there is no figure %q to make; those that can be made are\n%s", number, strings.TrimRight(figureList(), "\n"))
}
