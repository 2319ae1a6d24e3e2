package diagnostics

import (
	"context"
	"fmt"

	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// Shifts evaluates the network on training images moved up, down, left and right by a few pixels, the edge's pixels
// repeated, and reports over all of these
//
//   - shift_loss: the mean −log softmax of the image's training label, in nats;
//   - shift_error: the share of those that are classified otherwise.
//
// A moved image is new to the network and still shows what its label says: what was learnt carries over to it, what was
// learnt by heart does not. By how many pixels an image may be moved is a property of the data (datasets.Dataset.Shift).
type Shifts struct {
	Shape  models.Shape
	Images []float32 // [n,H,W,C], preprocessed as in training
	Labels []uint16  // [n], as trained on
	Pixels int
	Batch  int // images evaluated at once, at most the network's largest batch
}

// directions are the ways in which Shifts moves an image: rows down, columns to the right.
var directions = [][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}}

// Measure implements Probe.
func (p *Shifts) Measure(ctx context.Context, s Subject) (Reading, error) {
	size := p.Shape.Len()
	if size == 0 || len(p.Labels) == 0 || len(p.Images) != len(p.Labels)*size || p.Batch < 1 || p.Pixels < 1 {
		return Reading{}, fmt.Errorf("shift probe: %d values and %d labels in batches of %d are no images of %d×%d×%d to be moved by %d pixels",
			len(p.Images), len(p.Labels), p.Batch, p.Shape.H, p.Shape.W, p.Shape.C, p.Pixels)
	}
	loss, wrong := 0.0, 0
	moved := make([]float32, min(p.Batch, len(p.Labels))*size)
	for from := 0; from < len(p.Labels); from += p.Batch {
		n := min(p.Batch, len(p.Labels)-from)
		for _, d := range directions {
			if err := ctx.Err(); err != nil {
				return Reading{}, err
			}
			for i := range n {
				p.move(moved[i*size:][:size], p.Images[(from+i)*size:][:size], d[0]*p.Pixels, d[1]*p.Pixels)
			}
			out, err := s.Net.Evaluate(models.Batch{X: moved[:n*size], Labels: p.Labels[from:][:n], N: n})
			if err != nil {
				return Reading{}, fmt.Errorf("shift probe: %w", err)
			}
			loss += out.Loss
			wrong += out.Wrong
		}
	}
	total := float64(len(directions) * len(p.Labels))
	return Reading{Signals: []trainer.Signal{
		{Name: ShiftLoss, Value: loss / total},
		{Name: ShiftError, Value: float64(wrong) / total},
	}}, nil
}

// move writes the image [H,W,C] moved by some rows down and columns to the right.
func (p *Shifts) move(dst, image []float32, down, right int) {
	h, w, c := p.Shape.H, p.Shape.W, p.Shape.C
	for row := range h {
		from := min(max(row-down, 0), h-1)
		for column := range w {
			at := min(max(column-right, 0), w-1)
			copy(dst[(row*w+column)*c:][:c], image[(from*w+at)*c:][:c])
		}
	}
}
