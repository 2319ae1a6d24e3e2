package report

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/judged"
)

// sweepOf makes trials over rates and momenta, two seeds each; at the highest rate all diverge but one.
func sweepOf() []judged.Run {
	var list []judged.Run
	for i, rate := range []string{"0.001", "0.01", "0.1"} {
		for _, momentum := range []string{"0", "0.9"} {
			for seed := 1; seed <= 2; seed++ {
				r := threeRows()
				r.Name = fmt.Sprintf("trial-%04d", len(list))
				r.Settings = []judged.Setting{{Name: "train.learning_rate", Value: rate}, {Name: "train.momentum", Value: momentum}, {Name: "train.seed", Value: fmt.Sprint(seed)}}
				r.History.Rows[2].TrainLoss = 0.8 - 0.3*float64(i) + 0.01*float64(seed)
				r.Verdict = diagnostics.Report{Verdict: diagnostics.Converged, Epoch: 2, Confidence: 0.95}
				if rate == "0.1" && !(momentum == "0" && seed == 2) {
					r.History.Rows[2].TrainLoss = math.NaN()
					r.History.Rows[2].ValLoss = 1e20
					r.Verdict = diagnostics.Report{Verdict: diagnostics.Diverged, Epoch: 3, Confidence: 0.99}
				}
				list = append(list, r)
			}
		}
	}
	return list
}

// Outcomes against the rate: one line a momentum, one point a trial, seeds joined, divergence marked, on a logarithmic axis.
func TestAgainst(t *testing.T) {
	list := sweepOf()
	all := against(list, judged.Varied(list))
	var titles []string
	for _, c := range all {
		titles = append(titles, c.Title)
	}
	if want := []string{"Last training loss", "Lowest validation loss", "Gain level", "Gain scatter"}; !slices.Equal(titles, want) {
		t.Fatalf("charts %q, want %q", titles, want)
	}
	loss := all[0]
	if loss.X.Name != "learning rate" || !loss.X.Log || loss.X.Whole {
		t.Errorf("axis %+v", loss.X)
	}
	var names []string
	points, joins := 0, 0
	for _, l := range loss.Lines {
		switch {
		case l.Dots:
			points++
		case l.Extra:
			joins += len(l.X) / 3
		default:
			names = append(names, l.Name)
		}
	}
	if points != 12 || joins != 4 || !slices.Equal(names, []string{"momentum 0", "momentum 0.9"}) {
		t.Errorf("%d points, %d pairs of seeds joined, lines %q; want 12, 4 (finite ones) and one a momentum", points, joins, names)
	}
	if l := loss.Lines[0]; !slices.Equal(l.X, []float64{0.001, 0.01, 0.1}) || math.Abs(l.Y[0]-0.82) > 1e-9 || !math.IsInf(l.Y[2], 1) {
		t.Errorf("the middle line is %v at %v: of two seeds the higher loss, and +∞ where training diverged", l.Y, l.X)
	}
	if m := loss.Marks; len(m) != 1 || m[0].From != 0.1 || m[0].Label != "3 of 4 diverged" {
		t.Errorf("marks %+v", m)
	}
	for _, l := range all[2].Lines {
		if !l.Extra && l.Name == "momentum 0.9" && !(len(l.X) == 3 && math.IsNaN(l.Y[2])) {
			t.Errorf("the gain of trials that diverged is drawn: %v at %v", l.Y, l.X)
		}
	}
	single := []judged.Run{list[0], list[4]}
	if got := against(single, judged.Varied(single)); got[0].Lines[0].Name != "last training loss" {
		t.Errorf("a single line is called %q", got[0].Lines[0].Name)
	}
	list[0].Settings[0].Value = "auto"
	if got := against(list, judged.Varied(list)); got[0].X.Name != "momentum" || got[0].X.Log {
		t.Errorf("where rates are no numbers, the axis is %+v", got[0].X)
	}
}

func TestHeatMap(t *testing.T) {
	list := sweepOf()
	v := heatMap(list, judged.Varied(list))
	if v == nil {
		t.Fatal("no heat map of two settings")
	}
	text := string(v.Wide)
	for _, want := range []string{">0.82</text>", ">0.52</text>", ">diverged</text>", ">learning_rate</text>", ">momentum</text>",
		"0.82 at 0.001, 0; 0.52 at 0.01, 0; diverged at 0.1, 0; 0.82 at 0.001, 0.9"} {
		if !strings.Contains(text, want) {
			t.Errorf("the map lacks %s", want)
		}
	}
	y := func(word string) (v float64) {
		m := regexp.MustCompile(`<text x="[^"]*" y="([^"]*)"[^>]*>` + regexp.QuoteMeta(word) + `</text>`).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("%s is not drawn", word)
		}
		v, _ = strconv.ParseFloat(m[1], 64)
		return v
	}
	if !(y("0") < y("0.9")) {
		t.Error("the rows are not named in the order in which they are drawn: the first value at the top")
	}
	if one := slices.DeleteFunc(judged.Varied(list), func(d judged.Difference) bool { return d.Name == "train.momentum" }); heatMap(list, one) != nil {
		t.Error("a heat map of one setting")
	}
	if got, want := levels([]string{"10", "9", "0.1", "9"}), []string{"0.1", "9", "10"}; !slices.Equal(got, want) {
		t.Errorf("levels %q, want %q", got, want)
	}
	if got, want := levels([]string{"b", "9", "a"}), []string{"b", "9", "a"}; !slices.Equal(got, want) {
		t.Errorf("levels %q, want %q", got, want)
	}
}

// The page of a sweep begins with the advice, names trials by what varies, and does not let those that diverged squeeze
// the others' curves.
func TestSweepPage(t *testing.T) {
	list := sweepOf()
	sections, err := Sections(list)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, s := range sections {
		ids = append(ids, s.ID)
	}
	if got := strings.Join(ids[:6], " "); got != "head advice against heat rank first" {
		t.Errorf("sections %s", got)
	}
	if advice := string(sections[1].HTML); !strings.Contains(advice, "Take learning_rate=0.01 momentum=0: converged") && !strings.Contains(advice, "Take learning_rate=0.01 momentum=0.9: converged") {
		t.Errorf("advice %s", advice)
	}
	text := pageOf(t, list...)
	checkNesting(t, text)
	checkCharts(t, text)
	if strings.Contains(text, "trial-0") || !strings.Contains(text, "learning_rate=0.001 momentum=0.9 seed=2") {
		t.Error("trials are not named by what varies")
	}
	for _, c := range overlays(list) {
		for _, l := range c.Lines {
			if lost := math.IsInf(list[slices.IndexFunc(list, func(r judged.Run) bool { return r.Name == l.Name })].Last("train_loss"), 1); l.Loose != lost {
				t.Errorf("%s, %s: loose %v", c.Title, l.Name, l.Loose)
			}
		}
	}
	if text := pageOf(t, list[:2]...); strings.Contains(text, ">Advice<") {
		t.Error("advice is drawn from two runs that differ by the seed")
	}
}
