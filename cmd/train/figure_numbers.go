package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/report"
	"github.com/maxgain/maxgain/trainer"
)

// curveNumbers are what a figure's curve says in numbers. Gains are the impulse's, in dB; losses in nats.
type curveNumbers struct {
	first, level    float64 // gain after epoch 1; its median over the last third of the epochs
	early, late     float64 // the gain's scatter about its trend in the first and in the second half of the epochs
	trainLoss       float64 // of the last epoch
	valLoss, lowest float64 // of the last epoch; of all
	lowestAt        int     // epoch
	valError        float64 // of the last epoch, in per cent of the images
	epochs          int
}

// numbersOf reads them off a run's epochs from 1 on.
func numbersOf(h *trainer.History) curveNumbers {
	rows := slices.DeleteFunc(slices.Clone(h.Rows), func(r trainer.Row) bool { return r.Epoch < 1 })
	n := curveNumbers{first: math.NaN(), trainLoss: math.NaN(), valLoss: math.NaN(), lowest: math.NaN(), valError: math.NaN()}
	for _, r := range rows {
		if !(n.lowest <= r.ValLoss) && !math.IsNaN(r.ValLoss) {
			n.lowest, n.lowestAt = r.ValLoss, r.Epoch
		}
	}
	if len(rows) > 0 {
		last := rows[len(rows)-1]
		n.first, n.epochs = signalOf(rows[0], diagnostics.GainDB), last.Epoch
		n.trainLoss, n.valLoss, n.valError = last.TrainLoss, last.ValLoss, 100*last.ValError
	}
	gain := func(rows []trainer.Row) (level, scatter float64) {
		_, level, scatter = diagnostics.GainLevel(diagnostics.FromHistory(&trainer.History{Rows: rows}).Only(diagnostics.GainDB))
		return level, scatter
	}
	n.level, _ = gain(rows)
	half := (len(rows) + 1) / 2
	_, n.early = gain(rows[:half])
	_, n.late = gain(rows[half:])
	return n
}

// printCurves writes a figure in numbers, a line a run, in columns that are a table in Markdown too.
func printCurves(w io.Writer, f report.Figure) {
	lines := [][]string{{"setting", "seed", "epochs", "gain after 1, dB", "level, dB", "scatter early, dB", "late, dB",
		"train loss", "val loss", "lowest (epoch)", "val error, %", "verdict (from epoch)"}}
	lines = append(lines, slices.Repeat([]string{"---:"}, len(lines[0])))
	lines[1][0], lines[1][len(lines[1])-1] = "---", "---"
	for _, c := range f.Curves {
		n, v := numbersOf(c.Run.History), c.Run.Verdict
		lowest := "–"
		if n.lowestAt > 0 {
			lowest = fmt.Sprintf("%.4f (%d)", n.lowest, n.lowestAt)
		}
		lines = append(lines, []string{c.Setting, fmt.Sprint(c.Seed), fmt.Sprint(n.epochs), figure("%.1f", n.first), figure("%.1f", n.level),
			figure("%.2f", n.early), figure("%.2f", n.late), figure("%.4f", n.trainLoss), figure("%.4f", n.valLoss), lowest,
			figure("%.2f", n.valError), fmt.Sprintf("%s (%d)", v.Verdict, v.Epoch)})
	}
	fmt.Fprintf(w, "figure %d: %s\n\n", f.Number, f.Title)
	printColumns(w, lines)
	fmt.Fprintln(w)
}

// printColumns writes lines of cells between bars, each column as wide as its widest cell.
func printColumns(w io.Writer, lines [][]string) {
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
