//go:build noasm || !amd64

package kernel

// run computes one panel of vecs vectors.
func run(k *strip, vecs int, _ bool) { runGeneric(k, vecs) }
