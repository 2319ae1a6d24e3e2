package onnx

import (
	"math"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

var _ diagnostics.Linearizer = (*Net)(nil)

// classifier is x [1,2,2,3] → flatten → matrix → 3 scores, and what follows.
func classifier(dims []int, tail ...*wire.Node) (small, []float64) {
	w, wv := weight("w", 1, 12, 3)
	s := small{opset: 13, dims: dims, weights: []*wire.Tensor{w}, nodes: append([]*wire.Node{do("Flatten", "x", "f"), do("MatMul", "f w", "z")}, tail...)}
	return s, wv
}

func newNet(t *testing.T, s small, o NetOptions) *Net {
	t.Helper()
	n, err := NewNet(s.model(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// The derivative of a linear classifier's logits is its matrix, whatever the layout of the input and the tail of the net.
func TestNetLayoutsAndOutputs(t *testing.T) {
	softmaxTail := []*wire.Node{do("Softmax", "z", "p"), do("Reshape", "p again", "y")}
	for _, c := range []struct {
		name    string
		dims    []int
		options NetOptions
		tail    []*wire.Node
		planar  bool
		probs   bool
	}{
		{"nchw", []int{1, 3, 2, 2}, NetOptions{}, []*wire.Node{do("Identity", "z", "y")}, true, false},
		{"nhwc", []int{1, 2, 2, 3}, NetOptions{Layout: NHWC}, []*wire.Node{do("Identity", "z", "y")}, false, false},
		{"nhwc by size", []int{1, 6, 2, 1}, NetOptions{}, []*wire.Node{do("Identity", "z", "y")}, false, false},
		{"softmax", []int{1, 3, 2, 2}, NetOptions{}, []*wire.Node{do("Softmax", "z", "y")}, true, true},
		{"log softmax", []int{1, 3, 2, 2}, NetOptions{}, []*wire.Node{do("LogSoftmax", "z", "y")}, true, true},
		{"softmax behind views", []int{1, 3, 2, 2}, NetOptions{}, softmaxTail, true, true},
		{"named output", []int{1, 3, 2, 2}, NetOptions{Output: "z"}, []*wire.Node{do("ReduceSum", "z", "y")}, true, false},
		{"batch of 2", []int{2, 3, 2, 2}, NetOptions{}, []*wire.Node{do("Identity", "z", "y")}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, w := classifier(c.dims, c.tail...)
			s.weights = append(s.weights, ints("again", 1, 3))
			n := newNet(t, s, c.options)
			shape := n.Shape()
			if n.Probabilities() != c.probs || n.Classes() != 3 {
				t.Fatalf("probabilities %v, %d classes", n.Probabilities(), n.Classes())
			}
			_, x := randoms(5, shape.Len())
			// Place of value i of an image [H,W,C] among the rows of the matrix.
			row := func(i int) int {
				if c.planar {
					return i%shape.C*shape.H*shape.W + i/shape.C
				}
				return i
			}
			z := make([]float64, 3)
			for i, v := range x {
				for k := range z {
					z[k] += v * w[row(i)*3+k]
				}
			}
			for _, p := range []models.Projection{models.Logit, models.LogScore, models.Score, models.Margin} {
				winner, score, dz := p.Gradient(z)
				l, err := n.Linearize(x, 1, p)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, "logits", l.Logits, z, 1e-12)
				if l.Winner[0] != winner || math.Abs(l.Score[0]-score) > 1e-12 {
					t.Errorf("winner %d with %g, want %d with %g", l.Winner[0], l.Score[0], winner, score)
				}
				want := make([]float64, len(x))
				for i := range want {
					for k, v := range dz {
						want[i] += v * w[row(i)*3+k]
					}
				}
				compare(t, "derivative", l.Derivative, want, 1e-12)
				f, err := n.LinearizeFast(x, 1, p)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, "derivative in float32", f.Derivative, want, 1e-5)
			}
		})
	}
}

// A net for a fixed batch runs on one image where its shapes allow it, else on copies of the image.
func TestNetOfAFixedBatch(t *testing.T) {
	free, w := classifier([]int{4, 3, 2, 2}, do("Identity", "z", "y"))
	fixed, _ := classifier([]int{4, 3, 2, 2}, do("Reshape", "z shape", "r"), do("Softmax", "r", "y"))
	fixed.weights = append(fixed.weights, ints("shape", 4, 3))
	for batch, s := range map[int]small{1: free, 4: fixed} {
		n := newNet(t, s, NetOptions{})
		if n.InputDims()[0] != batch || n.Shape() != (models.Shape{H: 2, W: 2, C: 3}) {
			t.Fatalf("input %v", n.InputDims())
		}
		_, x := randoms(5, 12)
		l, err := n.Linearize(x, 1, models.Logit)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float64, 12)
		for i := range want { // value i of [H,W,C] is row i%3·4 + i/3 of the matrix
			want[i] = w[(i%3*4+i/3)*3+l.Winner[0]]
		}
		compare(t, "derivative", l.Derivative, want, 1e-12)
		if len(l.Logits) != 3 {
			t.Errorf("%d logits", len(l.Logits))
		}
	}
}

