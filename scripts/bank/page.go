package main

import (
	"bytes"
	"fmt"
	"os"
)

// The lines of docs/diagnosis.md between which the tables stand.
const (
	tablesBegin = "<!-- tables: go run ./scripts/bank -write docs/diagnosis.md -->\n"
	tablesEnd   = "<!-- end of tables -->\n"
)

// page is the page with the bank's tables put between the lines that mark their place.
func page(text []byte, dir string) ([]byte, error) {
	before, rest, begun := bytes.Cut(text, []byte(tablesBegin))
	_, after, ended := bytes.Cut(rest, []byte(tablesEnd))
	if !begun || !ended {
		return nil, fmt.Errorf("want the lines %q and %q", tablesBegin, tablesEnd)
	}
	var tables bytes.Buffer
	if err := printTables(&tables, dir); err != nil {
		return nil, err
	}
	return bytes.Join([][]byte{before, []byte(tablesBegin), []byte("\n"), tables.Bytes(), []byte(tablesEnd), after}, nil), nil
}

// writePage puts the bank's tables into a page.
func writePage(path, dir string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if text, err = page(text, dir); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, text, 0o644)
}
