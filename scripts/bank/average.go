package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/signal"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// averageSpan is the number of last epochs whose weights are averaged.
const averageSpan = 10

// averager is a trainer.Hook that keeps the mean of the weights at the ends of the last epochs in a net of its own and
// measures on it what is measured on the trained net.
type averager struct {
	net    *models.Net
	data   *datasets.Dataset
	probes []diagnostics.Probe
	ends   [][][]float32 // the weights at the last epochs' ends, oldest first
}

// Name implements trainer.Hook.
func (*averager) Name() string { return "average" }

// AfterEpoch implements trainer.Hook.
func (a *averager) AfterEpoch(ctx context.Context, s *trainer.State) error {
	row := &s.History.Rows[len(s.History.Rows)-1]
	if row.Epoch == 0 {
		return nil
	}
	var now [][]float32
	for _, p := range s.Net.Params() {
		now = append(now, append([]float32(nil), p.Value...))
	}
	a.ends = append(a.ends, now)
	a.ends = a.ends[max(0, len(a.ends)-averageSpan):]
	for i, p := range a.net.Params() {
		for k := range p.Value {
			sum := 0.0
			for _, end := range a.ends {
				sum += float64(end[i][k])
			}
			p.Value[k] = float32(sum / float64(len(a.ends)))
		}
	}
	a.net.Changed()
	if err := a.refreshNorms(); err != nil {
		return fmt.Errorf("averaged weights of epoch %d: %w", row.Epoch, err)
	}
	add := func(name string, v float64) {
		row.Signals = append(row.Signals, trainer.Signal{Name: signal.Averaged(name), Value: v})
	}
	for _, p := range a.probes {
		reading, err := p.Measure(ctx, diagnostics.Subject{Net: a.net})
		if err != nil {
			return err
		}
		for _, found := range reading.Signals {
			add(found.Name, found.Value)
		}
	}
	for _, split := range []struct {
		images      *datasets.Split
		loss, error string
	}{{a.data.Val, signal.ValLoss, signal.ValError}, {a.data.Test, signal.TestLoss, signal.TestError}} {
		if split.images == nil {
			continue
		}
		loss, wrong, err := trainer.Evaluate(ctx, a.net, split.images, batchSize)
		if err != nil {
			return fmt.Errorf("averaged weights of epoch %d: %w", row.Epoch, err)
		}
		add(split.loss, loss)
		add(split.error, wrong)
	}
	return nil
}

// normBatches is how many training batches move the averaged batch norms' running values towards those of the averaged
// weights.
const normBatches = 5

// refreshNorms measures the batch norms' running values anew on training images; nothing for a net without any.
func (a *averager) refreshNorms() error {
	if !slices.ContainsFunc(a.net.Params(), (*models.Param).Running) {
		return nil
	}
	x := make([]float32, batchSize*a.net.Spec().Input.Len())
	index, labels := make([]int, batchSize), make([]uint16, batchSize)
	for batch := range normBatches {
		for i := range index {
			index[i] = (batch*batchSize + i) % a.data.Train.Len()
			labels[i] = a.data.Train.Labels[index[i]]
		}
		a.data.Train.Fill(x, index, false)
		if _, err := a.net.Train(models.Batch{X: x, Labels: labels, N: batchSize}, 0); err != nil {
			return err
		}
	}
	return nil
}
