package models

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/maxgain/maxgain/models/internal/kernel"
	"github.com/maxgain/maxgain/models/memory"
)

// Memory is about how many bytes a net takes when it trains, is evaluated and probed. The data are not in it.
type Memory struct {
	Weights float64 // values, momentum, gradients, a copy in float64, and those of the best epoch
	Maps    float64 // layers' results for a batch and their gradients
	Work    float64 // packed weights, partial gradients and scratch
}

// Total is the sum.
func (m Memory) Total() float64 { return m.Weights + m.Maps + m.Work }

// ErrMemory is wrapped by New's error about a net that the machine has too little memory for.
var ErrMemory = errors.New("not enough memory")

// Memory estimates what New and the net's methods take in all. It takes none itself.
func (s Spec) Memory(o Options) (Memory, error) {
	p, err := newPlan(s)
	if err != nil {
		return Memory{}, err
	}
	return p.memory(fuse(p), o), nil
}

func (p *plan) memory(groups []group, o Options) Memory {
	workers := o.Workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	e := estimate{batch: o.Batch, workers: workers}
	e.chain(groups, false)
	e.map32(values3(p.spec.Input))
	e.m.Maps += 2 * 4 * float64(o.Batch) * e.largest // gradients alternate between two
	e.m.Maps += 2 * 8 * preciseBatch * e.largest
	for _, r := range p.rows {
		e.m.Weights += float64(r.Params) * (5*4 + 2*8)
	}
	return e.m
}

// estimate sums up a net's memory.
type estimate struct {
	m              Memory
	batch, workers int
	largest        float64 // values in a map
	inside         bool    // a residual's gradients are counted
}

func values3(s Shape) float64 { return float64(s.H) * float64(s.W) * float64(s.C) }

// map32 counts a result that each graph keeps: in float32 for a batch and in float64 for the few images of a probe.
func (e *estimate) map32(values float64) {
	e.m.Maps += values * (4*float64(e.batch) + 8*preciseBatch)
	e.largest = max(e.largest, values)
}

func (e *estimate) chain(groups []group, later bool) {
	for i := range groups {
		g := &groups[i]
		needDX := later || i > 0
		switch {
		case g.isDropout:
			e.map32(values3(g.in))
			e.m.Maps += float64(e.batch) * values3(g.in) // the mask
		case g.isResidual():
			e.chain(g.body, needDX)
			if g.shortcut != nil {
				e.chain([]group{*g.shortcut}, needDX)
				e.m.Maps += 4 * float64(e.batch) * values3(g.in)
			}
			if !e.inside {
				e.inside = true
				e.m.Maps += 3 * 4 * float64(e.batch) * e.largest
			}
		default:
			e.map32(values3(g.output()))
			e.block(g, needDX)
		}
	}
}

// block counts the blocks that the graphs make of a group.
func (e *estimate) block(g *group, needDX bool) {
	train, eval, probe := g.block, g.block, g.block
	train.NeedDX, probe.NeedDX, probe.Direct = needDX, true, true
	if g.norm != "" {
		train.Norm, eval.Norm, probe.Norm = kernel.BatchNorm, kernel.FixedNorm, kernel.FixedNorm
		e.m.Work += eval.Memory(e.batch, e.workers, 4, false)
	}
	e.m.Work += train.Memory(e.batch, e.workers, 4, true) +
		probe.Memory(e.batch, e.workers, 4, false) + probe.Memory(preciseBatch, e.workers, 8, false)
}

// Fits says whether there is so much memory, as far as that is known.
func (m Memory) Fits(batch int) error {
	free, known := memory.Available()
	if !known || m.Total() <= float64(free) {
		return nil
	}
	return fmt.Errorf("%w: the net takes about %s for batches of %d images, %s can be had; want smaller batches, fewer channels or more pooling",
		ErrMemory, Gigabytes(m.Total()), batch, Gigabytes(float64(free)))
}

// Gigabytes writes a number of bytes in GB or MB, in steps of 1000.
func Gigabytes(bytes float64) string {
	if bytes < 1e9 {
		return fmt.Sprintf("%.0f MB", bytes/1e6)
	}
	return fmt.Sprintf("%.3g GB", bytes/1e9)
}
