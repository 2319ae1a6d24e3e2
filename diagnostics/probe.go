// Package diagnostics measures how a network responds to its input while it is trained, and judges the training from
// the curves of these measurements. A Probe yields numbers, a Curve holds them over the epochs, a rule reads a Curve;
// none of them reads validation data or changes the training.
package diagnostics

import (
	"context"

	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// Names of the columns in which the probes' signals are kept.
const (
	GainDB            = "gain_db"                  // Maximum Gain of the impulse, mean over channels, dB
	GainChannelDB     = "gain_db_c"                // the same of one channel, its number appended
	PositionsMedianDB = "gain_positions_median_db" // median of gain_db over several positions of the impulse
	PositionsSpreadDB = "gain_positions_spread_db" // its interquartile range, dB
	PopulationGainDB  = "pop_gain_db"              // median Maximum Gain of the winner's logit over images, dB
	BoundaryDistance  = "boundary_distance"        // median linearised distance to the decision boundary, units of x
	LowShare          = "low_share"                // median share of the derivative's energy at low frequencies
	PredictionChanges = "prediction_changes"       // share of training images predicted otherwise than an epoch ago
	ShiftLoss         = "shift_loss"               // mean −log softmax on training images moved by a few pixels, nats
	ShiftError        = "shift_error"              // share of these that are classified otherwise than labelled
)

// Linearizer is a network in evaluation mode that can be differentiated with respect to its input, and evaluated.
// *models.Net is one.
type Linearizer interface {
	// Evaluate computes losses and predictions without dropout.
	Evaluate(b models.Batch) (models.Outcome, error)
	// Linearize differentiates the projection at count images x [count,H,W,C] in float64, the same on every CPU.
	Linearize(x []float64, count int, p models.Projection) (models.Linearization, error)
	// LinearizeBatch differentiates the winner's logit and its margin over the next logit at count images
	// x [count,H,W,C].
	LinearizeBatch(x []float32, count int) (logit, margin models.Linearization, err error)
}

// Subject is what a probe may look at: the network as it is after an epoch, and what it predicted in training.
type Subject struct {
	Net                   Linearizer
	Predictions, Previous []uint16 // class of each training image when last trained on, this epoch and the one before; nil if none
}

// Reading is what a probe found at one epoch.
type Reading struct {
	Signals    []trainer.Signal
	Spectrum   *spectrum.Spectrum // the response behind the signals where there is a single one, else nil
	Derivative []float64          // [H,W,C] the data derivative that Spectrum is of, before any window
}

// Probe measures a network at one moment. It keeps no state between calls, so that a resumed run reads the same.
type Probe interface {
	Measure(ctx context.Context, s Subject) (Reading, error)
}
