package configs

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxTrials bounds a sweep.
const maxTrials = 10000

// Sweep is a set of runs that differ in some keys: a file like
//
//	config: lenet_mnist.yaml
//	method: grid            # every combination; random draws `trials` of them
//	parameters:
//	  train.learning_rate: {min: 0.0001, max: 0.1, count: 7, scale: log}
//	  train.seed: [1, 2]
//	overrides: {train.epochs: 5}
type Sweep struct {
	Name   string // of the file
	Base   string // the config that the trials vary
	Trials []Trial
	Prune  bool // end a trial whose verdict is hopeless before its last epoch
}

// Trial is one run of a sweep.
type Trial struct {
	Index  int      // from 0, the same at every reading of the file
	Name   string   // of the run's folder: trial-0003
	Set    []string // what the trial varies, as "key=value", parameters in the file's order
	Config Config
}

// axis is one parameter of a sweep: its listed values, or a range.
type axis struct {
	key      string
	where    place
	values   []string
	min, max float64
	log      bool
}

// sweepReading gathers a sweep file.
type sweepReading struct {
	reading
	folder    string // of the file; "" for a preset
	base      string
	method    string
	trials    int
	seed      uint64
	prune     bool
	axes      []axis
	overrides []string
}

// LoadSweep reads the sweep of that name or path and every trial's config; set are overrides for all trials.
// Faults come back all at once as FieldErrors.
func LoadSweep(nameOrPath string, set []string) (Sweep, error) {
	data, found, err := Read(nameOrPath)
	if err != nil {
		return Sweep{}, err
	}
	folder := ""
	if !found.Preset {
		folder = filepath.Dir(found.Name)
	}
	return parseSweep(found.Name, folder, data, set)
}

// ParseSweep is LoadSweep for a file already in memory.
func ParseSweep(file string, data []byte, set []string) (Sweep, error) {
	return parseSweep(file, "", data, set)
}

// parseSweep is ParseSweep for a file in a folder, in which its relative paths are looked for first.
func parseSweep(file, folder string, data []byte, set []string) (Sweep, error) {
	r := sweepReading{reading: reading{file: file, given: map[string]place{}}, folder: folder, method: "grid", seed: 1}
	r.sweepDocument(data)
	if len(r.faults) == 0 {
		r.settleSweep()
	}
	if len(r.faults) > 0 {
		r.faults.sort()
		return Sweep{}, r.faults
	}
	return r.expand(set)
}

// sweepDocument reads the file's keys.
func (r *sweepReading) sweepDocument(data []byte) {
	root, ok := r.root(data, "sweep")
	if !ok {
		return
	}
	if root == nil || root.Kind != yaml.MappingNode {
		r.fault(place{line: 1, column: 1}, "", "want keys: "+strings.Join(sweepKeys, ", "))
		return
	}
	if !r.plain(root) {
		return
	}
	for _, name := range []string{"model", "train"} {
		if k := keyOf(root, name); k != nil {
			r.fault(at(k), "", "this file describes one run; train it with: train --config "+r.file)
			return
		}
	}
	r.pairs(root, func(k, v *yaml.Node) { r.sweepKey(k, v) })
}

var sweepKeys = []string{"config", "method", "trials", "seed", "prune", "parameters", "overrides"}

// pairs calls f for every key of a mapping, each once.
func (r *sweepReading) pairs(n *yaml.Node, f func(k, v *yaml.Node)) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if seen[k.Value] {
			r.fault(at(k), k.Value, "given twice")
			continue
		}
		seen[k.Value] = true
		f(k, n.Content[i+1])
	}
}

