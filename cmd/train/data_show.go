package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/spf13/cobra"
)

// dataShowFlags are the flags of "train data show".
type dataShowFlags struct {
	configFlags
	outputFlags
	name     string
	out      string
	perClass int
}

func newDataShow(a *app) *cobra.Command {
	var f dataShowFlags
	c := &cobra.Command{
		Use:   "show --config FILE | --name DATA",
		Short: "Write contact sheets of the training images: as they are, and as the net sees them",
		Example: `  train data show --name digits --out digits.png
  train data show --config lenet_cifar10.yaml`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.dataShow(c, f) },
	}
	f.configFlags.add(c)
	f.outputFlags.add(c)
	c.Flags().StringVar(&f.name, "name", "", "`name` of the data, instead of a config")
	c.Flags().StringVarP(&f.out, "out", "o", "", "PNG `file` (else <name>.png); the other sheet goes beside it as …-preprocessed.png")
	c.Flags().IntVar(&f.perClass, "per-class", 12, "images of each class")
	return c
}

// shownData is the JSON of "train data show".
type shownData struct {
	Data         string         `json:"data"`
	Dir          string         `json:"data_dir"`
	Train        int            `json:"train_images"`
	Val          int            `json:"val_images"`
	Test         int            `json:"test_images"`
	Classes      map[string]int `json:"classes"` // training images of each
	ValClasses   map[string]int `json:"val_classes"`
	TestClasses  map[string]int `json:"test_classes"`
	Sheet        string         `json:"sheet"`
	Preprocessed string         `json:"preprocessed_sheet"`
}

func (a *app) dataShow(c *cobra.Command, f dataShowFlags) error {
	f.apply(a)
	config, err := f.dataConfig(c)
	if err != nil {
		return err
	}
	if f.perClass < 1 || f.perClass > 1000 {
		return usage("--per-class: got %d, want a number from 1 to 1000", f.perClass)
	}
	bar := a.newBar(!f.quiet)
	data, err := experiment.OpenData(c.Context(), config, a.reading(bar))
	bar.Clear()
	if err != nil {
		return err
	}
	shown := shownData{Data: data.Name, Dir: data.Dir, Train: data.Train.Len(), Sheet: f.out}
	if data.Val != nil {
		shown.Val = data.Val.Len()
	}
	shown.Classes = byClass(data.Train, data.ClassNames)
	if data.Val != nil {
		shown.ValClasses = byClass(data.Val, data.ClassNames)
	}
	if data.Test != nil {
		shown.Test, shown.TestClasses = data.Test.Len(), byClass(data.Test, data.ClassNames)
	}
	if shown.Sheet == "" {
		shown.Sheet = data.Name + ".png"
	}
	shown.Preprocessed = strings.TrimSuffix(shown.Sheet, filepath.Ext(shown.Sheet)) + "-preprocessed.png"
	for _, preprocessed := range []bool{false, true} {
		path := shown.Sheet
		if preprocessed {
			path = shown.Preprocessed
		}
		sheet := datasets.ContactSheet(data.Train, datasets.SheetOptions{
			PerClass: f.perClass, ClassNames: data.ClassNames, Preprocessed: preprocessed,
		})
		if err := writePNG(path, sheet); err != nil {
			return err
		}
	}
	if f.json {
		return console.WriteJSON(a.stdout, shown)
	}
	fmt.Fprintf(a.stdout, "%s: %s training images, %s for validation, %s for testing; %d×%d×%d, %d classes\n", data.Name, console.Grouped(shown.Train), console.Grouped(shown.Val), console.Grouped(shown.Test),
		data.Train.H, data.Train.W, data.Train.C, len(data.ClassNames))
	for _, class := range data.ClassNames {
		fmt.Fprintf(a.stdout, "  %-12s %7s %7s %7s\n", class, console.Grouped(shown.Classes[class]), console.Grouped(shown.ValClasses[class]), console.Grouped(shown.TestClasses[class]))
	}
	fmt.Fprintf(a.stdout, "as they are:         %s\nas the net sees them: %s\n", shown.Sheet, shown.Preprocessed)
	return nil
}

// byClass counts a split's images of each class.
func byClass(s *datasets.Split, names []string) map[string]int {
	counts := map[string]int{}
	for class, n := range s.Counts() {
		counts[names[class]] = n
	}
	return counts
}

// dataConfig is the config whose data are shown; --name stands for one that changes nothing else.
func (f dataShowFlags) dataConfig(c *cobra.Command) (configs.Config, error) {
	if f.name == "" {
		if f.config == "" {
			return configs.Config{}, usage("give --name or --config; the names are %s", strings.Join(datasets.Names(), ", "))
		}
		return f.load(c)
	}
	if f.config != "" {
		return configs.Config{}, usage("give --name or --config, not both")
	}
	return configs.Load("lenet_mnist.yaml", append([]string{"data.name=" + f.name}, f.overrides(c)...))
}
