package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/configs"
)

// app is where a command's output goes.
type app struct {
	stdout, stderr io.Writer
	log            *slog.Logger // remarks, to stderr
	logFormat      string       // text, json, or empty for what fits stderr
	bar            *console.Bar // on stderr; nil before there was any
}

// logAt sets the least level of remarks that are shown.
func (a *app) logAt(level slog.Level) {
	a.log = console.NewLogger(a.stderr, func() *console.Bar { return a.bar }, a.logFormat, level)
}

// checkLog is an error for a value of --log that is none of its formats.
func (a *app) checkLog() error {
	switch a.logFormat {
	case "", console.LogText, console.LogJSON:
		return nil
	}
	return usage("--log: got %q, want text or json", a.logFormat)
}

// newBar is the bar on stderr, of which there is one at a time.
func (a *app) newBar(wanted bool) *console.Bar {
	a.bar = console.NewBar(a.stderr, wanted)
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
