package onnx

import (
	"fmt"
	"math"

	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/models/onnx/internal/ops"
)

// Layout is the order of an image's values in a net's input.
type Layout string

// The layouts.
const (
	NCHW Layout = "nchw" // plane after plane
	NHWC Layout = "nhwc" // pixel after pixel
)

// NetOptions say how a model's input and output are meant.
type NetOptions struct {
	Output  string // name of the value with the class scores; empty: the first output
	Start   string // name of a value of the input's shape, in the place of the input; empty: the input
	Layout  Layout // empty: where a dimension of 1 to 4 stands, or nchw
	H, W, C int    // size of an image where the file leaves it open; 0: not known
	Workers int    // goroutines that compute; 0 means one a core
}

// Net is a classifier from an ONNX file. It implements diagnostics.Linearizer: images are [H,W,C] whatever the file's
// layout, and an output of probabilities (or of their logarithms) is seen through to the logits before it. Its methods
// must not be called at the same time.
type Net struct {
	model   *Model
	options Options
	layout  Layout
	shape   models.Shape
	classes int
	batch   int // images in one input; those behind the first are copies of it

	probabilities bool
	precise       *Program[float64]
	fast          *Program[float32]
}

// maxClasses is how many classes a net can have: labels are 16 bits.
const maxClasses = 1 << 16

// NewNet prepares a model for measurements. Errors wrap ErrBad.
func NewNet(m *Model, o NetOptions) (*Net, error) {
	n := &Net{model: m}
	if err := n.input(o); err != nil {
		return nil, bad(err)
	}
	n.options.Output, n.options.Start, n.options.Workers = o.Output, o.Start, o.Workers
	p, err := n.compile()
	if err != nil {
		return nil, err
	}
	n.precise, n.probabilities = p, p.Probabilities()
	dims := p.OutputDims()
	wide := 0 // dimensions that are not 1, the batch aside
	for _, d := range dims[min(1, len(dims)):] {
		if d != 1 {
			wide++
		}
	}
	if n.classes = lenOf(dims) / n.batch; len(dims) == 0 || dims[0] != n.batch || wide > 1 || n.classes > maxClasses {
		p.Close()
		return nil, bad(fmt.Errorf("the output has shape %v, want %d rows of at most %d class scores; another value can be named as the output", dims, n.batch, maxClasses))
	}
	if n.classes < 2 {
		p.Close()
		return nil, bad(fmt.Errorf("the output has shape %v, one number an image; want the scores of two classes or more", dims))
	}
	return n, nil
}

// compile prepares the net for one image where that is possible in spite of a fixed batch size, else for the batch.
func (n *Net) compile() (*Program[float64], error) {
	if n.batch > 1 {
		one := n.options
		one.Input, one.oneImage = append([]int{1}, one.Input[1:]...), true
		if p, err := Compile[float64](n.model, one); err == nil {
			if dims := p.OutputDims(); len(dims) > 0 && dims[0] == 1 {
				n.options, n.batch = one, 1
				return p, nil
			}
			p.Close()
		}
	}
	return Compile[float64](n.model, n.options)
}

// input finds the layout and the size of images.
func (n *Net) input(o NetOptions) error {
	name, dims, err := n.model.Input()
	if err != nil {
		return err
	}
	if dims == nil {
		dims = make([]int, 4)
	}
	n.batch = 1
	if len(dims) > 0 && dims[0] > 0 {
		n.batch = dims[0]
	}
	few := func(d int) bool { return d >= 1 && d <= 4 }
	switch n.layout = o.Layout; {
	case o.Layout != "" && o.Layout != NCHW && o.Layout != NHWC:
		return fmt.Errorf("layout %q, want %s or %s", o.Layout, NCHW, NHWC)
	case o.Layout == "" && len(dims) == 4 && few(dims[3]) && !few(dims[1]):
		n.layout = NHWC
	case o.Layout == "":
		n.layout = NCHW
	}
	var place [3]int // of H, W and C among the dimensions
	switch {
	case len(dims) == 4 && n.layout == NHWC:
		place = [3]int{1, 2, 3}
	case len(dims) == 4:
		place = [3]int{2, 3, 1}
	default:
		return n.flatInput(name, dims, o)
	}
	given, want := [3]int{o.H, o.W, o.C}, []int{n.batch, 0, 0, 0}
	for i, k := range place {
		if dims[k] == 0 && given[i] == 0 {
			return fmt.Errorf("the file leaves the size of images open: input %q has shape %v (0: open), layout %s; give the size", name, dims, n.layout)
		}
		if dims[k] != 0 && given[i] != 0 && dims[k] != given[i] {
			return fmt.Errorf("images of %d×%d×%d do not fit input %q of shape %v (0: open), layout %s", o.H, o.W, o.C, name, dims, n.layout)
		}
		want[k] = max(dims[k], given[i])
	}
	n.options.Input = want
	n.shape = models.Shape{H: want[place[0]], W: want[place[1]], C: want[place[2]]}
	return nil
}

