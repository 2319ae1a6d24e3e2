package main

import (
	"fmt"
	"io"
	"time"

	"github.com/maxgain/maxgain/datasets"
	"github.com/schollz/progressbar/v3"
)

// bar shows how far one piece of work has come, on a terminal only; elsewhere it does nothing.
type bar struct {
	out   io.Writer
	live  bool
	now   *progressbar.ProgressBar
	title string // of the piece of work shown
}

func newBar(out io.Writer, wanted bool) *bar {
	return &bar{out: out, live: wanted && isTerminal(out)}
}

// show moves the bar to done of total (0: unknown); another title begins another bar.
func (b *bar) show(title string, done, total int64, detail string) {
	if !b.live {
		return
	}
	if b.now == nil || b.title != title {
		b.clear()
		if total <= 0 {
			total = -1
		}
		b.title = title
		b.now = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(b.out), progressbar.OptionSetWidth(24),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
			progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true))
	}
	b.now.Describe(title + detail)
	_ = b.now.Set64(done) // fails when the terminal is gone, which is no reason to stop
}

// data shows the progress of opening a dataset.
func (b *bar) data(p datasets.Progress) { b.show(p.Stage, p.Done, p.Total, "") }

// batch shows the progress within an epoch.
func (b *bar) batch(epoch, epochs, done, total int, loss float64) {
	b.show(fmt.Sprintf("epoch %d/%d", epoch, epochs), int64(done), int64(total), fmt.Sprintf("  loss %.4f", loss))
}

// clear takes the bar off the screen.
func (b *bar) clear() {
	if b.now != nil {
		_ = b.now.Clear()
		b.now = nil
	}
}
