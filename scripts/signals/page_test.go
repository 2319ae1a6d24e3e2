package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics/signal"
)

// The page's tables are those of the columns and of the bank as both stand here.
func TestSignalsPageIsUpToDate(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "docs", "signals.md"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := page(text, filepath.Join(root, "diagnostics", "testdata", "bank"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(text, want) {
		return
	}
	have, now := strings.Split(string(text), "\n"), strings.Split(string(want), "\n")
	for i, line := range now {
		if i >= len(have) || have[i] != line {
			t.Fatalf("line %d of docs/signals.md is not what the code and the bank say, which is\n%s\nIf the code is right: go run ./scripts/signals -write docs/signals.md", i+1, line)
		}
	}
	t.Fatal("docs/signals.md has lines too many")
}

// Every column that a rule reads is defined on the page, outside the generated table.
func TestEveryColumnIsDefined(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "signals.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), columnsBegin)
	_, prose, found := strings.Cut(rest, tableEnd)
	if !found {
		t.Fatal("the page has no table of columns")
	}
	for _, s := range signal.All() {
		if !strings.Contains(prose, "`"+s.Name) {
			t.Errorf("docs/signals.md does not define %s", s.Name)
		}
	}
}

func TestPageWithoutMarks(t *testing.T) {
	if _, err := page([]byte("no tables here\n"), filepath.Join("..", "..", "diagnostics", "testdata", "bank")); err == nil || !strings.Contains(err.Error(), "want the lines") {
		t.Errorf("got %v", err)
	}
}
