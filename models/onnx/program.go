package onnx

import (
	"fmt"

	"github.com/maxgain/maxgain/models/onnx/internal/ops"
	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// Options say how a model is compiled.
type Options struct {
	Input   []int  // shape of the input; 0 (or nil) where the file says it, and for a batch of 1
	Output  string // name of a value; empty: the graph's first output
	Start   string // name of a value of the input's shape that is fed in the place of the input; empty: the input
	Workers int    // goroutines that compute; 0 means one a core
	limit   int    // of the elements of all tensors; 0 means maxElements

	oneImage bool // the batch size is 1 even if the file fixes another
}

// Program is a net compiled for one shape of the input. Its methods must not be called at the same time.
type Program[T ops.Float] struct {
	machine         *ops.Machine[T]
	steps           []step[T]
	sizes           []int // elements of each slot
	input, output   int   // slots
	inDims, outDims []int
	probabilities   bool

	uses  []int         // how many steps read each slot, and the caller
	kept  []bool        // slots that Backward reads
	held  [][]T         // contents of slots after a Forward that keeps them
	spare map[int][][]T // memory of slots that are free, by length
}

// step is one operation of a program.
type step[T ops.Float] struct {
	op  ops.Op[T]
	in  []operand[T]
	out []int
}

// operand is a slot, or a constant where slot is −1.
type operand[T ops.Float] struct {
	slot     int
	constant []T
}

// Compile prepares a model for one shape of its input and for the output that is wanted. If that is the softmax of all
// classes, or its logarithm, the program computes the logits before it, and Probabilities says so. Errors wrap ErrBad.
func Compile[T ops.Float](m *Model, o Options) (*Program[T], error) {
	p := &Program[T]{machine: ops.NewMachine[T](o.Workers), spare: map[int][][]T{}}
	b := &builder[T]{model: m, values: map[string]*value[T]{}, weights: map[string]*wire.Tensor{}, machine: p.machine, program: p, limit: o.limit, operators: operators[T]()}
	if b.limit == 0 {
		b.limit = maxElements
	}
	if err := b.build(o); err != nil {
		p.Close()
		return nil, bad(err)
	}
	return p, nil
}

func (b *builder[T]) build(o Options) error {
	graph := &b.model.file.Graph
	target := o.Output
	if target == "" {
		if len(graph.Outputs) == 0 {
			return fmt.Errorf("the net has no output")
		}
		target = graph.Outputs[0].Name
	}
	for _, t := range graph.Initializers {
		b.weights[t.Name] = t
	}
	nodes, fed, err := b.order(target, o.Start)
	if err != nil {
		return err
	}
	if err := b.feed(target, fed, o); err != nil {
		return err
	}
	for _, i := range nodes {
		if err := b.node(graph.Nodes[i], i); err != nil {
			return err
		}
	}
	v, err := b.lookup(target)
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	p := b.program
	if v.logits != nil {
		v, p.probabilities = v.logits, true
	}
	if v.constant {
		return fmt.Errorf("output %q does not depend on the input", target)
	}
	p.output, p.outDims = v.slot, v.dims
	p.finish()
	return nil
}

// feed makes the slot of the graph's input, which must be the only one that the target depends on.
func (b *builder[T]) feed(target string, fed []string, o Options) error {
	var info *wire.ValueInfo
	inputs := b.model.inputs()
	if o.Start != "" && len(inputs) > 0 {
		inputs = append([]wire.ValueInfo(nil), inputs...)
		inputs[0].Name = o.Start
	}
	for _, name := range fed {
		at := -1
		for i, v := range inputs {
			if v.Name == name {
				at = i
			}
		}
		switch {
		case at < 0 && name == target:
			return fmt.Errorf("there is no value %q in the net; its outputs are %v", target, b.outputs())
		case at < 0:
			return fmt.Errorf("nothing computes %q, and it is no input", name)
		case info != nil:
			return fmt.Errorf("%q depends on two inputs, %q and %q; only nets of one input are read", target, info.Name, name)
		}
		info = &inputs[at]
	}
	if info == nil {
		return fmt.Errorf("output %q does not depend on the input", target)
	}
	dims, err := b.inputDims(*info, o.Input, o.oneImage)
	if err != nil {
		return err
	}
	if err := b.reserve(dims); err != nil {
		return fmt.Errorf("input %q: %w", info.Name, err)
	}
	b.program.input, b.program.inDims = b.program.newSlot(lenOf(dims)), dims
	b.values[info.Name] = &value[T]{name: info.Name, dims: dims, kind: wire.Float, slot: b.program.input}
	return nil
}

func (b *builder[T]) outputs() []string {
	var names []string
	for _, v := range b.model.file.Graph.Outputs {
		names = append(names, v.Name)
	}
	return names
}

func (p *Program[T]) newSlot(n int) int {
	p.sizes = append(p.sizes, n)
	return len(p.sizes) - 1
}

// finish drops the steps that the output does not need, and finds how often each slot is read, and which by Backward.
func (p *Program[T]) finish() {
	p.uses, p.kept = make([]int, len(p.sizes)), make([]bool, len(p.sizes))
	p.held = make([][]T, len(p.sizes))
	p.uses[p.output]++
	var steps []step[T]
	for i := len(p.steps) - 1; i >= 0; i-- {
		s := p.steps[i]
		wanted := false
		for _, slot := range s.out {
			wanted = wanted || p.uses[slot] > 0
		}
		if !wanted {
			continue
		}
		varies := make([]bool, len(s.in))
		for k, in := range s.in {
			if varies[k] = in.slot >= 0; varies[k] {
				p.uses[in.slot]++
			}
		}
		x, y := s.op.Needs(varies)
		for k, in := range s.in {
			if in.slot >= 0 && x[k] {
				p.kept[in.slot] = true
			}
		}
		for _, slot := range s.out {
			p.kept[slot] = p.kept[slot] || y
		}
		steps = append(steps, s)
	}
	for i, j := 0, len(steps)-1; i < j; i, j = i+1, j-1 {
		steps[i], steps[j] = steps[j], steps[i]
	}
	p.steps = steps
}

// Close ends the program's goroutines.
func (p *Program[T]) Close() { p.machine.Close() }

// InputDims is the shape of the input.
func (p *Program[T]) InputDims() []int { return p.inDims }

// OutputDims is the shape of the output.
func (p *Program[T]) OutputDims() []int { return p.outDims }

// Probabilities says that the output asked for is the softmax of what Forward returns, or its logarithm.
func (p *Program[T]) Probabilities() bool { return p.probabilities }

// Forward computes the output at x. With keep it holds what Backward needs until the next call.
func (p *Program[T]) Forward(x []T, keep bool) ([]T, error) {
	if len(x) != p.sizes[p.input] {
		return nil, fmt.Errorf("%d input values, want %d for shape %v", len(x), p.sizes[p.input], p.inDims)
	}
	for slot, memory := range p.held {
		p.free(slot, memory)
		p.held[slot] = nil
	}
	left := append([]int(nil), p.uses...)
	p.held[p.input] = p.take(p.input)
	copy(p.held[p.input], x)
	release := func(slot int) {
		if left[slot] == 0 && !(keep && p.kept[slot]) {
			p.free(slot, p.held[slot])
			p.held[slot] = nil
		}
	}
	for _, s := range p.steps {
		in, out := p.contents(s, p.held)
		for i, slot := range s.out {
			out[i] = p.take(slot)
			p.held[slot] = out[i]
		}
		s.op.Forward(p.machine, in, out)
		for _, o := range s.in {
			if o.slot >= 0 {
				left[o.slot]--
				release(o.slot)
			}
		}
		for _, slot := range s.out {
			release(slot)
		}
	}
	y := append([]T(nil), p.held[p.output]...)
	left[p.output]--
	release(p.output)
	return y, nil
}

// contents are what a step reads and writes, of one kind of contents of the slots.
func (p *Program[T]) contents(s step[T], slots [][]T) (in, out [][]T) {
	in, out = make([][]T, len(s.in)), make([][]T, len(s.out))
	for i, o := range s.in {
		if o.slot < 0 {
			in[i] = o.constant
		} else {
			in[i] = slots[o.slot]
		}
	}
	for i, slot := range s.out {
		out[i] = slots[slot]
	}
	return in, out
}

// Backward returns the vector-Jacobian product of seed, a gradient by the output, at the x of the last Forward, which
// must have kept what is needed. It can be called again with another seed.
func (p *Program[T]) Backward(seed []T) ([]T, error) {
	if len(seed) != p.sizes[p.output] {
		return nil, fmt.Errorf("%d values of a gradient by the output, want %d for shape %v", len(seed), p.sizes[p.output], p.outDims)
	}
	gradients := make([][]T, len(p.sizes))
	gradients[p.output] = append(p.take(p.output)[:0], seed...)
	for i := len(p.steps) - 1; i >= 0; i-- {
		s := p.steps[i]
		reached := false
		for _, slot := range s.out {
			reached = reached || gradients[slot] != nil
		}
		if !reached {
			continue
		}
		x, y := p.contents(s, p.held)
		dx := make([][]T, len(s.in))
		for k, in := range s.in {
			if in.slot < 0 {
				continue
			}
			if gradients[in.slot] == nil {
				gradients[in.slot] = p.take(in.slot)
				clear(gradients[in.slot])
			}
			dx[k] = gradients[in.slot]
		}
		_, dy := p.contents(s, gradients)
		s.op.Backward(p.machine, x, y, dy, dx)
		for _, slot := range s.out {
			p.free(slot, gradients[slot])
			gradients[slot] = nil
		}
	}
	dx := append([]T(nil), gradients[p.input]...)
	p.free(p.input, gradients[p.input])
	return dx, nil
}

// take returns memory for a slot, with old contents.
func (p *Program[T]) take(slot int) []T {
	n := p.sizes[slot]
	if list := p.spare[n]; len(list) > 0 {
		p.spare[n] = list[:len(list)-1]
		return list[len(list)-1]
	}
	return make([]T, n)
}

// free gives memory of a slot back.
func (p *Program[T]) free(slot int, memory []T) {
	if n := p.sizes[slot]; memory != nil && n > 0 {
		p.spare[n] = append(p.spare[n], memory)
	}
}
