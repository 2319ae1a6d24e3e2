package models

import (
	"math"
	"testing"
)

// Three logits with softmax scores 1/7, 4/7 and 2/7.
func TestProjectionGradient(t *testing.T) {
	z := []float64{0, math.Log(4), math.Log(2)}
	for p, want := range map[Projection][]float64{
		LogScore: {-1. / 7, 3. / 7, -2. / 7},
		Score:    {-4. / 49, 12. / 49, -8. / 49},
		Logit:    {0, 1, 0},
		Margin:   {0, 1, -1},
	} {
		winner, score, dz := p.Gradient(z)
		if winner != 1 || math.Abs(score-4./7) > 1e-15 {
			t.Errorf("projection %d: winner %d with score %g", p, winner, score)
		}
		for k, v := range want {
			if math.Abs(dz[k]-v) > 1e-15 {
				t.Errorf("projection %d: gradient %v, want %v", p, dz, want)
				break
			}
		}
	}
}
