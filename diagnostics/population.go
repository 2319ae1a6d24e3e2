package diagnostics

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// Population measures the derivative of the winner's logit over a fixed set of images and reports the medians over
// them of
//
//   - pop_gain_db: the Maximum Gain, no window, mean over channels, in dB;
//   - boundary_distance: m/‖∂m/∂x‖₂ with m the winner's logit minus the next one's, the linearised distance to the
//     decision boundary in units of x (Elsayed et al. 2018, arXiv:1803.05598; Jiang et al. 2019, arXiv:1810.00113);
//   - low_share: the share of the derivative's energy at low frequencies (spectrum.LowShare).
//
// Images whose value is undefined (NaN: a share or a distance where the derivative is 0 everywhere) are left out of a
// median; a gain of −Inf counts as the smallest. The images need no labels.
type Population struct {
	Shape  models.Shape
	Images []float32 // [n,H,W,C], preprocessed as in training
	Batch  int       // images linearised at once, at most the network's largest batch
}

// Measure implements Probe.
func (p *Population) Measure(ctx context.Context, s Subject) (Reading, error) {
	size := p.Shape.H * p.Shape.W * p.Shape.C
	if size == 0 || len(p.Images) == 0 || len(p.Images)%size != 0 || p.Batch < 1 {
		return Reading{}, fmt.Errorf("population probe: %d values in batches of %d are no images of %d×%d×%d",
			len(p.Images), p.Batch, p.Shape.H, p.Shape.W, p.Shape.C)
	}
	count := len(p.Images) / size
	gains, distances, shares := make([]float64, count), make([]float64, count), make([]float64, count)
	for from := 0; from < count; from += p.Batch {
		if err := ctx.Err(); err != nil {
			return Reading{}, err
		}
		n := min(p.Batch, count-from)
		logit, margin, err := s.Net.LinearizeBatch(p.Images[from*size:][:n*size], n)
		if err != nil {
			return Reading{}, fmt.Errorf("population probe: %w", err)
		}
		if err := p.responses(logit, gains[from:][:n], shares[from:][:n]); err != nil {
			return Reading{}, fmt.Errorf("population probe: %w", err)
		}
		classes := len(margin.Logits) / n
		for i := range n {
			distances[from+i] = boundaryDistance(margin.Logits[i*classes:][:classes], margin.Winner[i],
				margin.Derivative[i*size:][:size])
		}
	}
	return Reading{Signals: []trainer.Signal{
		{Name: PopulationGainDB, Value: median(gains)},
		{Name: BoundaryDistance, Value: median(distances)},
		{Name: LowShare, Value: median(shares)},
	}}, nil
}

// responses fills gains and shares, one an image, from the derivatives of the winners' logits. Images are shared out
// among goroutines; each result depends on its own image alone.
func (p *Population) responses(logit models.Linearization, gains, shares []float64) error {
	workers := min(runtime.GOMAXPROCS(0), len(gains))
	size := p.Shape.H * p.Shape.W * p.Shape.C
	faults := make([]error, workers)
	var wait sync.WaitGroup
	for k := range workers {
		wait.Go(func() {
			transform, err := spectrum.NewTransform(p.Shape.H, p.Shape.W, p.Shape.C)
			if err != nil {
				faults[k] = err
				return
			}
			var response spectrum.Spectrum
			for i := k; i < len(gains); i += workers {
				if !allFinite(logit.Derivative[i*size:][:size]) {
					gains[i], shares[i] = math.NaN(), math.NaN()
					continue
				}
				if err := transform.Into(&response, logit.Derivative[i*size:][:size], spectrum.None); err != nil {
					faults[k] = err
					return
				}
				gains[i], shares[i] = response.MaximumGain().MeanDB, response.LowShare()
			}
		})
	}
	wait.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}

// boundaryDistance is the margin of the winning logit over the next, divided by the 2-norm of its derivative.
// A flat margin has no boundary within reach: +Inf, or NaN if the margin is 0 as well.
func boundaryDistance(logits []float64, winner int, derivative []float64) float64 {
	next := math.Inf(-1)
	for k, z := range logits {
		if k != winner {
			next = max(next, z)
		}
	}
	norm := 0.0
	for _, v := range derivative {
		norm += v * v
	}
	return (logits[winner] - next) / math.Sqrt(norm)
}
