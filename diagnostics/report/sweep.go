package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/plot"
	"github.com/maxgain/maxgain/diagnostics/signal"
)

// leastTrials is how many runs are taken for trials of a sweep: fewer are compared without advice.
const leastTrials = 3

// trials adds the advice drawn from runs that differ in settings, and what they came to against the settings.
func (b *builder) trials(list []judged.Run) {
	varied := judged.Varied(list)
	if len(list) < leastTrials || len(varied) == 0 {
		return
	}
	b.add("advice", "advice", judged.Advise(list).Text)
	var views []*chartView
	for _, c := range against(list, varied) {
		views = append(views, c.view(false))
	}
	if len(views) > 0 {
		b.add("against", "charts", views)
	}
	if v := heatMap(list, varied); v != nil {
		b.add("heat", "wide", v)
	}
}

// outcome is a number that a run came to.
type outcome struct {
	title, unit, about, how string
	log, lost               bool // lost: trials that diverged or failed have one too
	of                      func(*judged.Run) float64
}

// outcomes are what is drawn against a setting.
var outcomes = []outcome{
	{"Last training loss", "nats an image", "One point a trial; the line goes through the middle one of the seeds.",
		"Take the highest rate on the flat, low part of the curve: to its left training takes longer, to its right it becomes unsteady.", true, true,
		func(r *judged.Run) float64 { return r.Last(signal.TrainLoss) }},
	{"Lowest validation loss", "nats an image", "Shown for comparison; the ranking does not use it.", "", true, false,
		func(r *judged.Run) float64 { v, _ := r.Lowest(signal.ValLoss); return v }},
	{"Gain level", "dB", "Median over the last third of the epochs of the steadiest gain measured.",
		"The level rises with the rate as long as the network learns faster, and falls or breaks off where training fails.", false, false,
		func(r *judged.Run) float64 { return r.Numbers().GainDB }},
	{"Gain scatter", "dB", "Scatter about its trend of the steadiest gain measured.",
		"A scatter that is several times that of the low rates means that the rate is too high, even where the loss still looks good.", false, false,
		func(r *judged.Run) float64 { return r.Numbers().GainVariability }},
}

// setting finds the numeric setting that trials are drawn against: the learning rate if it varies, else the first one
// whose values are numbers; values holds one a run.
func setting(varied []judged.Difference) (d judged.Difference, values []float64, ok bool) {
	ordered := slices.Clone(varied)
	slices.SortStableFunc(ordered, func(a, b judged.Difference) int {
		return cmp.Compare(b2i(a.Name != judged.RateSetting), b2i(b.Name != judged.RateSetting))
	})
	for _, d := range ordered {
		if values, ok := numbers(d.Values); ok {
			return d, values, true
		}
	}
	return judged.Difference{}, nil, false
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// numbers reads texts as finite numbers; not ok if one is none.
func numbers(texts []string) ([]float64, bool) {
	out := make([]float64, len(texts))
	for i, text := range texts {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, false
		}
		out[i] = v
	}
	return out, true
}

// against draws the outcomes of trials against the setting that varies, trials alike in all others but the seed in one
// style: a point a trial, seeds joined, and a line through the middle one of each.
func against(list []judged.Run, varied []judged.Difference) []chart {
	d, xs, ok := setting(varied)
	if !ok {
		return nil
	}
	others := slices.DeleteFunc(slices.Clone(varied), func(o judged.Difference) bool { return o.Name == d.Name })
	var families []string
	family := make([]int, len(list))
	for i := range list {
		key := ""
		for _, o := range others {
			key += judged.ShortName(o.Name) + " " + judged.ShortValue(o.Values[i]) + ", "
		}
		key = strings.TrimSuffix(key, ", ")
		if family[i] = slices.Index(families, key); family[i] < 0 {
			family[i] = len(families)
			families = append(families, key)
		}
	}
	var out []chart
	for _, o := range outcomes {
		c := chart{Chart: plot.Chart{Title: o.title, Unit: o.unit, X: plot.XAxis{Name: strings.ReplaceAll(judged.ShortName(d.Name), "_", " "), Log: plot.SuitsLog(xs)}},
			about: o.about, how: o.how}
		values := make([]float64, len(list))
		known := false
		for i := range list {
			values[i] = math.NaN()
			if o.lost || list[i].Fitness() != judged.Lost {
				values[i] = o.of(&list[i])
			}
			known = known || !math.IsNaN(values[i])
		}
		if !known {
			continue
		}
		for k, name := range families {
			c.Lines = append(c.Lines, familyLines(list, xs, values, func(i int) bool { return family[i] == k }, cmp.Or(name, strings.ToLower(o.title)), k)...)
		}
		if o.log {
			c.SetLog()
		}
		c.Marks = lostAt(list, xs)
		out = append(out, c)
	}
	return out
}

