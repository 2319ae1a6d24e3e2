package models

import (
	"fmt"

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
	net    *Net
	memory memory[T]
	batch  int
	what   purpose
	step   *step
	g      *gorgonia.ExprGraph
	weight []*gorgonia.Node // per parameter
	grads  int              // gradient maps made so far
	first  *tensor.Dense    // the first of them: the derivative by x, if it is wanted
}

// memory is where a graph's tensors live. Graphs that never run at the same time share one.
type memory[T kernel.Float] struct {
	buffers map[string][]T
	blocks  map[string]*packedBlock[T]
	params  []*tensor.Dense // weights, in the order of Net.params
	dparams []*tensor.Dense // their gradients; nil in a graph without
}

func newMemory[T kernel.Float](params, dparams []*tensor.Dense) memory[T] {
	return memory[T]{buffers: map[string][]T{}, blocks: map[string]*packedBlock[T]{}, params: params, dparams: dparams}
}

// tensor is the buffer of that name as a tensor; buffers grow to their largest user's need.
func (m memory[T]) tensor(name string, shape tensor.Shape) *tensor.Dense {
	n := shape.TotalSize()
	if len(m.buffers[name]) < n {
		m.buffers[name] = make([]T, n)
	}
	return dense(m.buffers[name][:n], shape...)
}

// group is a convolution with the layers fused to it, or a dropout.
type group struct {
	name    string
	block   kernel.BlockSpec
	dropout float64
}

// fuse splits a net's layers into groups.
func fuse(p *plan) ([]group, error) {
	var groups []group
	for i, l := range p.layers {
		last := len(groups) - 1
		switch t := l.layer.(type) {
		case Conv:
			groups = append(groups, group{name: l.name, block: kernel.BlockSpec{In: l.in, Conv: l.window, Out: l.out.C}})
		case Dropout:
			groups = append(groups, group{name: fmt.Sprintf("dropout%d", i), dropout: t.Rate})
		case ReLU, MaxPool, AvgPool:
			if last < 0 || groups[last].block.Out == 0 {
				return nil, fmt.Errorf("models: %s: layer %d (%s) must follow a convolution or another stage of one", p.spec.Name, i+1, t.Label())
			}
			post := kernel.Post{Kind: kernel.ReLU, Window: l.window}
			switch t.(type) {
			case MaxPool:
				post.Kind = kernel.MaxPool
			case AvgPool:
				post.Kind = kernel.AvgPool
			}
			groups[last].block.Post = append(groups[last].block.Post, post)
		default:
			return nil, fmt.Errorf("models: %s: layer %d (%s) cannot be run yet", p.spec.Name, i+1, t.Label())
		}
	}
	return groups, nil
}

// build makes the graph for one purpose.
func build[T kernel.Float](net *Net, mem memory[T], batch int, what purpose) (*graph[T], error) {
	b := &builder[T]{net: net, memory: mem, batch: batch, what: what, step: &step{}, g: gorgonia.NewGraph()}
	in := mem.tensor("input", nhwc(batch, net.spec.Input))
	x := gorgonia.NodeFromAny(b.g, in, gorgonia.WithName("x"))
	for i, p := range mem.params {
		b.weight = append(b.weight, gorgonia.NodeFromAny(b.g, p, gorgonia.WithName(net.params[i].Name)))
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
	var err error
	param, in := 0, b.net.spec.Input
	for i, gr := range b.net.groups {
		if gr.block.Out == 0 {
			if b.what == training {
				if x, err = b.dropout(gr, in, x); err != nil {
					return nil, err
				}
			}
			continue
		}
		if x, err = b.convolution(gr, x, param, i == 0); err != nil {
			return nil, err
		}
		param += 2
		in = gr.block.Output()
	}
	return x, nil
}

func (b *builder[T]) convolution(gr group, x *gorgonia.Node, param int, first bool) (*gorgonia.Node, error) {
	spec := gr.block
	spec.Direct, spec.NeedDX = b.what == probing, b.what == probing || !first
	key := fmt.Sprintf("%s direct=%t", gr.name, spec.Direct)
	block := b.memory.blocks[key]
	if block == nil {
		kb, err := kernel.NewBlock[T](spec, b.batch, b.net.workers)
		if err != nil {
			return nil, fmt.Errorf("models: %s: %w", gr.name, err)
		}
		block = &packedBlock[T]{Block: kb}
		b.memory.blocks[key] = block
	}
	op := &blockOp[T]{step: b.step, block: block, y: b.memory.tensor(gr.name, nhwc(b.batch, spec.Output()))}
	op.baseOp = newBaseOp(gr.name, op.y.Shape(), tensorType[T](4), tensorType[T](4), tensorType[T](1), tensorType[T](4))
	if b.what == training {
		op.wantDW = true
		op.dw, op.db = b.memory.dparams[param], b.memory.dparams[param+1]
	}
	if op.wantDX = spec.NeedDX && b.what != evaluating; op.wantDX {
		op.dx = b.gradient(spec.In)
	}
	y, err := gorgonia.ApplyOp(op, x, b.weight[param], b.weight[param+1])
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", gr.name, err)
	}
	return y, nil
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

func (b *builder[T]) dropout(gr group, in Shape, x *gorgonia.Node) (*gorgonia.Node, error) {
	op := &dropoutOp[T]{step: b.step, workers: b.net.workers, seed: stream.Hash(fmt.Sprintf("dropout %s %d", gr.name, b.net.opts.Seed)), rate: gr.dropout, size: in.Len(),
		keep: make([]uint8, b.batch*in.Len()), y: b.memory.tensor(gr.name, nhwc(b.batch, in)), dx: b.gradient(in)}
	op.baseOp = newBaseOp(gr.name, op.y.Shape(), tensorType[T](4), tensorType[T](4))
	y, err := gorgonia.ApplyOp(op, x)
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", gr.name, err)
	}
	return y, nil
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
			loss.dz, wrt = b.memory.tensor("logits gradient", shape), b.weight
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
