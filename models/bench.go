package models

import (
	"fmt"
	"slices"
	"time"

	"github.com/maxgain/maxgain/models/internal/kernel"
)

// LayerTime is how long one convolution, with the ReLU and pooling fused to it, takes over a batch.
type LayerTime struct {
	Name            string
	FLOPs           float64 // of one direction in the direct form: 2 × multiply-accumulates × images
	Forward         float64 // seconds
	BackwardData    float64 // seconds; 0 for the first layer, which needs none in training
	BackwardWeights float64 // seconds
}

// Timing is what Bench has measured; times are medians, in seconds.
type Timing struct {
	Batch   int
	Train   float64 // one training step: forward, backward, update
	Forward float64 // one evaluation
	Layers  []LayerTime
}

// CPULevel is the instruction set in use: generic, avx2 or avx512. The error says that $MAXGAIN_CPU asks
// for one that is not there.
func CPULevel() (string, error) {
	l, err := kernel.CPULevel()
	return l.String(), err
}

// PeakGFLOPS measures the machine's rate of float32 multiplications and additions, in 10⁹ a second, with
// that many threads at the CPU level in use.
func PeakGFLOPS(workers int) float64 { return kernel.PeakGFLOPS(workers) }

// Bench times the net on a batch of synthetic images for about d, without keeping what the training
// steps do to the weights in check: the net is of no other use afterwards.
func Bench(n *Net, d time.Duration) (Timing, error) {
	b := randomBatch(n.spec, n.opts.Batch, 1)
	step := uint64(0)
	train := func() error {
		step++
		if _, err := n.Train(b, step); err != nil {
			return err
		}
		return n.Update(1e-6, 0.9, 0)
	}
	forward := func() error { _, err := n.Evaluate(b); return err }
	out := Timing{Batch: n.opts.Batch}
	times, err := interleave(d*2/3, train, forward)
	if err != nil {
		return out, err
	}
	out.Train, out.Forward = times[0], times[1]
	out.Layers, err = n.benchLayers(d / 3)
	return out, err
}

// benched is a convolution with the maps that the last step has left around it.
type benched struct {
	group *group
	block *packedBlock[float32]
	x, y  []float32
	first bool // no gradient by x is wanted
}

// convolutions lists the convolutions of groups, of which the first works on x and the last leaves the buffer result.
func (n *Net) convolutions(groups []group, x []float32, result string, first bool) ([]benched, error) {
	var list []benched
	for i := range groups {
		g, name := &groups[i], groups[i].name
		if i == len(groups)-1 && result != "" {
			name = result
		}
		y := n.memory.buffers[name]
		switch {
		case g.isResidual():
			inner, err := n.convolutions(g.body, x, name, first && i == 0)
			if err != nil {
				return nil, err
			}
			list = append(list, inner...)
			if g.shortcut != nil {
				inner, err := n.convolutions([]group{*g.shortcut}, x, "", first && i == 0)
				if err != nil {
					return nil, err
				}
				list = append(list, inner...)
			}
		case g.conv != "":
			kind := kernel.NoNorm
			if g.norm != "" {
				kind = kernel.BatchNorm
			}
			b := benched{group: g, block: n.memory.blocks[blockKey(g, false, kind)], x: x, y: y, first: first && i == 0}
			if b.block == nil || len(x) < n.opts.Batch*g.in.Len() || len(y) < n.opts.Batch*g.output().Len() {
				return nil, fmt.Errorf("models: %s has not been run yet", g.name)
			}
			list = append(list, b)
		}
		x = y
	}
	return list, nil
}

// benchLayers times each convolution by itself on the maps that the last step has left.
func (n *Net) benchLayers(d time.Duration) ([]LayerTime, error) {
	list, err := n.convolutions(n.groups, n.memory.buffers["net input"], "", true)
	if err != nil {
		return nil, err
	}
	var layers []LayerTime
	var jobs []func() error
	batch := n.opts.Batch
	for _, c := range list {
		dy, dx := make([]float32, batch*c.group.output().Len()), make([]float32, batch*c.group.in.Len())
		for j := range dy {
			dy[j] = float32(j%7-3) * 1e-3
		}
		weights := make([]float32, c.group.block.WeightLen())
		var bias []float32
		if _, ok := n.index[c.group.conv+".bias"]; ok {
			bias = make([]float32, c.group.block.Out)
		}
		layers = append(layers, LayerTime{Name: c.group.conv, FLOPs: c.group.flops() * float64(batch)})
		jobs = append(jobs,
			func() error { c.block.Forward(c.x, c.y, batch); return nil },
			func() error {
				if !c.first {
					c.block.Backward(c.x, c.y, dy, kernel.Gradients[float32]{DX: dx}, batch)
				}
				return nil
			},
			func() error {
				c.block.Backward(c.x, c.y, dy, kernel.Gradients[float32]{DW: weights, DB: bias}, batch)
				return nil
			})
	}
	times, err := interleave(d, jobs...)
	if err != nil {
		return nil, err
	}
	for i, c := range list {
		layers[i].Forward, layers[i].BackwardWeights = times[3*i], times[3*i+2]
		if !c.first {
			layers[i].BackwardData = times[3*i+1]
		}
	}
	return layers, nil
}

// flops is the group's forward work an image in the direct form.
func (g *group) flops() float64 {
	b := g.block
	return 2 * float64(b.WeightLen()) * float64(b.Conv.OutH(b.In.H)*b.Conv.OutW(b.In.W))
}

// interleave runs the jobs in turn for about d, at least three rounds after one that does not count, and
// returns each one's median time in seconds.
func interleave(d time.Duration, jobs ...func() error) ([]float64, error) {
	times := make([][]float64, len(jobs))
	start := time.Now()
	for round := 0; round <= 3 || time.Since(start) < d; round++ {
		for i, job := range jobs {
			t := time.Now()
			if err := job(); err != nil {
				return nil, err
			}
			if round > 0 {
				times[i] = append(times[i], time.Since(t).Seconds())
			}
		}
	}
	medians := make([]float64, len(jobs))
	for i, t := range times {
		slices.Sort(t)
		medians[i] = t[len(t)/2]
	}
	return medians, nil
}
