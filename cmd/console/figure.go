package console

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/maxgain/maxgain/cmd/figures"
	paper "github.com/maxgain/maxgain/diagnostics/figure"
)

// PrintCurves writes a figure in numbers, a line a run, in columns that are a table in Markdown too.
func PrintCurves(w io.Writer, f paper.Training) {
	lines := [][]string{{"setting", "seed", "epochs", "gain after 1, dB", "level, dB", "scatter early, dB", "late, dB",
		"train loss", "val loss", "lowest (epoch)", "val error, %", "verdict (from epoch)"}}
	lines = append(lines, slices.Repeat([]string{"---:"}, len(lines[0])))
	lines[1][0], lines[1][len(lines[1])-1] = "---", "---"
	for _, c := range f.Curves {
		n, v := figures.NumbersOf(c.Run.History), c.Run.Verdict
		lowest := "–"
		if n.LowestAt > 0 {
			lowest = fmt.Sprintf("%.4f (%d)", n.Lowest, n.LowestAt)
		}
		lines = append(lines, []string{c.Setting, fmt.Sprint(c.Seed), fmt.Sprint(n.Epochs), Figure("%.1f", n.First), Figure("%.1f", n.Level),
			Figure("%.2f", n.Early), Figure("%.2f", n.Late), Figure("%.4f", n.TrainLoss), Figure("%.4f", n.ValLoss), lowest,
			Figure("%.2f", n.ValError), fmt.Sprintf("%s (%d)", v.Verdict, v.Epoch)})
	}
	fmt.Fprintf(w, "figure %d: %s\n\n", f.Number, f.Title)
	PrintColumns(w, lines)
	fmt.Fprintln(w)
}

// PrintToy writes the panels of a figure of the toy net, a line each, with how far they are from theory.
func PrintToy(w io.Writer, f paper.Toy) {
	fmt.Fprintf(w, "figure %d: %s\n", f.Number, f.Title)
	for _, panel := range f.Panels {
		unit, said := "", ""
		if panel.DB {
			unit = " dB"
		}
		if panel.Theory != nil {
			d := panel.Deviation()
			said = fmt.Sprintf(", at most %.2g of its largest value from the closed form", d.Worst)
			if panel.DB {
				said = fmt.Sprintf(", at most %.2g dB from the closed form at the %d frequencies above %.1f dB", d.Worst, d.Count, d.FloorDB)
			}
		}
		fmt.Fprintf(w, "  %-18s %3d×%-3d from %.4g to %.4g%s%s\n", panel.Name, panel.H, panel.W,
			slices.Min(panel.Values), slices.Max(panel.Values), unit, said)
	}
}

// PrintColumns writes lines of cells between bars, each column as wide as its widest cell.
func PrintColumns(w io.Writer, lines [][]string) {
	wide := make([]int, len(lines[0]))
	for _, cells := range lines {
		for i, cell := range cells {
			wide[i] = max(wide[i], utf8.RuneCountInString(cell))
		}
	}
	for _, cells := range lines {
		for i, cell := range cells {
			fmt.Fprintf(w, "| %s%s ", cell, strings.Repeat(" ", wide[i]-utf8.RuneCountInString(cell)))
		}
		fmt.Fprintln(w, "|")
	}
}
