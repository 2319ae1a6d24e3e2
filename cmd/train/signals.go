package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// signalError is the cause of a context that a signal cancelled.
type signalError struct{ signal syscall.Signal }

func (e signalError) Error() string { return e.signal.String() + " signal" }

// code is what a shell reports for a program that the signal ended: 130 for SIGINT, 143 for SIGTERM.
func (e signalError) code() int { return 128 + int(e.signal) }

// withSignals returns a context that the first SIGINT or SIGTERM cancels, with a signalError as its
// cause; the second ends the process at once. Both are left alone again after stop.
func withSignals(parent context.Context, stderr io.Writer) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for first := true; ; first = false {
			select {
			case <-done:
				return
			case s := <-signals:
				cause := signalError{s.(syscall.Signal)}
				if !first {
					os.Exit(cause.code())
				}
				fmt.Fprintf(stderr, "\n%v: finishing the step; once more ends at once\n", cause)
				cancel(cause)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}
