package live

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/plot"
	"github.com/maxgain/maxgain/diagnostics/report"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// maxRuns is how many runs a page shows; more are left out and counted.
const maxRuns = 100

// watcher reads the runs in folders again when they have changed.
type watcher struct {
	dirs       []string
	thresholds func(dir string) (diagnostics.Thresholds, error)
	now        func() time.Time

	runs []*watched // in the order in which they were found
	more int        // runs that are not shown

	mu     sync.Mutex
	within map[string]within // by folder: what this process is training
}

// watched is a run and what its folder was when it was read.
type watched struct {
	dir     string
	name    string // unlike that of any other
	run     judged.Run
	known   bool // it has been read
	stamp   stamp
	changed time.Time // of its files
	trouble string    // why it cannot be read now; what was read before is still shown
}

// stamp tells whether the files of a run have changed: time and size of its status and of its metrics.
type stamp [4]int64

// within is how far a run is in its epoch.
type within struct{ epoch, done, total int }

// step notes how far a run of this process is in an epoch.
func (w *watcher) step(dir string, s within) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.within == nil {
		w.within = map[string]within{}
	}
	w.within[filepath.Clean(dir)] = s
}

// refresh finds runs and reads those that have changed. It returns whether anything is new.
func (w *watcher) refresh() bool {
	fresh := w.find()
	for _, r := range w.runs {
		now, changed, err := stampOf(r.dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			fresh = r.set("the folder is gone; this is its last state") || fresh
			continue
		case err != nil:
			fresh = r.set(err.Error()) || fresh
			continue
		case now == r.stamp:
			continue
		}
		fresh = true
		r.read(w.thresholds)
		r.stamp, r.changed = now, changed
	}
	return fresh
}

// set notes why a run cannot be read, and whether that is new. The run is read again when its files are back.
func (r *watched) set(trouble string) bool {
	r.stamp = stamp{}
	was := r.trouble
	r.trouble = trouble
	return was != trouble
}

// read reads the run; on an error what was read before stays.
func (r *watched) read(thresholds func(string) (diagnostics.Thresholds, error)) {
	t, err := thresholds(r.dir)
	if err == nil {
		var run judged.Run
		if run, err = judged.LoadLatest(r.dir, t); err == nil {
			r.run, r.known, r.trouble = run, true, ""
			r.run.Name = r.name
			return
		}
	}
	r.trouble = err.Error()
	if errors.Is(err, fs.ErrNotExist) {
		r.trouble = "no epoch has ended yet"
	}
}

// find adds runs that are new: a folder that is a run itself, or the runs in its subfolders, as in a sweep.
func (w *watcher) find() bool {
	fresh := false
	w.more = 0
	for _, dir := range w.dirs {
		if isRun(dir) {
			fresh = w.add(dir) || fresh
			continue
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // not there yet, or gone: its runs say so
		}
		for _, e := range entries {
			if path := filepath.Join(dir, e.Name()); e.IsDir() && isRun(path) {
				fresh = w.add(path) || fresh
			}
		}
	}
	return fresh
}

func (w *watcher) add(dir string) bool {
	if slices.ContainsFunc(w.runs, func(r *watched) bool { return r.dir == dir }) {
		return false
	}
	if len(w.runs) == maxRuns {
		w.more++
		return false
	}
	name := filepath.Base(dir)
	if slices.ContainsFunc(w.runs, func(r *watched) bool { return r.name == name }) {
		name = filepath.Join(filepath.Base(filepath.Dir(dir)), name)
	}
	w.runs = append(w.runs, &watched{dir: dir, name: name})
	return true
}

