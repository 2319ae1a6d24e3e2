package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxBytes bounds a config file; the presets have less than 1 kB.
const maxBytes = 1 << 20

// place is where a key was given.
type place struct {
	line, column int
	override     string
	order        int
}

// reading gathers one config and its faults from a file and overrides.
type reading struct {
	file   string
	config Config
	given  map[string]place // where each key got its value last
	faults FieldErrors
}

func (r *reading) fault(at place, key, problem string) {
	f := FieldError{Override: at.override, order: at.order, Key: key, Problem: problem}
	if at.override == "" {
		f.File, f.Line, f.Column = r.file, at.line, at.column
	}
	r.faults = append(r.faults, f)
}

func at(n *yaml.Node) place { return place{line: n.Line, column: n.Column} }

// document reads a whole YAML file.
func (r *reading) document(data []byte) {
	root, ok := r.root(data, "config")
	if !ok || root == nil {
		return
	}
	if !r.plain(root) {
		return
	}
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return
	}
	if root.Kind != yaml.MappingNode {
		r.fault(at(root), "", got(root, "sections: "+strings.Join(sections(), ", ")))
		return
	}
	if k := keyOf(root, "parameters"); k != nil {
		r.fault(at(k), "", "this file defines a sweep; run it with: train sweep --config "+r.file+" --out FOLDER")
		return
	}
	r.mapping(root, "")
}

// keyOf is the key of that name in a mapping, nil if there is none.
func keyOf(n *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode && n.Content[i].Value == name {
			return n.Content[i]
		}
	}
	return nil
}

// root parses data, a file of the given kind; it is nil if the file is empty, and ok is false if there was a fault.
func (r *reading) root(data []byte, kind string) (root *yaml.Node, ok bool) {
	if len(data) > maxBytes {
		r.fault(place{}, "", fmt.Sprintf("too long for a %s: more than %d bytes", kind, maxBytes))
		return nil, false
	}
	root, err := parse(data)
	if err != nil {
		line, problem := syntax(err)
		r.fault(place{line: line}, "", problem)
		return nil, false
	}
	return root, true
}

