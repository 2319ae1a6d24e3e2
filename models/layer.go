package models

import (
	"fmt"
	"strings"
)

// Layer is one line of a net. The set of layers is closed: Conv, Dense, BatchNorm, ReLU, LeakyReLU, MaxPool,
// AvgPool, GlobalAvgPool, Dropout and Residual, as values. Anything else, a pointer to one of them included,
// is an error of Spec.Summary and of New.
type Layer interface {
	// Label is the layer's kind and size in words.
	Label() string
}

// Position is where a layer stands in a YAML file, counted from 1; zero for a layer made in Go.
type Position struct{ Line, Column int }

// OutClasses, as the number of outputs of a layer, stands for the net's number of classes.
const OutClasses = -1

// Pad is the zero padding around a feature map, in pixels.
type Pad struct{ Top, Bottom, Left, Right int }

// Same is the padding p on every side.
func Same(p int) Pad { return Pad{p, p, p, p} }

// Multiplier scales a global setting for the weights and the biases of one layer.
type Multiplier struct{ Weights, Biases float64 }

// InitRule is a way to choose the standard deviation of a layer's initial weights.
type InitRule int

// The rules. A weight of a convolution of k×k pixels from c to o channels has the fan-in k·k·c and the
// fan-out k·k·o.
const (
	InitDefault InitRule = iota // of a layer: that of the net; of the net: InitHe
	InitHe                      // √(2 / fan-in): He et al. 2015, arXiv:1502.01852
	InitXavier                  // √(2 / (fan-in + fan-out)): Glorot & Bengio 2010
	InitNormal                  // Sigma
)

// Init says how initial weights are drawn: from a normal distribution of mean 0 and the rule's standard
// deviation. Biases start at 0.
type Init struct {
	Rule  InitRule
	Sigma float64 // of InitNormal
}

// Normal draws the initial weights with the standard deviation sigma.
func Normal(sigma float64) Init { return Init{Rule: InitNormal, Sigma: sigma} }

// Conv is a convolution (cross-correlation) with Size×Size weights for each of Out channels, and a bias
// for each unless NoBias is set.
type Conv struct {
	Name   string // empty: conv1, conv2, … by the place among the unnamed convolutions
	Size   int
	Out    int // channels, or OutClasses
	Stride int // 0 means 1
	Pad    Pad
	NoBias bool
	Init   Init
	Rate   *Multiplier // of the learning rate; nil means 1, 1
	At     Position
}

// Dense is a fully connected layer: each of Out outputs, which form a map of 1×1 pixels, is a weighted sum of
// the whole input, and a bias unless NoBias is set. Its weights are kept, as PyTorch has them behind a
// Flatten, by channel, row and column of the input.
type Dense struct {
	Name   string // empty: fc1, fc2, …
	Out    int    // or OutClasses
	NoBias bool
	Init   Init
	Rate   *Multiplier
	At     Position
}

// BatchNorm normalises each channel to mean 0 and variance 1 over the batch and all pixels (Ioffe & Szegedy
// 2015, arXiv:1502.03167), then scales it by a learned weight, at first 1, and adds a learned bias, at first 0.
//
//	y = (x − mean) / √(variance + 1e-5) · weight + bias
//
// While training, mean and (biased) variance are those of the batch, and a running mean and (unbiased)
// variance move towards them by a tenth of the difference; in evaluation the running ones are used. These
// are PyTorch's conventions.
type BatchNorm struct {
	Name string // empty: bn1, bn2, …
	At   Position
}

// ReLU is max(x, 0); its gradient passes where x > 0, strictly.
type ReLU struct{ At Position }

// LeakyReLU is x where x > 0, else Slope·x.
type LeakyReLU struct {
	Slope float64 // 0 ≤ Slope < 1
	At    Position
}

// MaxPool takes the maximum over windows; ties go to the first pixel in row-major order. A window has at most
// 16×16 pixels.
type MaxPool struct {
	Size   int
	Stride int // 0 means Size
	Pad    Pad
	At     Position
}

