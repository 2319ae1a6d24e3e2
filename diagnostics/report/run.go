package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/plot"
	"github.com/maxgain/maxgain/diagnostics/signal"
)

// headView names a run and says what has become of it.
type headView struct{ Name, Status string }

type cardView struct {
	Verdict, Class, Meaning, Kind string
	Advice, Doubt                 string // one of them
	Epoch, Confidence, Best, Rate string
	For, Against                  []factView
}

// factView is a fact in plain words, and exactly.
type factView struct{ Plain, Exact string }

type chartView struct {
	Title, About string
	Legend       []legendView
	Wide, Narrow template.HTML
	Points       template.JS
	How          string
}

type legendView struct {
	Swatch template.HTML
	Name   string
}

type epochsView struct {
	Head []columnView
	Rows [][]string
}

type columnView struct{ Name, Meaning string }

// Sizes of charts: over the whole page, the same on a phone, and several in a row.
const (
	wideW, wideH     = 1100, 360
	narrowW, narrowH = 372, 280
	smallW, smallH   = 372, 240
)

// run adds the sections of one run. The first chart is that of the signal on which the verdict rests.
func (b *builder) run(r *judged.Run) {
	b.add("head", "head", headView{r.Name, statusLine(r)})
	b.add("verdict", "card", card(r))
	b.add("facts", "facts", facts(r))
	all := charts(r)
	first := firstChart(r, all)
	var small []*chartView
	for i, c := range all {
		if i == first {
			b.add("first", "wide", c.view(true))
			continue
		}
		small = append(small, c.view(false))
	}
	b.add("charts", "charts", small)
	var s spectraView
	if n := len(r.Spectra); n > 0 {
		if b.live {
			s.Film = film(r.Spectra[n-1:])
		} else {
			s.Map, s.Film = spectrumMap(r.Spectra), film(r.Spectra)
		}
	}
	if r.Derivative != nil && !b.live {
		s.Derivative = derivative(r.Derivative)
	}
	b.add("spectra", "spectra", s)
	if !b.live {
		b.add("epochs", "epochs", epochs(r))
		b.add("settings", "settings", r)
	}
}

// view draws a chart for the page.
func (c chart) view(wide bool) *chartView {
	v := &chartView{Title: c.Title, About: c.about, Points: c.Points(), How: c.how}
	for _, o := range c.Outside() {
		name := ""
		if len(c.Lines) > 1 {
			name = o.Line.Name + " "
		}
		v.About = strings.TrimSpace(fmt.Sprintf("%s Left outside: %s%s at epoch 0, before training.", v.About, name, plot.Number(o.Y, 4)))
	}
	for _, l := range c.Lines {
		if l.Extra {
			continue
		}
		v.Legend = append(v.Legend, legendView{plot.Swatch(l), l.Name})
	}
	if wide {
		v.Wide = c.SVG(wideW, wideH, "wide")
		v.Narrow = c.SVG(narrowW, narrowH, "narrow")
	} else {
		v.Narrow = c.SVG(smallW, smallH, "")
	}
	if len(v.Legend) < 2 {
		v.Legend = nil
	}
	return v
}

// statusLine says what has become of the run.
func statusLine(r *judged.Run) string {
	s := r.Status
	if s.State == "" {
		return ""
	}
	text := fmt.Sprintf("%s after %d of %d epochs", s.State, s.Epoch, s.Epochs)
	if s.Reason != "" {
		text += ": " + strings.ReplaceAll(string(s.Reason), "-", " ")
	}
	if s.Restored {
		text += fmt.Sprintf("; weights of epoch %d restored", s.BestEpoch)
	}
	return text
}

