package models

import (
	"fmt"

	"github.com/chewxy/hm"
	"github.com/maxgain/maxgain/datasets/stream"
	"github.com/maxgain/maxgain/models/internal/kernel"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// purpose is what a graph is for.
type purpose int

const (
	training   purpose = iota // loss and the weights' gradients; dropout on
	evaluating                // loss only
	probing                   // a projection and its derivative by the input; one summation order everywhere
	measuring                 // loss only, batch norms by the batch as in training; dropout off
)

// graph is a net as a Gorgonia graph with its tape machine.
type graph[T kernel.Float] struct {
	step    *step
	batch   int
	x       []T // [batch,H,W,C], to be filled before a run
	vm      gorgonia.VM
	dx      *tensor.Dense // probing: derivative by x [batch,H,W,C]
	logits  *tensor.Dense // [batch,1,1,K]
	project *projectOp[T] // probing
}

// run executes the graph for the n images at the start of x.
func (g *graph[T]) run(n int) error {
	g.step.n = n
	defer g.vm.Reset()
	if err := g.vm.RunAll(); err != nil {
		return fmt.Errorf("models: running the graph: %w", err)
	}
	return nil
}

// builder puts a net's layers into one graph.
type builder[T kernel.Float] struct {
	net     *Net
	memory  arena[T]
	batch   int
	what    purpose
	step    *step
	g       *gorgonia.ExprGraph
	weight  []*gorgonia.Node // per parameter; nil for running values
	trained []*gorgonia.Node // those that are not nil
	grads   int              // gradient maps made so far
	first   *tensor.Dense    // the first of them: the derivative by x, if it is wanted
}

// arena is where a graph's tensors live. Graphs that never run at the same time share one.
type arena[T kernel.Float] struct {
	buffers map[string][]T
	blocks  map[string]*packedBlock[T]
	params  []*tensor.Dense // weights, in the order of Net.params
	dparams []*tensor.Dense // their gradients; nil in a graph without
}

func newArena[T kernel.Float](params, dparams []*tensor.Dense) arena[T] {
	return arena[T]{buffers: map[string][]T{}, blocks: map[string]*packedBlock[T]{}, params: params, dparams: dparams}
}

// build makes the graph for one purpose.
func build[T kernel.Float](net *Net, mem arena[T], batch int, what purpose) (*graph[T], error) {
	b := &builder[T]{net: net, memory: mem, batch: batch, what: what, step: &step{}, g: gorgonia.NewGraph()}
	in := mem.tensor("net input", nhwc(batch, net.spec.Input))
	x := gorgonia.NodeFromAny(b.g, in, gorgonia.WithName("x"))
	b.weight = make([]*gorgonia.Node, len(mem.params))
	for i, p := range mem.params {
		if !net.params[i].Running() {
			b.weight[i] = gorgonia.NodeFromAny(b.g, p, gorgonia.WithName(net.params[i].Name))
			b.trained = append(b.trained, b.weight[i])
		}
	}
	z, err := b.layers(x)
	if err != nil {
		return nil, err
	}
	out := &graph[T]{step: b.step, batch: batch}
	if out.x, err = values[T](in); err != nil {
		return nil, err
	}
	if err := b.head(out, x, z); err != nil {
		return nil, err
	}
	out.vm = gorgonia.NewTapeMachine(b.g)
	return out, nil
}

// layers adds the net's groups and returns the logits' node.
func (b *builder[T]) layers(x *gorgonia.Node) (*gorgonia.Node, error) {
	for i := range b.net.groups {
		g := &b.net.groups[i]
		if g.isDropout && b.what != training {
			continue
		}
		var err error
		if x, err = b.operator(g, x, i == 0); err != nil {
			return nil, fmt.Errorf("models: %s: %w", g.name, err)
		}
	}
	return x, nil
}

// operator adds one group as an operator over x and the group's parameters.
func (b *builder[T]) operator(g *group, x *gorgonia.Node, first bool) (*gorgonia.Node, error) {
	u, err := b.unit(g, first)
	if err != nil {
		return nil, err
	}
	op := &unitOp[T]{step: b.step, unit: u, y: b.memory.tensor(g.name, nhwc(b.batch, g.output()))}
	if op.wantDX = b.what == probing || b.what == training && !first; op.wantDX {
		op.dx = b.gradient(g.in)
	}
	types, inputs := []hm.Type{tensorType[T](4)}, gorgonia.Nodes{x}
	for _, i := range b.net.trained(g) {
		types, inputs = append(types, tensorType[T](b.memory.params[i].Dims())), append(inputs, b.weight[i])
		op.params++
		if b.what == training {
			op.grads = append(op.grads, b.memory.dparams[i])
		}
	}
	op.baseOp = newBaseOp(g.name, op.y.Shape(), append(types, tensorType[T](4))...)
	return gorgonia.ApplyOp(op, inputs...)
}

// gradient is memory for the gradient of a map. A backward pass needs two at a time, the one it reads
// and the one it writes, so all layers alternate between two buffers.
func (b *builder[T]) gradient(s Shape) *tensor.Dense {
	b.grads++
	t := b.memory.tensor(fmt.Sprintf("gradient %d", b.grads%2), nhwc(b.batch, s))
	if b.first == nil {
		b.first = t
	}
	return t
}

func (b *builder[T]) dropout(g *group) unit[T] {
	size := g.in.Len()
	return &dropoutUnit[T]{step: b.step, workers: b.net.workers, rate: g.dropout, size: size,
		seed: stream.Hash(fmt.Sprintf("dropout %s %d", g.seed, b.net.opts.Seed)), keep: make([]uint8, b.batch*size)}
}

// head adds the loss or the projection, and the gradients.
func (b *builder[T]) head(out *graph[T], x, z *gorgonia.Node) error {
	classes := b.net.spec.Classes
	shape := tensor.Shape{b.batch, 1, 1, classes}
	out.logits = b.memory.tensor(b.net.groups[len(b.net.groups)-1].name, shape)
	var op gorgonia.Op
	var wrt []*gorgonia.Node
	switch b.what {
	case probing:
		out.project = &projectOp[T]{step: b.step, classes: classes, dz: b.memory.tensor("logits gradient", shape),
			winner: make([]int, b.batch), score: make([]float64, b.batch),
			baseOp: newBaseOp("project", tensor.ScalarShape(), tensorType[T](4), dtypeOf[T]())}
		op, wrt = out.project, gorgonia.Nodes{x}
	default:
		loss := &lossOp[T]{step: b.step, classes: classes, want: b.what == training,
			baseOp: newBaseOp("loss", tensor.ScalarShape(), tensorType[T](4), dtypeOf[T]())}
		if loss.want {
			loss.dz, wrt = b.memory.tensor("logits gradient", shape), b.trained
		}
		op = loss
	}
	cost, err := gorgonia.ApplyOp(op, z)
	if err != nil {
		return fmt.Errorf("models: head: %w", err)
	}
	if len(wrt) == 0 {
		return nil
	}
	one := b.g.AddNode(gorgonia.NewConstant(scalar[T](1), gorgonia.WithName("one")))
	if _, err := gorgonia.Backpropagate(gorgonia.Nodes{cost}, gorgonia.Nodes{one}, wrt); err != nil {
		return fmt.Errorf("models: differentiating: %w", err)
	}
	if b.what == probing {
		out.dx = b.first
	}
	return nil
}
