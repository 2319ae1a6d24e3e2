// Package pretrained measures nets that other programs trained, from ONNX files: the response at one input, the curve of
// a training from the files of its epochs, and the gains of published nets against their errors.
package pretrained

import (
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/models/onnx"
)

// Method says how a response is measured.
type Method struct {
	Projection models.Projection // LogScore in the paper
	Window     spectrum.Window   // Hann for an impulse, none for a natural image
	Fast       bool              // float32 instead of float64
}

// Measurement is the response of a net at one input.
type Measurement struct {
	diagnostics.Gauge           // Derivative [H,W,C] in the units of the net's input
	Logits            []float64 // [classes]
}

// Measure returns the response at an image [H,W,C] in the net's own units.
func Measure(net *onnx.Net, image []float64, m Method) (Measurement, error) {
	r := &recorder{Net: net, fast: m.Fast}
	probe := diagnostics.ImageGain{Shape: net.Shape(), Image: image, Projection: m.Projection, Window: m.Window}
	g, err := probe.Gauge(r)
	return Measurement{Gauge: g, Logits: r.logits}, err
}

// recorder is a net that remembers the logits of the last Linearize.
type recorder struct {
	*onnx.Net
	fast   bool
	logits []float64
}

// Linearize implements diagnostics.Linearizer.
func (r *recorder) Linearize(x []float64, count int, p models.Projection) (models.Linearization, error) {
	run := r.Net.Linearize
	if r.fast {
		run = r.Net.LinearizeFast
	}
	l, err := run(x, count, p)
	r.logits = l.Logits
	return l, err
}

// Impulse is an impulse image [H,W,C] of the given value in its centre (⌊H/2⌋,⌊W/2⌋).
func Impulse(s models.Shape, value float64) ([]float64, error) {
	return spectrum.Impulse(s.H, s.W, s.C, value, s.H/2, s.W/2)
}
