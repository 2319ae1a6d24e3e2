package models

import (
	"strconv"

	"gopkg.in/yaml.v3"
)

// FormatLayers is the YAML of layers, which ParseLayers reads back to equal layers but for their positions.
// Options at their defaults are left out.
func FormatLayers(layers []Layer) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, l := range layers {
		list.Content = append(list.Content, formatLayer(l))
	}
	return list
}

// FormatNet is the YAML of a whole net but for its name, which ParseNet reads back to an equal one but for the positions
// of its layers.
func FormatNet(s Spec) []byte {
	net := inline("classes", wholeNode(s.Classes))
	net.Style = 0
	input := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, n := range []int{s.Input.H, s.Input.W, s.Input.C} {
		input.Content = append(input.Content, wholeNode(n))
	}
	add(net, "input", input)
	if s.Init != (Init{}) {
		add(net, "init", FormatInit(s.Init))
	}
	add(net, "layers", FormatLayers(s.Layers))
	text, err := yaml.Marshal(net)
	if err != nil {
		panic(err) // a tree of our own making
	}
	return text
}

// FormatInit is the YAML of a rule for initial weights.
func FormatInit(i Init) *yaml.Node {
	switch i.Rule {
	case InitXavier:
		return textNode("xavier")
	case InitNormal:
		return inline("normal", numberNode(i.Sigma))
	}
	return textNode("he")
}

func formatLayer(l Layer) *yaml.Node {
	switch l := l.(type) {
	case Conv:
		o := inline("size", wholeNode(l.Size), "out", outNode(l.Out))
		if l.Stride > 1 {
			add(o, "stride", wholeNode(l.Stride))
		}
		addPad(o, l.Pad)
		addLearned(o, l.Name, l.NoBias, l.Init, l.Rate)
		return under("conv", o)
	case Dense:
		o := inline("out", outNode(l.Out))
		addLearned(o, l.Name, l.NoBias, l.Init, l.Rate)
		return under("dense", o)
	case BatchNorm:
		if l.Name != "" {
			return under("batch_norm", inline("name", textNode(l.Name)))
		}
		return textNode("batch_norm")
	case ReLU:
		return textNode("relu")
	case LeakyReLU:
		return under("leaky_relu", inline("slope", numberNode(l.Slope)))
	case MaxPool:
		return under("max_pool", formatPool(l.Size, l.Stride, l.Pad))
	case AvgPool:
		return under("avg_pool", formatPool(l.Size, l.Stride, l.Pad))
	case GlobalAvgPool:
		return textNode("global_avg_pool")
	case Dropout:
		return under("dropout", numberNode(l.Rate))
	case Residual:
		o := &yaml.Node{Kind: yaml.MappingNode}
		add(o, "body", FormatLayers(l.Body))
		add(o, "shortcut", textNode(l.shortcut()))
		if l.Name != "" {
			add(o, "name", textNode(l.Name))
		}
		return under("residual", o)
	}
	return textNode(l.Label())
}

func formatPool(size, stride int, pad Pad) *yaml.Node {
	o := inline("size", wholeNode(size), "stride", wholeNode(strideOr(stride, size)))
	addPad(o, pad)
	return o
}

func addPad(o *yaml.Node, p Pad) {
	switch {
	case p == Pad{}:
	case p == Same(p.Top):
		add(o, "pad", wholeNode(p.Top))
	default:
		add(o, "pad", &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle,
			Content: []*yaml.Node{wholeNode(p.Top), wholeNode(p.Bottom), wholeNode(p.Left), wholeNode(p.Right)}})
	}
}

func addLearned(o *yaml.Node, name string, noBias bool, init Init, rate *Multiplier) {
	if name != "" {
		add(o, "name", textNode(name))
	}
	if noBias {
		add(o, "bias", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"})
	}
	if init.Rule != InitDefault {
		add(o, "init", FormatInit(init))
	}
	if rate != nil {
		add(o, "multipliers", inline("weights", numberNode(rate.Weights), "biases", numberNode(rate.Biases)))
	}
}

// inline is a mapping in braces of keys and values by turns.
func inline(pairs ...any) *yaml.Node {
	o := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	for i := 0; i < len(pairs); i += 2 {
		add(o, pairs[i].(string), pairs[i+1].(*yaml.Node))
	}
	return o
}

func add(o *yaml.Node, key string, value *yaml.Node) {
	o.Content = append(o.Content, textNode(key), value)
}

func under(key string, value *yaml.Node) *yaml.Node {
	o := &yaml.Node{Kind: yaml.MappingNode}
	add(o, key, value)
	return o
}

func textNode(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
}

func outNode(n int) *yaml.Node {
	if n == OutClasses {
		return textNode("classes")
	}
	return wholeNode(n)
}

func wholeNode(v int) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(v)}
}

func numberNode(v float64) *yaml.Node {
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if _, err := strconv.Atoi(s); err == nil {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: s}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: s}
}
