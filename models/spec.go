// Package models describes convolutional nets as short lists of layers and runs them:
// training step, evaluation, and the derivative of an output with respect to the input,
// each a Gorgonia graph of this package's own operators over one set of weights.
package models

import (
	"fmt"
	"math"

	"github.com/maxgain/maxgain/models/internal/kernel"
)

// Shape is the size of one image or feature map; tensors are [N,H,W,C].
type Shape = kernel.Shape

// Spec is a net: what it takes and its layers in order. The last layer's output must be 1×1×Classes logits.
type Spec struct {
	Name    string
	Input   Shape
	Classes int // 2 to 1000
	Init    Init
	Layers  []Layer
}

// LayerSummary is one row of a net's table. The layers of a residual's body, and its projection, come before
// the residual itself.
type LayerSummary struct {
	Name   string // of a layer with parameters, empty for other layers
	Label  string
	Output Shape
	Params int // weights and biases
	MACs   int // multiply-accumulates of one image's forward pass
	Depth  int // 1 inside a residual, else 0
}

// Summary computes every layer's output shape, parameters and forward multiply-accumulates,
// or says which layer does not fit: the error is then, or wraps, a *LayerError.
func (s Spec) Summary() ([]LayerSummary, error) {
	p, err := newPlan(s)
	if err != nil {
		return nil, err
	}
	return p.rows, nil
}

// Limits of a net's description, far above what any CPU can train.
const (
	maxLayers   = 10_000
	maxSize     = 1024   // of a window
	maxStride   = 1024   //
	maxPad      = 1024   //
	maxChannels = 65_536 // of a map
	maxMap      = 4096   // height and width of a map
	maxClasses  = 1000
	maxWeights  = 1 << 31 // of a layer
)

// planned is a layer with all that follows from its place in the net.
type planned struct {
	layer   Layer
	path    string
	name    string // of a layer with parameters
	in, out Shape
	window  kernel.Window // of convolutions and pools
	sigma   float64       // standard deviation of a convolution's initial weights
	body    []planned     // of a residual
	project []planned     // of a residual with a projection: convolution, and norm
}

// plan is a net with every layer's shapes, names and windows worked out.
type plan struct {
	spec   Spec
	layers []planned
	rows   []LayerSummary
	names  map[string]bool // that the description gives
	counts map[string]int  // names made up, by kind
	total  int             // layers
}

func newPlan(s Spec) (*plan, error) {
	p := &plan{spec: s, names: map[string]bool{}, counts: map[string]int{}}
	where := "models: "
	if s.Name != "" {
		where += s.Name + ": "
	}
	if s.Classes < 2 || s.Classes > maxClasses {
		return nil, fmt.Errorf("%s%d classes, want 2 to %d", where, s.Classes, maxClasses)
	}
	if i := s.Input; i.H < 1 || i.W < 1 || i.C < 1 || i.H > maxMap || i.W > maxMap || i.C > maxChannels {
		return nil, fmt.Errorf("%simages of %s, want at least 1×1×1 and at most %d×%d×%d", where, size(i), maxMap, maxMap, maxChannels)
	}
	if len(s.Layers) == 0 {
		return nil, fmt.Errorf("%sit has no layers", where)
	}
	if err := p.reserve(s.Layers, ""); err != nil {
		return nil, fmt.Errorf("%s%w", where, err)
	}
	var err error
	if p.layers, err = p.chain(s.Layers, s.Input, "", 0); err != nil {
		return nil, fmt.Errorf("%s%w", where, err)
	}
	last := p.layers[len(p.layers)-1]
	if want := (Shape{H: 1, W: 1, C: s.Classes}); last.out != want {
		at, _ := position(last.layer)
		return nil, fmt.Errorf("%s%w", where, &LayerError{At: at, Path: last.path, Problem: fmt.Sprintf(
			"the last layer gives %s, want %s: one logit a class, as dense: {out: classes} gives", size(last.out), size(want))})
	}
	return p, nil
}

// size is a shape as messages show it.
func size(s Shape) string { return fmt.Sprintf("%d×%d×%d", s.H, s.W, s.C) }

// reserve notes the names that layers were given, each of which must be there once.
func (p *plan) reserve(layers []Layer, prefix string) error {
	for i, l := range layers {
		path := fmt.Sprintf("%s[%d]", prefix, i)
		at, _ := position(l)
		var names []string
		switch l := l.(type) {
		case Conv:
			names = []string{l.Name}
		case Dense:
			names = []string{l.Name}
		case BatchNorm:
			names = []string{l.Name}
		case Residual:
			if err := p.reserve(l.Body, path+".residual.body"); err != nil {
				return err
			}
			if names = []string{l.Name}; l.Name != "" {
				names = append(names, l.Name+"_bn")
			}
		}
		for _, name := range names {
			if p.names[name] {
				return &LayerError{At: at, Path: path, Problem: fmt.Sprintf("the name %s is taken by a layer before it", name)}
			}
			if name != "" {
				if !layerName(name) {
					return &LayerError{At: at, Path: path, Problem: fmt.Sprintf("the name %q is not made of letters, digits and underscores", name)}
				}
				p.names[name] = true
			}
		}
	}
	return nil
}

