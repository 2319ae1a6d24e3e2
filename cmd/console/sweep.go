package console

import (
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"github.com/maxgain/maxgain/cmd/sweep"
	"github.com/maxgain/maxgain/diagnostics"
)

// PrintSweep writes the advice and the table for people.
func PrintSweep(w io.Writer, s sweep.Summary) {
	width := WidthOf(w)
	fmt.Fprintln(w, Wrapped("advice: "+s.Advice, width, 2))
	fmt.Fprintln(w)
	Table(w, sweepColumns(s), s.Trials)
	for _, r := range s.Trials {
		if r.Detail != "" {
			fmt.Fprintln(w, Wrapped(r.Label+" ("+r.Trial+"): "+r.Detail, width, 2))
		}
	}
}

// sweepColumns are the columns of a sweep's table.
func sweepColumns(s sweep.Summary) []Column[sweep.Row] {
	name := len("varies")
	for _, r := range s.Trials {
		name = max(name, utf8.RuneCountInString(r.Label))
	}
	number := func(format string, value func(sweep.Row) diagnostics.Number) func(sweep.Row) string {
		return func(r sweep.Row) string { return cell(format, value(r)) }
	}
	return []Column[sweep.Row]{
		{"varies", name, true, 0, func(r sweep.Row) string { return r.Label }},
		{"trial", 10, true, 7, func(r sweep.Row) string { return r.Trial }},
		{"state", 11, true, 8, func(r sweep.Row) string { return r.State }},
		{"epochs", 7, true, 6, func(r sweep.Row) string { return fmt.Sprintf("%d/%d", r.Epoch, r.Epochs) }},
		{"verdict", 22, true, 1, func(r sweep.Row) string { return r.Verdict.String() }},
		{"conf", 5, false, 9, func(r sweep.Row) string { return fmt.Sprintf("%.0f%%", 100*r.Confidence) }},
		{"train loss", 10, false, 10, number("%.4f", func(r sweep.Row) diagnostics.Number { return r.TrainLoss })},
		{"lowest", 9, false, 2, number("%.4f", func(r sweep.Row) diagnostics.Number { return r.LowestLoss })},
		{"val err", 8, false, 5, number("%.2f%%", func(r sweep.Row) diagnostics.Number { return 100 * r.ValError })},
		{"gain dB", 8, false, 4, number("%.2f", func(r sweep.Row) diagnostics.Number { return r.GainDB })},
		{"± dB", 6, false, 3, number("%.2f", func(r sweep.Row) diagnostics.Number { return r.Variability })},
		{"next rate", 9, false, 11, func(r sweep.Row) string {
			if r.NextRate > 0 {
				return fmt.Sprintf("%.3g", r.NextRate)
			}
			return "–"
		}},
	}
}

// cell formats a number, or leaves a dash where there is none.
func cell(format string, n diagnostics.Number) string {
	if math.IsNaN(float64(n)) {
		return "–"
	}
	return fmt.Sprintf(format, float64(n))
}