// flatInput is input for [N,H,W] and [N,D]: one channel, or square images of one or three channels.
func (n *Net) flatInput(name string, dims []int, o NetOptions) error {
	n.shape = models.Shape{H: o.H, W: o.W, C: max(o.C, 1)}
	switch {
	case len(dims) == 3 && dims[1] > 0 && dims[2] > 0:
		n.shape = models.Shape{H: dims[1], W: dims[2], C: 1}
		n.options.Input = []int{n.batch, dims[1], dims[2]}
	case len(dims) == 2 && dims[1] > 0:
		for _, c := range []int{1, 3} {
			if side := int(math.Round(math.Sqrt(float64(dims[1] / c)))); o.H == 0 && c*side*side == dims[1] {
				n.shape = models.Shape{H: side, W: side, C: c}
				break
			}
		}
		n.options.Input = []int{n.batch, dims[1]}
	}
	if n.shape.Len() < 1 || len(n.options.Input) == 0 || n.shape.Len()*n.batch != lenOf(n.options.Input) {
		return fmt.Errorf("input %q has shape %v (0: open), which is no image of a known size", name, dims)
	}
	return nil
}

// Close ends the net's goroutines.
func (n *Net) Close() error {
	n.precise.Close()
	if n.fast != nil {
		n.fast.Close()
	}
	return nil
}

// Shape is the size of an image.
func (n *Net) Shape() models.Shape { return n.shape }

// Classes is the number of class scores.
func (n *Net) Classes() int { return n.classes }

// Layout is the order of values in the net's input.
func (n *Net) Layout() Layout { return n.layout }

// Probabilities says that the net's output are probabilities or their logarithms, and the measurements are of the
// logits before.
func (n *Net) Probabilities() bool { return n.probabilities }

// InputDims is the shape of the net's input.
func (n *Net) InputDims() []int { return n.precise.InputDims() }

// Image turns an input of the net, as many values as InputDims make, into its first image [H,W,C].
func (n *Net) Image(input []float64) ([]float64, error) {
	if want := lenOf(n.InputDims()); len(input) != want {
		return nil, fmt.Errorf("%d values, but the net takes shape %v", len(input), n.InputDims())
	}
	return arrange[float64, float64](input[:n.shape.Len()], n.shape, n.layout, false), nil
}

// Input turns an image [H,W,C] into values in the net's order.
func (n *Net) Input(image []float64) []float64 {
	return arrange[float64, float64](image, n.shape, n.layout, true)
}

// arrange copies an image between [H,W,C] and the layout, in the direction of the net if in is set.
func arrange[A, B ops.Float](image []A, s models.Shape, layout Layout, in bool) []B {
	out := make([]B, len(image))
	if layout == NHWC || s.C == 1 {
		for i, v := range image {
			out[i] = B(v)
		}
		return out
	}
	plane := s.H * s.W
	for i := range plane {
		for c := range s.C {
			pixel, planar := i*s.C+c, c*plane+i
			if in {
				out[planar] = B(image[pixel])
			} else {
				out[pixel] = B(image[planar])
			}
		}
	}
	return out
}

// logits runs one image [H,W,C] and returns its logits.
func logits[T, X ops.Float](n *Net, p *Program[T], image []X, keep bool) ([]float64, error) {
	one := arrange[X, T](image, n.shape, n.layout, true)
	x := make([]T, 0, len(one)*n.batch)
	for range n.batch {
		x = append(x, one...)
	}
	z, err := p.Forward(x, keep)
	if err != nil {
		return nil, err
	}
	out := make([]float64, n.classes)
	for k := range out {
		out[k] = float64(z[k])
	}
	return out, nil
}

