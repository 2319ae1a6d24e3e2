//go:build noasm || !amd64

package kernel

// There is no assembly: the loops of norm_loops.go and post.go do all elements.

func normVectors(normLoop, int, [4][]float32, [5][]float32) int { return 0 }

func leakyVectors([]float32, []float32, float32) int { return 0 }

func leakyGradVectors([]float32, []float32, []float32, float32) int { return 0 }
