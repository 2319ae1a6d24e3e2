package models

import (
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// The built-in nets, one YAML file each.
//
//go:embed nets/*.yaml
var nets embed.FS

// Names lists the nets that Lookup knows, sorted.
func Names() []string {
	entries, _ := nets.ReadDir("nets") // an embedded folder is always readable
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	slices.Sort(names)
	return names
}

// Lookup finds a built-in net by name.
func Lookup(name string) (Spec, error) {
	data, err := nets.ReadFile("nets/" + name + ".yaml")
	if err != nil || strings.ContainsAny(name, "/\\") {
		return Spec{}, fmt.Errorf("models: no net is called %q; there are %v", shorten(name, 60), Names())
	}
	s, err := ParseNet(name, data)
	if err != nil {
		return Spec{}, fmt.Errorf("models: the built-in net %s: %w", name, err)
	}
	return s, nil
}

// ParseNet reads a whole net from YAML: {input: [H, W, C], classes: K, init: …, layers: […]}. Whether its layers fit
// together is for Spec.Summary to say.
func ParseNet(name string, data []byte) (Spec, error) {
	var file struct {
		Input   [3]int    `yaml:"input"`
		Classes int       `yaml:"classes"`
		Init    yaml.Node `yaml:"init"`
		Layers  yaml.Node `yaml:"layers"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return Spec{}, err
	}
	s := Spec{Name: name, Input: Shape{H: file.Input[0], W: file.Input[1], C: file.Input[2]}, Classes: file.Classes}
	var initErr, layersErr error
	if file.Init.Kind != 0 {
		s.Init, initErr = ParseInit(&file.Init)
	}
	s.Layers, layersErr = ParseLayers(&file.Layers)
	return s, errors.Join(initErr, layersErr)
}
