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
	want, err := page(text, filepath.Join(root, "diagnostics", "testdata", "bank"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, want) {
		t.Error("docs/diagnosis.md is not what the bank and the rules say: go run ./scripts/bank -write docs/diagnosis.md")
	}
}

// Every run of the plan has a file of its own, and every run of the proof that holds images back one that does not.
func TestPlan(t *testing.T) {
	files := map[string]bool{}
	for _, e := range runs() {
		if files[e.File] {
			t.Errorf("%s stands twice in the plan", e.File)
		}
		files[e.File] = true
	}
	for _, e := range runs() {
		all := e.Setting
		if all.Holdout = 0; e.Holdout > 0 && !files[bank.Key(all, e.Seed)+".csv"] {
			t.Errorf("%s has no counterpart on all labels", e.File)
		}
	}
}
