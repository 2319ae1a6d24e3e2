// Package models describes convolutional nets as short lists of layers and runs them:
// training step, evaluation, and the derivative of an output with respect to the input,
// each a Gorgonia graph of this package's own operators over one set of weights.
package models

import (
	"fmt"
	"sort"

	"github.com/maxgain/maxgain/models/internal/kernel"
)

// Shape is the size of one image or feature map; tensors are [N,H,W,C].
type Shape = kernel.Shape

// Pad is the zero padding around a feature map, in pixels.
type Pad struct{ Top, Bottom, Left, Right int }

// Same is the padding p on every side.
func Same(p int) Pad { return Pad{p, p, p, p} }

// Multiplier scales a global setting for the weights and the biases of one layer.
type Multiplier struct{ Weights, Biases float64 }

// Layer is one line of a net: Conv, MaxPool, AvgPool, ReLU or Dropout.
type Layer interface {
	// Label is the layer's kind and size in words.
	Label() string
}

// Conv is a convolution (cross-correlation) with Size×Size weights and a bias for each of Out channels.
type Conv struct {
	Name  string
	Size  int
	Out   int
	Pad   Pad
	Sigma float64    // standard deviation of the initial weights; biases start at 0
	Rate  Multiplier // of the learning rate; the zero value means 1, 1
}

// MaxPool takes the maximum over windows; ties go to the first pixel in row-major order.
type MaxPool struct {
	Size, Stride int
	Pad          Pad
}

// AvgPool takes the mean of the pixels of each window that lie inside the image.
type AvgPool struct {
	Size, Stride int
	Pad          Pad
}

// ReLU is max(x, 0); its gradient passes where x > 0, strictly.
type ReLU struct{}

// Dropout zeroes each value with probability Rate while training and divides the others by 1−Rate.
type Dropout struct{ Rate float64 }

// Label implements Layer.
func (c Conv) Label() string { return fmt.Sprintf("conv %d×%d → %d", c.Size, c.Size, c.Out) }

// Label implements Layer.
func (p MaxPool) Label() string { return fmt.Sprintf("max pool %d×%d / %d", p.Size, p.Size, p.Stride) }

// Label implements Layer.
func (p AvgPool) Label() string { return fmt.Sprintf("avg pool %d×%d / %d", p.Size, p.Size, p.Stride) }

// Label implements Layer.
func (ReLU) Label() string { return "relu" }

// Label implements Layer.
func (d Dropout) Label() string { return fmt.Sprintf("dropout %g", d.Rate) }

// Spec is a net: what it takes and its layers in order. The last layer's output must be 1×1×Classes logits.
type Spec struct {
	Name    string
	Input   Shape
	Classes int
	Layers  []Layer
}

// LayerSummary is one row of a net's table.
type LayerSummary struct {
	Name   string // convolution's name, empty for other layers
	Label  string
	Output Shape
	Params int // weights and biases
	MACs   int // multiply-accumulates of one image's forward pass
}

// Summary computes every layer's output shape, parameters and forward multiply-accumulates,
// or says which layer does not fit.
func (s Spec) Summary() ([]LayerSummary, error) {
	in := s.Input
	rows := make([]LayerSummary, 0, len(s.Layers))
	seen := map[string]bool{}
	for i, l := range s.Layers {
		row := LayerSummary{Label: l.Label(), Output: in}
		w, pools := poolWindow(l)
		switch l := l.(type) {
		case Conv:
			if l.Name == "" || seen[l.Name] {
				return nil, fmt.Errorf("models: %s: layer %d: convolution name %q is empty or taken", s.Name, i+1, l.Name)
			}
			seen[l.Name] = true
			w = l.window()
			row.Name = l.Name
			row.Output = Shape{H: w.OutH(in.H), W: w.OutW(in.W), C: l.Out}
			row.Params = l.Size*l.Size*in.C*l.Out + l.Out
			row.MACs = row.Output.H * row.Output.W * l.Size * l.Size * in.C * l.Out
		case Dropout:
			if !(l.Rate >= 0 && l.Rate < 1) {
				return nil, fmt.Errorf("models: %s: layer %d: dropout rate %g, want 0 ≤ rate < 1", s.Name, i+1, l.Rate)
			}
		default:
			if pools {
				row.Output.H, row.Output.W = w.OutH(in.H), w.OutW(in.W)
			}
		}
		if o := row.Output; o.H < 1 || o.W < 1 || o.C < 1 {
			return nil, fmt.Errorf("models: %s: layer %d (%s) does not fit its input %d×%d×%d", s.Name, i+1, l.Label(), in.H, in.W, in.C)
		}
		in = row.Output
		rows = append(rows, row)
	}
	if in != (Shape{H: 1, W: 1, C: s.Classes}) {
		return nil, fmt.Errorf("models: %s: the last layer gives %d×%d×%d, want 1×1×%d logits", s.Name, in.H, in.W, in.C, s.Classes)
	}
	return rows, nil
}

func (c Conv) window() kernel.Window {
	return kernel.Window{KH: c.Size, KW: c.Size, Stride: 1,
		Top: c.Pad.Top, Bottom: c.Pad.Bottom, Left: c.Pad.Left, Right: c.Pad.Right}
}

// poolWindow is the window of a pooling layer, and whether l is one.
func poolWindow(l Layer) (kernel.Window, bool) {
	window := func(size, stride int, p Pad) kernel.Window {
		return kernel.Window{KH: size, KW: size, Stride: stride, Top: p.Top, Bottom: p.Bottom, Left: p.Left, Right: p.Right}
	}
	switch l := l.(type) {
	case MaxPool:
		return window(l.Size, l.Stride, l.Pad), true
	case AvgPool:
		return window(l.Size, l.Stride, l.Pad), true
	}
	return kernel.Window{}, false
}

// registry holds every net by its name.
var registry = map[string]func() Spec{
	"lenet-mnist":          lenetMNIST,
	"lenet-cifar10":        func() Spec { return lenetCIFAR("lenet-cifar10", 32, 32, 64, 64) },
	"lenet-cifar10-half":   func() Spec { return lenetCIFAR("lenet-cifar10-half", 16, 16, 32, 32) },
	"lenet-cifar10-double": func() Spec { return lenetCIFAR("lenet-cifar10-double", 64, 64, 128, 128) },
	"nin-cifar10":          func() Spec { return nin("nin-cifar10", 1) },
	"nin-cifar10-narrow":   func() Spec { return nin("nin-cifar10-narrow", 8) },
}

// Names lists the nets that Lookup knows, sorted.
func Names() []string {
	names := make([]string, 0, len(registry))
	for name := range registry {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Lookup finds a net by name.
func Lookup(name string) (Spec, error) {
	build, ok := registry[name]
	if !ok {
		return Spec{}, fmt.Errorf("models: no net is called %q; there are %v", name, Names())
	}
	return build(), nil
}
