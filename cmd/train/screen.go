package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// screen shows a run as it goes on: a table's row an epoch, a bar within the epoch, and verdicts when
// they appear or change. It is an experiment.Screen.
type screen struct {
	table   io.Writer
	bar     *bar
	epochs  int
	columns []column
	headed  bool
	pending []string // verdicts of the epoch whose row is about to come
}

// column is one of the table: its title and how a row's value is written.
type column struct {
	title string
	width int
	text  func(r trainer.Row) string
}

// newScreen lays out the table for what the run will measure.
func newScreen(table io.Writer, b *bar, c configs.Config, data *datasets.Dataset) *screen {
	s := &screen{table: table, bar: b, epochs: c.Train.Epochs}
	add := func(title string, width int, text func(trainer.Row) string) {
		s.columns = append(s.columns, column{title, width, text})
	}
	add("epoch", 5, func(r trainer.Row) string { return fmt.Sprint(r.Epoch) })
	add("rate", 8, func(r trainer.Row) string { return figure("%.4g", r.LearningRate) })
	add("train loss", 10, func(r trainer.Row) string { return figure("%.4f", r.TrainLoss) })
	add("error %", 7, func(r trainer.Row) string { return figure("%.2f", 100*r.TrainError) })
	if data.Val != nil {
		add("val loss", 9, func(r trainer.Row) string { return figure("%.4f", r.ValLoss) })
		add("error %", 7, func(r trainer.Row) string { return figure("%.2f", 100*r.ValError) })
	}
	if c.Gain.Every > 0 {
		add("gain dB", 8, signalText(diagnostics.GainDB))
		if c.Gain.Population {
			add("pop dB", 7, signalText(diagnostics.PopulationGainDB))
		}
		if c.Gain.Shifts {
			add("moved", 7, signalText(diagnostics.ShiftLoss))
		}
	}
	add("images/s", 8, func(r trainer.Row) string { return figure("%.0f", r.ImagesPerSecond) })
	add("seconds", 7, func(r trainer.Row) string { return figure("%.1f", r.Seconds) })
	return s
}

// figure writes a number, and nothing for one that was not measured.
func figure(format string, v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return fmt.Sprintf(format, v)
}

// signalText writes a row's signal of that name.
func signalText(name string) func(trainer.Row) string {
	return func(r trainer.Row) string { return figure("%.2f", experiment.SignalOf(r, name)) }
}

// BatchDone implements trainer.Observer.
func (s *screen) BatchDone(epoch, done, total int, loss float64) {
	s.bar.batch(epoch, s.epochs, done, total, loss)
}

// EpochDone implements trainer.Observer.
func (s *screen) EpochDone(r trainer.Row) {
	s.bar.clear()
	if !s.headed {
		s.headed = true
		s.line(func(c column) string { return c.title })
	}
	s.line(func(c column) string { return c.text(r) })
	for _, v := range s.pending {
		fmt.Fprintln(s.table, v)
	}
	s.pending = nil
}

// line writes one row, each cell right-aligned.
func (s *screen) line(text func(column) string) {
	cells := make([]string, len(s.columns))
	for i, c := range s.columns {
		cells[i] = fmt.Sprintf("%*s", c.width, text(c))
	}
	fmt.Fprintln(s.table, strings.TrimRight(strings.Join(cells, "  "), " "))
}

// Verdict implements experiment.Screen: the report is shown below the row of the epoch that it was made after.
func (s *screen) Verdict(r diagnostics.Report) {
	s.pending = append(s.pending, "       "+headline(r))
}

// headline is a report in a line.
func headline(r diagnostics.Report) string {
	from := ""
	if r.Epoch > 0 {
		from = fmt.Sprintf(" (epoch %d)", r.Epoch)
	}
	return fmt.Sprintf("→ %s%s, confidence %.0f %%: %s", r.Verdict, from, 100*r.Confidence, r.Advice)
}
