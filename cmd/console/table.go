package console

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Column is one of a table of values of type T: its title and how a value is written.
type Column[T any] struct {
	Title string
	Width int
	Left  bool // aligned to the left
	Rank  int  // columns of the highest rank are left out first where the line is short
	Text  func(T) string
}

const columnGap = 2

// Fitting are the columns that a line of so many characters has room for; 0 has room for all.
func Fitting[T any](columns []Column[T], width int) []Column[T] {
	kept := slices.Clone(columns)
	for width > 0 && len(kept) > 1 {
		total, last := -columnGap, 0
		for i, c := range kept {
			total += c.Width + columnGap
			if c.Rank > kept[last].Rank {
				last = i
			}
		}
		if total <= width {
			break
		}
		kept = slices.Delete(kept, last, last+1)
	}
	return kept
}

// Line writes one cell a column.
func Line[T any](columns []Column[T], text func(Column[T]) string) string {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cell := text(c)
		space := strings.Repeat(" ", max(0, c.Width-utf8.RuneCountInString(cell)))
		if c.Left {
			cells[i] = cell + space
		} else {
			cells[i] = space + cell
		}
	}
	return strings.TrimRight(strings.Join(cells, strings.Repeat(" ", columnGap)), " ")
}

// Table writes the titles and a line for each row, with as many columns as the line has room for.
func Table[T any](w io.Writer, columns []Column[T], rows []T) {
	columns = Fitting(columns, WidthOf(w))
	fmt.Fprintln(w, Line(columns, func(c Column[T]) string { return c.Title }))
	for _, row := range rows {
		fmt.Fprintln(w, Line(columns, func(c Column[T]) string { return c.Text(row) }))
	}
}
