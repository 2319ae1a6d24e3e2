package models

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// options are a layer's options as they were given.
type options struct {
	p      *layerParser
	node   *yaml.Node // where they stand
	path   string
	depth  int
	kind   layerKind
	values map[string]*yaml.Node
}

// options gathers a layer's options; nil after a fault that leaves nothing to read.
func (p *layerParser) options(k layerKind, name, value *yaml.Node, path string, depth int) *options {
	o := &options{p: p, node: name, path: path + "." + k.name, depth: depth, kind: k, values: map[string]*yaml.Node{}}
	if value == nil || value.Kind == yaml.ScalarNode && value.ShortTag() == "!!null" {
		return o
	}
	if value.Kind == yaml.ScalarNode && len(k.options) == 1 && k.options[0] == "rate" { // dropout: 0.5
		o.values["rate"] = value
		return o
	}
	if len(k.options) == 0 {
		p.fault(value, o.path, "it takes no options, want %s alone", k.name)
		return nil
	}
	if value.Kind != yaml.MappingNode {
		p.fault(value, o.path, "got %s, want options in braces: %s", describe(value), k.example)
		return nil
	}
	for i := 0; i+1 < len(value.Content); i += 2 {
		key, v := value.Content[i], value.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			p.fault(key, o.path, "got %s, want an option's name", describe(key))
		case o.values[key.Value] != nil:
			p.fault(key, o.path+"."+shorten(key.Value, 40), "given twice")
		case !slices.Contains(k.options, key.Value):
			p.fault(key, o.path+"."+shorten(key.Value, 40), "unknown option, want one of %s%s", strings.Join(k.options, ", "), didYouMean(key, k.options...))
		default:
			o.values[key.Value] = v
		}
	}
	return o
}

func (o *options) value(name string) (*yaml.Node, bool) {
	n, ok := o.values[name]
	return n, ok
}

func (o *options) missing(name string) {
	o.p.fault(o.node, o.path+"."+name, "missing, as in %s", o.kind.example)
}

// wrong reports what stands where want was expected.
func (o *options) wrong(n *yaml.Node, name, want string) {
	o.p.fault(n, o.path+"."+name, "got %s, want %s", describe(n), want)
}

// whole is an option from low to high; otherwise is its default, 0 if it must be given.
func (o *options) whole(name string, low, high, otherwise int) int {
	n, ok := o.value(name)
	if !ok {
		if otherwise == 0 && name != "stride" {
			o.missing(name)
		}
		return otherwise
	}
	v, ok := wholeOf(n)
	if !ok || v < low || v > high {
		o.wrong(n, name, fmt.Sprintf("a whole number from %d to %d", low, high))
		return otherwise
	}
	return v
}

func wholeOf(n *yaml.Node) (v int, ok bool) {
	ok = n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" && n.Decode(&v) == nil
	return v, ok
}

func numberOf(n *yaml.Node) (v float64, ok bool) {
	tag := n.ShortTag()
	ok = n.Kind == yaml.ScalarNode && (tag == "!!int" || tag == "!!float") && n.Decode(&v) == nil &&
		!math.IsInf(v, 0) && !math.IsNaN(v)
	return v, ok
}

// share is an option from 0 to below 1; otherwise is its default, NaN if it must be given.
func (o *options) share(name string, otherwise float64) float64 {
	n, ok := o.value(name)
	if !ok {
		if math.IsNaN(otherwise) {
			o.missing(name)
		}
		return otherwise
	}
	v, ok := numberOf(n)
	if !ok || v < 0 || v >= 1 {
		o.wrong(n, name, "a number >= 0 and < 1")
		return otherwise
	}
	return v
}

func (o *options) flag(name string, otherwise bool) bool {
	n, ok := o.value(name)
	if !ok {
		return otherwise
	}
	var v bool
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Decode(&v) != nil {
		o.wrong(n, name, "true or false")
		return otherwise
	}
	return v
}

func (o *options) name() string {
	n, ok := o.value("name")
	if !ok {
		return ""
	}
	if n.Kind != yaml.ScalarNode || !layerName(n.Value) {
		o.wrong(n, "name", "at most 64 letters, digits and underscores")
		return ""
	}
	return n.Value
}

// outputs is the option out: a number, or the word classes.
func (o *options) outputs() int {
	n, ok := o.value("out")
	if !ok {
		o.missing("out")
		return 0
	}
	if n.Kind == yaml.ScalarNode && n.Value == "classes" {
		return OutClasses
	}
	v, ok := wholeOf(n)
	if !ok || v < 1 || v > maxChannels {
		o.wrong(n, "out", fmt.Sprintf("a whole number from 1 to %d, or classes", maxChannels))
	}
	return v
}

