package kernel

// SGD updates weights w and velocities v by the gradients g: g ← g + decay·w; v ← momentum·v − g;
// w ← w + rate·v. Every product is rounded before it is added, the same on every CPU.
func SGD(w, v, g []float32, rate, momentum, decay float32) {
	for i, gv := range g {
		d := gv + float32(decay*w[i])
		v[i] = float32(momentum*v[i]) - d
		w[i] += float32(rate * v[i])
	}
}