func (r *sweepReading) sweepKey(k, v *yaml.Node) {
	decode := func(dst any, want string) {
		if problem := octal(v, want); problem != "" {
			r.fault(at(v), k.Value, problem)
		} else if v.Kind != yaml.ScalarNode || v.Decode(dst) != nil {
			r.fault(at(v), k.Value, got(v, want))
		}
	}
	switch k.Value {
	case "config":
		decode(&r.base, "the name or path of a config")
	case "method":
		if decode(&r.method, "grid or random"); r.method != "grid" && r.method != "random" {
			r.fault(at(v), k.Value, got(v, "grid or random"))
		}
	case "trials":
		if decode(&r.trials, "a whole number"); r.trials < 1 || r.trials > maxTrials {
			r.fault(at(v), k.Value, got(v, fmt.Sprintf("a whole number from 1 to %d", maxTrials)))
		}
	case "seed":
		decode(&r.seed, "a whole number >= 0")
	case "prune":
		decode(&r.prune, "true or false")
	case "parameters":
		r.parameters(v)
	case "overrides":
		if v.Kind != yaml.MappingNode {
			r.fault(at(v), k.Value, got(v, "keys of a config with their values"))
			return
		}
		r.pairs(v, func(k, v *yaml.Node) {
			if r.known(k) {
				r.overrides = append(r.overrides, k.Value+"="+flow(v))
			}
		})
	default:
		problem := "unknown key"
		if near := nearest(k.Value, sweepKeys); near != "" {
			problem += ", did you mean " + near + "?"
		}
		r.fault(at(k), k.Value, problem+"; the keys are "+strings.Join(sweepKeys, ", "))
	}
}

// known says whether k is a key of a config; it is a fault if not.
func (r *sweepReading) known(k *yaml.Node) bool {
	if slices.Contains(Keys(), k.Value) {
		return true
	}
	r.fault(at(k), k.Value, unknown(k.Value))
	return false
}

func (r *sweepReading) parameters(n *yaml.Node) {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		r.fault(at(n), "parameters", got(n, "keys of a config, each with a list of values or a range"))
		return
	}
	r.pairs(n, func(k, v *yaml.Node) {
		if !r.known(k) {
			return
		}
		a := axis{key: k.Value, where: at(k)}
		switch v.Kind {
		case yaml.SequenceNode:
			for _, item := range v.Content {
				a.values = append(a.values, flow(item))
			}
			if len(a.values) == 0 {
				r.fault(at(v), k.Value, "an empty list; want at least one value")
				return
			}
		case yaml.MappingNode:
			if !r.interval(k.Value, v, &a) {
				return
			}
		default:
			a.values = []string{flow(v)}
		}
		r.axes = append(r.axes, a)
	})
}

// interval reads {min, max, count, scale}; count values are spread over it evenly, or by equal factors.
func (r *sweepReading) interval(key string, n *yaml.Node, a *axis) bool {
	var in struct {
		Min, Max float64
		Count    int
		Scale    string
	}
	in.Scale = "linear"
	before := len(r.faults)
	r.pairs(n, func(k, v *yaml.Node) {
		dst := map[string]any{"min": &in.Min, "max": &in.Max, "count": &in.Count, "scale": &in.Scale}[k.Value]
		if dst == nil {
			r.fault(at(k), key+"."+k.Value, "unknown key; a range has min, max, count and scale")
		} else if problem := octal(v, "a number"); problem != "" {
			r.fault(at(v), key+"."+k.Value, problem)
		} else if v.Decode(dst) != nil {
			r.fault(at(v), key+"."+k.Value, got(v, "a number (scale: linear or log)"))
		}
	})
	finite := !math.IsInf(in.Min, 0) && !math.IsInf(in.Max, 0)
	switch {
	case len(r.faults) > before:
	case !finite || !(in.Min < in.Max):
		r.fault(at(n), key, fmt.Sprintf("a range from %g to %g; want min < max", in.Min, in.Max))
	case in.Scale != "linear" && in.Scale != "log":
		r.fault(at(n), key, fmt.Sprintf("scale %q; want linear or log", shorten(in.Scale, 20)))
	case in.Scale == "log" && in.Min <= 0:
		r.fault(at(n), key, fmt.Sprintf("a logarithmic range from %g; want min > 0", in.Min))
	case in.Count < 0 || in.Count == 1 || in.Count > maxTrials:
		r.fault(at(n), key, fmt.Sprintf("count %d; want a whole number from 2 to %d", in.Count, maxTrials))
	}
	a.min, a.max, a.log = in.Min, in.Max, in.Scale == "log"
	if len(r.faults) > before {
		return false
	}
	for i := range in.Count {
		a.values = append(a.values, number4(a.point(float64(i)/float64(in.Count-1))))
	}
	return true
}

