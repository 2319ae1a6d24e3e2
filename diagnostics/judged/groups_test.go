package judged

import (
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
)

// trial is a run of a sweep over rates and seeds.
func trial(rate, seed string, v diagnostics.Verdict, confidence float64, losses ...float64) Run {
	r := ranked("trial-"+rate+seed, v, losses...)
	r.Verdict.Confidence = confidence
	r.Settings = []Setting{{RateSetting, rate}, {SeedSetting, seed}, {"train.epochs", "12"}}
	return r
}

func TestGroups(t *testing.T) {
	list := []Run{
		trial("0.01", "1", diagnostics.Diverged, 0.99, 2), trial("0.01", "2", diagnostics.Converged, 0.95, 0.01), // one seed of two diverged
		trial("0.001", "1", diagnostics.Converged, 0.95, 0.3), trial("0.001", "2", diagnostics.Converged, 0.95, 0.2), trial("0.001", "3", diagnostics.Converged, 0.95, 0.1),
		trial("0.00031622776601683794", "1", diagnostics.StillLearning, 0.95, 0.05),
	}
	groups := Groups(list)
	var got []string
	for _, g := range groups {
		got = append(got, g.Label)
	}
	if want := []string{"learning_rate=0.001", "learning_rate=0.000316", "learning_rate=0.01"}; !slices.Equal(got, want) {
		t.Fatalf("order %q, want %q", got, want)
	}
	if g := groups[0]; !slices.Equal(g.Members, []int{4, 3, 2}) || g.Middle != 3 {
		t.Errorf("%+v, want the seeds by their losses and the second in the middle", g)
	}
	if g := groups[2]; g.Middle != 0 {
		t.Errorf("%+v: of two seeds the worse stands for both", g)
	}
	if got, want := Labels(list)[3], "learning_rate=0.001 seed=2"; got != want {
		t.Errorf("label %q, want %q", got, want)
	}
	same := []Run{list[0], list[0]}
	if got := Labels(same); got[0] != list[0].Name {
		t.Errorf("runs of the same settings are called %q", got)
	}
}

func TestNameTrials(t *testing.T) {
	list := []Run{trial("0.1", "1", diagnostics.Converged, 1), trial("0.2", "1", diagnostics.Converged, 1)}
	out, named := NameTrials(list)
	if !named || out[0].Name != "learning_rate=0.1" || out[1].Name != "learning_rate=0.2" || list[0].Name != "trial-0.11" {
		t.Errorf("%q and %q, named %v; the list given has %q", out[0].Name, out[1].Name, named, list[0].Name)
	}
	list[1].Name = "mine"
	if out, named := NameTrials(list); named || out[1].Name != "mine" || out[0].Name != "trial-0.11" {
		t.Errorf("runs with names of their own: %q and %q", out[0].Name, out[1].Name)
	}
	if _, named := NameTrials(list[:1]); named {
		t.Error("a single trial has nothing that varies")
	}
}

func TestDistinguish(t *testing.T) {
	list := []Run{{Name: "a"}, {Name: "b"}, {Name: "a"}}
	Distinguish(list)
	if list[0].Name != "a (1)" || list[1].Name != "b" || list[2].Name != "a (2)" {
		t.Errorf("%q, %q, %q", list[0].Name, list[1].Name, list[2].Name)
	}
}

func TestAdvise(t *testing.T) {
	good, late := trial("0.001", "1", diagnostics.Converged, 0.95, 0.2), trial("0.0001", "1", diagnostics.StillLearning, 0.95, 0.9)
	over := trial("0.002", "1", diagnostics.Overfitting, 0.95, 0.01)
	over.Verdict.BestEpoch = 4
	high, lost := trial("0.01", "1", diagnostics.LearningRateTooHigh, 0.65, 0.001), trial("0.1", "1", diagnostics.Diverged, 0.99, 2)
	high.Verdict.NextRate, lost.Verdict.NextRate = 0.00333, 0.01
	doubtful := trial("0.001", "1", diagnostics.Converged, 0.5, 0.2)
	unknown := trial("0.0005", "1", diagnostics.Undetermined, 0, 0.4)
	for _, test := range []struct {
		list []Run
		want string
	}{
		{[]Run{lost, late, good, high}, "Take learning_rate=0.001 (trial-0.0011): converged, lowest training loss 0.2. Next best: learning_rate=0.0001 (trial-0.00011): still learning, lowest training loss 0.9."},
		{[]Run{over, high}, "Take learning_rate=0.002 (trial-0.0021): overfitting, lowest training loss 0.01, weights of epoch 4."},
		{[]Run{doubtful, lost}, "Take learning_rate=0.001 (trial-0.0011): converged, lowest training loss 0.2 (about half of such verdicts were right on real runs)."},
		{[]Run{high, lost}, "No trial trains well: all learn too unsteadily, diverged or failed. Try the learning rate 0.00333."},
		{[]Run{lost, unknown}, "No trial has run long enough for a verdict. Ahead so far by its training loss: learning_rate=0.0005 (trial-0.00051): undetermined, lowest training loss 0.4."},
		{nil, "No trial trains well."},
	} {
		if got := Advise(test.list).Text; got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
	second := good
	second.Settings = slices.Clone(good.Settings)
	second.Settings[1].Value = "2"
	if got := Advise([]Run{good, second, lost}).Text; !strings.HasPrefix(got, "Take learning_rate=0.001: converged, lowest training loss 0.2 (the middle of 2 seeds).") {
		t.Errorf("seeds: %s", got)
	}
}

// Trials that were resumed with other numbers of cores, or write other files, are named and grouped as if they had not been.
func TestGroupsByWhatTells(t *testing.T) {
	list := []Run{trial("0.1", "1", diagnostics.Converged, 0.9, 0.2), trial("0.1", "2", diagnostics.Converged, 0.9, 0.1)}
	list[0].Settings = append(list[0].Settings, Setting{"train.workers", "3"}, Setting{"output.report", "true"}, Setting{"data.dir", "a"})
	list[1].Settings = append(list[1].Settings, Setting{"train.workers", "4"}, Setting{"output.report", "false"}, Setting{"data.dir", "b"})
	if groups := Groups(list); len(groups) != 1 || len(groups[0].Members) != 2 {
		t.Errorf("groups %+v, want one of both seeds", groups)
	}
	if got := Labels(list); !slices.Equal(got, []string{"seed=1", "seed=2"}) {
		t.Errorf("labels %q", got)
	}
	if got := Differences(list); len(got) != 4 {
		t.Errorf("differences %v, want all four", got)
	}
}
