package diagnostics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// ImageGain is the paper's probe: the Maximum Gain of the data derivative at one image, in float64. It reports
// gain_db, the mean over channels, and gain_db_c0 … for each channel; −Inf where the derivative is 0 everywhere.
// Stamatescu & McDonnell (2018), sections III-C and IV.
type ImageGain struct {
	Shape      models.Shape
	Image      []float64         // [H,W,C], fed as it is
	Projection models.Projection // LogScore in the paper
	Window     spectrum.Window   // Hann for an impulse, none for a natural image
}

// ImpulseGain is the probe of the paper's curves: an impulse of the given value in the image's centre (⌊H/2⌋,⌊W/2⌋).
func ImpulseGain(shape models.Shape, value float64, p models.Projection, w spectrum.Window) (*ImageGain, error) {
	image, err := spectrum.Impulse(shape.H, shape.W, shape.C, value, shape.H/2, shape.W/2)
	if err != nil {
		return nil, fmt.Errorf("impulse probe: %w", err)
	}
	return &ImageGain{Shape: shape, Image: image, Projection: p, Window: w}, nil
}

// Gauge is a full measurement at one image, as `train gain` prints it.
type Gauge struct {
	spectrum.Gain
	Spectrum   *spectrum.Spectrum
	Derivative []float64 // [H,W,C] before the window
	Winner     int       // class of the largest logit
	Score      float64   // its softmax score
}

// ErrNotFinite says that a network's response at an image holds NaN or infinite numbers, so that no gain can be stated.
var ErrNotFinite = errors.New("the network's response is not finite: its weights hold NaN or infinite numbers, or are so large that the response overflows")

// Gauge measures the response at the probe's image. A weight or a response that is not finite is ErrNotFinite: a NaN may
// hide behind a ReLU from the response.
func (g *ImageGain) Gauge(net Linearizer) (Gauge, error) {
	if weights, ok := net.(interface{ Params() []*models.Param }); ok {
		for _, p := range weights.Params() {
			for i, v := range p.Value {
				if v-v != 0 { // NaN or infinite
					return Gauge{}, fmt.Errorf("gain: %w: value %d of %s is %v", ErrNotFinite, i, p.Name, v)
				}
			}
		}
	}
	return g.gauge(net)
}

// gauge is Gauge for a net whose weights are known to be finite.
func (g *ImageGain) gauge(net Linearizer) (Gauge, error) {
	s := g.Shape
	if len(g.Image) != s.H*s.W*s.C {
		return Gauge{}, fmt.Errorf("gain: image has %d values, the network takes %d×%d×%d", len(g.Image), s.H, s.W, s.C)
	}
	lin, err := net.Linearize(g.Image, 1, g.Projection)
	if err != nil {
		return Gauge{}, fmt.Errorf("gain: %w", err)
	}
	if !allFinite(lin.Logits) || !allFinite(lin.Score) || !allFinite(lin.Derivative) {
		return Gauge{}, fmt.Errorf("gain: %w", ErrNotFinite)
	}
	response, err := spectrum.Response(lin.Derivative, s.H, s.W, s.C, g.Window)
	if err != nil {
		return Gauge{}, fmt.Errorf("gain: %w", err)
	}
	return Gauge{Gain: response.MaximumGain(), Spectrum: response, Derivative: lin.Derivative,
		Winner: lin.Winner[0], Score: lin.Score[0]}, nil
}

// allFinite tells whether no value is NaN or infinite.
func allFinite(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}

// Measure implements Probe. Where the response is not finite it reports nothing, so that a training goes on without.
func (g *ImageGain) Measure(_ context.Context, s Subject) (Reading, error) {
	m, err := g.gauge(s.Net)
	if errors.Is(err, ErrNotFinite) {
		return Reading{}, nil
	}
	if err != nil {
		return Reading{}, err
	}
	r := Reading{Spectrum: m.Spectrum, Derivative: m.Derivative, Signals: []trainer.Signal{{Name: GainDB, Value: m.MeanDB}}}
	for k, db := range m.ChannelsDB {
		r.Signals = append(r.Signals, trainer.Signal{Name: fmt.Sprint(GainChannelDB, k), Value: db})
	}
	return r, nil
}

// PositionsGain is the impulse gain measured with the impulse at several places: the median of gain_db over them and
// its interquartile range, both in dB. Places at which the response is not finite are left out.
type PositionsGain struct {
	Shape      models.Shape
	Value      float64
	Positions  [][2]int // row and column
	Projection models.Projection
	Window     spectrum.Window
}

// SpreadPositions returns n places within the middle half of an h×w image, the first one its centre. The others
// follow the additive recurrence by the powers of 1/1.3247…, the plane's golden ratio, which covers a square evenly
// for every n. Roberts (2018), "The unreasonable effectiveness of quasirandom sequences".
func SpreadPositions(h, w, n int) [][2]int {
	const plastic = 1.32471795724474602596 // the real root of x³ = x + 1
	out := make([][2]int, n)
	for i := range out {
		_, a := math.Modf(0.5 + float64(i)/plastic)
		_, b := math.Modf(0.5 + float64(i)/(plastic*plastic))
		out[i] = [2]int{int(float64(h) * (0.25 + a/2)), int(float64(w) * (0.25 + b/2))}
	}
	return out
}

// Measure implements Probe.
func (g *PositionsGain) Measure(_ context.Context, s Subject) (Reading, error) {
	gains := make([]float64, 0, len(g.Positions))
	for _, p := range g.Positions {
		image, err := spectrum.Impulse(g.Shape.H, g.Shape.W, g.Shape.C, g.Value, p[0], p[1])
		if err != nil {
			return Reading{}, fmt.Errorf("positions probe: %w", err)
		}
		one := ImageGain{Shape: g.Shape, Image: image, Projection: g.Projection, Window: g.Window}
		m, err := one.gauge(s.Net)
		if errors.Is(err, ErrNotFinite) {
			continue
		}
		if err != nil {
			return Reading{}, err
		}
		gains = append(gains, m.MeanDB)
	}
	return Reading{Signals: []trainer.Signal{
		{Name: PositionsMedianDB, Value: median(gains)},
		{Name: PositionsSpreadDB, Value: quantile(gains, 0.75) - quantile(gains, 0.25)},
	}}, nil
}
