package judged

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/signal"
)

// Settings that are treated in a way of their own.
const (
	SeedSetting = "train.seed"
	RateSetting = "train.learning_rate"
)

// Varied are the settings in which runs differ and on which their numbers depend, the seed left out.
func Varied(list []Run) []Difference {
	return slices.DeleteFunc(telling(list), func(d Difference) bool { return d.Name == SeedSetting })
}

// telling are the settings in which runs differ and on which their numbers depend: not how many cores worked, where data and
// results lie, nor what is written. Trials of one sweep may differ in these when they were resumed.
func telling(list []Run) []Difference {
	return slices.DeleteFunc(Differences(list), func(d Difference) bool {
		return slices.Contains([]string{"train.workers", "data.dir", "gain.save_spectra"}, d.Name) || strings.HasPrefix(d.Name, "output.")
	})
}

// Labels names runs by what varies among them, such as "learning_rate=0.001 seed=2", or by their own names where that
// does not tell them apart.
func Labels(list []Run) []string {
	all := telling(list)
	out := make([]string, len(list))
	for i := range list {
		out[i] = label(all, i)
	}
	for i, text := range out {
		if text == "" || slices.Index(out, text) != i {
			for k := range list {
				out[k] = list[k].Name
			}
			return out
		}
	}
	return out
}

// trialPrefix begins the names of a sweep's trials, which say nothing.
const trialPrefix = "trial-"

// NameTrials names the trials of a sweep by what varies among them, and tells whether it did. Runs with names of their own
// keep them.
func NameTrials(list []Run) (out []Run, named bool) {
	for _, r := range list {
		if !strings.HasPrefix(r.Name, trialPrefix) {
			return list, false
		}
	}
	out = slices.Clone(list)
	for i, name := range Labels(list) {
		named = named || name != out[i].Name
		out[i].Name = name
	}
	return out, named
}

// Distinguish gives runs of the same name a number, so that each can be told from the others.
func Distinguish(list []Run) {
	count := map[string]int{}
	for _, r := range list {
		count[r.Name]++
	}
	seen := map[string]int{}
	for i := range list {
		if name := list[i].Name; count[name] > 1 {
			seen[name]++
			list[i].Name = fmt.Sprintf("%s (%d)", name, seen[name])
		}
	}
}

// label is what run i has of some settings.
func label(settings []Difference, i int) string {
	var parts []string
	for _, d := range settings {
		name := ShortName(d.Name)
		for _, other := range settings {
			if other.Name != d.Name && ShortName(other.Name) == name {
				name = d.Name
			}
		}
		if v := d.Values[i]; v != notSet {
			parts = append(parts, name+"="+ShortValue(v))
		}
	}
	return strings.Join(parts, " ")
}