// isRun tells whether a folder is one of a run: it has a configuration or metrics.
func isRun(dir string) bool {
	for _, name := range []string{rundir.ConfigFile, rundir.MetricsCSV} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// stampOf looks at the files that are written after each epoch. A run that has not written any has the stamp of its folder.
func stampOf(dir string) (s stamp, changed time.Time, err error) {
	folder, err := os.Stat(dir)
	if err != nil {
		return stamp{}, time.Time{}, err
	}
	s[0] = folder.ModTime().UnixNano()
	changed = folder.ModTime()
	for i, name := range []string{rundir.StatusFile, rundir.MetricsCSV} {
		info, err := os.Stat(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return stamp{}, time.Time{}, err
		}
		s[2*i], s[2*i+1] = info.ModTime().UnixNano(), info.Size()+1
		changed = info.ModTime()
	}
	return s, changed, nil
}

// shown are the runs that have been read.
func (w *watcher) shown() []judged.Run {
	var out []judged.Run
	for _, r := range w.runs {
		if r.known {
			out = append(out, r.run)
		}
	}
	return out
}

// sections draws what is known now.
func (w *watcher) sections() ([]report.Section, error) {
	list := w.shown()
	if len(list) == 0 {
		return nil, nil
	}
	return report.LiveSections(list)
}

// Progress is how far a run is.
type Progress struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"` // of all its epochs, 0 … 1
	Text  string  `json:"text"`
	State string  `json:"state"` // as in its status; "waiting" before its first epoch
}

// rateEpochs is over how many epochs the time of an epoch is taken.
const rateEpochs = 5

// progress says how far each run is, and how long it will take still.
func (w *watcher) progress() []Progress {
	out := make([]Progress, len(w.runs))
	names, _ := judged.NameTrials(w.shown())
	for i, r := range w.runs {
		out[i] = r.progress(w.now(), w.withinOf(r.dir))
		if r.known {
			out[i].Name, names = names[0].Name, names[1:]
		}
	}
	if w.more > 0 {
		out = append(out, Progress{Name: fmt.Sprintf("and %d more", w.more), Text: fmt.Sprintf("a page shows at most %d runs", maxRuns)})
	}
	return out
}

func (w *watcher) withinOf(dir string) within {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.within[filepath.Clean(dir)]
}

func (r *watched) progress(now time.Time, s within) Progress {
	status := r.run.Status
	p := Progress{Name: r.name, State: cmp.Or(string(status.State), "waiting"), Text: r.trouble}
	if !r.known || status.Epochs < 1 {
		return p
	}
	done := float64(status.Epoch)
	running := status.State == trainer.StateRunning && r.trouble == ""
	part := 0.0 // of the epoch in work
	if s.total > 0 && s.epoch == status.Epoch+1 {
		part = float64(s.done) / float64(s.total)
	}
	p.Share = min((done+part)/float64(status.Epochs), 1)
	text := fmt.Sprintf("epoch %d of %d", status.Epoch, status.Epochs)
	if running {
		if part > 0 {
			text = fmt.Sprintf("epoch %d of %d, %.0f %% of it", s.epoch, status.Epochs, 100*part)
		}
		text += remaining(r.run.History, status, part, now.Sub(r.changed))
	} else if status.State != "" {
		text = fmt.Sprintf("%s, %s", text, status.State)
	}
	if r.trouble != "" {
		text += "; " + r.trouble
	}
	p.Text = text
	return p
}

// remaining says how long a run will take still, from the median time of its last epochs; part is how much of the epoch in
// work is done, if that is known, and since how long ago the last one ended.
func remaining(h *trainer.History, status trainer.Status, part float64, since time.Duration) string {
	var seconds []float64
	for _, row := range slices.Backward(h.Rows) {
		if row.Epoch > 0 && row.Seconds > 0 && len(seconds) < rateEpochs {
			seconds = append(seconds, row.Seconds)
		}
	}
	if len(seconds) == 0 {
		return ""
	}
	slices.Sort(seconds)
	epoch := seconds[len(seconds)/2]
	if late := since.Seconds(); part == 0 && late > 10*epoch+60 {
		return fmt.Sprintf("; nothing new for %s: paused or killed?", report.Duration(math.Round(late)))
	}
	if part == 0 {
		part = min(since.Seconds()/epoch, 1)
	}
	left := max((float64(status.Epochs-status.Epoch)-part)*epoch, 0)
	return fmt.Sprintf("; about %s left", roundTime(left))
}

// roundTime is a time as it is told while it runs down.
func roundTime(seconds float64) string {
	switch {
	case seconds < 90:
		return plot.TickText(math.Ceil(seconds)) + " s"
	case seconds < 5400:
		return plot.TickText(math.Round(seconds/60)) + " min"
	}
	return fmt.Sprintf("%.1f h", seconds/3600)
}
