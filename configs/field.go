package configs

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// field ties one key to its place in a Config.
type field struct {
	key     string
	unit    string  // of the value; "" for none
	meaning string  // in words
	want    string  // the values that it takes
	unset   string  // said instead of the default where a config has none
	later   bool    // counts in Hash only when it is not at its default
	file    *string // the value, if it is the path of something to be read; nil if not
	// text marks a key whose override is taken letter for letter, not as YAML.
	text bool
	// read stores the node's value, or reports what is wrong with it.
	read func(n *yaml.Node, report reporter)
	// write returns the value as YAML, or nil when the key is not in use.
	write func() *yaml.Node
}

// reporter takes a fault: the node at which it is, the part of the key below
// the field's own ("" or "[0].rate"), and the problem.
type reporter func(n *yaml.Node, below, problem string)

// says completes a field by its unit and meaning.
func (f field) says(unit, meaning string) field {
	f.unit, f.meaning = unit, meaning
	return f
}

// without says what holds where the key is not given and has no default.
func (f field) without(unset string) field {
	f.unset = unset
	return f
}

// added marks a key that came after runs and sweeps had been made without it: a config that leaves it at its default has
// the hash that it had before there was the key.
func (f field) added() field {
	f.later = true
	return f
}

// got says what stands where want was expected.
func got(n *yaml.Node, want string) string {
	return "got " + describe(n) + ", want " + want
}

// describe names a node's value for a fault.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "a section"
	case n.ShortTag() == "!!null":
		return "nothing"
	case n.ShortTag() == "!!str":
		return `"` + shorten(n.Value, 40) + `"`
	}
	return shorten(n.Value, 40)
}

// scalar returns the YAML of a plain value.
func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

// text is a string key; check returns what is wanted, or "" if s is that.
func text(key string, dst *string, check func(s string) (want string)) field {
	return field{
		key: key, text: true, want: check(unacceptable),
		read: func(n *yaml.Node, report reporter) {
			if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
				report(n, "", got(n, "a text"))
			} else if want := check(n.Value); want != "" {
				report(n, "", got(scalar("!!str", n.Value), want))
			} else {
				*dst = n.Value
			}
		},
		write: func() *yaml.Node { return scalar("!!str", *dst) },
	}
}

// unacceptable is a text that no check takes and that is like no name, so that a check's answer to it is what it wants.
var unacceptable = strings.Repeat("\x00", 5000)

// source is a key for the path of something that is read. Load makes it absolute.
func source(key string, dst *string) field {
	f := text(key, dst, path)
	f.want, f.file = "a path", dst
	return f
}

func oneOf(names ...string) func(string) string {
	return func(s string) string {
		for _, name := range names {
			if s == name {
				return ""
			}
		}
		want := "one of " + strings.Join(names, ", ")
		if near := nearest(s, names); near != "" {
			want += " (did you mean " + near + "?)"
		}
		return want
	}
}

var runNames = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// runName keeps a run inside the output folder: no separators, no leading dot.
func runName(s string) string {
	if runNames.MatchString(s) {
		return ""
	}
	return "a name of at most 64 letters, digits, dots, dashes and underscores that begins with a letter or digit"
}

// path is one that the resolved file can hold.
func path(s string) string {
	if len(s) > 4096 || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "a path in UTF-8 without control characters"
	}
	return ""
}

func folder(s string) string {
	if s == "" {
		return "a folder"
	}
	return path(s)
}

// whole is an integer key of low..high.
func whole(key string, dst *int, low, high int) field {
	return field{
		key: key, want: wholeRange(low, high),
		read: func(n *yaml.Node, report reporter) {
			if v, problem := wholeOf(n, low, high); problem != "" {
				report(n, "", problem)
			} else {
				*dst = v
			}
		},
		write: func() *yaml.Node { return scalar("!!int", strconv.Itoa(*dst)) },
	}
}

func wholeRange(low, high int) string { return fmt.Sprintf("a whole number from %d to %d", low, high) }

// leadingZero is a whole number whose leading zero makes it octal in YAML 1.1 and not in YAML 1.2.
var leadingZero = regexp.MustCompile(`^[-+]?0[0-9_]+$`)

