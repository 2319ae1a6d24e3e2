package trainer

import "errors"

// RunState is what has become of a run.
type RunState string

// The states of a run.
const (
	StateRunning     RunState = "running"     // or killed: nobody was left to say otherwise
	StateFinished    RunState = "finished"    // all epochs done
	StateStopped     RunState = "stopped"     // ended early by a hook
	StateInterrupted RunState = "interrupted" // ended by a signal after a checkpoint; can be resumed
	StateDiverged    RunState = "diverged"    // loss or weights were no finite numbers any more
	StateFailed      RunState = "failed"      // an error
)

// Ended tells whether nothing is left to do; a run in any other state can be gone on with.
func (s RunState) Ended() bool {
	return s == StateFinished || s == StateStopped || s == StateDiverged
}

// StopReason is why a run ended.
type StopReason string

// The reasons for which a run ends.
const (
	ReasonNone        StopReason = ""                       // it has not
	ReasonEpochs      StopReason = "all-epochs-done"        //
	ReasonOverfitting StopReason = "overfitting"            // hook: strong overfitting begins
	ReasonConverged   StopReason = "converged"              // hook: nothing more to gain
	ReasonRateTooHigh StopReason = "learning-rate-too-high" // hook
	ReasonValidation  StopReason = "validation-patience"    // hook: validation has not improved for long
	ReasonPruned      StopReason = "pruned"                 // hook: a sweep needs this trial no longer
	ReasonInterrupted StopReason = "interrupted"            // signal or cancelled context
	ReasonLoss        StopReason = "loss-not-finite"        //
	ReasonWeights     StopReason = "weights-not-finite"     //
	ReasonError       StopReason = "error"                  //
)

// Status is a run's state for people and programs.
type Status struct {
	State     RunState   `json:"state"`
	Reason    StopReason `json:"reason"`
	Detail    string     `json:"detail"`
	Epoch     int        `json:"epoch"`      // completed
	Epochs    int        `json:"epochs"`     // planned
	BestEpoch int        `json:"best_epoch"` // whose weights are kept, in best.safetensors; −1: none are yet
	Restored  bool       `json:"restored"`   // that epoch is not the last one
	// Warnings say what has happened to the run because of which it may not end in the bits that it would have ended in.
	Warnings []string `json:"warnings,omitempty"`
}

// Errors by which a caller decides.
var (
	// ErrInterrupted is returned when the context was cancelled; a checkpoint has been written.
	ErrInterrupted = errors.New("training was interrupted")
	// ErrDiverged is returned when the loss or the weights became NaN or infinite.
	ErrDiverged = errors.New("training diverged")
	// ErrMismatch is wrapped when a checkpoint belongs to another model, configuration or data.
	ErrMismatch = errors.New("the checkpoint is of another run")
	// ErrOtherNet is wrapped when weights are given to a net that has other parameters.
	ErrOtherNet = errors.New("the weights are of another net")
	// ErrEpochs is wrapped when a run is to be resumed for fewer epochs than it has done.
	ErrEpochs = errors.New("the run has gone on for longer than that")
	// ErrCheckpoint is wrapped when a checkpoint cannot be used because its content is damaged.
	ErrCheckpoint = errors.New("damaged checkpoint")
)