// derivative is the gradient by the image [H,W,C] of what has the gradient dz by the logits.
func derivative[T ops.Float](n *Net, p *Program[T], dz []float64) ([]float64, error) {
	seed := make([]T, n.classes*n.batch)
	for k, v := range dz {
		seed[k] = T(v)
	}
	dx, err := p.Backward(seed)
	if err != nil {
		return nil, err
	}
	return arrange[T, float64](dx[:n.shape.Len()], n.shape, n.layout, false), nil
}

// Linearize computes the derivative of a projection at count images x [count,H,W,C] in float64, one after the other.
func (n *Net) Linearize(x []float64, count int, p models.Projection) (models.Linearization, error) {
	l, err := linearize(n, n.precise, x, count, p)
	return l[0], err
}

// linearize differentiates some projections, each image after one forward pass.
func linearize[T, X ops.Float](n *Net, program *Program[T], x []X, count int, projections ...models.Projection) ([]models.Linearization, error) {
	size := n.shape.Len()
	out := make([]models.Linearization, len(projections))
	if count < 1 || len(x) < count*size {
		return out, fmt.Errorf("%d input values for %d images of %v", len(x), count, n.shape)
	}
	for i := range count {
		z, err := logits(n, program, x[i*size:][:size], true)
		if err != nil {
			return out, err
		}
		for k, p := range projections {
			winner, score, dz := p.Gradient(z)
			d, err := derivative(n, program, dz)
			if err != nil {
				return out, err
			}
			l := &out[k]
			l.Derivative, l.Logits = append(l.Derivative, d...), append(l.Logits, z...)
			l.Winner, l.Score = append(l.Winner, winner), append(l.Score, score)
		}
	}
	return out, nil
}

// prepareFast makes the float32 program at its first use.
func (n *Net) prepareFast() error {
	if n.fast != nil {
		return nil
	}
	p, err := Compile[float32](n.model, n.options)
	n.fast = p
	return err
}

// LinearizeFast is Linearize in float32.
func (n *Net) LinearizeFast(x []float64, count int, p models.Projection) (models.Linearization, error) {
	if err := n.prepareFast(); err != nil {
		return models.Linearization{}, err
	}
	l, err := linearize(n, n.fast, x, count, p)
	return l[0], err
}

// LinearizeBatch differentiates the winner's logit and its margin over the next one at count images x [count,H,W,C], in
// float32.
func (n *Net) LinearizeBatch(x []float32, count int) (logit, margin models.Linearization, err error) {
	if err := n.prepareFast(); err != nil {
		return logit, margin, err
	}
	both, err := linearize(n, n.fast, x, count, models.Logit, models.Margin)
	return both[0], both[1], err
}

// Evaluate computes losses and predictions in float32.
func (n *Net) Evaluate(b models.Batch) (models.Outcome, error) {
	size := n.shape.Len()
	if b.N < 0 || len(b.X) < b.N*size || len(b.Labels) < b.N {
		return models.Outcome{}, fmt.Errorf("%d input values and %d labels for %d images of %v", len(b.X), len(b.Labels), b.N, n.shape)
	}
	if err := n.prepareFast(); err != nil {
		return models.Outcome{}, err
	}
	var out models.Outcome
	for i := range b.N {
		label := int(b.Labels[i])
		if label >= n.classes {
			return models.Outcome{}, fmt.Errorf("label %d of image %d, but the net has %d classes", label, i, n.classes)
		}
		z, err := logits(n, n.fast, b.X[i*size:][:size], false)
		if err != nil {
			return models.Outcome{}, err
		}
		winner, top, sum := 0, math.Inf(-1), 0.0
		for k, v := range z {
			if v > z[winner] {
				winner = k
			}
			top = max(top, v)
		}
		for _, v := range z {
			sum += math.Exp(v - top)
		}
		out.Loss += math.Log(sum) - (z[label] - top)
		if winner != label {
			out.Wrong++
		}
		out.Predictions = append(out.Predictions, uint16(winner))
	}
	return out, nil
}
