package models

import "github.com/maxgain/maxgain/models/internal/kernel"

// Gradient is, for one image's logits z, the winner, its softmax score, and the gradient of the projection by z.
func (p Projection) Gradient(z []float64) (winner int, score float64, dz []float64) {
	scores := make([]float64, len(z))
	dz = make([]float64, len(z))
	winner = kernel.Scores(z, scores)
	project(p, z, scores, winner, dz)
	return winner, scores[winner], dz
}
