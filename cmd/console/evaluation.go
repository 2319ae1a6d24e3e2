package console

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/maxgain/maxgain/cmd/classify"
)

// mostColumns is how many classes a confusion matrix may have that is printed as a table.
const mostColumns = 20

// PrintEvaluation writes how well a net tells images apart.
func PrintEvaluation(w io.Writer, e *classify.Evaluation) {
	what := e.Data
	if e.Split != "" {
		what += ", " + e.Split
	}
	weights := fmt.Sprintf("weights of epoch %d", e.Epoch)
	if e.Averaged > 1 {
		weights += fmt.Sprintf(", the mean of %d epochs", e.Averaged)
	}
	fmt.Fprintf(w, "%s: %s images, %s\nloss   %.4f\nerror  %.2f %% (%s wrong)\n\n", what, Grouped(e.Images), weights, float64(e.Loss), 100*float64(e.Error), Grouped(e.Wrong))
	widest := len("class")
	for _, c := range e.Classes {
		widest = max(widest, utf8.RuneCountInString(c.Class))
	}
	columns := []Column[classify.ClassResult]{
		{"class", widest, true, 0, func(c classify.ClassResult) string { return c.Class }},
		{"images", 8, false, 1, func(c classify.ClassResult) string { return Grouped(c.Images) }},
		{"wrong", 7, false, 2, func(c classify.ClassResult) string { return Grouped(c.Wrong) }},
		{"error %", 7, false, 1, func(c classify.ClassResult) string { return Figure("%.2f", 100*float64(c.Error)) }},
	}
	Table(w, columns, e.Classes)
	fmt.Fprintln(w)
	if len(e.Classes) <= mostColumns {
		printConfusion(w, e, widest)
	} else {
		printConfused(w, e)
	}
}

// printConfusion writes the matrix, a line a label and a column a prediction.
func printConfusion(w io.Writer, e *classify.Evaluation, widest int) {
	cell := 5
	for _, row := range e.Confusion {
		for _, n := range row {
			cell = max(cell, len(fmt.Sprint(n)))
		}
	}
	fmt.Fprintf(w, "labels down, predictions across\n%s", strings.Repeat(" ", widest))
	for _, c := range e.Classes {
		name := Shortened(c.Class, cell)
		fmt.Fprintf(w, "  %s%s", strings.Repeat(" ", cell-utf8.RuneCountInString(name)), name)
	}
	fmt.Fprintln(w)
	for i, row := range e.Confusion {
		fmt.Fprintf(w, "%s%s", e.Classes[i].Class, strings.Repeat(" ", widest-utf8.RuneCountInString(e.Classes[i].Class)))
		for _, n := range row {
			fmt.Fprintf(w, "  %*d", cell, n)
		}
		fmt.Fprintln(w)
	}
}

// printConfused lists the pairs of classes that are confused most often.
func printConfused(w io.Writer, e *classify.Evaluation) {
	type pair struct{ label, prediction, count int }
	var pairs []pair
	for i, row := range e.Confusion {
		for j, n := range row {
			if i != j && n > 0 {
				pairs = append(pairs, pair{i, j, n})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.count, a.count) })
	fmt.Fprintln(w, "confused most often (label, taken for):")
	for _, p := range pairs[:min(mostColumns, len(pairs))] {
		fmt.Fprintf(w, "%7d  %s, %s\n", p.count, e.Classes[p.label].Class, e.Classes[p.prediction].Class)
	}
}
