package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models/onnx"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// What the process exits with; 128 + signal after a signal.
const (
	exitOK       = 0
	exitOther    = 1
	exitUsage    = 2 // bad configuration or usage
	exitData     = 3 // missing or damaged
	exitDiverged = 4
	exitFailOn   = 5 // --fail-on matched
)

// errFailOn is wrapped when a verdict is one of --fail-on.
var errFailOn = errors.New("--fail-on")

// usage is an error that exits with exitUsage.
func usage(format string, args ...any) error { return experiment.Usagef(format, args...) }

// exitCode is the code for how a command ended.
func exitCode(ctx context.Context, err error) int {
	var sig signalError
	var faults configs.FieldErrors
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, trainer.ErrDiverged):
		return exitDiverged
	case errors.Is(err, errFailOn):
		return exitFailOn
	case errors.As(err, &sig), ctx.Err() != nil && errors.As(context.Cause(ctx), &sig):
		return sig.code()
	case errors.Is(err, experiment.ErrUsage), errors.As(err, &faults), errors.Is(err, configs.ErrNotFound),
		errors.Is(err, rundir.ErrExists), errors.Is(err, rundir.ErrNoRun), errors.Is(err, trainer.ErrMismatch), errors.Is(err, trainer.ErrEpochs),
		errors.Is(err, datasets.ErrOptions):
		return exitUsage
	case errors.Is(err, datasets.ErrMissing), errors.Is(err, datasets.ErrDamaged), errors.Is(err, datasets.ErrTooLarge), errors.Is(err, onnx.ErrBad):
		return exitData
	}
	return exitOther
}

// errPanic is returned for a panic, a mistake in the program: its own exit code would be that of a bad usage.
var errPanic = errors.New("this is a mistake in the program; please report it with the lines above")

// protect runs f and turns a panic into an error, after the place of the panic has been written.
func protect(stderr io.Writer, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(stderr, "panic: %v\n\n%s", p, debug.Stack())
			err = errPanic
		}
	}()
	return f()
}
