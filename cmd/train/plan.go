package main

import (
	"fmt"
	"strings"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

// layerPlan is a layer in the plan.
type layerPlan struct {
	Name       string `json:"name,omitempty"`
	Layer      string `json:"layer"`
	Output     [3]int `json:"output"` // height, width, channels
	Parameters int    `json:"parameters"`
	MACs       int    `json:"macs"`
}

// planned is what a dry run says.
type planned struct {
	Name        string      `json:"name"`
	Config      string      `json:"config"` // resolved, YAML
	ConfigHash  string      `json:"config_hash"`
	Model       string      `json:"model"`
	Data        string      `json:"data"`
	DataDir     string      `json:"data_dir"`
	TrainImages int         `json:"train_images"`
	ValImages   int         `json:"val_images"`
	TestImages  int         `json:"test_images"`
	Epochs      int         `json:"epochs"`
	Steps       int         `json:"steps_an_epoch"`
	Layers      []layerPlan `json:"layers"`
	Parameters  int         `json:"parameters"`
	MACs        int         `json:"macs"` // of one image's forward pass
}

// plan prints what a run would do.
func (a *app) plan(c configs.Config, spec models.Spec, data *datasets.Dataset, asJSON bool) error {
	rows, err := spec.Summary()
	if err != nil {
		return err
	}
	p := planned{
		Name: c.Name, Config: string(c.YAML()), ConfigHash: c.Hash(), Model: spec.Name,
		Data: data.Name, DataDir: data.Dir, TrainImages: data.Train.Len(),
		Epochs: c.Train.Epochs, Steps: (data.Train.Len() + c.Train.BatchSize - 1) / c.Train.BatchSize,
	}
	if data.Val != nil {
		p.ValImages = data.Val.Len()
	}
	if data.Test != nil {
		p.TestImages = data.Test.Len()
	}
	for _, r := range rows {
		p.Layers = append(p.Layers, layerPlan{r.Name, r.Label, [3]int{r.Output.H, r.Output.W, r.Output.C}, r.Params, r.MACs})
		p.Parameters += r.Params
		p.MACs += r.MACs
	}
	if asJSON {
		return writeJSON(a.stdout, p)
	}
	a.printPlan(p, spec.Input)
	return nil
}

func (a *app) printPlan(p planned, in models.Shape) {
	w := a.stdout
	fmt.Fprintf(w, "%s\n", p.Config)
	where := p.DataDir
	if where == "" {
		where = "made by the program"
	}
	fmt.Fprintf(w, "%s (%s): %s training images, %s for validation", p.Data, where, grouped(p.TrainImages), grouped(p.ValImages))
	if p.TestImages > 0 {
		fmt.Fprintf(w, ", %s for the test", grouped(p.TestImages))
	}
	fmt.Fprintf(w, "\n%d epochs of %s steps\n\n", p.Epochs, grouped(p.Steps))
	fmt.Fprintf(w, "%-8s %-20s %12s %12s %14s\n", p.Model, "layer", "output", "parameters", "MACs")
	fmt.Fprintf(w, "%-8s %-20s %12s\n", "", "input", size(in.H, in.W, in.C))
	for _, l := range p.Layers {
		parameters, macs := "", ""
		if l.Parameters > 0 {
			parameters, macs = grouped(l.Parameters), grouped(l.MACs)
		}
		line := fmt.Sprintf("%-8s %-20s %12s %12s %14s", l.Name, l.Layer, size(l.Output[0], l.Output[1], l.Output[2]), parameters, macs)
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
	fmt.Fprintf(w, "%-8s %-20s %12s %12s %14s\n", "total", "", "", grouped(p.Parameters), grouped(p.MACs))
}

func size(h, w, c int) string { return fmt.Sprintf("%d×%d×%d", h, w, c) }

// grouped writes a count with a comma between its thousands.
func grouped(n int) string {
	if n < 0 {
		return "-" + grouped(-n)
	}
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}
