package models

import (
	"fmt"
	"math"
	"strings"

	"gopkg.in/yaml.v3"
)

// LayerErrors holds every fault of a list of layers, in the order of the file.
type LayerErrors []*LayerError

// Error returns one line for each fault.
func (e LayerErrors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes each fault reachable by errors.As.
func (e LayerErrors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// ParseLayers reads a net's layers from YAML, a list such as
//
//   - conv: {size: 3, out: 16, stride: 1, pad: same, bias: false, name: first}
//   - batch_norm
//   - leaky_relu: {slope: 0.1}
//   - max_pool: {size: 2, stride: 2, pad: 0}
//   - dropout: 0.5
//   - residual: {body: [{conv: {size: 3, out: 16, pad: same}}, relu], shortcut: projection}
//   - global_avg_pool
//   - dense: {out: classes, init: {normal: 0.01}, multipliers: {weights: 1, biases: 2}}
//
// pad is a number of pixels, [top, bottom, left, right], valid (none) or same: size − 1 in each direction, the
// smaller half before the image, so that stride 1 keeps its size. The layers carry their positions. The error is
// a LayerErrors with every fault. Whether the layers fit together is for Spec.Summary to say.
func ParseLayers(n *yaml.Node) ([]Layer, error) {
	p := &layerParser{}
	layers := p.list(n, "", 0)
	if len(p.faults) > 0 {
		return nil, p.faults
	}
	return layers, nil
}

// ParseInit reads the rule for initial weights: he, xavier or {normal: σ}. The error is a LayerErrors.
func ParseInit(n *yaml.Node) (Init, error) {
	p := &layerParser{}
	init := p.init(n, "")
	if len(p.faults) > 0 {
		return Init{}, p.faults
	}
	return init, nil
}

// maxDepth bounds the nesting that is followed; a residual inside a residual is refused later, with its shape.
const maxDepth = 4

// layerParser gathers the faults.
type layerParser struct {
	faults LayerErrors
	total  int
}

func (p *layerParser) fault(n *yaml.Node, path, format string, args ...any) {
	p.faults = append(p.faults, &LayerError{At: Position{n.Line, n.Column}, Path: path, Problem: fmt.Sprintf(format, args...)})
}

// layerKinds reads each kind of layer from its options.
var layerKinds []layerKind

type layerKind struct {
	name    string
	example string
	options []string
	// read makes the layer; o is nil where the kind stands without options.
	read func(p *layerParser, o *options, at Position) Layer
}

func init() { // not at the declaration: the residual's reader reads layers
	learned := []string{"name", "bias", "init", "multipliers"}
	pool := []string{"size", "stride", "pad"}
	layerKinds = []layerKind{
		{"conv", "conv: {size: 3, out: 16, pad: same}", append([]string{"size", "out", "stride", "pad"}, learned...), readConv},
		{"dense", "dense: {out: classes}", append([]string{"out"}, learned...), readDense},
		{"batch_norm", "batch_norm", []string{"name"}, func(p *layerParser, o *options, at Position) Layer {
			return BatchNorm{Name: o.name(), At: at}
		}},
		{"relu", "relu", nil, func(_ *layerParser, _ *options, at Position) Layer { return ReLU{At: at} }},
		{"leaky_relu", "leaky_relu: {slope: 0.1}", []string{"slope"}, func(p *layerParser, o *options, at Position) Layer {
			return LeakyReLU{Slope: o.share("slope", 0.01), At: at}
		}},
		{"max_pool", "max_pool: {size: 2, stride: 2}", pool, func(p *layerParser, o *options, at Position) Layer {
			size := o.whole("size", 1, 16, 0)
			return MaxPool{Size: size, Stride: o.whole("stride", 1, maxStride, size), Pad: o.pad(size), At: at}
		}},
		{"avg_pool", "avg_pool: {size: 2, stride: 2}", pool, func(p *layerParser, o *options, at Position) Layer {
			size := o.whole("size", 1, maxSize, 0)
			return AvgPool{Size: size, Stride: o.whole("stride", 1, maxStride, size), Pad: o.pad(size), At: at}
		}},
		{"global_avg_pool", "global_avg_pool", nil, func(_ *layerParser, _ *options, at Position) Layer { return GlobalAvgPool{At: at} }},
		{"dropout", "dropout: 0.5", []string{"rate"}, func(p *layerParser, o *options, at Position) Layer {
			return Dropout{Rate: o.share("rate", math.NaN()), At: at}
		}},
		{"residual", "residual: {body: [...], shortcut: identity}", []string{"body", "shortcut", "name"}, readResidual},
	}
}

func readConv(p *layerParser, o *options, at Position) Layer {
	c := Conv{Name: o.name(), Size: o.whole("size", 1, maxSize, 0), Out: o.outputs(), At: at}
	if c.Stride = o.whole("stride", 1, maxStride, 1); c.Stride == 1 {
		c.Stride = 0
	}
	c.Pad = o.pad(c.Size)
	c.NoBias = !o.flag("bias", true)
	c.Init, c.Rate = o.init(), o.multipliers()
	return c
}

func readDense(p *layerParser, o *options, at Position) Layer {
	return Dense{Name: o.name(), Out: o.outputs(), NoBias: !o.flag("bias", true), Init: o.init(), Rate: o.multipliers(), At: at}
}

func readResidual(p *layerParser, o *options, at Position) Layer {
	r := Residual{Name: o.name(), At: at}
	if body, ok := o.value("body"); !ok {
		o.missing("body")
	} else {
		r.Body = p.list(body, o.path+".body", o.depth+1)
	}
	if n, ok := o.value("shortcut"); ok {
		switch {
		case n.Kind == yaml.ScalarNode && n.Value == "identity":
		case n.Kind == yaml.ScalarNode && n.Value == "projection":
			r.Projection = true
		default:
			p.fault(n, o.path+".shortcut", "got %s, want identity or projection%s", describe(n), didYouMean(n, "identity", "projection"))
		}
	}
	return r
}

// list reads a list of layers.
func (p *layerParser) list(n *yaml.Node, path string, depth int) []Layer {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		p.fault(n, path, "got %s, want a list of layers, such as [%s, relu]", describe(n), "conv: {size: 3, out: 16, pad: same}")
		return nil
	}
	if depth > maxDepth {
		p.fault(n, path, "residuals nested %d deep", depth)
		return nil
	}
	if p.total += len(n.Content); p.total > maxLayers {
		p.fault(n, path, "more than %d layers", maxLayers)
		return nil
	}
	layers := make([]Layer, 0, len(n.Content))
	for i, item := range n.Content {
		if l := p.layer(item, fmt.Sprintf("%s[%d]", path, i), depth); l != nil {
			layers = append(layers, l)
		}
	}
	return layers
}

// layer reads one layer: a kind's name, or a mapping of that name to options.
func (p *layerParser) layer(n *yaml.Node, path string, depth int) Layer {
	name, value := n, (*yaml.Node)(nil)
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 {
		name, value = n.Content[0], n.Content[1]
	}
	if name.Kind != yaml.ScalarNode || name.ShortTag() != "!!str" {
		if n.Kind == yaml.MappingNode && len(n.Content) > 2 {
			p.fault(n, path, "got a mapping of %d keys, want one layer an item, its options in braces: %s", len(n.Content)/2, layerKinds[0].example)
		} else {
			p.fault(n, path, "got %s, want a layer, such as relu or %s", describe(n), layerKinds[0].example)
		}
		return nil
	}
	for _, k := range layerKinds {
		if k.name != name.Value {
			continue
		}
		o := p.options(k, name, value, path, depth)
		if o == nil {
			return nil
		}
		return k.read(p, o, Position{name.Line, name.Column})
	}
	var names []string
	for _, k := range layerKinds {
		names = append(names, k.name)
	}
	p.fault(name, path, "unknown layer %q, want one of %s%s", shorten(name.Value, 40), strings.Join(names, ", "), didYouMean(name, names...))
	return nil
}
