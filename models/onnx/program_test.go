package onnx

import (
	"fmt"
	"testing"

	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// Memory is freed when its last use is past: a chain of any length runs in two buffers, and keeps for the derivative
// only what it reads.
func TestMemoryOfAChain(t *testing.T) {
	for _, c := range []struct {
		op   string
		kept int // buffers after a forward pass that keeps what Backward reads
	}{
		{"Relu", 20},             // every input
		{"Identity", 0},          // the same memory
		{"Neg", 21},              // inputs and outputs
		{"GlobalAveragePool", 0}, // nothing
	} {
		s := small{opset: 13, dims: []int{1, 3, 1, 1}}
		for i := range 20 {
			s.nodes = append(s.nodes, do(c.op, fmt.Sprintf("v%d", i), fmt.Sprintf("v%d", i+1)))
		}
		s.nodes[0].Inputs[0], s.nodes[19].Outputs[0] = "x", "y"
		p, err := Compile[float64](s.model(t), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for range 3 {
			if _, err := p.Forward(make([]float64, 3), false); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(p.spare[3]); n > 2 {
			t.Errorf("%s: %d buffers, want 2", c.op, n)
		}
		if _, err := p.Forward(make([]float64, 3), true); err != nil {
			t.Fatal(err)
		}
		held := 0
		for _, memory := range p.held {
			if memory != nil {
				held++
			}
		}
		if held != c.kept {
			t.Errorf("%s: %d buffers are kept, want %d", c.op, held, c.kept)
		}
		if _, err := p.Backward(make([]float64, 3)); err != nil {
			t.Fatal(err)
		}
	}
}

// Two gradients can be taken after one forward pass, and a value that is used several times collects the gradients of all.
func TestSeveralBackwards(t *testing.T) {
	s := small{opset: 13, dims: []int{1, 2}, nodes: []*wire.Node{do("Mul", "x x", "s"), do("Add", "s x", "a"), do("Mul", "a s", "y")}}
	p, err := Compile[float64](s.model(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Forward([]float64{2, 3}, true); err != nil {
		t.Fatal(err)
	}
	// y = (x² + x)·x², y' = 4x³ + 3x²: 44 and 135.
	for _, seed := range [][]float64{{1, 0}, {0, 1}, {10, 100}} {
		dx, err := p.Backward(seed)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, "derivative", dx, []float64{44 * seed[0], 135 * seed[1]}, 1e-12)
	}
}
