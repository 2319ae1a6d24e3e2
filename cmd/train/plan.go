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
