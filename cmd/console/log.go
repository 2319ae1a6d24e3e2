package console

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Formats of remarks, the values of --log.
const (
	LogText = "text"
	LogJSON = "json"
)

// NewLogger writes remarks from a level on to out, in the place of the bar if there is one. Without a format they are
// sentences on a terminal and structured lines elsewhere.
func NewLogger(out io.Writer, bar func() *Bar, format string, level slog.Level) *slog.Logger {
	o := &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			if attr.Key == slog.TimeKey && format != LogJSON {
				return slog.Attr{}
			}
			return attr
		},
	}
	w := aboveBar{out, bar}
	switch {
	case format == LogJSON:
		return slog.New(slog.NewJSONHandler(w, o))
	case format == LogText || !isTerminal(out):
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(sentences{out: w, width: func() int { return WidthOf(out) }, level: level})
}

// aboveBar writes in the place of the bar, if there is one.
type aboveBar struct {
	out io.Writer
	bar func() *Bar
}

func (w aboveBar) Write(p []byte) (n int, err error) {
	write := func() { n, err = w.out.Write(p) }
	if b := w.bar(); b != nil {
		b.Above(write)
	} else {
		write()
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
	_, err := fmt.Fprintln(s.out, Wrapped(text, s.width(), 2))
	return err
}

// WithAttrs implements slog.Handler.
func (s sentences) WithAttrs(attrs []slog.Attr) slog.Handler {
	s.attrs = append(s.attrs[:len(s.attrs):len(s.attrs)], attrs...)
	return s
}

// WithGroup implements slog.Handler.
func (s sentences) WithGroup(string) slog.Handler { return s }
