package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// isTerminal tells whether w is a terminal on which things may move.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// widthOf is the number of characters in a line of w now, 0 if w is no terminal and lines may be of any length.
func widthOf(w io.Writer) int {
	if !isTerminal(w) {
		return 0
	}
	width, _, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil {
		return 0
	}
	return width
}

// column is one of a table of values of type T: its title and how a value is written.
type column[T any] struct {
	title string
	width int
	left  bool // aligned to the left
	rank  int  // columns of the highest rank are left out first where the line is short
	text  func(T) string
}

const columnGap = 2

// fitting are the columns that a line of so many characters has room for; 0 has room for all.
func fitting[T any](columns []column[T], width int) []column[T] {
	kept := slices.Clone(columns)
	for width > 0 && len(kept) > 1 {
		total, last := -columnGap, 0
		for i, c := range kept {
			total += c.width + columnGap
			if c.rank > kept[last].rank {
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

// tableLine writes one cell a column.
func tableLine[T any](columns []column[T], text func(column[T]) string) string {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cell := text(c)
		space := strings.Repeat(" ", max(0, c.width-utf8.RuneCountInString(cell)))
		if c.left {
			cells[i] = cell + space
		} else {
			cells[i] = space + cell
		}
	}
	return strings.TrimRight(strings.Join(cells, strings.Repeat(" ", columnGap)), " ")
}

// wrapped is a text in lines of at most width characters, all but the first indented; one line if width is 0. A word that
// is longer than a line gets a line of its own.
func wrapped(text string, width, indent int) string {
	if width == 0 || utf8.RuneCountInString(text) <= width {
		return text
	}
	rest := strings.TrimLeft(text, " ")
	out := text[:len(text)-len(rest)]
	at := len(out)
	for i, word := range strings.Fields(rest) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+n <= width:
			out += " "
			at++
		default:
			out += "\n" + strings.Repeat(" ", indent)
			at = indent
		}
		out += word
		at += n
	}
	return out
}

// shortened is a text cut to so many characters.
func shortened(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(0, width-1)]) + "…"
}

// durationText is a time for people: 45 s, 12 min, 3 h 20 min.
func durationText(d time.Duration) string {
	seconds := int(math.Round(d.Seconds()))
	switch {
	case seconds < 60:
		return fmt.Sprintf("%d s", seconds)
	case seconds < 3570:
		return fmt.Sprintf("%d min", (seconds+30)/60)
	}
	minutes := (seconds + 30) / 60
	return fmt.Sprintf("%d h %02d min", minutes/60, minutes%60)
}
