package configs

import (
	"fmt"
	"strings"
)

// Key describes one key of a config.
type Key struct {
	Name    string `json:"key"`
	Default string `json:"default"` // as in YAML, or in words where there is none
	Unit    string `json:"unit"`    // "" for none
	Range   string `json:"range"`   // the values that it takes
	Meaning string `json:"meaning"`
}

// Values are the values of a key that has but a few, nil for any other.
func (k Key) Values() []string {
	if k.Range == "true or false" {
		return []string{"true", "false"}
	}
	if names, few := strings.CutPrefix(k.Range, "one of "); few {
		return strings.Split(names, ", ")
	}
	return nil
}

// Reference describes every key in the order of the resolved file.
func Reference() []Key {
	d := Default()
	var keys []Key
	for _, f := range d.fields() {
		k := Key{Name: f.key, Default: f.unset, Unit: f.unit, Range: f.want, Meaning: f.meaning}
		if k.Default == "" {
			k.Default = valueText(f)
		}
		keys = append(keys, k)
	}
	return keys
}

// ReferencePage is Reference as a page in Markdown, docs/config.md.
func ReferencePage() []byte {
	var b strings.Builder
	b.WriteString("# Settings\n\nEvery key of a config file. `train config` prints this list, `train config docs > docs/config.md` writes it anew.\n" +
		"A key is given in YAML under its section, or on the command line as `--set key=value`.\n" +
		"A relative path in a file is looked for beside the file and then in the working directory; on the command line, in the\n" +
		"working directory. The run keeps it as an absolute path.\n")
	section := "\x00"
	for _, k := range Reference() {
		head, _, nested := strings.Cut(k.Name, ".")
		if !nested {
			head = ""
		}
		if head != section {
			section = head
			title := head
			if title == "" {
				title = "top level"
			}
			fmt.Fprintf(&b, "\n## %s\n\n| key | default | unit | range | meaning |\n|---|---|---|---|---|\n", title)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", k.Name, cell(k.Default), cell(k.Unit), cell(k.Range), cell(k.Meaning))
	}
	return []byte(b.String())
}

// cell is text that can stand in a cell of a table in Markdown.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "<", "\\<", "\n", " ").Replace(s)
}
