//go:build noasm || !amd64

package kernel

// run computes one panel of vecs vectors.
func run(k *strip, vecs int, _ bool) { runGeneric(k, vecs) }

// peakRound runs n rounds of multiply-adds and returns the operations in a round.
func peakRound(n int) int { return peakGeneric(n) }
