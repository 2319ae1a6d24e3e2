package console

import (
	"fmt"
	"io"
	"strings"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/models"
)

// PrintPlan writes a plan for people; in is the shape of an image.
func PrintPlan(w io.Writer, p experiment.Plan, in models.Shape) {
	fmt.Fprintf(w, "%s\n", p.Config)
	where := p.DataDir
	if where == "" {
		where = "made by the program"
	}
	fmt.Fprintf(w, "%s (%s): %s training images, %s for validation", p.Data, where, Grouped(p.TrainImages), Grouped(p.ValImages))
	if p.TestImages > 0 {
		fmt.Fprintf(w, ", %s for the test", Grouped(p.TestImages))
	}
	fmt.Fprintf(w, "\n%d epochs of %s steps\n\n", p.Epochs, Grouped(p.Steps))
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
			parameters, macs = Grouped(l.Parameters), Grouped(l.MACs)
		}
		row(l.Name, l.Layer, size(l.Output[0], l.Output[1], l.Output[2]), parameters, macs)
	}
	row("total", "", "", Grouped(p.Parameters), Grouped(p.MACs))
	fmt.Fprintf(w, "\nmemory of the net: about %s; the data come on top\n", models.Gigabytes(p.Memory))
}

func size(h, w, c int) string { return fmt.Sprintf("%d×%d×%d", h, w, c) }
