package trainer

import (
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

// loader assembles a split's batches one ahead of the caller, in a goroutine, into two buffers that
// are used in turn.
type loader struct {
	split   *datasets.Split
	size    int
	all     []int               // the split's own order
	augment *datasets.Augmenter // changes images one by one; nil: nobody does
	byClass []float32           // weights of images, by their labels; nil: all weigh 1
	free    chan *slot
	ready   chan *slot
	quit    chan struct{}
	done    chan struct{}
}

// slot is one buffer: a batch and which images it holds.
type slot struct {
	batch  models.Batch
	index  []int     // of the batch's images in the split
	x      []float32 // [size,H,W,C]
	labels []uint16  // [size]
	weight []float32 // [size]; nil where all images weigh 1
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

// newTrainingLoader is newLoader for training: images are changed as the data say, and weigh what their
// classes do (nil: all 1).
func newTrainingLoader(data *datasets.Dataset, size int, seed uint64, byClass []float32) *loader {
	l := newLoader(data.Train, size)
	if data.Augment.PerImage() {
		l.augment = datasets.NewAugmenter(data.Augment, data.Train, seed)
	}
	if l.byClass = byClass; byClass != nil {
		for range cap(l.free) {
			s := <-l.free
			s.weight = make([]float32, l.size)
			l.free <- s
		}
	}
	return l
}

// start begins to assemble the epoch's batches of order from number first on; flip tells which are
// mirrored. next must be called for each of them, or stop.
func (l *loader) start(order []int, first, epoch int, flip func(number int) bool) {
	l.quit, l.done = make(chan struct{}), make(chan struct{})
	go l.run(order, first, epoch, flip)
}

func (l *loader) run(order []int, first, epoch int, flip func(number int) bool) {
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
		x := s.x[:n*len(s.x)/l.size]
		l.split.Fill(x, s.index, flip(number))
		if l.augment != nil {
			l.augment.Apply(x, s.index, epoch)
		}
		for i, k := range s.index {
			s.labels[i] = l.split.Labels[k]
			if s.weight != nil {
				s.weight[i] = l.byClass[s.labels[i]]
			}
		}
		s.batch = models.Batch{X: x, Labels: s.labels[:n], N: n}
		if s.weight != nil {
			s.batch.Weights = s.weight[:n]
		}
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
