package configs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// FieldError is one fault of a config: where it is, which key it concerns and
// what is wrong with it.
type FieldError struct {
	File         string // as named by the user; "" for an override
	Line, Column int    // 1-based, in File; 0 = unknown
	Override     string // "train.epochs=x" of --set train.epochs=x; "" for a file
	Key          string // "train.epochs"; "" when no key is concerned
	Problem      string // "got -1, want a whole number >= 1"

	order int // of the override on the command line
}

// Error returns "file:line:column: key: problem" or "--set key=value: problem".
func (e FieldError) Error() string {
	var b strings.Builder
	if e.Override != "" {
		b.WriteString("--set " + shorten(e.Override, 60))
	} else {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		if e.Column > 0 {
			fmt.Fprintf(&b, ":%d", e.Column)
		}
	}
	if name, _, _ := strings.Cut(e.Override, "="); e.Key != "" && e.Key != name {
		b.WriteString(": " + e.Key)
	}
	return b.String() + ": " + e.Problem
}

// FieldErrors holds every fault of a config: those of the file by position,
// then those of the overrides in their order.
type FieldErrors []FieldError

// Error returns one line for each fault.
func (e FieldErrors) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

func (e FieldErrors) sort() {
	slices.SortStableFunc(e, func(a, b FieldError) int {
		return cmp.Or(
			cmp.Compare(a.order, b.order),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Key, b.Key),
		)
	})
}

// shorten cuts text that a fault quotes to at most n characters.
func shorten(s string, n int) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// Nearest returns the candidate that a misspelt name probably means, or "".
func Nearest(name string, candidates []string) string { return nearest(name, candidates) }

// nearest returns the candidate most like name, or "" when none is near enough
// to be what was meant. Candidates may have dotted sections: a key under the
// wrong section is as near as one with a letter wrong.
func nearest(name string, candidates []string) string {
	best, bestDistance := "", max(2, utf8.RuneCountInString(name)/3)+1
	if utf8.RuneCountInString(name) > 100 {
		return ""
	}
	for _, c := range candidates {
		d := editDistance(name, c)
		if last(name) == last(c) && name != c {
			d = min(d, 1)
		} else if i := editDistance(last(name), last(c)); strings.Contains(c, ".") && i <= 2 {
			d = min(d, i+1)
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// last returns the part of a dotted key after the last dot.
func last(key string) string {
	return key[strings.LastIndexByte(key, '.')+1:]
}

// editDistance is Levenshtein's: the fewest characters to insert, delete or
// replace that turn a into b.
func editDistance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range to {
			replaced := diagonal
			if r != s {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
