package diagnostics

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/diagnostics/signal"
)

// Mapping says under which name a file holds a column, by the column's own name: {"gain_db": "max gain"}.
type Mapping map[string]string

// CSVError is a fault in a file of curves and its place, line and column counted from 1.
type CSVError struct {
	Line, Column int
	Detail       string
}

// Error implements error.
func (e *CSVError) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Detail) }

// maxEpoch bounds what is believed to be an epoch's number.
const maxEpoch = 1 << 30

// maxCSV bounds how much of a file of curves is read.
const maxCSV = 64 << 20

// maxQuoted bounds how much of a file's text an error message repeats.
const maxQuoted = 60

// quoted is a file's text as a message may show it: cut short, and with control characters escaped.
func quoted(text string) string {
	if cut := []rune(text); len(cut) > maxQuoted {
		return strconv.Quote(string(cut[:maxQuoted])) + "…"
	}
	return strconv.Quote(text)
}

// listed are a file's column names as a message may show them.
func listed(header []string) string {
	names := strings.Join(header, ", ")
	if short := quoted(names); short != `"`+names+`"` {
		return short
	}
	return names
}

// lineEnds passes text on with single carriage returns, the line ends of some spreadsheets, made line feeds.
type lineEnds struct {
	from *bufio.Reader
	left int // bytes that may still be read
}

// Read implements io.Reader.
func (l *lineEnds) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	if l.left -= n; l.left < 0 {
		return 0, fmt.Errorf("the file has more than %d MiB", maxCSV>>20)
	}
	for i, b := range p[:n] {
		if b != '\r' {
			continue
		}
		next := byte(0)
		if i+1 < n {
			next = p[i+1]
		} else if ahead, peekErr := l.from.Peek(1); peekErr == nil {
			next = ahead[0]
		}
		if next != '\n' {
			p[i] = '\n'
		}
	}
	return n, err
}

// ReadCSV reads a curve from comma-separated values with a header line. Lines end in LF, CR LF or CR. It needs the column `epoch` and at least one
// signal; columns that no rule reads, the validation columns among them, are passed over. An empty field, NaN and
// ±Inf are allowed everywhere but in the epoch. Rows may come in any order and epochs may be missing; of several rows
// of one epoch the last counts. Faults are *CSVError.
func ReadCSV(r io.Reader, names Mapping) (*Curve, error) {
	buffered := bufio.NewReader(r)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\ufeff" {
		if _, err := buffered.Discard(3); err != nil {
			return nil, fmt.Errorf("reading the curve: %w", err)
		}
	}
	reader := csv.NewReader(&lineEnds{buffered, maxCSV})
	reader.TrimLeadingSpace = true
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, &CSVError{1, 1, "the file is empty; want a header line with epoch and gain_db or another signal"}
	}
	if err != nil {
		return nil, csvFault(err)
	}
	columns, err := columnsOf(header, names, reader)
	if err != nil {
		return nil, err
	}
	var points []point
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvFault(err)
		}
		p, err := readPoint(record, columns, reader)
		if err != nil {
			return nil, err
		}
		points = append(points, p)
	}
	return newCurve(points), nil
}

// columnsOf names the column behind each field of the header, "" for those that are passed over.
func columnsOf(header []string, names Mapping, reader *csv.Reader) ([]string, error) {
	own := map[string]string{} // name in the file → our name
	for ours, theirs := range names {
		if ours != "epoch" && !signal.Readable(ours) {
			return nil, fmt.Errorf("column %s cannot be mapped: no rule reads it", quoted(ours))
		}
		if !contains(header, theirs) {
			return nil, &CSVError{1, 1, fmt.Sprintf("no column %s to read %s from; the file has %s", quoted(theirs), ours, listed(header))}
		}
		own[theirs] = ours
	}
	columns := make([]string, len(header))
	place := map[string]int{}
	signals := 0
	for i, field := range header {
		name := strings.TrimSpace(field)
		if ours, ok := own[name]; ok {
			name = ours
		} else if _, moved := names[name]; moved || name != "epoch" && !signal.Readable(name) {
			continue
		}
		line, column := reader.FieldPos(i)
		if _, twice := place[name]; twice {
			return nil, &CSVError{line, column, fmt.Sprintf("column %s appears twice", name)}
		}
		place[name] = i
		columns[i] = name
		if found, _ := signal.Lookup(name); found.Origin == signal.Probe {
			signals++
		}
	}
	if _, ok := place["epoch"]; !ok {
		return nil, &CSVError{1, 1, fmt.Sprintf("no column epoch; the file has %s", listed(header))}
	}
	if signals == 0 {
		return nil, &CSVError{1, 1, fmt.Sprintf("no signal to judge by: want %s or another signal, or a mapping; the file has %s",
			GainDB, listed(header))}
	}
	return columns, nil
}

// contains tells whether the header has a field of this name.
func contains(header []string, name string) bool {
	for _, field := range header {
		if strings.TrimSpace(field) == name {
			return true
		}
	}
	return false
}

// readPoint reads the fields of one row.
func readPoint(record, columns []string, reader *csv.Reader) (point, error) {
	p := point{values: map[string]float64{}}
	for i, name := range columns {
		field := strings.TrimSpace(record[i])
		if name == "" || field == "" && name != "epoch" {
			continue
		}
		line, column := reader.FieldPos(i)
		v, err := strconv.ParseFloat(field, 64)
		if err != nil && !math.IsInf(v, 0) { // a number too large for float64 is read as infinite
			return point{}, &CSVError{line, column, fmt.Sprintf("%s: got %s, want a number", name, quoted(field))}
		}
		if name == TrainLoss {
			v = measuredLoss(v)
		}
		if name != "epoch" {
			p.values[name] = v
			continue
		}
		if v != math.Trunc(v) || v < 0 || v > maxEpoch {
			return point{}, &CSVError{line, column, fmt.Sprintf("epoch: got %s, want a whole number from 0 on", quoted(field))}
		}
		p.epoch = int(v)
	}
	return p, nil
}

// csvFault gives a fault of the csv package the form of the others.
func csvFault(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return &CSVError{parse.Line, parse.Column, parse.Err.Error()}
	}
	return fmt.Errorf("reading the curve: %w", err)
}
