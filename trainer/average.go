package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/datasets/stream"
	"github.com/maxgain/maxgain/models"
)

// average is the mean of the weights at the ends of the last epochs (Izmailov et al. 2018, arXiv:1803.05407, with a
// window). It is computed anew after every epoch, in float64 and from the oldest weights to the newest, so that it
// depends on nothing but them. The running values of its batch norms are measured on training images, as those of a net
// of other weights would not fit.
type average struct {
	net  Net
	span int
	ends []epochEnd  // of the last span epochs, the oldest first
	mean [][]float32 // of ends, a slice a parameter in the order in which the net keeps its numbers; nil before epoch 1
	raw  [][]float32 // the net's own weights while it holds the mean
	used bool        // the net holds the mean

	images *datasets.Split // that norms are measured on
	sample []int           // which of them
	batch  int             // how many at a time
}

// normImages is how many training images batch norms are measured on.
const normImages = 2000

// normed is a net whose batch norms can be measured, as *models.Net is if it has any.
type normed interface {
	HasNorms() bool
	MeasureNorms(b models.Batch, number int) error
}

func newAverage(net Net, o Options, train *datasets.Split) *average {
	a := &average{net: net, span: o.Average, images: train, batch: o.BatchSize, sample: make([]int, train.Len())}
	for i := range a.sample {
		a.sample[i] = i
	}
	stream.New(o.Seed, "average").Shuffle(len(a.sample), func(i, j int) { a.sample[i], a.sample[j] = a.sample[j], a.sample[i] })
	a.sample = a.sample[:min(normImages, len(a.sample))]
	return a
}

// epochEnd are a net's weights at the end of an epoch.
type epochEnd struct {
	epoch   int
	weights [][]float32
}

// add takes the net's weights as those at the end of an epoch and computes the mean. An epoch added again takes the
// place of what was added for it.
func (a *average) add(epoch int) error {
	a.ends = a.before(epoch)
	end := epochEnd{epoch: epoch}
	if len(a.ends) == a.span {
		end.weights = a.ends[0].weights // its memory
		a.ends = append(a.ends[:0], a.ends[1:]...)
	}
	end.weights = copyWeights(end.weights, a.net)
	a.ends = append(a.ends, end)
	return a.compute()
}

// before are the ends of the epochs before one.
func (a *average) before(epoch int) []epochEnd {
	n := len(a.ends)
	for n > 0 && a.ends[n-1].epoch >= epoch {
		n--
	}
	return a.ends[:n]
}

// compute sets the mean to that of the ends.
func (a *average) compute() error {
	if a.mean == nil {
		a.mean = copyWeights(nil, a.net)
	}
	n := float64(len(a.ends))
	var sums [2048]float64 // so few that they stay in the cache
	for p, mean := range a.mean {
		for from := 0; from < len(mean); from += len(sums) {
			part := mean[from:min(from+len(sums), len(mean))]
			sum := sums[:len(part)]
			clear(sum)
			for _, end := range a.ends {
				for i, v := range end.weights[p][from:][:len(part)] {
					sum[i] += float64(v)
				}
			}
			for i, s := range sum {
				part[i] = float32(s / n)
			}
		}
	}
	if net, ok := a.net.(normed); ok && net.HasNorms() {
		return a.use(func() error { return a.measure(net) })
	}
	return nil
}

// measure sets the mean's running values while the net holds it.
func (a *average) measure(net normed) error {
	x := make([]float32, a.batch*a.images.H*a.images.W*a.images.C)
	labels := make([]uint16, a.batch)
	for number, index := range slices.Collect(slices.Chunk(a.sample, a.batch)) {
		a.images.Fill(x, index, false)
		for i, k := range index {
			labels[i] = a.images.Labels[k]
		}
		if err := net.MeasureNorms(models.Batch{X: x, Labels: labels, N: len(index)}, number); err != nil {
			return fmt.Errorf("batch norms of the averaged weights: %w", err)
		}
	}
	for i, p := range a.net.Params() {
		if p.Running() {
			copy(a.mean[i], p.Value)
		}
	}
	return nil
}

// use calls f while the net holds the mean, and gives it back its own weights.
func (a *average) use(f func() error) error {
	if a.used {
		return errors.New("trainer: the net holds the averaged weights already")
	}
	a.raw = copyWeights(a.raw, a.net)
	a.used = true
	setWeights(a.net, a.mean)
	defer func() {
		setWeights(a.net, a.raw)
		a.used = false
	}()
	return f()
}

// copyWeights copies a net's weights into dst, which is made if it is nil.
func copyWeights(dst [][]float32, net Net) [][]float32 {
	params := net.Params()
	if dst == nil {
		dst = make([][]float32, len(params))
	}
	for i, p := range params {
		dst[i] = append(dst[i][:0], p.Value...)
	}
	return dst
}

// setWeights gives a net weights that copyWeights made.
func setWeights(net Net, weights [][]float32) {
	for i, p := range net.Params() {
		copy(p.Value, weights[i])
	}
	net.Changed()
}

// endFile is the file of the weights at the end of an epoch, for as long as the average needs them.
func endFile(epoch int) string { return fmt.Sprintf("end-%d.safetensors", epoch) }

// saveEnd writes the weights of the epoch just ended, and removes those that no checkpoint needs any more: the last one
// needs those of span epochs, and so does the one before it.
func (t *Trainer) saveEnd(epoch int) error {
	a := t.average
	if a == nil || epoch < 1 {
		return nil
	}
	var tensors []models.Tensor
	for i, p := range t.net.Params() {
		tensors = append(tensors, models.Float32Tensor(p.Name, p.Shape, p.Export(a.ends[len(a.ends)-1].weights[i])))
	}
	file, err := sealed(tensors, map[string]string{metaFormat: endFormat, metaEpoch: fmt.Sprint(epoch)})
	if err != nil {
		return err
	}
	if err := t.store.put(endFile(epoch), file); err != nil {
		return err
	}
	if err := t.store.dir.Remove(endFile(epoch - a.span - 1)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// loadEnds reads the weights at the ends of the epochs before the one in progress.
func (t *Trainer) loadEnds() error {
	a := t.average
	if a == nil {
		return nil
	}
	a.ends, a.mean = nil, nil
	for epoch := max(1, t.at.Epoch-a.span); epoch < t.at.Epoch; epoch++ {
		weights, err := t.store.end(epoch, t.net)
		if err != nil {
			return fmt.Errorf("%w: the averaged weights cannot be made anew: %w", ErrCheckpoint, err)
		}
		a.ends = append(a.ends, epochEnd{epoch, weights})
	}
	if len(a.ends) == 0 {
		return nil
	}
	return a.compute()
}

// end reads the weights at the end of an epoch as the net keeps them.
func (s *store) end(epoch int, net Net) ([][]float32, error) {
	file, err := s.dir.ReadFile(endFile(epoch))
	if err != nil {
		return nil, err
	}
	tensors, meta, err := unsealed(file)
	if err == nil && (meta[metaFormat] != endFormat || meta[metaEpoch] != fmt.Sprint(epoch)) {
		err = fmt.Errorf("its format is %q and its epoch %q, want %q and %d", meta[metaFormat], meta[metaEpoch], endFormat, epoch)
	}
	var weights [][]float32
	if err == nil {
		c := checkpoint{tensors: byName(tensors)}
		weights, err = c.weights(net)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.path(endFile(epoch)), err)
	}
	return weights, nil
}
