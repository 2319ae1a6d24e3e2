package onnx

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// docs/onnx.md lists the operators that are read: all of them, and no others.
func TestOperatorsInDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/onnx.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, row := range regexp.MustCompile(`(?m)^\| (?:layers|functions|arithmetic|layout|shapes) \| (.*) \|$`).FindAllSubmatch(text, -1) {
		without := regexp.MustCompile(`\([^)]*\)`).ReplaceAll(row[1], nil)
		for _, name := range regexp.MustCompile(`[A-Z][A-Za-z0-9]*`).FindAll(without, -1) {
			listed = append(listed, string(name))
		}
	}
	slices.Sort(listed)
	if want := Operators(); !slices.Equal(listed, want) {
		t.Errorf("docs/onnx.md lists\n%v\nwhat is read is\n%v", listed, want)
	}
}
