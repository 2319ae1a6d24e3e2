package onnx

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// Nets that cannot be run, and what is said about them.
func TestRefusals(t *testing.T) {
	w, _ := weight("w", 1, 4, 3, 3, 3)
	chw := []int{1, 3, 8, 8}
	for _, c := range []struct {
		name string
		s    small
		want string
	}{
		{"unknown operator", small{opset: 13, dims: chw, nodes: []*wire.Node{do("Einsum", "x", "y")}},
			`node 0 "Einsum_0" (Einsum), opset 13: this operator is not supported`},
		{"operator of another domain", small{opset: 13, dims: chw, nodes: []*wire.Node{{Op: "FusedConv", Domain: "com.microsoft", Inputs: []string{"x"}, Outputs: []string{"y"}}}},
			"node 0 (com.microsoft.FusedConv), opset 13: this operator is not supported"},
		{"cycle", small{opset: 13, dims: chw, nodes: []*wire.Node{do("Add", "x b", "a"), do("Relu", "a", "b"), do("Relu", "b", "y")}},
			"the graph has a cycle through node"},
		{"value of two nodes", small{opset: 13, dims: chw, nodes: []*wire.Node{do("Relu", "x", "y"), do("Neg", "x", "y")}}, `two nodes compute "y"`},
		{"input from nowhere", small{opset: 13, dims: chw, nodes: []*wire.Node{do("Add", "x z", "y")}}, `nothing computes "z"`},
		{"no such output", small{opset: 13, dims: chw, nodes: []*wire.Node{do("Relu", "x", "z")}}, `there is no value "y" in the net`},
		{"constant output", small{opset: 13, dims: chw, nodes: []*wire.Node{do("Constant", "", "y", number("value_float", 1))}}, "does not depend on the input"},
		{"channels", small{opset: 13, dims: []int{1, 4, 8, 8}, weights: []*wire.Tensor{w}, nodes: []*wire.Node{do("Conv", "x w", "y")}},
			"weights of shape [4 3 3 3] in 1 groups do not fit an input of shape [1 4 8 8]"},
		{"window larger than the image", small{opset: 13, dims: []int{1, 3, 2, 8}, weights: []*wire.Tensor{w}, nodes: []*wire.Node{do("Conv", "x w", "y")}},
			"a window of 3 pixels does not fit 2 pixels"},
		{"weights that are computed", small{opset: 13, dims: chw, nodes: []*wire.Node{do("Conv", "x x", "y")}}, "depends on the image; this program needs a constant there"},
		{"missing input", small{opset: 13, dims: chw, nodes: []*wire.Node{do("Conv", "x", "y")}}, "input 1 is missing"},
		{"missing kernel", small{opset: 13, dims: chw, nodes: []*wire.Node{do("MaxPool", "x", "y")}}, "attribute kernel_shape is missing"},
		{"negative pads", small{opset: 13, dims: chw, nodes: []*wire.Node{do("MaxPool", "x", "y", integers("kernel_shape", 2, 2), integers("pads", 0, 0, -1, 0))}}, "attribute pads is [0 0 -1 0]"},
		{"stride 0", small{opset: 13, dims: chw, nodes: []*wire.Node{do("MaxPool", "x", "y", integers("kernel_shape", 2, 2), integers("strides", 0, 1))}}, "attribute strides is [0 1]"},
		{"auto_pad", small{opset: 13, dims: chw, nodes: []*wire.Node{do("MaxPool", "x", "y", integers("kernel_shape", 2, 2), text("auto_pad", "SOME"))}}, `attribute auto_pad is "SOME"`},
		{"attribute of another type", small{opset: 13, dims: chw, nodes: []*wire.Node{do("MaxPool", "x", "y", integer("kernel_shape", 2))}}, "attribute kernel_shape has type 2, want 7"},
		{"shapes that do not broadcast", small{opset: 13, dims: []int{2, 3}, weights: []*wire.Tensor{ints("v", 1)}, nodes: []*wire.Node{do("Transpose", "x", "t"), do("Add", "x t", "y")}},
			"shapes [2 3] and [3 2] do not broadcast"},
		{"training mode", small{opset: 13, dims: chw, weights: []*wire.Tensor{wire.NewFloats("r", nil, []float32{0.5}), wire.NewInts("on", nil, []int64{1})},
			nodes: []*wire.Node{do("Dropout", "x r on", "y")}}, "training_mode is on"},
		{"huge constant", small{opset: 13, dims: chw, weights: []*wire.Tensor{ints("shape", 1<<20, 1<<20)},
			nodes: []*wire.Node{do("ConstantOfShape", "shape", "c"), do("Add", "x c", "y")}}, "a tensor of shape [1048576 1048576] is too large"},
		{"huge tile", small{opset: 13, dims: chw, weights: []*wire.Tensor{ints("r", 1<<20, 1<<20, 1, 1)}, nodes: []*wire.Node{do("Tile", "x r", "y")}}, "too large"},
		{"huge padding", small{opset: 13, dims: chw, weights: []*wire.Tensor{ints("p", 0, 0, 1<<28, 1<<28, 0, 0, 0, 0)}, nodes: []*wire.Node{do("Pad", "x p", "y")}}, "too large"},
		{"huge input", small{opset: 13, dims: []int{1, 3, 1 << 20, 1 << 20}, nodes: []*wire.Node{do("Relu", "x", "y")}}, "too large"},
		{"large input", small{opset: 13, dims: []int{1, 3, 1 << 14, 1 << 14}, nodes: []*wire.Node{do("Relu", "x", "y")}}, "more than 268435456 elements"},
		{"integers from the image", small{opset: 13, dims: chw, nodes: []*wire.Node{do("Cast", "x", "y", integer("to", 7))}}, "depends on the image becomes int64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Compile[float32](c.s.model(t), Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, ErrBad) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestTwoInputs(t *testing.T) {
	in := func(name string) wire.ValueInfo {
		return wire.ValueInfo{Name: name, Type: wire.Float, Ranked: true, Dims: []wire.Dim{{Value: 1}, {Value: 2}}}
	}
	file := (&wire.Model{Opsets: map[string]int64{"": 13}, Graph: wire.Graph{Nodes: []*wire.Node{do("Add", "a b", "y"), do("Neg", "b", "z")},
		Inputs: []wire.ValueInfo{in("a"), in("b")}, Outputs: []wire.ValueInfo{{Name: "y"}}}}).Encode(nil)
	m, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compile[float64](m, Options{}); err == nil || !strings.Contains(err.Error(), `"y" depends on two inputs, "a" and "b"`) {
		t.Errorf("error %v", err)
	}
	p, err := Compile[float64](m, Options{Output: "z"}) // which needs b alone
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	y, err := p.Forward([]float64{1, 2}, false)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "z", y, []float64{-1, -2}, 0)
}

func TestRefusedFiles(t *testing.T) {
	good := small{opset: 13, dims: []int{1, 3, 4, 4}, nodes: []*wire.Node{do("Relu", "x", "y")}}.encode()
	for name, c := range map[string]struct {
		text []byte
		want string
	}{
		"text":    {[]byte("<html>not a net</html>"), "not a valid ONNX model"},
		"empty":   {nil, "there is no graph in it"},
		"old set": {small{opset: 6}.encode(), "operator set 6: this program reads 7 to 21"},
		"new set": {small{opset: 99}.encode(), "operator set 99: this program reads 7 to 21"},
		"cut off": {good[:len(good)/2], "damaged or cut off"},
	} {
		if _, err := Parse(c.text); !errors.Is(err, ErrBad) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	// No beginning of a file is a net, and none ends the program.
	for n := range good {
		m, err := Parse(bytes.Clone(good[:n]))
		if err != nil {
			continue
		}
		if p, err := Compile[float32](m, Options{}); err == nil {
			p.Close()
			t.Errorf("the first %d of %d bytes are a net", n, len(good))
		}
	}
	dir := t.TempDir()
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Errorf("a folder: %v", err)
	}
	path := filepath.Join(dir, "net.onnx")
	if err := os.WriteFile(path, good[:9], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.HasPrefix(err.Error(), path) {
		t.Errorf("error %v does not name the file", err)
	}
}

func TestWrongShapeOfInput(t *testing.T) {
	s := small{opset: 13, dims: []int{1, 3, 4, 4}, nodes: []*wire.Node{do("Relu", "x", "y")}}
	m := s.model(t)
	for want, shape := range map[string][]int{
		`input "x" takes shape [1,3,4,4], not [1 3 5 4]`:   {1, 3, 5, 4},
		`input "x" has 4 dimensions, not the 3 of [3 4 4]`: {3, 4, 4},
	} {
		if _, err := Compile[float32](m, Options{Input: shape}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	p, err := Compile[float32](m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Forward(make([]float32, 47), false); err == nil || !strings.Contains(err.Error(), "47 input values, want 48") {
		t.Errorf("error %v", err)
	}
}

// FuzzCompile reads any bytes as a net, and runs it where it is small.
func FuzzCompile(f *testing.F) {
	w, _ := weight("w", 1, 4, 3, 3, 3)
	m, _ := weight("m", 2, 36, 5)
	f.Add(small{opset: 13, dims: []int{1, 3, 5, 5}, weights: []*wire.Tensor{w, m, ints("shape", 0, -1)}, nodes: []*wire.Node{
		do("Conv", "x w", "a"), do("Relu", "a", "b"), do("Reshape", "b shape", "c"), do("MatMul", "c m", "d"), do("Softmax", "d", "y")}}.encode())
	f.Add(small{opset: 9, dims: []int{1, 4, 6, 6}, nodes: []*wire.Node{
		do("MaxPool", "x", "a", integers("kernel_shape", 3, 3), integers("strides", 2, 2), integer("ceil_mode", 1)),
		do("Pad", "a", "b", integers("pads", 0, 0, 1, 1, 0, 0, 1, 1)), do("AveragePool", "b", "c", integers("kernel_shape", 2, 2), text("auto_pad", "SAME_LOWER")),
		do("Split", "c", "d e", integer("axis", 1)), do("Concat", "e d", "g", integer("axis", 1)), do("LRN", "g", "h", integer("size", 3)),
		do("Transpose", "h", "i", integers("perm", 0, 2, 3, 1)), do("Slice", "i", "j", integers("starts", 1), integers("ends", 3), integers("axes", 1)),
		do("ReduceMean", "j", "y", integers("axes", 1, 2))}}.encode())
	f.Add(small{opset: 18, dims: []int{2, 3}, weights: []*wire.Tensor{ints("a", 0), ints("r", 2, 2)}, nodes: []*wire.Node{
		do("Shape", "x", "s"), do("Gather", "s a", "n"), do("ConstantOfShape", "n", "o"), do("Tile", "x r", "t"), do("Unsqueeze", "t a", "u"),
		do("Gemm", "x x", "g", integer("transB", 1)), do("Clip", "g", "y")}}.encode())
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := Parse(text)
		if err != nil {
			return
		}
		p, err := Compile[float64](m, Options{Workers: 1, limit: 1 << 14})
		if err != nil {
			return
		}
		defer p.Close()
		x := make([]float64, lenOf(p.InputDims()))
		y, err := p.Forward(x, true)
		if err != nil {
			t.Fatal(err)
		}
		if len(y) == 0 {
			return
		}
		if _, err := p.Backward(make([]float64, len(y))); err != nil {
			t.Fatal(err)
		}
	})
}
