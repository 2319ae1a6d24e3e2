package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/cmd/figures"
	"github.com/maxgain/maxgain/diagnostics/pretrained"
)

// netsFigure makes a figure of published nets and prints it in numbers.
func (a *app) netsFigure(ctx context.Context, p figures.Figure, o figures.Options) error {
	if !(o.Nets.Impulse > 0) || o.Nets.Impulse > 1e30 {
		return usage("--impulse: got %v, want a number > 0", o.Nets.Impulse)
	}
	if p.Number != 7 {
		f, err := o.NetPanels(ctx, p)
		if err != nil {
			return err
		}
		files, err := f.Save(o.Out)
		if err != nil {
			return err
		}
		console.PrintToy(a.stdout, f)
		a.printLines(files)
		return nil
	}
	gains, err := o.NetGains(ctx)
	if err != nil {
		return err
	}
	files, err := gains.Figure(p).Save(o.Out)
	if err != nil {
		return err
	}
	printGains(a.stdout, p, gains)
	a.printLines(files)
	return nil
}

// printGains writes the gains as a table in Markdown, a line a net, and the rank correlations below.
func printGains(w io.Writer, p figures.Figure, g figures.NetGains) {
	head := []string{"net", "error, %"}
	for _, m := range g.Measurements {
		head = append(head, m.Title+", dB ("+strings.Join(pretrained.Colours, ", ")+")")
	}
	lines := [][]string{head, slices.Repeat([]string{"---:"}, len(head))}
	lines[1][0] = "---"
	three := func(format string, v [3]float64) string {
		return console.Figure(format, v[0]) + ", " + console.Figure(format, v[1]) + ", " + console.Figure(format, v[2])
	}
	for i, net := range g.Nets {
		line := []string{net.Name, fmt.Sprintf("%.1f", net.Error)}
		for _, m := range g.Measurements {
			line = append(line, three("%.1f", m.Gains[i]))
		}
		lines = append(lines, line)
	}
	last := []string{"rank correlation", ""}
	for _, m := range g.Measurements {
		last = append(last, three("%.2f", m.Correlation))
	}
	fmt.Fprintf(w, "figure %d: %s\n\n", p.Number, p.Title)
	console.PrintColumns(w, append(lines, last))
	fmt.Fprintln(w)
	if len(g.Left) > 0 {
		fmt.Fprintf(w, "left out, as the table gives no error: %s\n", strings.Join(g.Left, ", "))
	}
}
