package models

import (
	"fmt"

	"github.com/maxgain/maxgain/models/internal/kernel"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// lossOp is the mean −log softmax over the live images: logits [N,1,1,K] → scalar. It also counts
// errors and keeps the predictions in the step's outcome.
type lossOp[T kernel.Float] struct {
	baseOp
	step    *step
	classes int
	dz      *tensor.Dense // [N,1,1,K], nil where no gradient is wanted
	want    bool
}

func (o *lossOp[T]) Arity() int { return 1 }

func (o *lossOp[T]) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	z, err := values[T](in[0])
	if err != nil {
		return nil, err
	}
	var grad []T
	if o.want {
		if grad, err = values[T](o.dz); err != nil {
			return nil, err
		}
	}
	out := &o.step.outcome
	out.Loss, out.Wrong = 0, 0
	out.Predictions = out.Predictions[:0]
	if logits, ok := any(z).([]float32); ok {
		out.Logits = logits[:o.step.n*o.classes]
	}
	scale := 1 / float64(o.step.n)
	for i := range o.step.n {
		row, label := z[i*o.classes:][:o.classes], int(o.step.labels[i])
		var dz []T
		if grad != nil {
			dz = grad[i*o.classes:][:o.classes]
		}
		weight := 1.0
		if o.step.weights != nil {
			weight = float64(o.step.weights[i])
		}
		out.Loss += weight * kernel.SoftmaxLoss(row, label, weight*scale, dz)
		out.count(argMax(row), label)
	}
	return scalar[T](out.Loss * scale), nil
}

func (o *Outcome) count(winner, label int) {
	o.Predictions = append(o.Predictions, uint16(winner))
	if winner != label {
		o.Wrong++
	}
}

func (o *lossOp[T]) DiffWRT(int) []bool { return []bool{o.want} }

// SymDiff hands out the gradient that Do has left: the seed gradient is the constant 1.
func (o *lossOp[T]) SymDiff(in gorgonia.Nodes, loss, _ *gorgonia.Node) (gorgonia.Nodes, error) {
	get := &fetchOp{t: o.dz}
	get.baseOp = newBaseOp("loss.grad", o.dz.Shape(), dtypeOf[T](), tensorType[T](4))
	dz, err := gorgonia.ApplyOp(get, loss)
	if err != nil {
		return nil, fmt.Errorf("models: gradient of the loss: %w", err)
	}
	return gorgonia.Nodes{dz}, nil
}

// scalar is v as Gorgonia's scalar value of type T.
func scalar[T kernel.Float](v float64) gorgonia.Value {
	if dtypeOf[T]() == tensor.Float32 {
		return gorgonia.NewF32(float32(v))
	}
	return gorgonia.NewF64(v)
}

// argMax is the index of the first largest value.
func argMax[T kernel.Float](z []T) int {
	best := 0
	for k, v := range z {
		if v > z[best] {
			best = k
		}
	}
	return best
}
