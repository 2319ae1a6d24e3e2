package models

import (
	"math"
	"testing"
)

// One Update of a net of two layers by hand, with multipliers and decay, after a first one that leaves velocities.
//
// The net: a convolution of one weight 0.5 and bias 0.25 over one pixel, and a dense layer of two outputs; the
// gradients are written by hand. For each number g' = g + decay·w, v ← momentum·v − g', w ← w + rate·multiplier·v.
func TestUpdateByHand(t *testing.T) {
	spec := Spec{Input: Shape{H: 1, W: 1, C: 1}, Classes: 2, Layers: []Layer{
		Conv{Size: 1, Out: 1, Rate: &Multiplier{Weights: 0.5, Biases: 2}},
		BatchNorm{},
		Dense{Out: 2, Rate: &Multiplier{Weights: 3, Biases: 0}},
	}}
	const rate, momentum, decay = 0.1, 0.5, 0.01
	for _, c := range []struct {
		options Options
		want    map[string][]float64
	}{
		// conv1.weight: w 0.5, v 0, g 1: d = 1 + 0.005 = 1.005; v = −1.005; w = 0.5 − 0.05·1.005 = 0.44975
		// again: d = 1 + 0.0044975 = 1.0044975; v = −0.5025 − 1.0044975 = −1.5069975; w = 0.44975 − 0.075349875
		// conv1.bias: w 0.25, g 2: d = 2.0025; v = −2.0025; w = 0.25 − 0.2·2.0025 = −0.1505
		// again: d = 2 − 0.001505; v = −1.00125 − 1.998495 = −2.999745; w = −0.1505 − 0.599949
		// bn1.weight: w 1, g 1: d = 1.01; w = 1 − 0.101 = 0.899; d = 1.00899; v = −0.505 − 1.00899; w = 0.899 − 0.151399
		// bn1.bias: w 0, g −1: d = −1; w = 0.1; d = −0.999; v = 0.5 + 0.999; w = 0.1 + 0.1499
		// fc1.weight: w 1 and −1, g 1: d = 1.01, 0.99; w = 1 − 0.303, −1 − 0.297; d = 1.00697, 0.98703;
		// v = −1.51197, −1.48203; w = 0.697 − 0.453591, −1.297 − 0.444609
		{Options{}, map[string][]float64{
			"conv1.weight": {0.374400125}, "conv1.bias": {-0.750449}, "bn1.weight": {0.747601}, "bn1.bias": {0.2499},
			"fc1.weight": {0.243409, -1.741609}, "fc1.bias": {4, 5}}},
		// Without decay of biases and norms: conv1.bias: d = 2; w = −0.15; v = −3; w = −0.75.
		// bn1.weight: v = −1, w = 0.9; v = −1.5, w = 0.75; bn1.bias: w = 0.1 + 0.15.
		{Options{DecayWeightsOnly: true}, map[string][]float64{
			"conv1.weight": {0.374400125}, "conv1.bias": {-0.75}, "bn1.weight": {0.75}, "bn1.bias": {0.25},
			"fc1.weight": {0.243409, -1.741609}, "fc1.bias": {4, 5}}},
		// Nesterov: the step is momentum·v − d with the new v.
		// conv1.weight: v = −1.005; step = −0.5025 − 1.005 = −1.5075; w = 0.5 − 0.075375 = 0.424625
		// again: d = 1.00424625; v = −0.5025 − 1.00424625 = −1.50674625; step = −0.753373125 − 1.00424625; w = 0.424625 − 0.08788096875
		// bn1.bias: d = −1; v = 1; step 1.5; w = 0.15; d = −0.9985; v = 1.4985; step = 0.74925 + 0.9985; w = 0.15 + 0.174775
		{Options{Nesterov: true}, map[string][]float64{
			"conv1.weight": {0.33674403125}, "bn1.bias": {0.324775}, "fc1.bias": {4, 5}}},
	} {
		c.options.Batch = 2
		n, err := New(spec, c.options)
		if err != nil {
			t.Fatal(err)
		}
		values := map[string][]float32{"conv1.weight": {0.5}, "conv1.bias": {0.25}, "bn1.weight": {1}, "bn1.bias": {0},
			"fc1.weight": {1, -1}, "fc1.bias": {4, 5}}
		grads := map[string][]float32{"conv1.weight": {1}, "conv1.bias": {2}, "bn1.weight": {1}, "bn1.bias": {-1},
			"fc1.weight": {1, 1}, "fc1.bias": {1, 1}}
		for range 2 {
			for _, p := range n.Params() {
				copy(p.Grad, grads[p.Name])
				if p.Running() {
					continue
				}
				if p.Velocity[0] == 0 {
					copy(p.Value, values[p.Name])
				}
			}
			if err := n.Update(rate, momentum, decay); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range n.Params() {
			for i, want := range c.want[p.Name] {
				if math.Abs(float64(p.Value[i])-want) > 1e-6 {
					t.Errorf("%+v: %s[%d] is %v, want %v", c.options, p.Name, i, p.Value[i], want)
				}
			}
			if p.Running() && (p.Name == "bn1.running_mean" && p.Value[0] != 0 || p.Name == "bn1.running_var" && p.Value[0] != 1) {
				t.Errorf("%s is moved by an update", p.Name)
			}
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}
