package kernel

// SGD updates weights w and velocities v by the gradients g: d = g + decay·w; v ← momentum·v − d;
// w ← w + rate·v. Every product is rounded before it is added, the same on every CPU.
func SGD(w, v, g []float32, rate, momentum, decay float32) { sgd32(w, v, g, rate, momentum, decay) }
