// Package trainer trains a net: the loop over epochs and batches, the learning-rate schedule, the
// history, hooks after each epoch, averaged weights, checkpoints and exact resumption.
//
// Everything random is drawn from streams that depend on the seed, the epoch and the step alone, and
// hooks decide by the history, the net and what checkpoints hold. So a checkpoint needs no generator's state, and a run that was
// interrupted anywhere and resumed ends with the same bits as one that was not.
package trainer

import (
	"errors"
	"fmt"
	"time"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

// Net is what the trainer needs of a net; *models.Net is one. Hooks that need more ask the net of a State for it.
type Net interface {
	Spec() models.Spec
	Params() []*models.Param
	// Train computes a batch's outcome and leaves its gradients in the parameters.
	Train(b models.Batch, step uint64) (models.Outcome, error)
	// Update moves the weights along the gradients of the last Train.
	Update(rate, momentum, decay float64) error
	Evaluate(b models.Batch) (models.Outcome, error)
	// Changed tells the net that its weights were written to.
	Changed()
}

// Options say how to train.
type Options struct {
	Epochs      int
	BatchSize   int // images a step, and at a time in evaluation
	Schedule    Schedule
	Momentum    float64
	WeightDecay float64
	Seed        uint64
	// ClassWeights are what a training image of each class weighs in the loss, [classes]; nil: all weigh 1.
	ClassWeights []float32
	Average      int    // epochs over whose ends the weights that are kept are averaged; 0: they are those of one epoch
	Hooks        []Hook // called in this order

	Checkpoints CheckpointOptions
	Recorder    Recorder       // keeps the history; nil: nobody does
	Observer    Observer       // shows progress; nil: nobody does
	Warn        func(s string) // is told what is amiss but not fatal; nil: nobody is
}

// Recorder keeps a run's history and status where people find them.
type Recorder interface {
	// Record is called when the run begins or is resumed, after every epoch and at the end.
	Record(h *History, s Status) error
}

// Observer is told how training goes on, from the goroutine that trains.
type Observer interface {
	// BatchDone is called after every step: images done of the epoch's total, and the mean
	// training loss of the epoch so far.
	BatchDone(epoch, done, total int, loss float64)
	// EpochDone is called when an epoch's row is complete, epoch 0 (before training) included.
	EpochDone(r Row)
}

// Trainer is one run of training. Make it with New and use it once.
type Trainer struct {
	net       Net
	data      *datasets.Dataset
	o         Options
	store     *store
	now       func() time.Time
	cpu       string // level of the kernels
	history   *History
	at        position
	sums      sums
	current   []uint16            // [training images] predictions of the epoch in progress
	previous  []uint16            // the same of the epoch before; nil in epoch 1
	memory    map[string][]uint16 // what hooks keep
	order     []int               // [training images] the epoch's shuffled order
	train     *loader
	average   *average    // nil: none
	bestEpoch int         // −1: none
	best      [][]float32 // the weights that are kept of it, as copyWeights makes them
	lost      int         // the epoch whose best weights a killed process wrote before its checkpoint; 0: none
	stop      *StopError  // the hook's wish that ended the run
	status    Status
	saved     time.Time // of the last checkpoint
}

// position is where in its course a run is.
type position struct {
	Epoch int `json:"epoch"` // the epoch in progress; 0 is the look before training
	Step  int `json:"step"`  // the steps done in it
}

// begun is the last epoch of which a step is done.
func (p position) begun() int {
	if p.Step > 0 {
		return p.Epoch
	}
	return p.Epoch - 1
}

// sums are the running sums of the epoch in progress.
type sums struct {
	Loss     float64 // over the images seen
	Wrong    int     // images
	Seen     int     // images
	Training float64 // seconds spent in steps
	Elapsed  float64 // seconds since the epoch began, interruptions left out
}

// New prepares a run of the net on data.Train, validated on data.Val and tested on data.Test where
// there are any. With Checkpoints.Resume the net's weights are replaced in Run.
func New(net Net, data *datasets.Dataset, o Options) (*Trainer, error) {
	if err := o.check(data); err != nil {
		return nil, fmt.Errorf("trainer: %w", err)
	}
	level, err := models.CPULevel()
	if err != nil {
		return nil, fmt.Errorf("trainer: %w", err)
	}
	n := data.Train.Len()
	t := &Trainer{
		cpu: level,
		net: net, data: data, o: o, now: time.Now,
		history:   &History{},
		current:   make([]uint16, n),
		order:     make([]int, n),
		memory:    map[string][]uint16{},
		train:     newTrainingLoader(data, o.BatchSize, o.Seed, o.ClassWeights),
		bestEpoch: -1,
		status:    Status{State: StateRunning, Epochs: o.Epochs, BestEpoch: -1},
	}
	if o.Average > 0 {
		t.average = newAverage(net, o, data.Train)
	}
	if o.Checkpoints.Dir != nil {
		t.store = &store{dir: o.Checkpoints.Dir}
	}
	return t, nil
}

func (o Options) check(data *datasets.Dataset) error {
	var errs []error
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	bad(o.Epochs >= 1, "got %d epochs, want at least 1", o.Epochs)
	bad(o.BatchSize >= 1, "got a batch size of %d, want at least 1", o.BatchSize)
	bad(o.Momentum >= 0 && o.Momentum < 1, "got a momentum of %v, want 0 ≤ momentum < 1", o.Momentum)
	bad(o.WeightDecay >= 0, "got a weight decay of %v, want at least 0", o.WeightDecay)
	bad(o.Average >= 0, "got an average over %d epochs, want at least 0", o.Average)
	if o.ClassWeights != nil && data.Train != nil {
		bad(len(o.ClassWeights) == data.Train.Classes, "got %d class weights for %d classes", len(o.ClassWeights), data.Train.Classes)
		for class, w := range o.ClassWeights {
			bad(w >= 0 && finite(float64(w)), "got a weight of %v for class %d, want at least 0", w, class)
		}
	}
	bad(o.Checkpoints.Every >= 0, "got a checkpoint every %d epochs, want at least 0", o.Checkpoints.Every)
	bad(o.Checkpoints.Minutes >= 0, "got a checkpoint every %v minutes, want at least 0", o.Checkpoints.Minutes)
	bad(data.Train != nil && data.Train.Len() > 0, "there are no training images")
	bad(!o.Checkpoints.Resume || o.Checkpoints.Dir != nil, "a run without checkpoints cannot be resumed")
	if err := o.Schedule.check(o.Epochs); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// warn passes on what is amiss but not fatal.
func (t *Trainer) warn(format string, args ...any) {
	if t.o.Warn != nil {
		t.o.Warn(fmt.Sprintf(format, args...))
	}
}

// keepWarning is warn for what is to be found in the run's status ever after.
func (t *Trainer) keepWarning(format string, args ...any) {
	t.status.Warnings = append(t.status.Warnings, fmt.Sprintf(format, args...))
	t.warn(format, args...)
}

// steps is the number of steps in an epoch; the last may be smaller.
func (t *Trainer) steps() int {
	return (t.data.Train.Len() + t.o.BatchSize - 1) / t.o.BatchSize
}

// History is the run's history so far.
func (t *Trainer) History() *History { return t.history }
