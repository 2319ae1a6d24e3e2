package onnx

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// What is written: the operator set, and the version of the file format that it belongs to.
const (
	writtenOpset     = 17
	writtenIRVersion = 8
)

// Names in the files that Write makes, and the keys of their metadata. The recipe is under datasets.RecipeKey.
const (
	InputName  = "pixels"
	OutputName = "logits"
	ClassesKey = "classes" // a JSON list of the classes' names
	ModelKey   = "model"   // the net's name
	// preprocessedName is the value behind the preprocessing, which the layers take; preprocessedKey names it.
	preprocessedName = "preprocessed"
	preprocessedKey  = "preprocessed"
)

// normEpsilon is added to the variance in models.BatchNorm.
const normEpsilon = 1e-5

// producer is what the files say of the program that wrote them.
const producer = "maxgain"

// Write writes a net in evaluation mode as an ONNX file of operator set 17. Its input "pixels" [N,C,H,W], for any N, is
// float32: raw images as the recipe takes them, pictures as 0 to 255 in the channels' order of the training images; the
// preprocessing is part of the graph. Its output is "logits" [N,classes]. The metadata hold the names of the classes and
// the recipe. A nil recipe writes the net alone, whose input is what it was trained on.
func Write(w io.Writer, net *models.Net, recipe *datasets.Recipe) error {
	spec := net.Spec()
	e := &exporter{params: net.Params(), classes: spec.Classes}
	at := feature{name: InputName, shape: spec.Input}
	m := &wire.Model{IRVersion: writtenIRVersion, Producer: producer, Opsets: map[string]int64{"": writtenOpset},
		Metadata: []wire.Entry{{Key: ModelKey, Value: spec.Name}}}
	if recipe != nil {
		if recipe.H != spec.Input.H || recipe.W != spec.Input.W || recipe.C != spec.Input.C || len(recipe.ClassNames) != spec.Classes {
			return fmt.Errorf("onnx: a net of %v and %d classes does not go with preprocessing of %d×%d×%d and %d classes",
				spec.Input, spec.Classes, recipe.H, recipe.W, recipe.C, len(recipe.ClassNames))
		}
		text, _ := recipe.Encode()
		names, err := json.Marshal(recipe.ClassNames)
		if err != nil {
			return fmt.Errorf("onnx: names of classes: %w", err)
		}
		m.Metadata = append(m.Metadata, wire.Entry{Key: ClassesKey, Value: string(names)}, wire.Entry{Key: datasets.RecipeKey, Value: text})
		if at = e.prepare(at, recipe); at.name != InputName {
			at.name = e.node("Identity", preprocessedName, []string{at.name})
			m.Metadata = append(m.Metadata, wire.Entry{Key: preprocessedKey, Value: preprocessedName})
		}
	}
	at, err := e.chain(at, spec.Layers)
	if err != nil {
		return err
	}
	if len(e.params) > 0 {
		return fmt.Errorf("onnx: no layer takes %s", e.params[0].Name)
	}
	e.node("Flatten", OutputName, []string{at.name})
	m.Graph = wire.Graph{
		Name: "net", Nodes: e.nodes, Initializers: e.weights,
		Inputs:  []wire.ValueInfo{e.value(InputName, int64(spec.Input.C), int64(spec.Input.H), int64(spec.Input.W))},
		Outputs: []wire.ValueInfo{e.value(OutputName, int64(spec.Classes))},
	}
	if _, err := w.Write(m.Encode(nil)); err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	return nil
}

// feature is a value [N,C,H,W] of the graph that is being written.
type feature struct {
	name  string
	shape models.Shape
}

// exporter collects the nodes and weights of a graph. The parameters are taken off in the order of the layers.
type exporter struct {
	nodes   []*wire.Node
	weights []*wire.Tensor
	params  []*models.Param
	classes int
}

// value is an input or output of any number of rows.
func (e *exporter) value(name string, dims ...int64) wire.ValueInfo {
	v := wire.ValueInfo{Name: name, Type: wire.Float, Ranked: true, Dims: []wire.Dim{{Name: "N"}}}
	for _, d := range dims {
		v.Dims = append(v.Dims, wire.Dim{Value: d})
	}
	return v
}

// node adds a node with one output and returns the output's name, which is made up if out is empty.
func (e *exporter) node(op, out string, in []string, attributes ...wire.Attribute) string {
	name := fmt.Sprintf("%s_%d", op, len(e.nodes))
	if out == "" {
		out = name + "_out"
	}
	e.nodes = append(e.nodes, &wire.Node{Name: name, Op: op, Inputs: in, Outputs: []string{out}, Attributes: attributes})
	return out
}

// weight adds a constant and returns its name.
func (e *exporter) weight(name string, values []float32, dims ...int) string {
	list := make([]int64, len(dims))
	for i, d := range dims {
		list[i] = int64(d)
	}
	e.weights = append(e.weights, wire.NewFloats(name, list, values))
	return name
}

// param takes the next parameter and returns its name.
func (e *exporter) param() (string, error) {
	if len(e.params) == 0 {
		return "", fmt.Errorf("onnx: the net has fewer parameters than its layers")
	}
	p := e.params[0]
	e.params = e.params[1:]
	return e.weight(p.Name, p.Export(p.Value), p.Shape...), nil
}

