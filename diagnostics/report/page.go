// Package report draws what a run was: one self-contained HTML page with the verdict, the curves and the spectra, and
// the same charts as SVG and PNG files.
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
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/plot"
	"github.com/maxgain/maxgain/diagnostics/signal"
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
	Facts                 []judged.Setting
	Gain                  *chartView
	Charts                []chartView
	Map                   *chartView
	Film                  *filmView
	Derivative            *derivativeView
	Settings, Environment []judged.Setting
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
func Write(w io.Writer, list ...judged.Run) error {
	if len(list) == 0 {
		return ErrNoRuns
	}
	v := view{Title: list[0].Name, Style: template.CSS(styleText), Script: template.JS(scriptText)}
	if len(list) > 1 {
		list = judged.Rank(list)
		v.Title = fmt.Sprintf("%d runs", len(list))
		v.Sweep = sweepOf(list)
	}
	for i := range list {
		v.Runs = append(v.Runs, viewOf(&list[i]))
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
	v := &chartView{Title: c.Title, About: c.about}
	for _, l := range c.Lines {
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

func viewOf(r *judged.Run) runView {
	v := runView{Name: r.Name, Status: statusLine(r), Card: card(r), Facts: facts(r),
		Settings: r.Settings, Environment: r.Environment}
	for _, c := range charts(r) {
		if c.file == gainFile {
			v.Gain = c.view(true)
			continue
		}
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

func card(r *judged.Run) cardView {
	v := r.Verdict
	c := cardView{Verdict: v.Verdict.String(), Class: v.Verdict.String(), Meaning: v.Meaning(), Advice: v.Advice,
		Kind: strings.ReplaceAll(string(v.Kind), "-", " "), Epoch: fmt.Sprint(v.Epoch), Confidence: confidence(v.Confidence)}
	if v.BestEpoch > 0 && v.Verdict != diagnostics.Undetermined {
		c.Best = fmt.Sprint(v.BestEpoch)
	}
	if v.NextRate > 0 {
		c.Rate = plot.Rate(v.NextRate)
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
func facts(r *judged.Run) []judged.Setting {
	var out []judged.Setting
	add := func(name, format string, v float64, epoch int) {
		if math.IsNaN(v) {
			return
		}
		text := fmt.Sprintf(format, plot.Number(v, 3))
		if epoch >= 0 {
			text += fmt.Sprintf(" at %d", epoch)
		}
		out = append(out, judged.Setting{Name: name, Value: text})
	}
	add("last training loss", "%s", r.Last(signal.TrainLoss), -1)
	loss, epoch := r.Lowest(signal.ValLoss)
	add("best validation loss", "%s", loss, epoch)
	share, epoch := r.Lowest(signal.ValError)
	add("best validation error", "%s %%", 100*share, epoch)
	add("last test error", "%s %%", 100*r.Last(signal.TestError), -1)
	add("last gain", "%s dB", r.Last(signal.GainDB), -1)
	seconds := 0.0
	for _, row := range r.History.Rows {
		if row.Seconds > 0 {
			seconds += row.Seconds
		}
	}
	if seconds > 0 {
		out = append(out, judged.Setting{Name: "time", Value: duration(seconds)})
	}
	return out
}

// duration is a time in a unit that suits it.
func duration(seconds float64) string {
	switch {
	case seconds < 120:
		return plot.Number(seconds, 3) + " s"
	case seconds < 7200:
		return plot.Number(seconds/60, 3) + " min"
	}
	return plot.Number(seconds/3600, 3) + " h"
}

func sweepOf(list []judged.Run) *sweepView {
	v := &sweepView{By: judged.Order}
	for i := range list {
		r := &list[i]
		f := r.Numbers()
		row := rowView{Rank: i + 1, Swatch: plot.Swatch(plot.Line{Style: i}), Name: r.Name, Rate: "–",
			Verdict: r.Verdict.Verdict.String(), Class: r.Verdict.Verdict.String(), When: fmt.Sprint(r.Verdict.Epoch),
			Confidence: confidence(r.Verdict.Confidence), TrainLoss: plot.Number(f.TrainLoss, 3), ValLoss: plot.Number(f.LowestValLoss, 3),
			ValError: plot.Number(100*f.LowestValError, 3), Gain: plot.Number(f.GainDB, 3), Scatter: plot.Number(f.GainVariability, 3), Next: "–",
			End: string(r.Status.State)}
		if !math.IsNaN(f.LearningRate) {
			row.Rate = plot.Rate(f.LearningRate)
		}
		if r.Verdict.NextRate > 0 {
			row.Next = plot.Rate(r.Verdict.NextRate)
		}
		v.Rows = append(v.Rows, row)
	}
	for _, c := range overlays(list) {
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
