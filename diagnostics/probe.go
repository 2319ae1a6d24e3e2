// Package diagnostics measures how a network responds to its input while it is trained, and judges the training from
// the curves of these measurements. A Probe yields numbers, a Curve holds them over the epochs, a rule reads a Curve;
// none of them reads validation data or changes the training.
package diagnostics

import (
	"context"

	"github.com/maxgain/maxgain/diagnostics/signal"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// Names of the columns that probes fill; package signal says what each means.
const (
	GainDB            = signal.GainDB
	GainChannelDB     = signal.GainChannelDB
	PositionsMedianDB = signal.PositionsMedianDB
	PositionsSpreadDB = signal.PositionsSpreadDB
	PopulationGainDB  = signal.PopulationGainDB
	BoundaryDistance  = signal.BoundaryDistance
	LowShare          = signal.LowShare
	PredictionChanges = signal.PredictionChanges
	ShiftLoss         = signal.ShiftLoss
	ShiftError        = signal.ShiftError
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
	Net Linearizer
	// Memory is what probes keep from epoch to epoch, each under a name of its own; nil where nothing can be kept.
	Memory                map[string][]uint16
	Predictions, Previous []uint16 // class of each training image when last trained on, this epoch and the one before; nil if none
}

// Reading is what a probe found at one epoch.
type Reading struct {
	Signals    []trainer.Signal
	Spectrum   *spectrum.Spectrum // the response behind the signals where there is a single one, else nil
	Derivative []float64          // [H,W,C] the data derivative that Spectrum is of, before any window
}

// Probe measures a network at one moment. It keeps no state between calls but in the subject's Memory, which is saved with
// the run, so that a resumed run reads the same.
type Probe interface {
	Measure(ctx context.Context, s Subject) (Reading, error)
}
