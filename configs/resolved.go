package configs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// sourceComment begins the first line of a resolved file; the Source follows.
const sourceComment = "Every setting of this run, from "

// YAML returns the config with every key written out, enough to repeat the
// run: Parse gives an equal Config back.
func (c Config) YAML() []byte {
	root := &yaml.Node{Kind: yaml.MappingNode}
	if c.Source != "" {
		root.HeadComment = sourceComment + c.Source
	}
	for _, f := range c.fields() {
		value := f.write()
		if value == nil {
			continue
		}
		parts := strings.Split(f.key, ".")
		at := root
		for _, name := range parts[:len(parts)-1] {
			at = section(at, name)
		}
		at.Content = append(at.Content, scalar("!!str", parts[len(parts)-1]), value)
	}
	return encode(root)
}

// section is the mapping of that name at the end of a mapping, where it is put unless it is there.
func section(in *yaml.Node, name string) *yaml.Node {
	if n := len(in.Content); n > 0 && in.Content[n-2].Value == name {
		return in.Content[n-1]
	}
	m := &yaml.Node{Kind: yaml.MappingNode}
	in.Content = append(in.Content, scalar("!!str", name), m)
	return m
}

// encode writes a tree of our own making, which yaml.v3 cannot refuse.
func encode(n *yaml.Node) []byte {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	_ = e.Encode(n)
	_ = e.Close()
	return b.Bytes()
}

// ParseResolved is Parse for what YAML has written, by this version or an earlier one: a key that there was not yet takes
// the value by which runs were made then.
func ParseResolved(file string, data []byte) (Config, error) {
	return Parse(file, data, Since(data))
}

// averageKey begins the section of the averaged weights, mixedKey is that of the transformed images.
var (
	averageKey = regexp.MustCompile(`(?m)^average:`)
	mixedKey   = regexp.MustCompile(`(?m)^  mixed:`)
)

// Since are the overrides "key.path=value" by which a resolved file of an earlier version means what it meant then: runs
// did not average their weights, nor look at transformed images.
func Since(resolved []byte) []string {
	var out []string
	if !averageKey.Match(resolved) {
		out = append(out, "average.epochs=0")
	}
	if !mixedKey.Match(resolved) {
		out = append(out, "gain.mixed=false")
	}
	return out
}

// Hash returns the SHA-256, in hexadecimal, of everything that determines the
// numbers of a run. Folders, workers and what else is written do not count.
func (c Config) Hash() string {
	d := Default()
	return hashOf(c.fields(), d.fields())
}

// hashOf is Hash for a config's fields and those of the default one.
func hashOf(fields, defaults []field) string {
	h := sha256.New()
	for i, f := range fields {
		atDefault := f.later && valueText(f) == valueText(defaults[i])
		if !neutral[f.key] && !atDefault {
			fmt.Fprintf(h, "%s=%s\n", f.key, valueText(f))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Diff returns the keys that two configs of different Hash differ in, each as
// "train.momentum: 0.9, now 0.5", in the order of the resolved file.
func Diff(a, b Config) []string {
	var different []string
	then, now := a.fields(), b.fields()
	for i, f := range then {
		from, to := valueText(f), valueText(now[i])
		if from != to && !neutral[f.key] {
			different = append(different, fmt.Sprintf("%s: %s, now %s", f.key, from, to))
		}
	}
	return different
}

// valueText is a field's value on one line; "unset" when not in use.
func valueText(f field) string {
	n := f.write()
	if n == nil {
		return "unset"
	}
	n.Style |= yaml.FlowStyle
	if n.Kind == yaml.ScalarNode {
		n.Style = 0
	}
	return strings.TrimSpace(string(encode(n)))
}
