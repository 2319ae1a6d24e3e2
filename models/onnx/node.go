package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/maxgain/maxgain/models/onnx/internal/ops"
	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// node is a node whose inputs are known, while its operator is translated.
type node[T ops.Float] struct {
	*wire.Node
	b     *builder[T]
	opset int
	in    []*value[T] // nil for an optional input that is left out
}

// node translates one node of the graph.
func (b *builder[T]) node(w *wire.Node, i int) error {
	fault := func(err error) error {
		return fmt.Errorf("%s, opset %d: %w", describe(w, i), b.model.opset, err)
	}
	translate, ok := b.operators[w.Op]
	if !ok || (w.Domain != "" && w.Domain != "ai.onnx") {
		return fault(fmt.Errorf("this operator is not supported"))
	}
	n := &node[T]{Node: w, b: b, opset: b.model.opset}
	for _, name := range w.Inputs {
		if name == "" {
			n.in = append(n.in, nil)
			continue
		}
		v, err := b.lookup(name)
		if err != nil {
			return fault(err)
		}
		n.in = append(n.in, v)
	}
	out, err := translate(n)
	if err != nil {
		return fault(err)
	}
	for k, v := range out {
		if k < len(w.Outputs) && w.Outputs[k] != "" {
			named := *v
			named.name = w.Outputs[k]
			b.values[named.name] = &named
		}
	}
	return nil
}

// input is input i, which must be there.
func (n *node[T]) input(i int) (*value[T], error) {
	if i >= len(n.in) || n.in[i] == nil {
		return nil, fmt.Errorf("input %d is missing", i)
	}
	return n.in[i], nil
}

// has says whether optional input i is there.
func (n *node[T]) has(i int) bool { return i < len(n.in) && n.in[i] != nil }

// floats is input i, which must be a tensor of floating-point numbers.
func (n *node[T]) floats(i int) (*value[T], error) {
	v, err := n.input(i)
	if err == nil && v.constant && v.ints != nil {
		return nil, fmt.Errorf("input %d holds %v, want floating-point numbers", i, v.kind)
	}
	return v, err
}

// constant is input i, which must be a constant of floating-point numbers.
func (n *node[T]) constant(i int) (*value[T], error) {
	v, err := n.floats(i)
	if err == nil && !v.constant {
		return nil, fmt.Errorf("input %d (%q) depends on the image; this program needs a constant there", i, v.name)
	}
	return v, err
}

// ints is input i, which must be a constant of integers.
func (n *node[T]) ints(i int) ([]int64, error) {
	v, err := n.input(i)
	switch {
	case err != nil:
		return nil, err
	case !v.constant:
		return nil, fmt.Errorf("input %d (%q) depends on the image; this program needs a constant there", i, v.name)
	case v.ints == nil && v.len() > 0:
		return nil, fmt.Errorf("input %d holds %v, want integers", i, v.kind)
	}
	return v.ints, nil
}

// attribute finds an attribute of the given type, nil if it is not there.
func (n *node[T]) attribute(name string, t wire.AttributeType) (*wire.Attribute, error) {
	for i := range n.Attributes {
		if a := &n.Attributes[i]; a.Name == name {
			if a.Type != t && a.Type != 0 { // some old exporters leave the type out
				return nil, fmt.Errorf("attribute %s has type %d, want %d", name, a.Type, t)
			}
			return a, nil
		}
	}
	return nil, nil
}

func (n *node[T]) intAttribute(name string, otherwise int) (int, error) {
	a, err := n.attribute(name, wire.AttributeInt)
	if a == nil || err != nil {
		return otherwise, err
	}
	if a.Int < math.MinInt32 || a.Int > math.MaxInt32 {
		return 0, fmt.Errorf("attribute %s is %d", name, a.Int)
	}
	return int(a.Int), nil
}

func (n *node[T]) floatAttribute(name string, otherwise float64) (float64, error) {
	a, err := n.attribute(name, wire.AttributeFloat)
	if a == nil || err != nil {
		return otherwise, err
	}
	return float64(a.Float), nil
}

func (n *node[T]) stringAttribute(name, otherwise string) (string, error) {
	a, err := n.attribute(name, wire.AttributeString)
	if a == nil || err != nil {
		return otherwise, err
	}
	return string(a.String), nil
}

