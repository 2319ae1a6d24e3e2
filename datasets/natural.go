package datasets

import (
	"cmp"
	"io/fs"
	"strings"
	"time"
)

// natural compares names with the numbers in them by value: a2 before a10. Names that differ in leading zeros alone are
// compared byte by byte.
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		p, q := digits(x), digits(y)
		if p > 0 && q > 0 {
			m, n := strings.TrimLeft(x[:p], "0"), strings.TrimLeft(y[:q], "0")
			if c := cmp.Or(cmp.Compare(len(m), len(n)), strings.Compare(m, n)); c != 0 {
				return c
			}
			x, y = x[p:], y[q:]
			continue
		}
		if x[0] != y[0] {
			return cmp.Compare(x[0], y[0])
		}
		x, y = x[1:], y[1:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}

// digits is the number of digits that s begins with.
func digits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}

// lost stands for what is known of a file that could not be looked at.
type lost struct{ name string }

func (l lost) Name() string       { return l.name }
func (l lost) Size() int64        { return -1 }
func (l lost) Mode() fs.FileMode  { return 0 }
func (l lost) ModTime() time.Time { return time.Time{} }
func (l lost) IsDir() bool        { return false }
func (l lost) Sys() any           { return nil }
