package main

import (
	"cmp"
	"fmt"

	"github.com/maxgain/maxgain/cmd/classify"
	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/models/onnx"
	"github.com/spf13/cobra"
)

// exported is the JSON of "train export".
type exported struct {
	Run     string   `json:"run"`
	File    string   `json:"file"`
	Model   string   `json:"model"`
	Epoch   int      `json:"epoch"`  // of the weights
	Input   string   `json:"input"`  // its name
	Shape   [3]int   `json:"shape"`  // of an image: channels, height, width
	Output  string   `json:"output"` // its name
	Classes []string `json:"classes"`
}

// newExport is "train export".
func newExport(a *app) *cobra.Command {
	var f outputFlags
	var path string
	c := &cobra.Command{
		Use:   "export RUN --onnx FILE",
		Short: "Write a trained net with its preprocessing for other programs, as an ONNX file",
		Long: `Write the weights that a run has kept, or those of a checkpoint file, as an ONNX file of operator set 17. Its input
takes raw images, float32 of [N,channels,height,width], pictures as 0 to 255; the preprocessing is inside. Its output
are the logits, [N,classes]. The names of the classes are in the file's metadata.`,
		Example: `  train export runs/fast --onnx net.onnx`,
		Args:    exactly(1, "a run's folder or a checkpoint"),
		RunE:    func(c *cobra.Command, args []string) error { return a.export(c, args[0], path, f) },
	}
	f.add(c)
	c.Flags().StringVar(&path, "onnx", "", "`file` to write")
	return c
}

func (a *app) export(c *cobra.Command, run, path string, f outputFlags) (err error) {
	f.apply(a)
	if path == "" {
		return usage("--onnx is missing: the file to write")
	}
	bar := a.newBar(!f.quiet)
	defer bar.Clear()
	net, err := classify.Open(c.Context(), run, 0, a.reading(bar))
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, net.Close()) }()
	bar.Clear()
	if err := net.WriteONNX(path); err != nil {
		return err
	}
	in := net.Weights.Spec.Input
	r := exported{Run: run, File: path, Model: net.Weights.Spec.Name, Epoch: net.Weights.Epoch, Input: onnx.InputName,
		Shape: [3]int{in.C, in.H, in.W}, Output: onnx.OutputName, Classes: net.Recipe.ClassNames}
	if f.json {
		return console.WriteJSON(a.stdout, r)
	}
	fmt.Fprintf(a.stdout, "%s: %s, weights of epoch %d\ninput   %s, float32 of [N,%d,%d,%d]: raw images, the preprocessing is inside\noutput  %s, float32 of [N,%d]\n",
		r.File, r.Model, r.Epoch, r.Input, in.C, in.H, in.W, r.Output, len(r.Classes))
	return nil
}
