package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/models"
)

// printPlan writes a plan for people; in is the shape of an image.
func printPlan(w io.Writer, p experiment.Plan, in models.Shape) {
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
	names, labels := max(8, len(p.Model)), 20 // widths of the columns
	for _, l := range p.Layers {
		names, labels = max(names, len([]rune(l.Name))), max(labels, len([]rune(l.Layer)))
	}
	row := func(name, label, output, parameters, macs string) {
		line := fmt.Sprintf("%-*s %-*s %12s %12s %14s", names, name, labels, label, output, parameters, macs)
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
	row(p.Model, "layer", "output", "parameters", "MACs")
	row("", "input", size(in.H, in.W, in.C), "", "")
	for _, l := range p.Layers {
		parameters, macs := "", ""
		if l.Parameters > 0 {
			parameters, macs = grouped(l.Parameters), grouped(l.MACs)
		}
		row(l.Name, l.Layer, size(l.Output[0], l.Output[1], l.Output[2]), parameters, macs)
	}
	row("total", "", "", grouped(p.Parameters), grouped(p.MACs))
	fmt.Fprintf(w, "\nmemory of the net: about %s; the data come on top\n", models.Gigabytes(p.Memory))
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
