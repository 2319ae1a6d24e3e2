package report

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
)

//go:embed page.html
var pageText string

//go:embed style.css
var styleText string

//go:embed film.js
var scriptText string

var page = template.Must(template.New("page").Parse(pageText))

// view is what the page's template shows.
type view struct {
	Title  string
	Style  template.CSS
	Script template.JS
	Runs   []runView
	Sweep  *sweepView // nil for a single run
}

type runView struct {
	Name, Status          string
	Card                  cardView
	Facts                 []Setting
	Gain                  *chartView
	Charts                []chartView
	Map                   *chartView
	Film                  *filmView
	Derivative            *derivativeView
	Settings, Environment []Setting
}

type cardView struct {
	Verdict, Class, Meaning, Kind, Advice string
	Epoch, Confidence, Best, Rate         string
	For, Against                          []string
}

type chartView struct {
	Title, About string
	Legend       []legendView
	Wide, Narrow template.HTML
}

type legendView struct {
	Swatch template.HTML
	Name   string
}

type sweepView struct {
	By     string
	Rows   []rowView
	Gain   *chartView
	Charts []chartView
}

type rowView struct {
	Rank                                         int
	Swatch                                       template.HTML
	Name, Rate, Verdict, Class, When, Confidence string
	TrainLoss, ValLoss, ValError                 string
	Gain, Scatter, Next, End                     string
}

// ErrNoRuns is returned when there is nothing to report.
var ErrNoRuns = errors.New("report: no runs")

// Write writes the page. One run gets a page of its own; of several the curves are laid over each other, a table ranks
// them, and each one's verdict follows. The page needs nothing but itself: no network, no fonts, and scripts only to
// move the film's slider.
func Write(w io.Writer, runs ...Run) error {
	if len(runs) == 0 {
		return ErrNoRuns
	}
	v := view{Title: runs[0].Name, Style: template.CSS(styleText), Script: template.JS(scriptText)}
	if len(runs) > 1 {
		sorted, by := rank(runs)
		runs = sorted
		v.Title = fmt.Sprintf("%d runs", len(runs))
		v.Sweep = sweepOf(runs, by)
	}
	for i := range runs {
		v.Runs = append(v.Runs, viewOf(&runs[i]))
	}
	if err := page.Execute(w, v); err != nil {
		return fmt.Errorf("report: writing the page: %w", err)
	}
	return nil
}

// Sizes of charts: over the whole page, the same on a phone, and several in a row.
const (
	wideW, wideH     = 1100, 380
	narrowW, narrowH = 372, 300
	smallW, smallH   = 372, 240
)

func (c chart) view(wide bool) *chartView {
	v := &chartView{Title: c.title, About: c.about}
	for _, l := range c.lines {
		v.Legend = append(v.Legend, legendView{swatch(l), l.name})
	}
	if wide {
		v.Wide = c.svg(wideW, wideH, "wide")
		v.Narrow = c.svg(narrowW, narrowH+laneHeight*max(float64(len(c.marks)-1), 0), "narrow")
	} else {
		v.Narrow = c.svg(smallW, smallH, "")
	}
	if len(v.Legend) < 2 {
		v.Legend = nil
	}
	return v
}

func viewOf(r *Run) runView {
	v := runView{Name: r.Name, Status: r.statusLine(), Card: r.card(), Facts: r.facts(),
		Settings: r.Settings, Environment: r.Environment}
	if c, ok := r.gainChart(); ok {
		v.Gain = c.view(true)
	}
	for _, c := range r.charts() {
		v.Charts = append(v.Charts, *c.view(false))
	}
	if len(r.Spectra) > 0 {
		v.Map = spectrumMap(r.Spectra)
		v.Film = film(r.Spectra)
	}
	if r.Derivative != nil {
		v.Derivative = derivative(r.Derivative)
	}
	return v
}

// statusLine says what has become of the run.
func (r *Run) statusLine() string {
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

func (r *Run) card() cardView {
	v := r.Verdict
	c := cardView{Verdict: v.Verdict.String(), Class: v.Verdict.String(), Meaning: v.Meaning(), Advice: v.Advice,
		Kind: strings.ReplaceAll(string(v.Kind), "-", " "), Epoch: fmt.Sprint(v.Epoch), Confidence: confidence(v.Confidence)}
	if v.BestEpoch > 0 && v.Verdict != diagnostics.Undetermined {
		c.Best = fmt.Sprint(v.BestEpoch)
	}
	if v.NextRate > 0 {
		c.Rate = rateText(v.NextRate)
	}
	for _, e := range v.Evidence {
		if e.Supports {
			c.For = append(c.For, e.String())
		} else {
			c.Against = append(c.Against, e.String())
		}
	}
	return c
}

func confidence(c float64) string { return fmt.Sprintf("%.0f %%", 100*c) }

// facts are the run's figures in short.
func (r *Run) facts() []Setting {
	var out []Setting
	add := func(name, format string, v float64, epoch int) {
		if math.IsNaN(v) {
			return
		}
		text := fmt.Sprintf(format, number(v, 3))
		if epoch >= 0 {
			text += fmt.Sprintf(" at %d", epoch)
		}
		out = append(out, Setting{name, text})
	}
	add("last training loss", "%s", r.last(trainLoss), -1)
	loss, epoch := r.best(valLoss)
	add("best validation loss", "%s", loss, epoch)
	share, epoch := r.best(percent(valError))
	add("best validation error", "%s %%", share, epoch)
	add("last test error", "%s %%", r.last(percent(testError)), -1)
	add("last gain", "%s dB", r.last(signal(diagnostics.GainDB)), -1)
	seconds := 0.0
	for _, row := range r.History.Rows {
		if row.Seconds > 0 {
			seconds += row.Seconds
		}
	}
	if seconds > 0 {
		out = append(out, Setting{"time", duration(seconds)})
	}
	return out
}

// duration is a time in a unit that suits it.
func duration(seconds float64) string {
	switch {
	case seconds < 120:
		return number(seconds, 3) + " s"
	case seconds < 7200:
		return number(seconds/60, 3) + " min"
	}
	return number(seconds/3600, 3) + " h"
}

func sweepOf(runs []Run, by string) *sweepView {
	v := &sweepView{By: by}
	for i := range runs {
		r := &runs[i]
		f := r.Figures()
		row := rowView{Rank: i + 1, Swatch: swatch(line{style: i}), Name: r.Name, Rate: "–",
			Verdict: r.Verdict.Verdict.String(), Class: r.Verdict.Verdict.String(), When: fmt.Sprint(r.Verdict.Epoch),
			Confidence: confidence(r.Verdict.Confidence), TrainLoss: number(f.TrainLoss, 3), ValLoss: number(f.LowestValLoss, 3),
			ValError: number(100*f.LowestValError, 3), Gain: number(f.GainDB, 3), Scatter: number(f.GainVariability, 3), Next: "–",
			End: string(r.Status.State)}
		if !math.IsNaN(f.LearningRate) {
			row.Rate = rateText(f.LearningRate)
		}
		if r.Verdict.NextRate > 0 {
			row.Next = rateText(r.Verdict.NextRate)
		}
		v.Rows = append(v.Rows, row)
	}
	for _, c := range overlays(runs) {
		if c.file == gainFile {
			v.Gain = c.view(true)
			continue
		}
		small := c.view(false)
		small.Legend = nil // the table and the gain's chart name the lines
		v.Charts = append(v.Charts, *small)
	}
	return v
}
