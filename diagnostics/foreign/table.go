package foreign

import (
	"fmt"
	"math"
	"slices"
)

// table is a log as it stands: columns of numbers over rows.
type table struct {
	file    string
	names   []string           // of all columns, in the file's order
	byName  map[string]*column // nil for those that are of no use
	columns []*column          // those that may be of use
	rows    int
	cells   int
	notes   []string
}

// column is one series: the rows that have a value, ascending, and the values. NaN is one that the file gives.
type column struct {
	name  string
	role  role
	row   []int
	value []float64
	fault *Fault // the first field that is no number; it counts if the column is chosen
}

// maxCells bounds how many numbers are kept, maxColumns how many columns a log may have.
const (
	maxCells   = 1 << 25
	maxColumns = 10_000
)

// newTable is an empty table of a file; columns that the options name have the use that these say.
func newTable(file string) *table { return &table{file: file, byName: map[string]*column{}} }

// add notes a column's name. The column is returned if it may be of use, else nil.
func (t *table) add(name string, o Options) (*column, error) {
	if len(t.names) == maxColumns {
		return nil, &Fault{File: t.file, Detail: fmt.Sprintf("more than %d columns", maxColumns)}
	}
	t.names = append(t.names, name)
	r := o.role(name)
	if r.ours == "" {
		t.byName[name] = nil
		return nil, nil
	}
	c := &column{name: name, role: r}
	t.columns = append(t.columns, c)
	t.byName[name] = c
	return c, nil
}

// set gives a column its value in a row; the last value given to a row counts. Rows are given in ascending order.
func (t *table) set(c *column, row int, v float64) error {
	if n := len(c.row) - 1; n >= 0 && c.row[n] == row {
		c.value[n] = v
		return nil
	}
	if t.cells++; t.cells > maxCells {
		return &Fault{File: t.file, Detail: fmt.Sprintf("more than %d numbers: a log of a training has an entry an epoch or step", maxCells)}
	}
	c.row, c.value = append(c.row, row), append(c.value, v)
	t.rows = max(t.rows, row+1)
	return nil
}

// setText gives a column its value in a row from a field of the file, which stands at a line and column, 0 where
// lines mean nothing.
func (t *table) setText(c *column, row int, field string, decimalComma bool, line, at int) error {
	v, known, ok := parseNumber(field, decimalComma)
	bad := ""
	switch {
	case !ok:
		bad = "want a number"
	case known && c.role.axis() && (math.IsNaN(v) || v < 0 || v > maxEpoch):
		bad = "want a number from 0 on"
	}
	if bad != "" {
		if c.fault == nil {
			detail := fmt.Sprintf("%s: got %s, %s", named(c.name), shown(field), bad)
			if line == 0 {
				detail = fmt.Sprintf("entry %d: %s", row+1, detail)
			}
			c.fault = &Fault{t.file, line, at, detail}
		}
		return nil
	}
	if !known {
		return nil
	}
	return t.set(c, row, v)
}

// named is a column's name as a message shows it.
func named(name string) string { return listed([]string{name}) }

// maxEpoch bounds what is believed to be the number of an epoch or step.
const maxEpoch = 1 << 40

// over are a column's values over all rows, NaN where there is none.
func (c *column) over(rows int) []float64 {
	out := slices.Repeat([]float64{math.NaN()}, rows)
	for i, row := range c.row {
		out[row] = c.value[i]
	}
	return out
}

// of lists the columns of a use that have values, or a field that should be one.
func (t *table) of(ours string) []*column {
	var out []*column
	for _, c := range t.columns {
		if c.role.ours == ours && (len(c.row) > 0 || c.fault != nil) {
			out = append(out, c)
		}
	}
	return out
}
