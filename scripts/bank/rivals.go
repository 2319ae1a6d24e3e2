package main

import (
	"context"
	"math"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics/bank"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// disparityBatches is the number of batches of which gradient disparity takes the pairs, as its authors do;
// evidenceImages the number of images whose gradients the evidence is taken from.
const (
	disparityBatches = 5
	evidenceImages   = 32
)

// rivals is a trainer.Hook that measures the criteria after each epoch, on training images as they are trained on.
// It overwrites the net's gradients, which the next step computes anew, and nothing else.
type rivals struct {
	net   *models.Net
	train *datasets.Split
}

// Name implements trainer.Hook.
func (*rivals) Name() string { return "rivals" }

// AfterEpoch implements trainer.Hook.
func (r *rivals) AfterEpoch(_ context.Context, s *trainer.State) error {
	row := &s.History.Rows[len(s.History.Rows)-1]
	if row.Epoch == 0 {
		return nil
	}
	disparity, err := r.disparity()
	if err != nil {
		return err
	}
	e, err := r.evidence()
	if err != nil {
		return err
	}
	row.Signals = append(row.Signals, trainer.Signal{Name: bank.GradientDisparity, Value: disparity}, trainer.Signal{Name: bank.Evidence, Value: e})
	return nil
}

// gradient leaves the gradient of the mean loss over the images from first on in the net's parameters.
func (r *rivals) gradient(first, count int) error {
	index := make([]int, count)
	labels := make([]uint16, count)
	for i := range index {
		index[i] = (first + i) % r.train.Len()
		labels[i] = r.train.Labels[index[i]]
	}
	x := make([]float32, count*r.net.Spec().Input.Len())
	r.train.Fill(x, index, false)
	_, err := r.net.Train(models.Batch{X: x, Labels: labels, N: count}, 0)
	return err
}

// disparity is gradient disparity, Forouzesh & Thiran (2021), arXiv:2107.06665.
func (r *rivals) disparity() (float64, error) {
	var batches [disparityBatches][]float32
	for i := range batches {
		if err := r.gradient(i*batchSize, batchSize); err != nil {
			return 0, err
		}
		for _, p := range r.net.Params() {
			batches[i] = append(batches[i], p.Grad...)
		}
	}
	sum, pairs := 0.0, 0
	for i := range batches {
		for j := range i {
			square := 0.0
			for k := range batches[i] {
				d := float64(batches[i][k] - batches[j][k])
				square += d * d
			}
			sum += math.Sqrt(square)
			pairs++
		}
	}
	return sum / float64(pairs), nil
}

// evidence is the evidence-based criterion, Mahsereci et al. (2017), arXiv:1703.09580, over a few images: ḡ is their mean
// gradient and σ̂² the variance of their gradients. Parameters whose gradient never varies say nothing.
func (r *rivals) evidence() (float64, error) {
	var sum, squares []float64
	for i := range evidenceImages {
		if err := r.gradient(i, 1); err != nil {
			return 0, err
		}
		at := 0
		for _, p := range r.net.Params() {
			if i == 0 {
				sum, squares = append(sum, make([]float64, len(p.Grad))...), append(squares, make([]float64, len(p.Grad))...)
			}
			s, q := sum[at:][:len(p.Grad)], squares[at:][:len(p.Grad)]
			for k, v := range p.Grad {
				g := float64(v)
				s[k] += g
				q[k] += g * g
			}
			at += len(p.Grad)
		}
	}
	total, varied := 0.0, 0
	for k := range sum {
		mean := sum[k] / evidenceImages
		if variance := (squares[k] - evidenceImages*mean*mean) / (evidenceImages - 1); variance > 0 {
			total += mean * mean / variance
			varied++
		}
	}
	return 1 - evidenceImages*total/float64(varied), nil
}
