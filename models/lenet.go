package models

// lenetMNIST is MatConvNet's LeNet for 28×28 grey images (431,080 parameters).
// It has one ReLU only, after the third convolution.
func lenetMNIST() Spec {
	conv := func(name string, size, out int) Conv {
		return Conv{Name: name, Size: size, Out: out, Sigma: 0.01}
	}
	return Spec{Name: "lenet-mnist", Input: Shape{H: 28, W: 28, C: 1}, Classes: 10, Layers: []Layer{
		conv("conv1", 5, 20),
		MaxPool{Size: 2, Stride: 2},
		conv("conv2", 5, 50),
		MaxPool{Size: 2, Stride: 2},
		conv("conv3", 4, 500),
		ReLU{},
		conv("conv4", 1, 10),
	}}
}

// lenetCIFAR is MatConvNet's LeNet for 32×32 colour images, with c1…c4 channels in its four
// convolutions (32, 32, 64, 64: 145,578 parameters). Pools reach one pixel past the lower
// and right border.
func lenetCIFAR(name string, c1, c2, c3, c4 int) Spec {
	rate := Multiplier{Weights: 0.1, Biases: 2}
	edge := Pad{Bottom: 1, Right: 1}
	return Spec{Name: name, Input: Shape{H: 32, W: 32, C: 3}, Classes: 10, Layers: []Layer{
		Conv{Name: "conv1", Size: 5, Out: c1, Pad: Same(2), Sigma: 0.01, Rate: rate},
		MaxPool{Size: 3, Stride: 2, Pad: edge},
		ReLU{},
		Conv{Name: "conv2", Size: 5, Out: c2, Pad: Same(2), Sigma: 0.05, Rate: rate},
		ReLU{},
		AvgPool{Size: 3, Stride: 2, Pad: edge},
		Conv{Name: "conv3", Size: 5, Out: c3, Pad: Same(2), Sigma: 0.05, Rate: rate},
		ReLU{},
		AvgPool{Size: 3, Stride: 2, Pad: edge},
		Conv{Name: "conv4", Size: 4, Out: c4, Sigma: 0.05, Rate: rate},
		ReLU{},
		Conv{Name: "conv5", Size: 1, Out: 10, Sigma: 0.05, Rate: Multiplier{Weights: 0.01, Biases: 0.2}},
	}}
}
