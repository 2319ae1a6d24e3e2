package models

import (
	"fmt"
	"math"

	"github.com/maxgain/maxgain/models/internal/kernel"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Projection chooses the scalar whose derivative with respect to the input is measured; k* is the winner,
// the class of the largest logit z, s = softmax(z).
type Projection int

const (
	LogScore Projection = iota // log s[k*]: the score's derivative divided by the score
	Score                      // s[k*]
	Logit                      // z[k*]
	Margin                     // z[k*] − the next largest logit
)

// projectOp sums the chosen projection over the live images: logits [N,1,1,K] → scalar.
type projectOp[T kernel.Float] struct {
	baseOp
	step    *step
	classes int
	dz      *tensor.Dense // [N,1,1,K]
	winner  []int         // per image
	score   []float64     // softmax score of the winner, per image
}

func (o *projectOp[T]) Arity() int { return 1 }

func (o *projectOp[T]) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	z, err := values[T](in[0])
	if err != nil {
		return nil, err
	}
	dz, err := values[T](o.dz)
	if err != nil {
		return nil, err
	}
	sum := 0.0
	scores := make([]float64, o.classes)
	for i := range o.step.n {
		row := z[i*o.classes:][:o.classes]
		win := kernel.Scores(row, scores)
		o.winner[i], o.score[i] = win, scores[win]
		sum += project(o.step.project, row, scores, win, dz[i*o.classes:][:o.classes])
	}
	return scalar[T](sum), nil
}

// project returns the projection of one image's logits z with scores s, and its gradient dz.
func project[T kernel.Float](p Projection, z []T, s []float64, win int, dz []T) float64 {
	clear(dz)
	dz[win] = 1
	switch p {
	case Margin:
		next := runnerUp(z, win)
		dz[next] = -1
		return float64(z[win]) - float64(z[next])
	case Logit:
		return float64(z[win])
	}
	rest := 0.0 // 1 − s[win] summed from the other scores: exact where s[win] rounds to 1
	for k, v := range s {
		if k != win {
			rest += v
			dz[k] = T(-v)
		}
	}
	dz[win] = T(rest)
	if p == LogScore {
		return math.Log1p(-rest)
	}
	for k := range dz {
		dz[k] *= T(s[win])
	}
	return s[win]
}

// runnerUp is the index of the largest logit but the winner's.
func runnerUp[T kernel.Float](z []T, win int) int {
	next := -1
	for k, v := range z {
		if k != win && (next < 0 || v > z[next]) {
			next = k
		}
	}
	return next
}

func (o *projectOp[T]) DiffWRT(int) []bool { return []bool{true} }

// SymDiff hands out the gradient that Do has left: the seed gradient is the constant 1.
func (o *projectOp[T]) SymDiff(in gorgonia.Nodes, sum, _ *gorgonia.Node) (gorgonia.Nodes, error) {
	get := &fetchOp{t: o.dz}
	get.baseOp = newBaseOp("project.grad", o.dz.Shape(), dtypeOf[T](), tensorType[T](4))
	dz, err := gorgonia.ApplyOp(get, sum)
	if err != nil {
		return nil, fmt.Errorf("models: gradient of the projection: %w", err)
	}
	return gorgonia.Nodes{dz}, nil
}