// parse returns the only document in data, or nil if there is none.
func parse(data []byte) (root *yaml.Node, err error) {
	defer func() { // yaml.v3 panics on a few malformed inputs
		if p := recover(); p != nil {
			root, err = nil, fmt.Errorf("yaml: %v", p)
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, more yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := decoder.Decode(&more); err == nil {
		return nil, fmt.Errorf("yaml: line %d: a second document; want one", more.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(document.Content) == 0 {
		return nil, nil
	}
	return document.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// syntax splits an error of yaml.v3 into its line (0 if it names none) and text.
func syntax(err error) (line int, problem string) {
	problem = strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(problem); m != nil {
		line, _ = strconv.Atoi(m[1])
		problem = problem[len(m[0]):]
	}
	return line, "not valid YAML: " + shorten(problem, 120)
}

// plain reports whether the tree has no anchors, aliases or tags of its own:
// a config has no use for them, and aliases can make a small file enormous.
func (r *reading) plain(n *yaml.Node) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		r.fault(at(n), "", "aliases are not supported; write the value out")
		return false
	case n.Anchor != "":
		r.fault(at(n), "", "anchors are not supported")
		return false
	case n.Style&yaml.TaggedStyle != 0:
		r.fault(at(n), "", "tags are not supported: "+shorten(n.Tag, 40))
		return false
	}
	plain := true
	for _, child := range n.Content {
		plain = r.plain(child) && plain
	}
	return plain
}

// mapping reads the keys of the file or, with a prefix "train.", of a section.
func (r *reading) mapping(n *yaml.Node, prefix string) {
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			r.fault(at(key), strings.TrimSuffix(prefix, "."), got(key, "a key"))
			continue
		}
		name := prefix + key.Value
		if line, twice := first[key.Value]; twice {
			r.fault(at(key), shorten(name, 80), fmt.Sprintf("given twice, first in line %d", line))
			continue
		}
		first[key.Value] = key.Line
		if isSection(name) {
			r.section(name, value)
			continue
		}
		if !r.set(name, value, at(value)) {
			r.fault(at(key), shorten(name, 80), unknown(name))
		}
	}
}

// section reads a section's keys; one left empty is as if it were not there.
func (r *reading) section(name string, value *yaml.Node) {
	switch {
	case value.Kind == yaml.MappingNode:
		r.mapping(value, name+".")
	case value.Kind == yaml.ScalarNode && value.ShortTag() == "!!null":
	default:
		r.fault(at(value), name, got(value, "a section, such as "+example(name)+": …"))
	}
}

// set reads the value of a known key; it reports false if there is no such key.
func (r *reading) set(name string, value *yaml.Node, where place) bool {
	for _, f := range r.config.fields() {
		if f.key != name {
			continue
		}
		r.given[name] = where
		f.read(value, func(n *yaml.Node, below, problem string) {
			if where.override == "" {
				where = at(n)
			}
			r.fault(where, name+below, problem)
		})
		return true
	}
	return false
}

// override reads one "key=value" of --set.
func (r *reading) override(assignment string, order int) {
	where := place{override: assignment, order: order}
	name, value, ok := strings.Cut(assignment, "=")
	switch {
	case !ok || name == "":
		r.fault(where, "", "want key=value, such as train.epochs=2")
		return
	case isSection(name) && !strings.Contains(name, "."):
		r.fault(where, "", "is a section; name one of its keys, such as "+example(name))
		return
	}
	node := scalar("!!str", value)
	if !isText(name) {
		if len(value) > maxBytes {
			r.fault(where, "", "too long")
			return
		}
		root, err := parse([]byte(value))
		if err != nil {
			_, problem := syntax(err)
			r.fault(where, "", problem)
			return
		}
		if root == nil {
			root = scalar("!!null", "")
		}
		faults := len(r.faults)
		if !r.plain(root) {
			for i := range r.faults[faults:] {
				f := &r.faults[faults+i]
				*f = FieldError{Override: assignment, order: order, Problem: f.Problem}
			}
			return
		}
		node = root
	}
	if isSection(name) {
		r.overrideSection(name, node, where)
	} else if !r.set(name, node, where) {
		r.fault(where, "", unknown(name))
	}
}

// overrideSection reads "section.part={key: value, …}" of --set; keys that it does not name stay as they are.
func (r *reading) overrideSection(name string, node *yaml.Node, where place) {
	if node.Kind != yaml.MappingNode {
		r.fault(where, name, got(node, "{key: value, …}, such as "+example(name)+"=…"))
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := name + "." + node.Content[i].Value
		if !r.set(key, node.Content[i+1], where) {
			r.fault(where, "", unknown(key))
		}
	}
}

func isSection(name string) bool {
	for _, key := range Keys() {
		if strings.HasPrefix(key, name+".") {
			return true
		}
	}
	return false
}

func isText(name string) bool {
	var c Config
	for _, f := range c.fields() {
		if f.key == name {
			return f.text
		}
	}
	return false
}

// example returns a key of a section.
func example(section string) string {
	for _, key := range Keys() {
		if strings.HasPrefix(key, section+".") {
			return key
		}
	}
	return section
}

// UnknownKey says that a name is none of a key, and which key was probably meant.
func UnknownKey(name string) string { return unknown(name) }

// unknown says that there is no such key, and which was probably meant.
func unknown(name string) string {
	candidates := Keys()
	if !strings.Contains(name, ".") {
		candidates = append(candidates, sections()...)
	}
	if near := nearest(name, candidates); near != "" {
		return "unknown key, did you mean " + near + "?"
	}
	section, _, _ := strings.Cut(name, ".")
	var known []string
	for _, key := range Keys() {
		if strings.HasPrefix(key, section+".") {
			known = append(known, last(key))
		}
	}
	if len(known) == 1 {
		return "unknown key, want " + section + "." + known[0]
	}
	if len(known) == 0 {
		known = append([]string{"name"}, sections()...)
	}
	return "unknown key, want one of " + strings.Join(known, ", ")
}