// Several images come out as each alone; losses are −log softmax of the label.
func TestNetBatches(t *testing.T) {
	s, _ := classifier([]int{1, 3, 2, 2}, do("Softmax", "z", "y"))
	n := newNet(t, s, NetOptions{})
	x32, x := randoms(6, 24)
	both, err := n.Linearize(x, 2, models.LogScore)
	if err != nil {
		t.Fatal(err)
	}
	loss, labels := 0.0, []uint16{1, 2}
	wrong := 0
	for i := range 2 {
		l, err := n.Linearize(x[12*i:][:12], 1, models.LogScore)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, "derivative", both.Derivative[12*i:][:12], l.Derivative, 0)
		sum := 0.0
		for _, v := range l.Logits {
			sum += math.Exp(v)
		}
		loss -= math.Log(math.Exp(l.Logits[labels[i]]) / sum)
		if l.Winner[0] != int(labels[i]) {
			wrong++
		}
	}
	out, err := n.Evaluate(models.Batch{X: x32, Labels: labels, N: 2})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(out.Loss-loss) > 1e-5 || out.Wrong != wrong || len(out.Predictions) != 2 || int(out.Predictions[1]) != both.Winner[1] {
		t.Errorf("%+v, want a loss of %g and %d wrong", out, loss, wrong)
	}
	logit, margin, err := n.LinearizeBatch(x32, 2)
	if err != nil {
		t.Fatal(err)
	}
	for p, got := range map[models.Projection]models.Linearization{models.Logit: logit, models.Margin: margin} {
		want, err := n.Linearize(x, 2, p)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, "derivative in float32", got.Derivative, want.Derivative, 1e-5)
	}
	if _, err := n.Evaluate(models.Batch{X: x32, Labels: []uint16{0, 3}, N: 2}); err == nil || !strings.Contains(err.Error(), "label 3 of image 1, but the net has 3 classes") {
		t.Errorf("error %v", err)
	}
}

// 1 − s is summed from the other scores: a score that rounds to 1 still has a derivative.
func TestNetOfASaturatedScore(t *testing.T) {
	w := wire.NewFloats("w", []int64{2, 2}, []float32{50, 0, 0, 50})
	s := small{opset: 13, dims: []int{1, 1, 1, 2}, weights: []*wire.Tensor{w}, nodes: []*wire.Node{do("Flatten", "x", "f"), do("MatMul", "f w", "z"), do("Softmax", "z", "y")}}
	n := newNet(t, s, NetOptions{Layout: NCHW})
	l, err := n.Linearize([]float64{1, 0}, 1, models.LogScore)
	if err != nil {
		t.Fatal(err)
	}
	rest := math.Exp(-50) / (1 + math.Exp(-50)) // 1 − s
	compare(t, "derivative", []float64{l.Derivative[0] / rest, l.Derivative[1] / rest}, []float64{50, -50}, 1e-12)
}

func TestNetRefusals(t *testing.T) {
	linear, _ := classifier([]int{1, 3, 2, 2}, do("Identity", "z", "y"))
	single, _ := classifier([]int{1, 3, 2, 2}, do("ReduceSum", "z", "y"))
	maps := small{opset: 13, dims: []int{1, 3, 4, 4}, nodes: []*wire.Node{do("Relu", "x", "y")}}
	open := small{opset: 13, dims: []int{1, 3, 0, 0}, nodes: []*wire.Node{do("GlobalAveragePool", "x", "y")}}
	for _, c := range []struct {
		s    small
		o    NetOptions
		want string
	}{
		{linear, NetOptions{Layout: "hwcn"}, `layout "hwcn", want nchw or nhwc`},
		{linear, NetOptions{H: 3, W: 3}, "images of 3×3×0 do not fit"},
		{single, NetOptions{}, "one number an image"},
		{maps, NetOptions{}, "the output has shape [1 3 4 4]"},
		{open, NetOptions{}, "the file leaves the size of images open"},
	} {
		if _, err := NewNet(c.s.model(t), c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	n := newNet(t, open, NetOptions{H: 5, W: 7})
	if n.Shape() != (models.Shape{H: 5, W: 7, C: 3}) || n.Classes() != 3 {
		t.Errorf("images of %v, %d classes", n.Shape(), n.Classes())
	}
	if _, err := n.Linearize(make([]float64, 104), 1, models.Logit); err == nil || !strings.Contains(err.Error(), "104 input values for 1 images") {
		t.Errorf("error %v", err)
	}
}