// octal says what is wrong with a number whose value depends on the version of YAML, if it is one: 010 is 8 or 10.
func octal(n *yaml.Node, want string) (problem string) {
	if n.Kind != yaml.ScalarNode || n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 || !leadingZero.MatchString(n.Value) {
		return ""
	}
	return got(n, want) + " without a leading zero, which makes it octal for some readers"
}

func wholeOf(n *yaml.Node, low, high int) (v int, problem string) {
	want := wholeRange(low, high)
	if problem := octal(n, want); problem != "" {
		return 0, problem
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || n.Decode(&v) != nil || v < low || v > high {
		return 0, got(n, want)
	}
	return v, ""
}

// seed is a key of 64 unsigned bits.
func seed(key string, dst *uint64) field {
	const want = "a whole number from 0 to 18446744073709551615"
	return field{
		key: key, want: want,
		read: func(n *yaml.Node, report reporter) {
			var v uint64
			if problem := octal(n, want); problem != "" {
				report(n, "", problem)
				return
			}
			if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || n.Decode(&v) != nil {
				report(n, "", got(n, want))
				return
			}
			*dst = v
		},
		write: func() *yaml.Node { return scalar("!!int", strconv.FormatUint(*dst, 10)) },
	}
}

// flag is a key that is true or false.
func flag(key string, dst *bool) field {
	const want = "true or false"
	return field{
		key: key, want: want,
		read: func(n *yaml.Node, report reporter) {
			var v bool
			if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Decode(&v) != nil {
				report(n, "", got(n, want))
				return
			}
			*dst = v
		},
		write: func() *yaml.Node { return scalar("!!bool", strconv.FormatBool(*dst)) },
	}
}

// limits bounds a number; the zero value of a bound's flag leaves it open.
type limits struct {
	low, high         float64
	lowOpen, highOpen bool // the bound itself is outside
}

func above(low float64) limits {
	return limits{low: low, lowOpen: true, high: math.Inf(1), highOpen: true}
}
func from(low float64) limits           { return limits{low: low, high: math.Inf(1), highOpen: true} }
func (l limits) to(h float64) limits    { l.high, l.highOpen = h, false; return l }
func (l limits) below(h float64) limits { l.high, l.highOpen = h, true; return l }

// hold reports whether v is a number within the limits.
func (l limits) hold(v float64) bool {
	return (v > l.low || v == l.low && !l.lowOpen) && (v < l.high || v == l.high && !l.highOpen)
}

func (l limits) String() string {
	low, high := ">=", "<="
	if l.lowOpen {
		low = ">"
	}
	if l.highOpen {
		high = "<"
	}
	if math.IsInf(l.high, 1) {
		return fmt.Sprintf("a number %s %g", low, l.low)
	}
	return fmt.Sprintf("a number %s %g and %s %g", low, l.low, high, l.high)
}

// number is a finite floating-point key.
func number(key string, dst *float64, l limits) field {
	return field{
		key: key, want: l.String(),
		read: func(n *yaml.Node, report reporter) {
			if v, problem := numberOf(n, l); problem != "" {
				report(n, "", problem)
			} else {
				*dst = v
			}
		},
		write: func() *yaml.Node { return numberNode(*dst) },
	}
}

func numberOf(n *yaml.Node, l limits) (v float64, problem string) {
	if problem := octal(n, l.String()); problem != "" {
		return 0, problem
	}
	tag := n.ShortTag()
	if n.Kind != yaml.ScalarNode || tag != "!!int" && tag != "!!float" || n.Decode(&v) != nil {
		return 0, got(n, l.String())
	}
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, got(n, "a finite number")
	}
	if !l.hold(v) {
		return 0, got(n, l.String())
	}
	return v, ""
}

func numberNode(v float64) *yaml.Node {
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if _, err := strconv.Atoi(s); err == nil {
		return scalar("!!int", s)
	}
	return scalar("!!float", s)
}

// optional leaves a field out of the resolved file unless it is in use.
func optional(f field, used func() bool) field {
	write := f.write
	f.write = func() *yaml.Node {
		if !used() {
			return nil
		}
		return write()
	}
	return f
}
