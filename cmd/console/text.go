// Package console shows people how work goes on and what came of it: the bar, tables and texts that fit a terminal, the
// screen of a training, and its remarks.
package console

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
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

// WidthOf is the number of characters in a line of w now, 0 if w is no terminal and lines may be of any length.
func WidthOf(w io.Writer) int {
	if !isTerminal(w) {
		return 0
	}
	width, _, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Wrapped is a text in lines of at most width characters, all but the first indented; one line if width is 0. A word that
// is longer than a line gets a line of its own.
func Wrapped(text string, width, indent int) string {
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

// Shortened is a text cut to so many characters.
func Shortened(text string, width int) string {
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

// Grouped writes a count with a comma between its thousands.
func Grouped(n int) string {
	if n < 0 {
		return "-" + Grouped(-n)
	}
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", Grouped(n/1000), n%1000)
}

// Figure writes a number, and nothing for one that was not measured.
func Figure(format string, v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return fmt.Sprintf(format, v)
}

// Say writes a line, broken where a terminal ends, with an indent from then on.
func Say(w io.Writer, indent int, text string) { fmt.Fprintln(w, Wrapped(text, WidthOf(w), indent)) }

// WriteJSON prints v as one indented JSON object.
func WriteJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}