// ShortValue is a setting's value; a number with many digits in three of them.
func ShortValue(text string) string {
	if v, err := strconv.ParseFloat(text, 64); err == nil && len(text) > 6 && v != math.Trunc(v) {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	return text
}

// Group is the runs of a list that have the same settings but for their seeds.
type Group struct {
	Label   string
	Members []int // places in the list, the best first
	Middle  int   // the one of them in the middle, of two the worse: it stands for the group
}

// Groups are the groups of runs, the best first: by the run in the middle of each. Runs whose seeds are the same, or not
// known, are not of one group.
func Groups(list []Run) []Group {
	varied := Varied(list)
	at := map[string]int{}
	count := map[string]int{} // of runs with the same settings and seed
	var out []Group
	for i := range list {
		key := ""
		for _, d := range varied {
			key += strconv.Quote(d.Values[i])
		}
		seed := key + " " + list[i].setting(SeedSetting)
		key += fmt.Sprint(count[seed])
		count[seed]++
		k, known := at[key]
		if !known {
			k = len(out)
			at[key] = k
			out = append(out, Group{Label: cmp.Or(label(varied, i), list[i].Name)})
		}
		out[k].Members = append(out[k].Members, i)
	}
	for k := range out {
		g := &out[k]
		slices.SortStableFunc(g.Members, func(a, b int) int { return Compare(&list[a], &list[b]) })
		g.Middle = g.Members[len(g.Members)/2]
	}
	slices.SortStableFunc(out, func(a, b Group) int { return Compare(&list[a.Middle], &list[b.Middle]) })
	return out
}

// setting is the value of a setting, notSet if the run has none.
func (r *Run) setting(name string) string {
	for _, s := range r.Settings {
		if s.Name == name {
			return s.Value
		}
	}
	return notSet
}

// Advice is what follows from several runs.
type Advice struct {
	Text string
	Best int     // place in the list of the run to go on with; −1 if none serves
	Rate float64 // learning rate to go on with; 0 if none is known
}

// Advise says which settings of a list of runs to take, and which are next best. Settings are compared by
// how the runs went, so that there is a best one even where verdicts such as that on it are often wrong; then it says so.
func Advise(list []Run) Advice {
	groups := Groups(list)
	if len(groups) == 0 {
		return Advice{"No trial trains well.", -1, 0}
	}
	best := &list[groups[0].Middle]
	out := Advice{Best: groups[0].Members[0], Rate: best.Verdict.NextRate}
	if out.Rate == 0 {
		if rate := best.Last(signal.LearningRate); rate > 0 {
			out.Rate = rate
		}
	}
	next := ""
	if len(groups) > 1 && list[groups[1].Middle].Fitness() < Unfit {
		next = fmt.Sprintf(" Next best: %s.", described(list, groups[1]))
	}
	switch best.Fitness() {
	case Unfit, Lost:
		out = Advice{"No trial trains well: all learn too unsteadily, diverged or failed.", -1, lowestNextRate(list)}
		if out.Rate > 0 {
			out.Text += fmt.Sprintf(" Try the learning rate %.3g.", out.Rate)
		}
		return out
	case Unclear:
		out.Text = fmt.Sprintf("No trial has run long enough for a verdict. Ahead so far by its training loss: %s.%s", described(list, groups[0]), next)
		return out
	}
	out.Text = fmt.Sprintf("Take %s.", described(list, groups[0]))
	if best.Verdict.NextRate > 0 && best.Verdict.Confidence >= AdviceFrom {
		out.Text += fmt.Sprintf(" Then try the learning rate %.3g.", best.Verdict.NextRate)
	}
	out.Text += next
	return out
}

// described is a group with its verdict and lowest training loss.
func described(list []Run, g Group) string {
	r := &list[g.Middle]
	loss, _ := r.Lowest(signal.TrainLoss)
	name := g.Label
	switch {
	case len(g.Members) > 1:
	case strings.HasPrefix(r.Name, name):
		name = r.Name
	default:
		name += " (" + r.Name + ")"
	}
	text := fmt.Sprintf("%s: %s, lowest training loss %s", name, strings.ReplaceAll(r.Verdict.Verdict.String(), "-", " "), number(loss))
	if r.Verdict.Verdict == diagnostics.Overfitting && r.Verdict.BestEpoch > 0 {
		text += fmt.Sprintf(", weights of epoch %d", r.Verdict.BestEpoch)
	}
	if confidence := r.Verdict.Confidence; confidence < AdviceFrom && r.Fitness() < Unclear {
		text += fmt.Sprintf(" (%s of such verdicts were right on real runs)", HowOften(confidence))
	}
	if len(g.Members) > 1 {
		text += fmt.Sprintf(" (the middle of %d seeds)", len(g.Members))
	}
	return text
}

// lowestNextRate is the lowest learning rate that the verdicts on runs advise, 0 if none does.
func lowestNextRate(list []Run) float64 {
	rate := 0.0
	for _, r := range list {
		if next := r.Verdict.NextRate; next > 0 && (rate == 0 || next < rate) {
			rate = next
		}
	}
	return rate
}
