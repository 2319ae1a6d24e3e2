package console

import (
	"fmt"
	"io"
	"time"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// Screen shows a run as it goes on: a table's row an epoch, a bar within the epoch, and verdicts when
// they appear or change. It is an experiment.Screen.
type Screen struct {
	table   io.Writer
	width   func() int // of a line of the table; 0: any
	bar     *Bar
	epochs  int
	columns []Column[trainer.Row]
	headed  int      // columns under the last title line
	pending []string // verdicts of the epoch whose row is about to come
	paces   []float64
	begin   time.Time // of the epoch in progress
	first   int       // images that were done when it was first heard of
}

// NewScreen lays out the table for what the run will measure.
func NewScreen(table io.Writer, b *Bar, c configs.Config, data *datasets.Dataset) *Screen {
	s := &Screen{table: table, width: func() int { return WidthOf(table) }, bar: b, epochs: c.Train.Epochs}
	add := func(title string, width, rank int, text func(trainer.Row) string) {
		s.columns = append(s.columns, Column[trainer.Row]{Title: title, Width: width, Rank: rank, Text: text})
	}
	add("epoch", 5, 0, func(r trainer.Row) string { return fmt.Sprint(r.Epoch) })
	add("rate", 8, 7, func(r trainer.Row) string { return Figure("%.4g", r.LearningRate) })
	add("train loss", 10, 1, func(r trainer.Row) string { return Figure("%.4f", r.TrainLoss) })
	add("error %", 7, 6, func(r trainer.Row) string { return Figure("%.2f", 100*r.TrainError) })
	if data.Val != nil {
		add("val loss", 9, 5, func(r trainer.Row) string { return Figure("%.4f", r.ValLoss) })
		add("error %", 7, 3, func(r trainer.Row) string { return Figure("%.2f", 100*r.ValError) })
	}
	if c.Gain.Every > 0 {
		add("gain dB", 8, 2, signalText(diagnostics.GainDB))
		if c.Gain.Population {
			add("pop dB", 7, 4, signalText(diagnostics.PopulationGainDB))
		}
		if c.Gain.Shifts {
			add("moved", 7, 8, signalText(diagnostics.ShiftLoss))
		}
	}
	add("images/s", 8, 10, func(r trainer.Row) string { return Figure("%.0f", r.ImagesPerSecond) })
	add("seconds", 7, 9, func(r trainer.Row) string { return Figure("%.1f", r.Seconds) })
	return s
}

// signalText writes a row's signal of that name.
func signalText(name string) func(trainer.Row) string {
	return func(r trainer.Row) string { return Figure("%.2f", experiment.SignalOf(r, name)) }
}

// Start shows that the net is made and looked at, before anything is trained.
func (s *Screen) Start() { s.bar.Show("making and evaluating the net", 0, 0, "") }

// BatchDone implements trainer.Observer.
func (s *Screen) BatchDone(epoch, done, total int, loss float64) {
	now := s.bar.clock()
	if s.begin.IsZero() {
		s.begin, s.first = now, done
	}
	title, detail := fmt.Sprintf("epoch %d/%d", epoch, s.epochs), fmt.Sprintf("loss %.4f", loss)
	left := s.left(epoch, done, total, now.Sub(s.begin).Seconds())
	if done == total {
		s.bar.ShowPart(title+": evaluating", 0, 0, detail, left)
		return
	}
	s.bar.ShowPart(title, int64(done), int64(total), detail, left)
}

// left is the time until the last epoch ends, by the time that the last epochs took or, in the first one, by its images so
// far in so many seconds; 0 if nobody knows.
func (s *Screen) left(epoch, done, total int, seconds float64) time.Duration {
	pace := 0.0 // seconds an epoch
	switch {
	case len(s.paces) > 0:
		for _, p := range s.paces {
			pace += p / float64(len(s.paces))
		}
	case done > s.first:
		pace = seconds * float64(total) / float64(done-s.first)
	default:
		return 0
	}
	epochs := float64(s.epochs-epoch) + 1 - float64(done)/float64(total)
	return time.Duration(epochs * pace * float64(time.Second))
}

// pacing is the number of epochs whose time the remaining time is estimated by.
const pacing = 3

// EpochDone implements trainer.Observer.
func (s *Screen) EpochDone(r trainer.Row) {
	s.bar.Clear()
	s.begin = time.Time{}
	if r.Epoch > 0 {
		s.paces = append(s.paces, r.Seconds)
		s.paces = s.paces[max(0, len(s.paces)-pacing):]
	}
	width := s.width()
	columns := Fitting(s.columns, width)
	if len(columns) != s.headed {
		s.headed = len(columns)
		fmt.Fprintln(s.table, Line(columns, func(c Column[trainer.Row]) string { return c.Title }))
	}
	fmt.Fprintln(s.table, Line(columns, func(c Column[trainer.Row]) string { return c.Text(r) }))
	for _, v := range s.pending {
		fmt.Fprintln(s.table, Wrapped(v, width, 9))
	}
	s.pending = nil
}

// Verdict implements experiment.Screen: the report is shown below the row of the epoch that it was made after.
func (s *Screen) Verdict(r diagnostics.Report) {
	s.pending = append(s.pending, "       "+Headline(r))
}

// Headline is a report in a line.
func Headline(r diagnostics.Report) string {
	from := ""
	if r.Epoch > 0 {
		from = fmt.Sprintf(" (epoch %d)", r.Epoch)
	}
	return fmt.Sprintf("→ %s%s, confidence %.0f %%: %s", r.Verdict, from, 100*r.Confidence, r.Advice)
}