// point is the value at fraction f of a range.
func (a axis) point(f float64) float64 {
	if a.log {
		return a.min * math.Pow(a.max/a.min, f)
	}
	return a.min + (a.max-a.min)*f
}

// number4 rounds to four significant digits, so that a grid's values read well.
func number4(v float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	if err != nil {
		rounded = v
	}
	return strconv.FormatFloat(rounded, 'g', -1, 64)
}

// flow is a value as it can stand behind "key=".
func flow(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return n.Value
	}
	c := *n
	c.Style = yaml.FlowStyle
	return strings.TrimSpace(string(encode(&c)))
}

// settleSweep checks keys against each other.
func (r *sweepReading) settleSweep() {
	top := place{line: 1, column: 1}
	if r.base == "" {
		r.fault(top, "config", "missing, want the name or path of the config that the trials vary")
	}
	if len(r.axes) == 0 {
		r.fault(top, "parameters", "missing, want the keys that the trials vary")
	}
	if r.method == "random" && r.trials == 0 {
		r.fault(top, "trials", "missing, want the number of random trials")
	}
	product := 1
	for _, a := range r.axes {
		if r.method == "grid" && len(a.values) == 0 {
			r.fault(a.where, a.key, "a range without count; a grid wants one")
		}
		product = min(product*max(1, len(a.values)), maxTrials+1)
	}
	if r.method == "grid" && product > maxTrials {
		r.fault(top, "parameters", fmt.Sprintf("the grid has more than %d trials", maxTrials))
	}
}

// expand makes the trials and resolves each one's config.
func (r *sweepReading) expand(set []string) (Sweep, error) {
	s := Sweep{Name: nameOf(r.file), Base: r.base, Prune: r.prune}
	base := r.beside(r.base)
	overrides := r.sources(r.overrides)
	for i, varied := range r.combinations() {
		t := Trial{Index: i, Name: fmt.Sprintf("trial-%04d", i), Set: varied}
		c, err := Load(base, slices.Concat(overrides, set, r.sources(varied)))
		if err != nil {
			return Sweep{}, fmt.Errorf("sweep %s, trial %d (%s): %w", r.file, i, strings.Join(varied, " "), err)
		}
		c.Name = t.Name
		t.Config = c
		s.Trials = append(s.Trials, t)
	}
	return s, nil
}

// beside is a path as it is found from the working directory: in the sweep file's folder if there is something there.
func (r *sweepReading) beside(path string) string {
	if r.folder == "" || path == "" || filepath.IsAbs(path) {
		return path
	}
	if at, found := lookFor(path, []string{r.folder}); found {
		return at
	}
	return path
}

// sources are assignments "key=value" whose paths are found from the working directory.
func (r *sweepReading) sources(assignments []string) []string {
	var c Config
	isSource := map[string]bool{}
	for _, f := range c.fields() {
		isSource[f.key] = f.file != nil
	}
	out := slices.Clone(assignments)
	for i, a := range out {
		if key, value, _ := strings.Cut(a, "="); isSource[key] {
			out[i] = key + "=" + r.beside(value)
		}
	}
	return out
}

// combinations lists what each trial sets: for a grid the first parameter varies slowest.
func (r *sweepReading) combinations() [][]string {
	if r.method == "random" {
		rng := rand.New(rand.NewPCG(r.seed, 0))
		out := make([][]string, r.trials)
		for i := range out {
			for _, a := range r.axes {
				v := ""
				if len(a.values) > 0 {
					v = a.values[rng.IntN(len(a.values))]
				} else {
					v = number4(a.point(rng.Float64()))
				}
				out[i] = append(out[i], a.key+"="+v)
			}
		}
		return out
	}
	out := [][]string{nil}
	for _, a := range r.axes {
		var next [][]string
		for _, prefix := range out {
			for _, v := range a.values {
				next = append(next, append(slices.Clone(prefix), a.key+"="+v))
			}
		}
		out = next
	}
	return out
}