// layerName says whether s can be the beginning of tensors' names.
func layerName(s string) bool {
	for _, r := range s {
		if !(r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return false
		}
	}
	return len(s) > 0 && len(s) <= 64
}

// name is the layer's own name, or the next free one of its kind.
func (p *plan) name(own, kind string) string {
	for own == "" {
		p.counts[kind]++
		if name := fmt.Sprint(kind, p.counts[kind]); !p.names[name] {
			own = name
		}
	}
	return own
}

// chain works out layers one after the other from the map in.
func (p *plan) chain(layers []Layer, in Shape, prefix string, depth int) ([]planned, error) {
	var all []planned
	for i, l := range layers {
		if p.total++; p.total > maxLayers {
			return nil, fmt.Errorf("more than %d layers", maxLayers)
		}
		at, known := position(l)
		path := fmt.Sprintf("%s[%d]", prefix, i)
		if !known {
			return nil, &LayerError{Path: path, Problem: fmt.Sprintf("%T is no layer of this package (layers are given as values, not as pointers)", l)}
		}
		one, problem, err := p.layer(planned{layer: l, path: path, in: in, out: in}, depth)
		if err != nil {
			return nil, err
		}
		if problem != "" {
			return nil, &LayerError{At: at, Path: path, Problem: problem}
		}
		all, in = append(all, one), one.out
	}
	return all, nil
}

// layer works out one layer from its input; problem says what does not fit.
func (p *plan) layer(l planned, depth int) (_ planned, problem string, err error) {
	row := LayerSummary{Label: l.layer.Label(), Depth: depth}
	switch t := l.layer.(type) {
	case Conv:
		l.window, problem = window(t.Size, strideOr(t.Stride, 1), t.Pad)
		if problem == "" {
			problem = p.convolution(&l, &row, t.Out, !t.NoBias, t.Init, t.Rate)
		}
		l.name = p.name(t.Name, "conv")
		row.Label = t.Label()
		if t.Out == OutClasses {
			t.Out = p.spec.Classes
			row.Label = t.Label()
		}
	case Dense:
		l.window = kernel.Window{KH: l.in.H, KW: l.in.W, Stride: 1}
		problem = p.convolution(&l, &row, t.Out, !t.NoBias, t.Init, t.Rate)
		l.name = p.name(t.Name, "fc")
		if t.Out == OutClasses {
			t.Out = p.spec.Classes
			row.Label = t.Label()
		}
	case BatchNorm:
		l.name = p.name(t.Name, "bn")
		row.Params = 2 * l.in.C
	case ReLU:
	case LeakyReLU:
		if !(t.Slope >= 0 && t.Slope < 1) {
			problem = fmt.Sprintf("slope %g, want 0 ≤ slope < 1", t.Slope)
		}
	case MaxPool:
		if t.Size > 16 {
			problem = fmt.Sprintf("a window of %d×%d pixels, want at most 16×16", t.Size, t.Size)
		} else {
			l.window, problem = poolWindow(t.Size, t.Stride, t.Pad, l.in)
		}
		l.out = pooled(l)
	case AvgPool:
		l.window, problem = poolWindow(t.Size, t.Stride, t.Pad, l.in)
		l.out = pooled(l)
	case GlobalAvgPool:
		l.window = kernel.Window{KH: l.in.H, KW: l.in.W, Stride: 1}
		l.out = pooled(l)
	case Dropout:
		if !(t.Rate >= 0 && t.Rate < 1) {
			problem = fmt.Sprintf("dropout rate %g, want 0 ≤ rate < 1", t.Rate)
		}
	case Residual:
		if problem, err = p.residual(&l, t, depth); err != nil {
			return l, "", err
		}
	}
	if o := l.out; problem == "" {
		switch {
		case o.H < 1 || o.W < 1 || o.C < 1:
			problem = fmt.Sprintf("%s does not fit its input of %s", l.layer.Label(), size(l.in))
		case o.H > maxMap || o.W > maxMap || o.C > maxChannels:
			problem = fmt.Sprintf("%s gives %s, want at most %d×%d×%d", l.layer.Label(), size(o), maxMap, maxMap, maxChannels)
		}
	}
	row.Name, row.Output = l.name, l.out
	p.rows = append(p.rows, row)
	return l, problem, nil
}

// window is a square window; problem says which of its sizes is out of range.
func window(size, stride int, pad Pad) (w kernel.Window, problem string) {
	switch {
	case size < 1 || size > maxSize:
		problem = fmt.Sprintf("size %d, want 1 to %d", size, maxSize)
	case stride < 1 || stride > maxStride:
		problem = fmt.Sprintf("stride %d, want 1 to %d", stride, maxStride)
	}
	for _, side := range [...]int{pad.Top, pad.Bottom, pad.Left, pad.Right} {
		if side < 0 || side > maxPad {
			problem = fmt.Sprintf("padding of %d pixels, want 0 to %d", side, maxPad)
		}
	}
	return kernel.Window{KH: size, KW: size, Stride: stride, Top: pad.Top, Bottom: pad.Bottom, Left: pad.Left, Right: pad.Right}, problem
}