// inputs are a value and the next n parameters.
func (e *exporter) inputs(of feature, n int) ([]string, error) {
	in := []string{of.name}
	for range n {
		name, err := e.param()
		if err != nil {
			return nil, err
		}
		in = append(in, name)
	}
	return in, nil
}

// chain adds layers, one behind the other.
func (e *exporter) chain(at feature, layers []models.Layer) (feature, error) {
	for _, l := range layers {
		var err error
		if at, err = e.layer(at, l); err != nil {
			return at, err
		}
	}
	return at, nil
}

// layer adds one layer.
func (e *exporter) layer(at feature, l models.Layer) (feature, error) {
	switch l := l.(type) {
	case models.Conv:
		return e.conv(at, l)
	case models.Dense:
		return e.dense(at, l)
	case models.BatchNorm:
		in, err := e.inputs(at, 4)
		if err != nil {
			return at, err
		}
		at.name = e.node("BatchNormalization", "", in, wire.FloatAttribute("epsilon", normEpsilon))
	case models.ReLU:
		at.name = e.node("Relu", "", []string{at.name})
	case models.LeakyReLU:
		at.name = e.node("LeakyRelu", "", []string{at.name}, wire.FloatAttribute("alpha", float32(l.Slope)))
	case models.MaxPool:
		return e.pool(at, "MaxPool", l.Size, l.Stride, l.Pad), nil
	case models.AvgPool:
		return e.pool(at, "AveragePool", l.Size, l.Stride, l.Pad), nil
	case models.GlobalAvgPool:
		at = feature{e.node("GlobalAveragePool", "", []string{at.name}), models.Shape{H: 1, W: 1, C: at.shape.C}}
	case models.Dropout: // does nothing in evaluation mode
	case models.Residual:
		return e.residual(at, l)
	default:
		return at, fmt.Errorf("onnx: layer %s cannot be written", l.Label())
	}
	return at, nil
}

// outputs is a layer's number of output channels.
func (e *exporter) outputs(n int) int {
	if n == models.OutClasses {
		return e.classes
	}
	return n
}

// windowed is the shape behind a sliding window.
func windowed(s models.Shape, size, stride int, p models.Pad, channels int) models.Shape {
	return models.Shape{H: (s.H+p.Top+p.Bottom-size)/stride + 1, W: (s.W+p.Left+p.Right-size)/stride + 1, C: channels}
}

// windowAttributes are those of convolutions and pools.
func windowAttributes(size, stride int, p models.Pad) []wire.Attribute {
	return []wire.Attribute{
		wire.IntsAttribute("kernel_shape", int64(size), int64(size)),
		wire.IntsAttribute("strides", int64(stride), int64(stride)),
		wire.IntsAttribute("pads", int64(p.Top), int64(p.Left), int64(p.Bottom), int64(p.Right)),
	}
}

func (e *exporter) conv(at feature, l models.Conv) (feature, error) {
	in, err := e.inputs(at, parameters(l.NoBias))
	stride := max(l.Stride, 1)
	return feature{
		e.node("Conv", "", in, windowAttributes(l.Size, stride, l.Pad)...),
		windowed(at.shape, l.Size, stride, l.Pad, e.outputs(l.Out)),
	}, err
}

// parameters is the number of weights' and biases' tensors.
func parameters(noBias bool) int {
	if noBias {
		return 1
	}
	return 2
}

// dense adds a matrix product, whose result becomes a map of one pixel.
func (e *exporter) dense(at feature, l models.Dense) (feature, error) {
	flat := feature{name: e.node("Flatten", "", []string{at.name})}
	in, err := e.inputs(flat, parameters(l.NoBias))
	product := e.node("Gemm", "", in, wire.IntAttribute("transB", 1))
	axes := e.node("Constant", "", nil, wire.IntsAttribute("value_ints", 2, 3))
	return feature{e.node("Unsqueeze", "", []string{product, axes}), models.Shape{H: 1, W: 1, C: e.outputs(l.Out)}}, err
}

func (e *exporter) pool(at feature, op string, size, stride int, p models.Pad) feature {
	if stride == 0 {
		stride = size
	}
	return feature{e.node(op, "", []string{at.name}, windowAttributes(size, stride, p)...), windowed(at.shape, size, stride, p, at.shape.C)}
}

// residual adds a body and its shortcut. The parameters of a projection come behind those of the body.
func (e *exporter) residual(at feature, l models.Residual) (feature, error) {
	body, err := e.chain(at, l.Body)
	if err != nil {
		return at, err
	}
	shortcut := at
	if l.Projection {
		normed := false
		for _, b := range l.Body {
			_, norm := b.(models.BatchNorm)
			normed = normed || norm
		}
		layers := []models.Layer{models.Conv{Size: 1, Out: body.shape.C, Stride: max(1, (at.shape.H+body.shape.H-1)/body.shape.H), NoBias: normed}}
		if normed {
			layers = append(layers, models.BatchNorm{})
		}
		if shortcut, err = e.chain(at, layers); err != nil {
			return at, err
		}
	}
	if shortcut.shape != body.shape {
		return at, fmt.Errorf("onnx: residual: %v and %v cannot be added", body.shape, shortcut.shape)
	}
	return feature{e.node("Add", "", []string{body.name, shortcut.name}), body.shape}, nil
}
