package report

import (
	"fmt"
	"html/template"
	"math"

	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/plot"
)

type rankView struct {
	By   string
	Val  bool // there are validation figures
	Rows []rankRow
}

type rankRow struct {
	Rank                                         int
	Swatch                                       template.HTML
	Name, Rate, Verdict, Class, When, Confidence string
	TrainLoss, ValLoss, ValError                 string
	Gain, Scatter, Next, End                     string
}

type differencesView struct {
	Names []string
	Rows  []judged.Difference
}

type briefView struct {
	Name, Status string
	Card         cardView
}

// comparison adds the sections of several runs, best first: ranking, settings that differ, curves laid over each other, and
// the verdict of each.
func (b *builder) comparison(list []judged.Run) {
	list, named := judged.NameTrials(judged.Rank(list))
	b.add("head", "head", headView{Name: Title(list)})
	b.trials(list)
	b.add("rank", "rank", ranking(list))
	if !named { // else the names say in what the runs differ
		d := differencesView{Rows: judged.Differences(list)}
		for _, r := range list {
			d.Names = append(d.Names, r.Name)
		}
		b.add("differences", "differences", d)
	}
	all := overlays(list)
	var small []*chartView
	for i, c := range all {
		v := c.view(i == 0)
		if i == 0 {
			b.add("first", "wide", v)
			continue
		}
		v.Legend = nil // the ranking and the first chart name the lines
		small = append(small, v)
	}
	b.add("charts", "charts", small)
	b.add("spectra", "last-spectra", lastSpectra(list))
	for i := range list {
		r := &list[i]
		b.add(fmt.Sprint("run-", i), "brief", briefView{r.Name, statusLine(r), card(r)})
	}
}

// mostSpectra is of how many runs the last spectrum is shown.
const mostSpectra = 12

// lastSpectra are the last spectra of the first runs, each on colours of its own.
func lastSpectra(list []judged.Run) []pictureView {
	var out []pictureView
	for _, r := range list {
		if n := len(r.Spectra); n > 0 && len(out) < mostSpectra {
			p := r.Spectra[n-1]
			db := p.RMS()
			out = append(out, pictureView{fmt.Sprintf("%s, epoch %d", r.Name, p.Epoch), plot.DataURL(plot.Paint(db, p.H, p.W, plot.SpectrumSpan(db), plot.Cividis))})
		}
	}
	return out
}

func ranking(list []judged.Run) rankView {
	v := rankView{By: judged.Order}
	for i := range list {
		r := &list[i]
		f := r.Numbers()
		v.Val = v.Val || !math.IsNaN(f.LowestValLoss)
		row := rankRow{Rank: i + 1, Swatch: plot.Swatch(plot.Line{Style: i}), Name: r.Name, Rate: "–",
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
	return v
}