// intsAttribute is a list of integers, nil if it is not there.
func (n *node[T]) intsAttribute(name string) ([]int64, error) {
	a, err := n.attribute(name, wire.AttributeInts)
	if a == nil || err != nil {
		return nil, err
	}
	return append([]int64{}, a.Ints...), nil
}

// list is a list of integers that became an input: the attribute before opset since, else input i. It is nil where the
// node has neither.
func (n *node[T]) list(name string, since, i int) ([]int64, error) {
	if n.opset < since {
		return n.intsAttribute(name)
	}
	if !n.has(i) {
		return nil, nil
	}
	list, err := n.ints(i)
	return append([]int64{}, list...), err
}

// axis turns a dimension counted from the start, or if negative from the end, into one from the start.
func axis(a int64, rank int) (int, error) {
	if a < -int64(rank) || a >= int64(rank) {
		return 0, fmt.Errorf("axis %d of a tensor of %d dimensions", a, rank)
	}
	if a < 0 {
		a += int64(rank)
	}
	return int(a), nil
}

// axes turns a list of dimensions into a flag for each.
func axes(list []int64, rank int) ([]bool, error) {
	flags := make([]bool, rank)
	for _, a := range list {
		i, err := axis(a, rank)
		if err != nil {
			return nil, err
		}
		if flags[i] {
			return nil, fmt.Errorf("axis %d is named twice in %v", i, list)
		}
		flags[i] = true
	}
	return flags, nil
}

// one packs the single result of an operator.
func one[T ops.Float](v *value[T], err error) ([]*value[T], error) {
	if err != nil {
		return nil, err
	}
	return []*value[T]{v}, nil
}

// view is v with another shape of as many elements: the same memory.
func view[T ops.Float](v *value[T], dims []int) *value[T] {
	w := *v
	w.dims = dims
	return &w
}

// translator turns a node into values.
type translator[T ops.Float] func(n *node[T]) ([]*value[T], error)

// operators are all operators that are read.
func operators[T ops.Float]() map[string]translator[T] {
	list := map[string]translator[T]{
		"Conv": conv[T], "MaxPool": maxPool[T], "AveragePool": averagePool[T],
		"GlobalAveragePool": globalPool[T](ops.ReduceMean), "GlobalMaxPool": globalPool[T](ops.ReduceMax),
		"BatchNormalization": batchNormalization[T], "LRN": lrn[T], "Softmax": softmax[T], "LogSoftmax": softmax[T],
		"Gemm": gemm[T], "MatMul": matMul[T],
		"LeakyRelu": leakyRelu[T], "Elu": elu[T], "HardSigmoid": hardSigmoid[T], "Clip": clip[T],
		"Identity": identity[T], "Dropout": dropout[T], "Cast": cast[T], "Constant": constant[T],
		"ConstantOfShape": constantOfShape[T], "Shape": shape[T], "Size": size[T], "Range": integerRange[T],
		"Reshape": reshape[T], "Flatten": flatten[T], "Squeeze": squeeze[T], "Unsqueeze": unsqueeze[T],
		"Transpose": transpose[T], "Concat": concat[T], "Split": split[T], "Slice": slice[T], "Gather": gather[T],
		"Expand": expand[T], "Tile": tile[T], "Pad": pad[T], "Where": where[T],
		"ReduceMean": reduce[T](ops.ReduceMean, 18), "ReduceSum": reduce[T](ops.ReduceSum, 13), "ReduceMax": reduce[T](ops.ReduceMax, 18),
		"ReduceMin": reduce[T](ops.ReduceMin, 18), "ReduceL2": reduce[T](ops.ReduceL2, 18), "ReduceProd": reduceProduct[T],
	}
	for name := range ops.Functions[T]() {
		list[name] = unary[T]
	}
	for _, name := range []string{"Add", "Sub", "Mul", "Div", "Pow", "PRelu", "Mod", "Equal", "Less", "Greater", "And", "Or"} {
		list[name] = arithmetic[T]
	}
	for _, name := range []string{"Sum", "Mean", "Max", "Min"} {
		list[name] = variadic[T]
	}
	return list
}

// Operators lists the operators that are read, sorted.
func Operators() []string {
	var names []string
	for name := range operators[float64]() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
