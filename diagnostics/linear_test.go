package diagnostics

import (
	"math"
	"math/rand/v2"

	"github.com/maxgain/maxgain/models"
)

// linearNet is z = W·x + b, whose derivatives are known in closed form.
type linearNet struct {
	shape  models.Shape
	weight [][]float64 // [K][H·W·C]
	bias   []float64
}

func newLinearNet(seed uint64, shape models.Shape, classes int) *linearNet {
	r := rand.New(rand.NewPCG(seed, 9))
	n := &linearNet{shape: shape}
	for range classes {
		row := make([]float64, shape.H*shape.W*shape.C)
		for i := range row {
			row[i] = 0.1 * r.NormFloat64()
		}
		n.weight = append(n.weight, row)
		n.bias = append(n.bias, r.NormFloat64())
	}
	return n
}

// logits returns z, its softmax, the winner and the runner-up at one image.
func (n *linearNet) logits(x []float64) (z, s []float64, winner, second int) {
	for k, row := range n.weight {
		sum := n.bias[k]
		for i, w := range row {
			sum += w * x[i]
		}
		z = append(z, sum)
		if sum > z[winner] {
			winner = k
		}
	}
	second = -1
	total := 0.0
	for k, v := range z {
		if k != winner && (second < 0 || v > z[second]) {
			second = k
		}
		total += math.Exp(v)
	}
	for _, v := range z {
		s = append(s, math.Exp(v)/total)
	}
	return z, s, winner, second
}

func (n *linearNet) Linearize(x []float64, count int, p models.Projection) (models.Linearization, error) {
	size := n.shape.H * n.shape.W * n.shape.C
	var out models.Linearization
	for i := range count {
		z, s, winner, second := n.logits(x[i*size:][:size])
		d := make([]float64, size)
		for j := range d {
			switch p {
			case models.Logit:
				d[j] = n.weight[winner][j]
			case models.Margin:
				d[j] = n.weight[winner][j] - n.weight[second][j]
			default:
				d[j] = n.weight[winner][j]
				for k := range s {
					d[j] -= s[k] * n.weight[k][j]
				}
				if p == models.Score {
					d[j] *= s[winner]
				}
			}
		}
		out.Derivative = append(out.Derivative, d...)
		out.Logits = append(out.Logits, z...)
		out.Winner = append(out.Winner, winner)
		out.Score = append(out.Score, s[winner])
	}
	return out, nil
}

func (n *linearNet) LinearizeBatch(x []float32, count int) (logit, margin models.Linearization, err error) {
	wide := make([]float64, len(x))
	for i, v := range x {
		wide[i] = float64(v)
	}
	logit, _ = n.Linearize(wide, count, models.Logit)
	margin, _ = n.Linearize(wide, count, models.Margin)
	return logit, margin, nil
}

// Evaluate implements Linearizer.
func (n *linearNet) Evaluate(b models.Batch) (models.Outcome, error) {
	size := n.shape.H * n.shape.W * n.shape.C
	var out models.Outcome
	for i := range b.N {
		x := make([]float64, size)
		for j, v := range b.X[i*size:][:size] {
			x[j] = float64(v)
		}
		_, s, winner, _ := n.logits(x)
		out.Loss -= math.Log(s[b.Labels[i]])
		out.Predictions = append(out.Predictions, uint16(winner))
		if winner != int(b.Labels[i]) {
			out.Wrong++
		}
	}
	return out, nil
}
