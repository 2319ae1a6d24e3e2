package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Formats of remarks, the values of --log.
const (
	logText = "text"
	logJSON = "json"
)

// logAt sets the least level of remarks that are shown. Where no format is asked for, they are sentences on a terminal and
// structured lines elsewhere.
func (a *app) logAt(level slog.Level) {
	o := &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			if attr.Key == slog.TimeKey && a.logFormat != logJSON {
				return slog.Attr{}
			}
			return attr
		},
	}
	out := aboveBar{a}
	switch {
	case a.logFormat == logJSON:
		a.log = slog.New(slog.NewJSONHandler(out, o))
	case a.logFormat == logText || !isTerminal(a.stderr):
		a.log = slog.New(slog.NewTextHandler(out, o))
	default:
		a.log = slog.New(sentences{out: out, width: func() int { return widthOf(a.stderr) }, level: level})
	}
}

// checkLog is an error for a value of --log that is none of its formats.
func checkLog(format string) error {
	switch format {
	case "", logText, logJSON:
		return nil
	}
	return usage("--log: got %q, want text or json", format)
}

// aboveBar writes to stderr in the place of the bar, if there is one.
type aboveBar struct{ *app }

func (w aboveBar) Write(p []byte) (n int, err error) {
	write := func() { n, err = w.stderr.Write(p) }
	if w.bar == nil {
		write()
	} else {
		w.bar.above(write)
	}
	return n, err
}

// sentences is a slog.Handler for people: "pilot: learning rate 0.001, epochs 10". Groups are not told apart.
type sentences struct {
	out   io.Writer
	width func() int // of a line; 0: any
	level slog.Level
	attrs []slog.Attr
}

// Enabled implements slog.Handler.
func (s sentences) Enabled(_ context.Context, level slog.Level) bool { return level >= s.level }

// Handle implements slog.Handler.
func (s sentences) Handle(_ context.Context, r slog.Record) error {
	var parts []string
	add := func(a slog.Attr) bool {
		parts = append(parts, strings.ReplaceAll(a.Key, "_", " ")+" "+a.Value.String())
		return true
	}
	for _, a := range s.attrs {
		add(a)
	}
	r.Attrs(add)
	text := r.Message
	switch {
	case r.Level >= slog.LevelError:
		text = "error: " + text
	case r.Level >= slog.LevelWarn:
		text = "warning: " + text
	}
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	_, err := fmt.Fprintln(s.out, wrapped(text, s.width(), 2))
	return err
}

// WithAttrs implements slog.Handler.
func (s sentences) WithAttrs(attrs []slog.Attr) slog.Handler {
	s.attrs = append(s.attrs[:len(s.attrs):len(s.attrs)], attrs...)
	return s
}

// WithGroup implements slog.Handler.
func (s sentences) WithGroup(string) slog.Handler { return s }