// AvgPool takes the mean of the pixels of each window that lie inside the image.
type AvgPool struct {
	Size   int
	Stride int // 0 means Size
	Pad    Pad
	At     Position
}

// GlobalAvgPool takes each channel's mean over all pixels.
type GlobalAvgPool struct{ At Position }

// Dropout zeroes each value with probability Rate while training and divides the others by 1−Rate.
type Dropout struct {
	Rate float64 // 0 ≤ Rate < 1
	At   Position
}

// Residual adds its input, or a projection of it, to what Body makes of it (He et al. 2016, arXiv:1512.03385).
// What follows the addition, as a ReLU, is a layer of its own behind the Residual. Body holds no Residual.
type Residual struct {
	Body []Layer
	// Projection says that the input goes through a convolution of 1×1 pixels to Body's channels, with the stride
	// that leads to Body's size. If Body holds a BatchNorm the convolution has no bias and a BatchNorm behind it.
	// Otherwise the shortcut is the identity, and Body must keep its input's shape.
	Projection bool
	Name       string // of the projection's convolution, and with "_bn" of its norm; empty: shortcut1, shortcut2, …
	At         Position
}

// Label implements Layer.
func (c Conv) Label() string {
	label := fmt.Sprintf("conv %d×%d → %s", c.Size, c.Size, outputs(c.Out))
	if c.Stride > 1 {
		label += fmt.Sprintf(" / %d", c.Stride)
	}
	return label
}

// Label implements Layer.
func (d Dense) Label() string { return "dense → " + outputs(d.Out) }

func outputs(n int) string {
	if n == OutClasses {
		return "classes"
	}
	return fmt.Sprint(n)
}

// Label implements Layer.
func (BatchNorm) Label() string { return "batch norm" }

// Label implements Layer.
func (ReLU) Label() string { return "relu" }

// Label implements Layer.
func (l LeakyReLU) Label() string { return fmt.Sprintf("leaky relu %g", l.Slope) }

// Label implements Layer.
func (p MaxPool) Label() string {
	return fmt.Sprintf("max pool %d×%d / %d", p.Size, p.Size, strideOr(p.Stride, p.Size))
}

// Label implements Layer.
func (p AvgPool) Label() string {
	return fmt.Sprintf("avg pool %d×%d / %d", p.Size, p.Size, strideOr(p.Stride, p.Size))
}

// Label implements Layer.
func (GlobalAvgPool) Label() string { return "global avg pool" }

// Label implements Layer.
func (d Dropout) Label() string { return fmt.Sprintf("dropout %g", d.Rate) }

// Label implements Layer.
func (r Residual) Label() string { return "residual, " + r.shortcut() }

func (r Residual) shortcut() string {
	if r.Projection {
		return "projection"
	}
	return "identity"
}

func strideOr(stride, otherwise int) int {
	if stride == 0 {
		return otherwise
	}
	return stride
}

// position is where a layer stands, and whether it is one of the closed set.
func position(l Layer) (at Position, known bool) {
	switch l := l.(type) {
	case Conv:
		return l.At, true
	case Dense:
		return l.At, true
	case BatchNorm:
		return l.At, true
	case ReLU:
		return l.At, true
	case LeakyReLU:
		return l.At, true
	case MaxPool:
		return l.At, true
	case AvgPool:
		return l.At, true
	case GlobalAvgPool:
		return l.At, true
	case Dropout:
		return l.At, true
	case Residual:
		return l.At, true
	}
	return Position{}, false
}

// LayerError says what is wrong with a layer of a net, as read from YAML or as part of a Spec.
type LayerError struct {
	At      Position // in the YAML file; zero if the layer was made in Go
	Path    string   // [2].residual.body[0].conv.size: indices count from 0
	Problem string
}

// Error returns "line:column: path: problem", without what is not known.
func (e *LayerError) Error() string {
	var b strings.Builder
	if e.At.Line > 0 {
		fmt.Fprintf(&b, "%d:%d: ", e.At.Line, e.At.Column)
	}
	fmt.Fprintf(&b, "layers%s: %s", e.Path, e.Problem)
	return b.String()
}
