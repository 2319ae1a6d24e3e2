package trainer

import (
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

// loader assembles a split's batches one ahead of the caller, in a goroutine, into two buffers that
// are used in turn.
type loader struct {
	split *datasets.Split
	size  int
	all   []int // the split's own order
	free  chan *slot
	ready chan *slot
	quit  chan struct{}
	done  chan struct{}
}

// slot is one buffer: a batch and which images it holds.
type slot struct {
	batch  models.Batch
	index  []int     // of the batch's images in the split
	x      []float32 // [size,H,W,C]
	labels []uint16  // [size]
}

func newLoader(s *datasets.Split, size int) *loader {
	size = min(size, s.Len())
	l := &loader{split: s, size: size, all: make([]int, s.Len()), free: make(chan *slot, 2), ready: make(chan *slot, 2)}
	for i := range l.all {
		l.all[i] = i
	}
	for range cap(l.free) {
		l.free <- &slot{x: make([]float32, size*s.H*s.W*s.C), labels: make([]uint16, size)}
	}
	return l
}

// start begins to assemble the batches of order from number first on; flip tells which are mirrored.
// next must be called for each of them, or stop.
func (l *loader) start(order []int, first int, flip func(number int) bool) {
	l.quit, l.done = make(chan struct{}), make(chan struct{})
	go l.run(order, first, flip)
}

func (l *loader) run(order []int, first int, flip func(number int) bool) {
	defer close(l.done)
	for number := first; number*l.size < len(order); number++ {
		var s *slot
		select {
		case s = <-l.free:
		case <-l.quit:
			return
		}
		s.index = order[number*l.size : min((number+1)*l.size, len(order))]
		n := len(s.index)
		l.split.Fill(s.x, s.index, flip(number))
		for i, k := range s.index {
			s.labels[i] = l.split.Labels[k]
		}
		s.batch = models.Batch{X: s.x[:n*len(s.x)/l.size], Labels: s.labels[:n], N: n}
		l.ready <- s // never blocks: there are as many places as slots
	}
}

// next waits for the next batch; give it back with release.
func (l *loader) next() *slot { return <-l.ready }

func (l *loader) release(s *slot) { l.free <- s }

// stop ends the assembly, wherever it is. The caller must have released its slot.
func (l *loader) stop() {
	close(l.quit)
	<-l.done
	for len(l.ready) > 0 {
		l.free <- <-l.ready
	}
}