// familyLines are the line of one family and its points.
func familyLines(list []judged.Run, xs, values []float64, member func(int) bool, name string, style int) []plot.Line {
	at := map[float64][]int{}
	for i := range list {
		if !member(i) {
			continue
		}
		if at[xs[i]] == nil {
			at[xs[i]] = []int{}
		}
		if !math.IsNaN(values[i]) {
			at[xs[i]] = append(at[xs[i]], i)
		}
	}
	middle := plot.Line{Name: name, Style: style}
	seeds := plot.Line{Name: name, Style: style, Extra: true, Faint: true, Solid: true}
	var points []plot.Line
	for _, x := range slices.Sorted(maps.Keys(at)) {
		trials := at[x]
		if len(trials) == 0 { // the axis is to reach it all the same
			middle.X, middle.Y = append(middle.X, x), append(middle.Y, math.NaN())
			continue
		}
		slices.SortFunc(trials, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
		middle.X, middle.Y = append(middle.X, x), append(middle.Y, values[trials[len(trials)/2]])
		for _, i := range trials {
			points = append(points, plot.Line{Name: list[i].Name, Style: style, Extra: true, Dots: true, X: []float64{x}, Y: []float64{values[i]}})
		}
		if lowest, highest := values[trials[0]], values[trials[len(trials)-1]]; len(trials) > 1 && !math.IsInf(lowest, 0) && !math.IsInf(highest, 0) {
			seeds.X, seeds.Y = append(seeds.X, x, x, x), append(seeds.Y, lowest, highest, math.NaN())
		}
	}
	lines := []plot.Line{middle}
	if len(seeds.X) > 0 {
		lines = append(lines, seeds)
	}
	return append(lines, points...)
}

// lostAt marks the values at which trials diverged or failed.
func lostAt(list []judged.Run, xs []float64) []plot.Mark {
	lost, all := map[float64]int{}, map[float64]int{}
	for i := range list {
		all[xs[i]]++
		if list[i].Fitness() == judged.Lost {
			lost[xs[i]]++
		}
	}
	var out []plot.Mark
	for _, x := range slices.Compact(slices.Sorted(slices.Values(xs))) {
		if lost[x] == 0 {
			continue
		}
		text := "diverged"
		if all[x] > 1 {
			text = fmt.Sprintf("%d of %d diverged", lost[x], all[x])
		}
		out = append(out, plot.Mark{From: x, To: x, Label: text})
	}
	return out
}

// mostCells is how many values of a setting a heat map shows at most.
const mostCells = 12

// heatMap shows the lowest training loss by two settings, if just two vary.
func heatMap(list []judged.Run, varied []judged.Difference) *chartView {
	if len(varied) != 2 {
		return nil
	}
	across, down := levels(varied[0].Values), levels(varied[1].Values)
	if len(across) < 2 || len(down) < 2 || len(across) > mostCells || len(down) > mostCells {
		return nil
	}
	cells := make([][]float64, len(across)*len(down))
	for i := range list {
		at := slices.Index(down, varied[1].Values[i])*len(across) + slices.Index(across, varied[0].Values[i])
		v, _ := list[i].Lowest(signal.TrainLoss)
		if list[i].Fitness() == judged.Lost {
			v = math.Inf(1)
		}
		if !math.IsNaN(v) {
			cells[at] = append(cells[at], v)
		}
	}
	m := plot.Heat{H: len(down), W: len(across), XName: judged.ShortName(varied[0].Name), YName: judged.ShortName(varied[1].Name), Unit: "nats"}
	var known []float64
	for _, trials := range cells {
		v, text := math.NaN(), ""
		if len(trials) > 0 {
			slices.Sort(trials)
			v = trials[len(trials)/2]
			text = plot.Number(v, 2)
		}
		if math.IsInf(v, 1) {
			v, text = math.NaN(), "diverged"
		}
		known = append(known, v)
		m.Cells, m.Texts = append(m.Cells, v), append(m.Texts, text)
	}
	log := plot.SuitsLog(known)
	if log {
		m.Unit = "log₁₀"
		for i, v := range m.Cells {
			m.Cells[i] = math.Log10(v)
		}
	}
	m.Span = spanOf(m.Cells)
	for k, v := range across {
		m.X = append(m.X, plot.Tick{At: (float64(k) + 0.5) / float64(len(across)), Text: judged.ShortValue(v)})
	}
	for k, v := range down {
		m.Y = append(m.Y, plot.Tick{At: 1 - (float64(k)+0.5)/float64(len(down)), Text: judged.ShortValue(v)})
	}
	var said []string
	for i, text := range m.Texts {
		if text != "" {
			said = append(said, fmt.Sprintf("%s at %s, %s", text, judged.ShortValue(across[i%len(across)]), judged.ShortValue(down[i/len(across)])))
		}
	}
	m.Description = fmt.Sprintf("lowest training loss by %s and %s: %s", m.XName, m.YName, strings.Join(said, "; "))
	return &chartView{Title: "Lowest training loss by two settings", About: "The middle one of the seeds; grey where there is none, or it diverged.",
		Wide: m.SVG(wideW, 80+44*float64(len(down)), "wide"), Narrow: m.SVG(narrowW, 80+44*float64(len(down)), "narrow")}
}

// levels are the different values of a setting, in the order of their numbers where they are numbers.
func levels(values []string) []string {
	var out []string
	for _, v := range values {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	if _, ok := numbers(out); ok {
		slices.SortStableFunc(out, func(a, b string) int {
			x, _ := strconv.ParseFloat(a, 64) // they are numbers: numbers has read them
			y, _ := strconv.ParseFloat(b, 64)
			return cmp.Compare(x, y)
		})
	}
	return out
}

// spanOf is the range of the finite values, of some length.
func spanOf(values []float64) plot.Span {
	a := plot.NewAxis(values, false)
	return plot.Span{Low: a.Low, High: a.High}
}
