package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/models/onnx"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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

// app is where a command's output goes.
type app struct {
	stdout, stderr io.Writer
	log            *slog.Logger // remarks, to stderr
	logFormat      string       // text, json, or empty for what fits stderr
	bar            *bar         // on stderr; nil before there was any
}

// newBar is the bar on stderr, of which there is one at a time.
func (a *app) newBar(wanted bool) *bar {
	a.bar = newBar(a.stderr, wanted)
	return a.bar
}

// run executes a command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, stderr: stderr}
	a.logAt(slog.LevelInfo)
	root := newRoot(a)
	root.SetArgs(append([]string{}, args...)) // cobra takes os.Args for nil
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := protect(stderr, func() error { return root.ExecuteContext(ctx) })
	var faults configs.FieldErrors
	switch {
	case err == nil:
	case errors.As(err, &faults): // each line begins with its own place
		fmt.Fprintln(stderr, faults)
	default:
		fmt.Fprintln(stderr, "train:", err)
	}
	return exitCode(ctx, err)
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

// newRoot is the command tree; the root itself trains.
func newRoot(a *app) *cobra.Command {
	root := newTrain(a)
	root.Version = experiment.Version()
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.PersistentFlags().StringVar(&a.logFormat, "log", "", "`format` of remarks: text or json, a line each (else sentences on a terminal, text elsewhere)")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if err := errors.Join(checkCPU(), checkLog(a.logFormat)); err != nil {
			return err
		}
		a.logAt(slog.LevelInfo)
		return nil
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w%s (see %s --help)", err, flagHint(c, err), c.CommandPath())
	})
	root.AddCommand(newData(a), newGain(a), newDiagnose(a), newCalibrate(a), newVerifyResume(a), newReport(a), newLive(a), newSweep(a), newBench(a), newSelftest(a), newFigure(a), newConfig(a), newEvaluate(a), newPredict(a), newExport(a), newSuspects(a))
	addCompletions(root)
	return root
}

// flagHint names the flag that was probably meant by one that is unknown.
func flagHint(c *cobra.Command, err error) string {
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return ""
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	if near := configs.Nearest(name, names); near != "" {
		return ", did you mean --" + near + "?"
	}
	return ""
}

// checkCPU is an error if $MAXGAIN_CPU names no level of the kernels that there is here: commands that do not train refuse
// it too, so that a wrong setting is noticed at once.
func checkCPU() error {
	if _, err := models.CPULevel(); err != nil {
		return usage("%w", err)
	}
	return nil
}

// noArgs refuses arguments, as a misspelt subcommand is one.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf(", did you mean %q?", near[0])
	}
	if c.HasSubCommands() {
		return usage("there is no command %q%s (see %s --help)", args[0], hint, c.CommandPath())
	}
	return usage("%s takes no arguments, got %q", c.CommandPath(), args[0])
}

// exactly is an argument check: n of them, described by what.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("%s wants %s, got %d arguments", c.CommandPath(), what, len(args))
		}
		return nil
	}
}
