package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"unicode/utf8"

	"github.com/maxgain/maxgain/cmd/classify"
	"github.com/maxgain/maxgain/cmd/console"
	"github.com/spf13/cobra"
)

// suspectFlags are the flags of "train suspects".
type suspectFlags struct {
	outputFlags
	top     int
	out     string
	workers int
}

// suspected is the JSON of "train suspects".
type suspected struct {
	Run      string             `json:"run"`
	Epoch    int                `json:"epoch"` // of the weights
	Images   int                `json:"train_images"`
	Found    int                `json:"found"`
	Suspects []classify.Suspect `json:"suspects"` // the most doubtful first, --top of them
}

// newSuspects is "train suspects".
func newSuspects(a *app) *cobra.Command {
	var f suspectFlags
	c := &cobra.Command{
		Use:   "suspects RUN",
		Short: "List training images whose labels look wrong to the net that was trained on them",
		Long: `Look at every training image of a run with the weights that it has kept and list those to which another class fits
better than their label, the most doubtful first. It works best with weights from before the wrong labels were
memorised, as runs keep them that stop by themselves (stop.rule: gain).`,
		Example: `  train suspects runs/fast
  train suspects runs/fast --top 200 --out suspects.png`,
		Args: exactly(1, "a run's folder or a checkpoint"),
		RunE: func(c *cobra.Command, args []string) error { return a.suspects(c, args[0], f) },
	}
	f.outputFlags.add(c)
	flags := c.Flags()
	flags.IntVar(&f.top, "top", 40, "images to list; 0 lists all")
	flags.StringVarP(&f.out, "out", "o", "", "`file` for a sheet of the images listed: .png or .svg")
	flags.IntVar(&f.workers, "workers", 0, "cores to use; results do not depend on it (0 = all)")
	return c
}

func (a *app) suspects(c *cobra.Command, run string, f suspectFlags) (err error) {
	f.apply(a)
	if ext := filepath.Ext(f.out); f.out != "" && ext != ".png" && ext != ".svg" {
		return usage("--out: %s is neither .png nor .svg", f.out)
	}
	if f.top < 0 {
		return usage("--top: got %d, want 0 (all) or more", f.top)
	}
	bar := a.newBar(!f.quiet)
	defer bar.Clear()
	net, err := classify.Open(c.Context(), run, f.workers, a.reading(bar))
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, net.Close()) }()
	bar.Show("looking at the training images", 0, 0, "")
	all, images, err := net.Suspects(c.Context(), a.reading(bar))
	bar.Clear()
	if err != nil {
		return err
	}
	r := suspected{Run: run, Epoch: net.Weights.Epoch, Images: images, Found: len(all), Suspects: all}
	if f.top > 0 {
		r.Suspects = all[:min(f.top, len(all))]
	}
	if f.out != "" {
		if err := net.SaveSheet(f.out, r.Suspects); err != nil {
			return err
		}
	}
	if f.json {
		return console.WriteJSON(a.stdout, r)
	}
	r.print(a.stdout)
	if f.out != "" {
		fmt.Fprintf(a.stdout, "sheet: %s\n", f.out)
	}
	return nil
}

func (r suspected) print(w io.Writer) {
	fmt.Fprintf(w, "%s of %s training images have labels that the weights of epoch %d doubt\n", console.Grouped(r.Found), console.Grouped(r.Images), r.Epoch)
	if r.Found == 0 {
		return
	}
	widest := len("suggestion")
	for _, s := range r.Suspects {
		widest = max(widest, utf8.RuneCountInString(s.Label), utf8.RuneCountInString(s.Suggestion))
	}
	columns := []console.Column[classify.Suspect]{
		{Title: "image", Width: 7, Left: false, Rank: 0, Text: func(s classify.Suspect) string { return fmt.Sprint(s.Index) }},
		{Title: "label", Width: widest, Left: true, Rank: 1, Text: func(s classify.Suspect) string { return s.Label }},
		{Title: "suggestion", Width: widest, Left: true, Rank: 2, Text: func(s classify.Suspect) string { return s.Suggestion }},
		{Title: "score", Width: 5, Left: false, Rank: 3, Text: func(s classify.Suspect) string { return fmt.Sprintf("%.2f", s.Score) }},
	}
	console.Table(w, columns, r.Suspects)
}
