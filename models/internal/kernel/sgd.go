package kernel

// SGD updates weights w and velocities v by the gradients g: d = g + decay·w; v ← momentum·v − d;
// w ← w + rate·v. Every product is rounded before it is added, the same on every CPU.
func SGD(w, v, g []float32, rate, momentum, decay float32) { sgd32(w, v, g, rate, momentum, decay) }

// Nesterov is SGD with Nesterov's momentum: d = g + decay·w; v ← momentum·v − d; w ← w + rate·(momentum·v − d).
func Nesterov(w, v, g []float32, rate, momentum, decay float32) {
	v, g = v[:len(w)], g[:len(w)]
	for i := range w {
		d := g[i] + float32(decay*w[i])
		v[i] = float32(momentum*v[i]) - d
		w[i] += float32(rate * (float32(momentum*v[i]) - d))
	}
}
