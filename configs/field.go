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

// Names that model.name and data.name may have. That the nets and the data of
// these names exist is tested where both are known, in cmd/train.
var (
	Models = []string{"lenet-mnist", "lenet-cifar10", "lenet-cifar10-half", "lenet-cifar10-double",
		"nin-cifar10", "nin-cifar10-narrow"}
	DataSets = []string{"mnist", "fashion-mnist", "cifar10", "digits"}
)

// neutral holds the keys that leave a run's numbers as they are, and do not count
// in Hash and Diff: where things lie, what is written, and how many cores work.
var neutral = map[string]bool{
	"name": true, "data.dir": true, "train.workers": true, "output.dir": true,
	"output.checkpoint_every": true, "output.checkpoint_minutes": true,
	"output.tensorboard": true, "output.report": true, "gain.save_spectra": true,
}

// field ties one key to its place in a Config.
type field struct {
	key string
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

// FreeKeys returns the keys that may differ between a run and its resumption:
// those that leave the numbers as they are, and the number of epochs, of which
// no epoch's numbers depend.
func FreeKeys() []string {
	free := []string{"train.epochs"}
	for _, key := range Keys() {
		if neutral[key] {
			free = append(free, key)
		}
	}
	return free
}

// fields lists every key in the order of the resolved file. It is the only
// list of them: reading, checking, writing, Hash and Diff follow it.
func (c *Config) fields() []field {
	return []field{
		text("name", &c.Name, runName),
		text("model.name", &c.Model.Name, oneOf(Models...)),
		text("data.name", &c.Data.Name, oneOf(DataSets...)),
		text("data.dir", &c.Data.Dir, path),
		whole("data.train_count", &c.Data.TrainCount, 0, 10_000_000),
		whole("data.val_count", &c.Data.ValCount, 0, 10_000_000),
		flag("data.use_all", &c.Data.UseAll),
		number("data.holdout", &c.Data.Holdout, from(0).to(0.9)),
		number("data.label_noise", &c.Data.LabelNoise, from(0).to(1)),
		whole("train.epochs", &c.Train.Epochs, 1, 1_000_000),
		whole("train.batch_size", &c.Train.BatchSize, 1, 10_000),
		optional(number("train.learning_rate", &c.Train.LearningRate, above(0)),
			func() bool { return c.Train.Schedule == nil }),
		schedule("train.schedule", &c.Train.Schedule),
		number("train.momentum", &c.Train.Momentum, from(0).below(1)),
		number("train.weight_decay", &c.Train.WeightDecay, from(0)),
		seed("train.seed", &c.Train.Seed),
		whole("train.workers", &c.Train.Workers, 0, 1024),
		whole("gain.every", &c.Gain.Every, 0, 1_000_000),
		number("gain.impulse", &c.Gain.Impulse, above(0)),
		text("gain.window", &c.Gain.Window, oneOf("hann", "none")),
		text("gain.projection", &c.Gain.Projection, oneOf("inverse-score", "one")),
		text("gain.image", &c.Gain.Image, path),
		flag("gain.save_spectra", &c.Gain.SaveSpectra),
		whole("gain.positions", &c.Gain.Positions, 0, 100),
		flag("gain.population", &c.Gain.Population),
		text("gain.images", &c.Gain.Images, oneOf("train", "noise")),
		flag("gain.shifts", &c.Gain.Shifts),
		flag("gain.changes", &c.Gain.Changes),
		text("diagnosis.calibration", &c.Diagnosis.Calibration, path),
		text("stop.rule", &c.Stop.Rule, oneOf("none", "gain", "validation")),
		whole("stop.patience", &c.Stop.Patience, 1, 1_000_000),
		flag("stop.on_overfitting", &c.Stop.OnOverfitting),
		flag("stop.on_convergence", &c.Stop.OnConvergence),
		text("output.dir", &c.Output.Dir, folder),
		whole("output.checkpoint_every", &c.Output.CheckpointEvery, 0, 1_000_000),
		number("output.checkpoint_minutes", &c.Output.CheckpointMinutes, from(0)),
		flag("output.tensorboard", &c.Output.TensorBoard),
		flag("output.report", &c.Output.Report),
	}
}

// Keys returns every key of a config in the order of the resolved file.
func Keys() []string {
	var c Config
	var keys []string
	for _, f := range c.fields() {
		keys = append(keys, f.key)
	}
	return keys
}

// sections returns the known sections in order: "model", "data", ….
func sections() []string {
	var names []string
	for _, key := range Keys() {
		section, _, nested := strings.Cut(key, ".")
		if nested && (len(names) == 0 || names[len(names)-1] != section) {
			names = append(names, section)
		}
	}
	return names
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
		key: key, text: true,
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
		key: key,
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

func wholeOf(n *yaml.Node, low, high int) (v int, problem string) {
	want := fmt.Sprintf("a whole number from %d to %d", low, high)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || n.Decode(&v) != nil || v < low || v > high {
		return 0, got(n, want)
	}
	return v, ""
}

// seed is a key of 64 unsigned bits.
func seed(key string, dst *uint64) field {
	return field{
		key: key,
		read: func(n *yaml.Node, report reporter) {
			var v uint64
			if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || n.Decode(&v) != nil {
				report(n, "", got(n, "a whole number from 0 to 18446744073709551615"))
				return
			}
			*dst = v
		},
		write: func() *yaml.Node { return scalar("!!int", strconv.FormatUint(*dst, 10)) },
	}
}

// flag is a key that is true or false.
func flag(key string, dst *bool) field {
	return field{
		key: key,
		read: func(n *yaml.Node, report reporter) {
			var v bool
			if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Decode(&v) != nil {
				report(n, "", got(n, "true or false"))
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
		key: key,
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
