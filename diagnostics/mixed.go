package diagnostics

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/maxgain/maxgain/diagnostics/signal"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// The range of the random transformations: rotation up to ± maxAngle degrees, scale from minScale to maxScale, shift up to
// maxShift of the image's side each way. They were chosen in a trial of several ranges: wider ones make images of a new
// kind, narrower ones images that the network still knows by heart.
const (
	maxAngle = 15.0
	minScale = 0.85
	maxScale = 1.2
	maxShift = 0.1
)

// mixedDraws is how many transformed versions of each image there are.
const mixedDraws = 2

// mixedSeed fixes the transformations, so that they are the same at every epoch of every run.
const mixedSeed = 0x6d69786564

// Bounds of the number of images that Mixed takes: a share of the training set, so that two networks' measurements cost
// a fraction of an epoch, but enough for a steady mean and not more than that.
const (
	mixedShare = 4 // one image in four
	mixedLeast = 100
	mixedMost  = 500
)

// Mixed evaluates the network on training images that are rotated, scaled and shifted at random, two versions of each,
// fixed for all epochs, and reports over all of these
//
//   - mixed_loss: the mean −log softmax of the image's training label, in nats;
//   - mixed_error: the share of those that are classified otherwise;
//   - mixed_changes: the share of those whose predicted class differs from that of the measurement before, where the
//     subject has a memory of it.
//
// A transformed image is new to the network and still shows what its label says: what was learnt carries over to it,
// what was memorised does not. The changes need no label: they settle while a network learns what images have in common, and
// rise again when it memorises labels that contradict it. Pixels are interpolated bilinearly; beyond the edge the edge's pixels are repeated.
type Mixed struct {
	shape  models.Shape
	source ImageSource
	index  []int    // of the images in source
	labels []uint16 // [len(index)], as trained on
	maps   []affine // [len(index)·mixedDraws], those of one image side by side
	batch  int
}

// affine maps a row and a column of the transformed image, counted from its centre, to a place in the original, counted
// from its first pixel's centre.
type affine struct{ rr, rc, r0, cr, cc, c0 float64 }

// NewMixed prepares the probe for images of a source with the labels [source.Len()] that they are trained on: a quarter
// of them, at least 100 if there are as many and at most 500, evenly spread. At most batch images are evaluated at once.
func NewMixed(source ImageSource, labels []uint16, shape models.Shape, batch int) (*Mixed, error) {
	total := source.Len()
	if total == 0 || len(labels) != total || shape.Len() == 0 || batch < 1 {
		return nil, fmt.Errorf("probe of transformed images: %d images of %d×%d×%d and %d labels in batches of %d",
			total, shape.H, shape.W, shape.C, len(labels), batch)
	}
	count := min(total, max(mixedLeast, min(mixedMost, total/mixedShare)))
	m := &Mixed{shape: shape, source: source, batch: batch}
	random := rand.New(rand.NewPCG(mixedSeed, 0))
	for i := range count {
		at := i * total / count
		m.index, m.labels = append(m.index, at), append(m.labels, labels[at])
		for range mixedDraws {
			m.maps = append(m.maps, drawAffine(random, shape, 1))
		}
	}
	return m, nil
}

// drawAffine draws a transformation of a share of the full range: angle, scale, shift down and shift to the right, in this
// order.
func drawAffine(random *rand.Rand, s models.Shape, strength float64) affine {
	within := func(low, high float64) float64 { return strength * (low + (high-low)*random.Float64()) }
	angle, scale := within(-maxAngle, maxAngle)*math.Pi/180, 1+within(minScale-1, maxScale-1)
	down, right := within(-maxShift, maxShift)*float64(s.H), within(-maxShift, maxShift)*float64(s.W)
	sin, cos := math.Sincos(angle)
	// The inverse of: turn by angle about the centre, enlarge by scale, then shift.
	a := affine{rr: cos / scale, rc: -sin / scale, cr: sin / scale, cc: cos / scale}
	a.r0 = float64(s.H-1)/2 - a.rr*down - a.rc*right
	a.c0 = float64(s.W-1)/2 - a.cr*down - a.cc*right
	return a
}

// Measure implements Probe.
func (m *Mixed) Measure(ctx context.Context, s Subject) (Reading, error) {
	size := m.shape.Len()
	perBatch := min(m.batch, len(m.maps))
	images, original := make([]float32, perBatch*size), make([]float32, size)
	labels := make([]uint16, perBatch)
	loss, wrong := 0.0, 0
	predicted := make([]uint16, 0, len(m.maps))
	for from := 0; from < len(m.maps); from += perBatch {
		if err := ctx.Err(); err != nil {
			return Reading{}, err
		}
		n := min(perBatch, len(m.maps)-from)
		for i := range n {
			k := (from + i) / mixedDraws
			if i == 0 || (from+i)%mixedDraws == 0 {
				m.source.Fill(original, m.index[k:k+1], false)
			}
			m.maps[from+i].transform(images[i*size:][:size], original, m.shape)
			labels[i] = m.labels[k]
		}
		out, err := s.Net.Evaluate(models.Batch{X: images[:n*size], Labels: labels[:n], N: n})
		if err != nil {
			return Reading{}, fmt.Errorf("probe of transformed images: %w", err)
		}
		loss += out.Loss
		wrong += out.Wrong
		predicted = append(predicted, out.Predictions...)
	}
	total := float64(len(m.maps))
	r := Reading{Signals: []trainer.Signal{
		{Name: signal.MixedLoss, Value: loss / total},
		{Name: signal.MixedError, Value: float64(wrong) / total},
	}}
	if before := s.Memory[mixedMemory]; len(before) == len(predicted) {
		changed := 0
		for i, class := range predicted {
			if class != before[i] {
				changed++
			}
		}
		r.Signals = append(r.Signals, trainer.Signal{Name: signal.MixedChanges, Value: float64(changed) / total})
	}
	if s.Memory != nil {
		s.Memory[mixedMemory] = predicted
	}
	return r, nil
}

// mixedMemory is the name under which Mixed keeps the predictions of a measurement for the next.
const mixedMemory = "mixed"

// transform writes the image [H,W,C] as the map transforms it.
func (a affine) transform(dst, image []float32, s models.Shape) {
	h, w, c := s.H, s.W, s.C
	for row := range h {
		down := float64(row) - float64(h-1)/2
		for column := range w {
			right := float64(column) - float64(w-1)/2
			r0, r1, fr := neighbours(a.rr*down+a.rc*right+a.r0, h)
			c0, c1, fc := neighbours(a.cr*down+a.cc*right+a.c0, w)
			upper, lower := image[(r0*w+c0)*c:][:c], image[(r1*w+c0)*c:][:c]
			upperRight, lowerRight := image[(r0*w+c1)*c:][:c], image[(r1*w+c1)*c:][:c]
			out := dst[(row*w+column)*c:][:c]
			for k := range out {
				top := upper[k] + fc*(upperRight[k]-upper[k])
				bottom := lower[k] + fc*(lowerRight[k]-lower[k])
				out[k] = top + fr*(bottom-top)
			}
		}
	}
}

// neighbours are the two pixels of n around a place and the share of the way from the first to the second; beyond the
// edge both are the edge's pixel.
func neighbours(at float64, n int) (first, second int, share float32) {
	at = min(max(at, 0), float64(n-1))
	first = int(at)
	return first, min(first+1, n-1), float32(at - float64(first))
}