// pad is the option pad of a window of that size.
func (o *options) pad(size int) Pad {
	n, ok := o.value("pad")
	if !ok {
		return Pad{}
	}
	const want = "same, valid, a number of pixels, or [top, bottom, left, right]"
	pixels := func(n *yaml.Node) int {
		v, ok := wholeOf(n)
		if !ok || v < 0 || v > maxPad {
			o.wrong(n, "pad", fmt.Sprintf("%s; at most %d", want, maxPad))
		}
		return v
	}
	switch {
	case n.Kind == yaml.ScalarNode && n.Value == "valid":
		return Pad{}
	case n.Kind == yaml.ScalarNode && n.Value == "same":
		before := max(0, size-1) / 2
		after := max(0, size-1) - before
		return Pad{Top: before, Bottom: after, Left: before, Right: after}
	case n.Kind == yaml.SequenceNode && len(n.Content) == 4:
		return Pad{pixels(n.Content[0]), pixels(n.Content[1]), pixels(n.Content[2]), pixels(n.Content[3])}
	case n.Kind == yaml.ScalarNode:
		return Same(pixels(n))
	}
	o.wrong(n, "pad", want)
	return Pad{}
}

func (o *options) init() Init {
	n, ok := o.value("init")
	if !ok {
		return Init{}
	}
	return o.p.init(n, o.path+".init")
}

// init reads he, xavier or {normal: σ}.
func (p *layerParser) init(n *yaml.Node, path string) Init {
	if n.Kind == yaml.ScalarNode {
		switch n.Value {
		case "he":
			return Init{Rule: InitHe}
		case "xavier":
			return Init{Rule: InitXavier}
		}
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Value == "normal" {
		v, ok := numberOf(n.Content[1])
		if !ok || v <= 0 {
			p.fault(n.Content[1], path+".normal", "got %s, want a number > 0, the standard deviation", describe(n.Content[1]))
		}
		return Normal(v)
	}
	p.fault(n, path, "got %s, want he, xavier or {normal: 0.01}%s", describe(n), didYouMean(n, "he", "xavier"))
	return Init{}
}

// multipliers reads {weights: …, biases: …}; what is not given is 1.
func (o *options) multipliers() *Multiplier {
	n, ok := o.value("multipliers")
	if !ok {
		return nil
	}
	m := &Multiplier{1, 1}
	if n.Kind != yaml.MappingNode {
		o.wrong(n, "multipliers", "{weights: 1, biases: 2}")
		return m
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i], n.Content[i+1]
		path := o.path + ".multipliers." + shorten(key.Value, 40)
		to := &m.Weights
		switch {
		case key.Kind != yaml.ScalarNode || key.Value != "weights" && key.Value != "biases":
			o.p.fault(key, path, "unknown option, want weights or biases%s", didYouMean(key, "weights", "biases"))
			continue
		case seen[key.Value]:
			o.p.fault(key, path, "given twice")
			continue
		case key.Value == "biases":
			to = &m.Biases
		}
		seen[key.Value] = true
		if f, ok := numberOf(v); ok && f >= 0 {
			*to = f
		} else {
			o.p.fault(v, path, "got %s, want a number >= 0", describe(v))
		}
	}
	return m
}

// describe names a node's value for a fault.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode && len(n.Content) == 0:
		return "an empty list"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.AliasNode:
		return "an alias"
	case n.ShortTag() == "!!null":
		return "nothing"
	case n.ShortTag() == "!!str":
		return `"` + shorten(n.Value, 40) + `"`
	}
	return shorten(n.Value, 40)
}

// shorten makes text fit to be quoted in a fault: at most n characters, without control characters.
func shorten(s string, n int) string {
	r := []rune(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?")))
	if len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return string(r)
}

// didYouMean is " (did you mean X?)" for the known word nearest to the node's, if one is near enough.
func didYouMean(n *yaml.Node, words ...string) string {
	if n.Kind != yaml.ScalarNode || len(n.Value) > 60 {
		return ""
	}
	best, least := "", max(2, len(n.Value)/3)+1
	for _, w := range words {
		if d := editDistance(strings.ToLower(n.Value), w); d < least {
			best, least = w, d
		}
	}
	if best == "" {
		return ""
	}
	return " (did you mean " + best + "?)"
}

// editDistance is Levenshtein's: the fewest bytes to insert, delete or replace that turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