// poolWindow is a pool's window over the map in; every one of its windows must hold a pixel of the map.
func poolWindow(size, stride int, pad Pad, in Shape) (w kernel.Window, problem string) {
	w, problem = window(size, strideOr(stride, size), pad)
	if problem != "" {
		return w, problem
	}
	outside := func(before, out, n int) bool {
		return before >= size || out > 0 && (out-1)*w.Stride-before >= n
	}
	if outside(pad.Top, w.OutH(in.H), in.H) || outside(pad.Left, w.OutW(in.W), in.W) {
		return w, fmt.Sprintf("a window of the pool lies wholly in the padding around its input of %d×%d pixels: pad less", in.H, in.W)
	}
	return w, ""
}

func pooled(l planned) Shape {
	return Shape{H: l.window.OutH(l.in.H), W: l.window.OutW(l.in.W), C: l.in.C}
}

// convolution works out a convolution of l.window to so many channels.
func (p *plan) convolution(l *planned, row *LayerSummary, out int, bias bool, init Init, rate *Multiplier) (problem string) {
	if out == OutClasses {
		out = p.spec.Classes
	}
	if out < 1 || out > maxChannels {
		return fmt.Sprintf("%d outputs, want 1 to %d", out, maxChannels)
	}
	if rate != nil && !(rate.Weights >= 0 && rate.Biases >= 0 && !math.IsInf(rate.Weights, 0) && !math.IsInf(rate.Biases, 0)) {
		return fmt.Sprintf("multipliers %g and %g, want finite numbers of at least 0", rate.Weights, rate.Biases)
	}
	w := l.window
	taps := w.KH * w.KW
	weights := taps * l.in.C * out
	if weights > maxWeights {
		return fmt.Sprintf("%d weights from %s to %d outputs, want at most %d", weights, size(l.in), out, maxWeights)
	}
	if l.sigma, problem = p.deviation(init, taps*l.in.C, taps*out); problem != "" {
		return problem
	}
	l.out = Shape{H: w.OutH(l.in.H), W: w.OutW(l.in.W), C: out}
	row.Params = weights
	if bias {
		row.Params += out
	}
	row.MACs = l.out.H * l.out.W * weights
	return ""
}

// deviation is the standard deviation of a layer's initial weights.
func (p *plan) deviation(init Init, fanIn, fanOut int) (sigma float64, problem string) {
	if init.Rule == InitDefault {
		init = p.spec.Init
	}
	switch init.Rule {
	case InitDefault, InitHe:
		return math.Sqrt(2 / float64(fanIn)), ""
	case InitXavier:
		return math.Sqrt(2 / float64(fanIn+fanOut)), ""
	case InitNormal:
		if init.Sigma > 0 && !math.IsInf(init.Sigma, 0) {
			return init.Sigma, ""
		}
	}
	return 0, fmt.Sprintf("init %d with the standard deviation %g, want a rule and a finite number > 0", init.Rule, init.Sigma)
}

// residual works out a residual's body and its shortcut.
func (p *plan) residual(l *planned, r Residual, depth int) (problem string, err error) {
	if depth > 0 {
		return "a residual inside a residual is not supported", nil
	}
	if len(r.Body) == 0 {
		return "the body has no layers", nil
	}
	if l.body, err = p.chain(r.Body, l.in, l.path+".residual.body", depth+1); err != nil {
		return "", err
	}
	l.out = l.body[len(l.body)-1].out
	if !r.Projection {
		if l.out != l.in {
			return fmt.Sprintf("the body turns %s into %s, so that they cannot be added: want shortcut: projection, or a body that keeps the shape",
				size(l.in), size(l.out)), nil
		}
		return "", nil
	}
	stride := max(1, (l.in.H+l.out.H-1)/l.out.H)
	name := p.name(r.Name, "shortcut")
	for r.Name == "" && p.names[name+"_bn"] {
		name = p.name("", "shortcut")
	}
	conv := Conv{Name: name, Size: 1, Out: l.out.C, Stride: stride, At: r.At}
	shortcut := []Layer{conv}
	for _, b := range l.body {
		if _, ok := b.layer.(BatchNorm); ok {
			conv.NoBias = true
			shortcut = []Layer{conv, BatchNorm{Name: conv.Name + "_bn", At: r.At}}
			break
		}
	}
	if l.project, err = p.chain(shortcut, l.in, l.path+".residual.shortcut", depth+1); err != nil {
		return "", err
	}
	if got := l.project[0].out; got != l.out {
		return fmt.Sprintf("the body turns %s into %s, but no stride of the projection does: stride %d gives %s",
			size(l.in), size(l.out), stride, size(got)), nil
	}
	return "", nil
}
