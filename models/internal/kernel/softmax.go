package kernel

import "math"

// SoftmaxLoss returns −log softmax(z)[label] of one image's logits z and writes the gradient
// scale·(softmax(z) − e_label) to dz, unless dz is nil. It is computed in float64, without log(0).
func SoftmaxLoss[T Float](z []T, label int, scale float64, dz []T) float64 {
	top := math.Inf(-1)
	for _, v := range z {
		if float64(v) > top || v != v {
			top = float64(v)
		}
	}
	sum := 0.0
	for _, v := range z {
		sum += math.Exp(float64(v) - top)
	}
	if dz != nil {
		for k, v := range z {
			g := math.Exp(float64(v)-top) / sum
			if k == label {
				g -= 1
			}
			dz[k] = T(scale * g)
		}
	}
	return math.Log(sum) - (float64(z[label]) - top)
}

// Scores writes softmax(z) to s and returns the winner: the first largest logit.
func Scores[T Float](z []T, s []float64) int {
	win := 0
	for k, v := range z {
		if v > z[win] {
			win = k
		}
	}
	sum := 0.0
	for k, v := range z {
		s[k] = math.Exp(float64(v) - float64(z[win]))
		sum += s[k]
	}
	for k := range s {
		s[k] /= sum
	}
	return win
}
