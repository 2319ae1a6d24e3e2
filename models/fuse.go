package models

import (
	"fmt"

	"github.com/maxgain/maxgain/models/internal/kernel"
)

// group is what runs as one operator: a convolution with the norm and the stages fused to it, such stages without
// a convolution, a dropout, or a residual.
type group struct {
	name      string // of its result's buffer
	in        Shape
	block     kernel.BlockSpec // of a convolution or of stages
	conv      string           // name of the convolution or dense layer, empty without
	norm      string           // name of the batch norm, empty without
	isDropout bool
	dropout   float64 // its rate
	seed      string  // that its masks are drawn by: the place of the layer
	body      []group // of a residual: the last one ends in the addition and the stages behind it
	shortcut  *group  // of a residual with a projection
}

func (g *group) isResidual() bool { return g.body != nil }

// output is the shape of the group's result.
func (g *group) output() Shape {
	switch {
	case g.isDropout:
		return g.in
	case g.isResidual():
		return g.body[len(g.body)-1].output()
	}
	return g.block.Output()
}

// stages is the group's block to which further stages can be fused, nil for a dropout.
func (g *group) stages() *kernel.BlockSpec {
	switch {
	case g.isDropout:
		return nil
	case g.isResidual():
		return g.body[len(g.body)-1].stages()
	}
	return &g.block
}

// fuser splits a net's layers into groups.
type fuser struct{ count int }

// fuse splits a plan's layers into groups.
func fuse(p *plan) []group { return (&fuser{}).chain(p.layers, "") }

// unique is a name for a group without one; layers' names have no space.
func (f *fuser) unique(kind string) string {
	f.count++
	return fmt.Sprintf("%s %d", kind, f.count)
}

// chain splits layers; prefix comes before their numbers.
func (f *fuser) chain(layers []planned, prefix string) []group {
	var groups []group
	for i, l := range layers {
		var last *kernel.BlockSpec
		if len(groups) > 0 {
			last = groups[len(groups)-1].stages()
		}
		// open is the block that a stage over l.in is fused to.
		open := func() *kernel.BlockSpec {
			if last == nil {
				groups = append(groups, group{name: f.unique("stages"), in: l.in, block: kernel.BlockSpec{In: l.in}})
				last = &groups[len(groups)-1].block
			}
			return last
		}
		stage := func(p kernel.Post) {
			b := open()
			b.Post = append(b.Post, p)
		}
		switch t := l.layer.(type) {
		case Conv, Dense:
			groups = append(groups, group{name: l.name, conv: l.name, in: l.in,
				block: kernel.BlockSpec{In: l.in, Conv: l.window, Out: l.out.C}})
		case BatchNorm:
			// Straight behind a convolution it is fused to it, else it begins a block of its own.
			if g := len(groups) - 1; g >= 0 && groups[g].conv != "" && groups[g].norm == "" && len(groups[g].block.Post) == 0 {
				groups[g].norm = l.name
			} else {
				groups = append(groups, group{name: l.name, norm: l.name, in: l.in, block: kernel.BlockSpec{In: l.in}})
			}
		case ReLU:
			stage(kernel.Post{Kind: kernel.ReLU})
		case LeakyReLU:
			stage(kernel.Post{Kind: kernel.Leaky, Slope: t.Slope})
		case MaxPool:
			stage(kernel.Post{Kind: kernel.MaxPool, Window: l.window})
		case AvgPool, GlobalAvgPool:
			stage(kernel.Post{Kind: kernel.AvgPool, Window: l.window})
		case Dropout:
			groups = append(groups, group{name: f.unique("dropout"), in: l.in, isDropout: true, dropout: t.Rate,
				seed: fmt.Sprintf("dropout%s%d", prefix, i)})
		case Residual:
			groups = append(groups, f.residual(l, fmt.Sprintf("%s%d.", prefix, i)))
		}
	}
	return groups
}

func (f *fuser) residual(l planned, prefix string) group {
	g := group{name: f.unique("residual"), in: l.in, body: f.chain(l.body, prefix)}
	if g.body[len(g.body)-1].stages() == nil {
		g.body = append(g.body, group{name: f.unique("stages"), in: l.out, block: kernel.BlockSpec{In: l.out}})
	}
	last := g.stages()
	last.Post = append(last.Post, kernel.Post{Kind: kernel.Add})
	if len(l.project) > 0 {
		g.shortcut = &f.chain(l.project, prefix)[0]
	}
	return g
}

// trained are the indices of a group's parameters that have gradients, in the order of Net.Params.
func (n *Net) trained(g *group) []int {
	var list []int
	for _, layer := range g.learned() {
		for _, kind := range [...]string{".weight", ".bias"} {
			if i, ok := n.index[layer+kind]; ok {
				list = append(list, i)
			}
		}
	}
	return list
}

// learned are the names of the group's layers with parameters.
func (g *group) learned() []string {
	var names []string
	for i := range g.body {
		names = append(names, g.body[i].learned()...)
	}
	if g.shortcut != nil {
		names = append(names, g.shortcut.learned()...)
	}
	for _, name := range [...]string{g.conv, g.norm} {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}
