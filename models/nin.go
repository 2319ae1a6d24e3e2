package models

import "math"

// nin is MatConvNet's Network in Network for 32×32 colour images (966,986 parameters), with every
// hidden layer's channels divided by narrow.
func nin(name string, narrow int) Spec {
	channels := 3
	conv := func(name string, size, out, pad int) Conv {
		sigma := math.Sqrt(2 / float64(size*size*channels))
		channels = out
		return Conv{Name: name, Size: size, Out: out, Pad: Same(pad), Sigma: sigma, Rate: Multiplier{Weights: 1, Biases: 10}}
	}
	logits := func(name string) Conv {
		c := conv(name, 1, 10, 0)
		c.Sigma *= 0.1
		c.Rate = Multiplier{Weights: 0.001, Biases: 0.01}
		return c
	}
	return Spec{Name: name, Input: Shape{H: 32, W: 32, C: 3}, Classes: 10, Layers: []Layer{
		conv("conv1", 5, 192/narrow, 2), ReLU{},
		conv("cccp1", 1, 160/narrow, 0), ReLU{},
		conv("cccp2", 1, 96/narrow, 0), ReLU{},
		MaxPool{Size: 3, Stride: 2},
		Dropout{Rate: 0.5},
		conv("conv2", 5, 192/narrow, 2), ReLU{},
		conv("cccp3", 1, 192/narrow, 0), ReLU{},
		conv("cccp4", 1, 192/narrow, 0), ReLU{},
		AvgPool{Size: 3, Stride: 2},
		Dropout{Rate: 0.5},
		conv("conv3", 3, 192/narrow, 1), ReLU{},
		conv("cccp5", 1, 192/narrow, 0), ReLU{},
		logits("cccp6"),
		AvgPool{Size: 7, Stride: 1},
	}}
}
