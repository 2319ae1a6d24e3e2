package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/maxgain/maxgain/diagnostics/bank"
)

// The page's tables are those that the rules make of the bank as both stand here.
func TestDiagnosisPageIsUpToDate(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "docs", "diagnosis.md"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := page(text, filepath.Join(root, "diagnostics", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, want) {
		t.Error("docs/diagnosis.md is not what the bank and the rules say: go run ./scripts/bank -write docs/diagnosis.md")
	}
}

// Every run of a part has a file of its own, none of the blind part is a setting of the other, and every run that holds images
// back has a counterpart on all labels.
func TestPlan(t *testing.T) {
	files, settings := map[string]bool{}, map[string]bool{}
	for _, e := range tuning() {
		settings[e.Name()] = true
	}
	all := append(tuning(), blindRuns()...)
	for _, e := range all {
		if files[e.File] {
			t.Errorf("%s stands twice in the plan", e.File)
		}
		files[e.File] = true
	}
	for _, e := range blindRuns() {
		whole := e.Setting
		if whole.Holdout = 0; e.Holdout > 0 && !files[bank.Key(whole, e.Seed)+".csv"] {
			t.Errorf("%s has no counterpart on all labels", e.File)
		}
		if settings[e.Name()] || e.Seed == 1 {
			t.Errorf("%s was tuned on", e.File)
		}
	}
}
