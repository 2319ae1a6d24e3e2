package foreign

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// separators are what fields may be parted by.
const separators = ",;\t|"

// parseCSV reads a text of separated values with a header line. Behind a semicolon or tab, numbers may have decimal commas.
func parseCSV(name, text string, o Options) (*table, error) {
	separator, text := separatorOf(text)
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comma = separator
	reader.TrimLeadingSpace = separator != '\t'
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true
	header, err := reader.Read()
	if err != nil {
		return nil, csvFault(name, err)
	}
	t := newTable(name)
	columns := make([]*column, len(header))
	for i, field := range header {
		field = strings.TrimSpace(field)
		if field == "" && i == len(header)-1 && i > 0 { // a separator at the end of each line
			continue
		}
		if c, twice := t.byName[field]; twice {
			if c == nil {
				continue
			}
			line, at := reader.FieldPos(i)
			return nil, &Fault{name, line, at, fmt.Sprintf("column %s appears twice", named(field))}
		}
		if columns[i], err = t.add(strings.Clone(field), o); err != nil {
			return nil, err
		}
	}
	for row := 0; ; row++ {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvFault(name, err)
		}
		if len(record) != len(header) && strings.TrimSpace(strings.Join(record, "")) == "" {
			continue
		}
		if wrong := len(record) != len(header); wrong && !emptyFrom(record, len(header)) {
			line, at := reader.FieldPos(0)
			if len(record) < len(header) && int(reader.InputOffset()) == len(text) && !strings.HasSuffix(text, "\n") {
				t.notes = append(t.notes, fmt.Sprintf("the last line is not whole and is passed over (line %d)", line))
				break
			}
			return nil, &Fault{name, line, at, fmt.Sprintf("%d fields where the header has %d", len(record), len(header))}
		}
		for i, c := range columns {
			if c == nil || i >= len(record) {
				continue
			}
			line, at := reader.FieldPos(i)
			if err := t.setText(c, row, record[i], separator != ',', line, at); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

// emptyFrom tells whether a record has at least n fields, and empty ones from there on.
func emptyFrom(record []string, n int) bool {
	return len(record) > n && strings.TrimSpace(strings.Join(record[n:], "")) == ""
}

// separatorOf finds what parts the fields: what a first line "sep=;" says, which spreadsheets understand and which is blanked
// out, else what parts the header into most fields.
func separatorOf(text string) (rune, string) {
	first, rest, _ := strings.Cut(text, "\n")
	if said, ok := strings.CutPrefix(strings.TrimRight(first, " "), "sep="); ok && len(said) == 1 && strings.Contains(separators, said) {
		return rune(said[0]), "\n" + rest
	}
	best, most := ',', 0
	for _, separator := range separators {
		count, quoted := 0, false
		for _, r := range first {
			switch {
			case r == '"':
				quoted = !quoted
			case r == separator && !quoted:
				count++
			}
		}
		if count > most {
			best, most = separator, count
		}
	}
	return best, text
}

// csvFault gives a fault of the csv package the form of the others.
func csvFault(name string, err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return &Fault{name, parse.Line, parse.Column, parse.Err.Error()}
	}
	return fmt.Errorf("%s: %w", name, err)
}