// card is the verdict. Where verdicts of its confidence are often wrong, it gives no advice but says so.
func card(r *judged.Run) cardView {
	v := r.Verdict
	c := cardView{Verdict: v.Verdict.String(), Class: v.Verdict.String(), Meaning: v.Meaning(),
		Kind: strings.ReplaceAll(string(v.Kind), "-", " "), Epoch: fmt.Sprint(v.Epoch)}
	if v.Verdict != diagnostics.Undetermined {
		c.Confidence = confidence(v.Confidence)
	}
	if v.Verdict != diagnostics.Undetermined && v.Confidence < judged.AdviceFrom {
		c.Doubt = fmt.Sprintf("Only %s of such verdicts were right on real runs: too few to advise by. The evidence shows what to look at.",
			judged.HowOften(v.Confidence))
	} else {
		c.Advice = v.Advice
		if v.BestEpoch > 0 && v.Verdict != diagnostics.Undetermined {
			c.Best = fmt.Sprint(v.BestEpoch)
		}
		if v.NextRate > 0 {
			c.Rate = plot.Rate(v.NextRate)
		}
	}
	for _, e := range v.Evidence {
		f := factView{judged.Sentence(e), e.String()}
		if e.Supports {
			c.For = append(c.For, f)
		} else {
			c.Against = append(c.Against, f)
		}
	}
	return c
}

func confidence(c float64) string { return fmt.Sprintf("%.0f %%", 100*c) }

// facts are the numbers of the run in short.
func facts(r *judged.Run) []judged.Setting {
	var out []judged.Setting
	add := func(name, unit string, v float64, epoch int) {
		if math.IsNaN(v) {
			return
		}
		text := plot.Number(v, 3) + unit
		if epoch >= 0 {
			text += fmt.Sprintf(" at %d", epoch)
		}
		out = append(out, judged.Setting{Name: name, Value: text})
	}
	add("last training loss", "", r.Last(signal.TrainLoss), -1)
	loss, epoch := r.Lowest(signal.ValLoss)
	add("best validation loss", "", loss, epoch)
	share, epoch := r.Lowest(signal.ValError)
	add("best validation error", " %", 100*share, epoch)
	averaged, epoch := r.Lowest(signal.Averaged(signal.ValError))
	add("best with averaged weights", " %", 100*averaged, epoch)
	add("last test error", " %", 100*r.Last(signal.TestError), -1)
	add("last gain", " dB", r.Last(signal.GainDB), -1)
	seconds := 0.0
	for _, row := range r.History.Rows {
		if row.Seconds > 0 {
			seconds += row.Seconds
		}
	}
	if seconds > 0 {
		out = append(out, judged.Setting{Name: "time", Value: Duration(seconds)})
	}
	return out
}

// Duration is a time in a unit that suits it.
func Duration(seconds float64) string {
	switch {
	case seconds < 120:
		return plot.Number(seconds, 3) + " s"
	case seconds < 7200:
		return plot.Number(seconds/60, 3) + " min"
	}
	return plot.Number(seconds/3600, 3) + " h"
}

// epochs is the table of all epochs, with the columns of metrics.csv that have a value.
func epochs(r *judged.Run) epochsView {
	v := epochsView{Head: []columnView{{Name: "epoch"}}}
	names := r.Columns()
	for _, name := range names {
		column, _ := signal.Lookup(name)
		v.Head = append(v.Head, columnView{name, column.Meaning})
	}
	for _, row := range r.History.Rows {
		cells := []string{strconv.Itoa(row.Epoch)}
		for _, name := range names {
			text := ""
			if x := judged.Value(row, name); !math.IsNaN(x) {
				text = strconv.FormatFloat(x, 'g', 6, 64)
			}
			cells = append(cells, text)
		}
		v.Rows = append(v.Rows, cells)
	}
	return v
}

// firstChart is the place of the chart of the signal on which the verdict rests: that of the first fact that supports it
// and is drawn, else the gain's, else the first.
func firstChart(r *judged.Run, all []chart) int {
	for _, e := range r.Verdict.Evidence {
		if at := slices.IndexFunc(all, func(c chart) bool { return e.Supports && c.shows(e.Signal) }); at >= 0 {
			return at
		}
	}
	return max(slices.IndexFunc(all, func(c chart) bool { return c.file == gainFile }), 0)
}
