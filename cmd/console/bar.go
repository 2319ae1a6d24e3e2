package console

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/maxgain/maxgain/datasets"
	"github.com/schollz/progressbar/v3"
)

// How often the bar is drawn again: while work goes on, and while nothing is heard of it.
const (
	redraw = 100 * time.Millisecond
	tick   = time.Second
)

// Bar shows how far one piece of work has come, and for how long it has been going on, in the last line of a terminal;
// elsewhere it does nothing. It may be used by several goroutines.
type Bar struct {
	out   io.Writer
	width func() int // of the terminal; 0: there is none
	clock func() time.Time

	sync.Mutex
	work
	drawn time.Time     // when the line was written; zero: there is none
	quit  chan struct{} // ends the ticking; nil: nothing ticks
}

// work is a piece of work as it is shown.
type work struct {
	title       string
	done, total int64 // total 0: nobody knows
	detail      string
	whole       time.Duration // left of all the work that this is a piece of; 0: unknown, or there is no more
	first       int64         // done when the piece began
	began       time.Time     // zero: there is no piece
}

// NewBar is a bar on out, which shows something if that is wanted and out is a terminal.
func NewBar(out io.Writer, wanted bool) *Bar {
	b := &Bar{out: out, width: func() int { return 0 }, clock: time.Now}
	if wanted {
		b.width = func() int { return WidthOf(out) }
	}
	return b
}

// Show says how far a piece of work has come. Another title begins another piece.
func (b *Bar) Show(title string, done, total int64, detail string) {
	b.ShowPart(title, done, total, detail, 0)
}

// ShowPart is Show for a piece of work that takes so much longer in all.
func (b *Bar) ShowPart(title string, done, total int64, detail string, whole time.Duration) {
	if b.width() == 0 {
		return
	}
	b.Lock()
	defer b.Unlock()
	now := b.clock()
	if b.began.IsZero() || b.title != title {
		b.work = work{title: title, first: done, began: now}
		b.drawn = time.Time{}
	}
	b.done, b.total, b.detail, b.whole = done, total, detail, whole
	if now.Sub(b.drawn) >= redraw {
		b.draw(now)
	}
	if b.quit == nil {
		b.quit = make(chan struct{})
		go b.ticking(b.quit)
	}
}

// ticking draws the bar again from time to time, so that its clock goes on while nothing is heard of the work.
func (b *Bar) ticking(quit chan struct{}) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-quit:
			return
		case <-ticker.C:
			b.Lock()
			if now := b.clock(); !b.began.IsZero() && now.Sub(b.drawn) >= redraw {
				b.draw(now)
			}
			b.Unlock()
		}
	}
}

// draw writes the line in place of the one before.
func (b *Bar) draw(now time.Time) {
	fmt.Fprintf(b.out, "\r%s\x1b[K", b.line(now, b.width()-1))
	b.drawn = now
}

// barWidth is the length of the bar itself.
const barWidth = 20

// line is the work in at most width characters: title, bar, time, detail. What does not fit is left out: the bar first,
// then the end of the line.
func (w work) line(now time.Time, width int) string {
	elapsed := now.Sub(w.began)
	parts := []string{w.title}
	filled := ""
	if w.total > 0 {
		filled = filledBar(w.done, w.total)
		parts = append(parts, filled, fmt.Sprintf("%d/%d", w.done, w.total))
	}
	took := durationText(elapsed)
	if advanced := w.done - w.first; w.total > 0 && advanced > 0 && w.done < w.total {
		left := time.Duration(float64(elapsed) * float64(w.total-w.done) / float64(advanced))
		took += ", " + durationText(left) + " left"
	}
	if w.whole > 0 {
		took += ", " + durationText(w.whole) + " in all"
	}
	parts = append(parts, took)
	if w.detail != "" {
		parts = append(parts, w.detail)
	}
	text := strings.Join(parts, "  ")
	if filled != "" && utf8.RuneCountInString(text) > width {
		text = strings.Replace(text, filled+"  ", "", 1)
	}
	return Shortened(text, width)
}

// filledBar is the bar alone, in brackets; the rest of the line is laid out by line, which must fit the terminal and go
// on while nothing is heard of the work.
func filledBar(done, total int64) string {
	p := progressbar.NewOptions64(total, progressbar.OptionSetWriter(io.Discard), progressbar.OptionSetWidth(barWidth),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "=", SaucerHead: "=", SaucerPadding: " ", BarStart: "[", BarEnd: "]"}))
	if err := p.Set64(min(max(done, 0), total)); err != nil {
		return "" // a line without a bar
	}
	text := p.String()
	from, to := strings.Index(text, "["), strings.LastIndex(text, "]")
	if from < 0 || to < from {
		return ""
	}
	return text[from : to+1]
}

// Data shows the progress of opening a dataset.
func (b *Bar) Data(p datasets.Progress) { b.Show(p.Stage, p.Done, p.Total, "") }

// Above writes something in the place of the bar, which comes back with the next step or tick.
func (b *Bar) Above(write func()) {
	b.Lock()
	defer b.Unlock()
	b.erase()
	write()
}

// Clear takes the bar off the screen.
func (b *Bar) Clear() {
	b.Lock()
	defer b.Unlock()
	b.erase()
	b.work = work{}
	if b.quit != nil {
		close(b.quit)
		b.quit = nil
	}
}

func (b *Bar) erase() {
	if !b.drawn.IsZero() {
		fmt.Fprint(b.out, "\r\x1b[K")
		b.drawn = time.Time{}
	}
}
