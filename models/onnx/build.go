package onnx

import (
	"fmt"
	"math"
	"strings"

	"github.com/maxgain/maxgain/models/onnx/internal/ops"
	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// value is a tensor of the graph while a program is built: a constant, or a slot of the program's memory. Values that
// differ only in shape share a slot.
type value[T ops.Float] struct {
	name     string
	dims     []int
	kind     wire.DataType
	constant bool
	floats   []T       // of a constant of a floating-point type
	ints     []int64   // of a constant of an integer type
	slot     int       // of a value that is no constant
	logits   *value[T] // if this is the softmax of all of another value's elements, or its logarithm: that value
}

func (v *value[T]) len() int { return lenOf(v.dims) }

func lenOf(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// builder turns a graph into a program for one shape of the input.
type builder[T ops.Float] struct {
	model     *Model
	values    map[string]*value[T]
	weights   map[string]*wire.Tensor
	machine   *ops.Machine[T]
	program   *Program[T]
	elements  int // reserved so far, constants and slots
	limit     int
	operators map[string]translator[T]
}

// maxElements bounds the elements of all tensors of a net together: 8 GiB in float64. No tensor that is computed may
// have more than a quarter of that; weights, of which a file has the bytes, may.
const maxElements = 1 << 30

// reserve counts a tensor of the given shape that is computed, before memory is taken for it.
func (b *builder[T]) reserve(dims []int) error {
	n := 1
	for _, d := range dims {
		if d < 0 {
			return fmt.Errorf("shape %v has a negative dimension", dims)
		}
		if d > 0 && n > b.limit/4/d {
			return fmt.Errorf("a tensor of shape %v is too large: more than %d elements", dims, b.limit/4)
		}
		n *= max(d, 1)
	}
	return b.count(n, dims)
}

// count adds the n elements of a tensor to those of the net.
func (b *builder[T]) count(n int, dims []int) error {
	if b.elements > b.limit-n {
		return fmt.Errorf("the net's tensors have more than %d elements together; this one has shape %v", b.limit, dims)
	}
	b.elements += n
	return nil
}

// order lists the nodes that the target depends on, each after those that it depends on, and the values among these that
// no node computes: the graph's inputs, and start.
func (b *builder[T]) order(target, start string) (nodes []int, inputs []string, err error) {
	graph := &b.model.file.Graph
	producer := map[string]int{}
	for i, n := range graph.Nodes {
		for _, name := range n.Outputs {
			if name == "" {
				continue
			}
			if _, twice := producer[name]; twice {
				return nil, nil, fmt.Errorf("two nodes compute %q", name)
			}
			if name != start {
				producer[name] = i
			}
		}
	}
	const (
		unseen = iota
		open   // on the path from the target
		done
	)
	state := make([]uint8, len(graph.Nodes))
	fed := map[string]bool{}
	type visit struct{ node, next int }
	var path []visit
	enter := func(name string) error {
		i, ok := producer[name]
		switch {
		case name == "":
		case !ok:
			if _, weight := b.weights[name]; !weight && !fed[name] {
				fed[name] = true
				inputs = append(inputs, name)
			}
		case state[i] == open:
			return fmt.Errorf("the graph has a cycle through %s", describe(graph.Nodes[i], i))
		case state[i] == unseen:
			state[i] = open
			path = append(path, visit{node: i})
		}
		return nil
	}
	if err := enter(target); err != nil {
		return nil, nil, err
	}
	for len(path) > 0 {
		top := &path[len(path)-1]
		if in := graph.Nodes[top.node].Inputs; top.next < len(in) {
			top.next++
			if err := enter(in[top.next-1]); err != nil {
				return nil, nil, err
			}
			continue
		}
		state[top.node] = done
		nodes = append(nodes, top.node)
		path = path[:len(path)-1]
	}
	return nodes, inputs, nil
}

// describe names a node in messages.
func describe(n *wire.Node, i int) string {
	op := n.Op
	if n.Domain != "" && n.Domain != "ai.onnx" {
		op = n.Domain + "." + op
	}
	if n.Name == "" {
		return fmt.Sprintf("node %d (%s)", i, op)
	}
	return fmt.Sprintf("node %d %q (%s)", i, n.Name, op)
}

// inputDims is the shape of the graph's input: what the file says, open dimensions from want, where the first is the
// batch size. With oneImage that is 1, whatever the file says.
func (b *builder[T]) inputDims(v wire.ValueInfo, want []int, oneImage bool) ([]int, error) {
	if !v.Ranked && want == nil {
		return nil, fmt.Errorf("the file does not say the shape of input %q; give one", v.Name)
	}
	dims := append([]int(nil), want...)
	if v.Ranked {
		if want != nil && len(want) != len(v.Dims) {
			return nil, fmt.Errorf("input %q has %d dimensions, not the %d of %v", v.Name, len(v.Dims), len(want), want)
		}
		dims = make([]int, len(v.Dims))
		for i, d := range v.Dims {
			switch {
			case i == 0 && oneImage:
				dims[i] = 1
			case d.Value > wire.MaxLen:
				return nil, fmt.Errorf("input %q: dimension %d is %d", v.Name, i, d.Value)
			case d.Value > 0 && want != nil && want[i] != 0 && int64(want[i]) != d.Value:
				return nil, fmt.Errorf("input %q takes shape %s, not %v", v.Name, formatDims(v), want)
			case d.Value > 0:
				dims[i] = int(d.Value)
			case want != nil && want[i] > 0:
				dims[i] = want[i]
			case i == 0:
				dims[i] = 1
			default:
				return nil, fmt.Errorf("input %q has the open shape %s; give a size", v.Name, formatDims(v))
			}
		}
	}
	for _, d := range dims {
		if d < 1 {
			return nil, fmt.Errorf("input %q: shape %v has a dimension below 1", v.Name, dims)
		}
	}
	return dims, nil
}

// formatDims is the declared shape, like [N,3,224,224].
func formatDims(v wire.ValueInfo) string {
	parts := make([]string, len(v.Dims))
	for i, d := range v.Dims {
		switch {
		case d.Value > 0:
			parts[i] = fmt.Sprint(d.Value)
		case d.Name != "":
			parts[i] = d.Name
		default:
			parts[i] = "?"
		}
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// lookup finds a value by name; weights are decoded at their first use.
func (b *builder[T]) lookup(name string) (*value[T], error) {
	if v, ok := b.values[name]; ok {
		return v, nil
	}
	t, ok := b.weights[name]
	if !ok {
		return nil, fmt.Errorf("nothing computes %q", name)
	}
	v, err := b.decode(t)
	if err != nil {
		return nil, fmt.Errorf("initialiser %q: %w", name, err)
	}
	v.name = name
	b.values[name] = v
	return v, nil
}

// decode makes a constant of a tensor.
func (b *builder[T]) decode(t *wire.Tensor) (*value[T], error) {
	n, err := t.Len()
	if err != nil {
		return nil, err
	}
	v := &value[T]{kind: t.Type, constant: true}
	for _, d := range t.Dims {
		v.dims = append(v.dims, int(d))
	}
	if err := b.count(n, v.dims); err != nil {
		return nil, err
	}
	switch {
	case t.Type.IsFloat():
		v.floats, err = wire.Floats([]T(nil), t)
	case t.Type.IsInt():
		v.ints, err = wire.Ints(nil, t)
	default:
		err = fmt.Errorf("elements are %v, want numbers", t.Type)
	}
	return v, err
}

// emit adds an operation on float tensors to the program, or computes it at once if all of its inputs are constants.
func (b *builder[T]) emit(op ops.Op[T], in []*value[T], out ...[]int) ([]*value[T], error) {
	results := make([]*value[T], len(out))
	constant := true
	for _, v := range in {
		constant = constant && v.constant
		if v.constant && v.floats == nil && v.len() > 0 {
			return nil, fmt.Errorf("%q holds %v, want floating-point numbers", v.name, v.kind)
		}
	}
	for i, dims := range out {
		if err := b.reserve(dims); err != nil {
			return nil, err
		}
		results[i] = &value[T]{dims: dims, kind: wire.Float, constant: constant}
		if constant {
			results[i].floats = make([]T, lenOf(dims))
		} else {
			results[i].slot = b.program.newSlot(lenOf(dims))
		}
	}
	if constant {
		x, y := make([][]T, len(in)), make([][]T, len(out))
		for i, v := range in {
			x[i] = v.floats
		}
		for i, v := range results {
			y[i] = v.floats
		}
		op.Forward(b.machine, x, y)
		return results, nil
	}
	s := step[T]{op: op}
	for _, v := range in {
		if v.constant {
			s.in = append(s.in, operand[T]{slot: -1, constant: v.floats})
		} else {
			s.in = append(s.in, operand[T]{slot: v.slot})
		}
	}
	for _, v := range results {
		s.out = append(s.out, v.slot)
	}
	b.program.steps = append(b.program.steps, s)
	return results, nil
}

// intConstant is a constant of integers.
func intConstant[T ops.Float](dims []int, ints []int64) *value[T] {
	return &value[T]{dims: dims, kind: wire.Int64, constant: true, ints: ints}
}

// floatConstant is a constant of floating-point numbers.
func floatConstant[T ops.Float](dims []int, floats []T) *value[T] {
	return &value[T]{dims: dims, kind: wire.Float, constant: true, floats: floats}
}

// scalarOf is the single element of a constant of any type.
func scalarOf[T ops.Float](v *value[T]) (float64, error) {
	if !v.constant || v.len() != 1 {
		return math.NaN(), fmt.Errorf("%q must be a constant of one element", v.name)
	}
	if v.ints != nil {
		return float64(v.ints[0]), nil
	}
	return float64(v.floats[0]), nil
}
