package judged

import (
	"reflect"
	"testing"
)

func TestDifferences(t *testing.T) {
	run := func(pairs ...string) Run {
		r := Run{}
		for i := 0; i < len(pairs); i += 2 {
			r.Settings = append(r.Settings, Setting{pairs[i], pairs[i+1]})
		}
		return r
	}
	list := []Run{
		run("name", "a", "model.name", "lenet", "train.rate", "0.1", "train.seed", "1"),
		run("name", "b", "model.name", "lenet", "model.own", "x", "train.rate", "0.2", "train.seed", "1"),
		run("name", "c", "model.name", "lenet", "train.rate", "0.1", "train.seed", "1", "stop.rule", "gain"),
	}
	want := []Difference{{"model.own", []string{"–", "x", "–"}}, {"train.rate", []string{"0.1", "0.2", "0.1"}}, {"stop.rule", []string{"–", "–", "gain"}}}
	if got := Differences(list); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if got := Differences(list[:1]); got != nil {
		t.Errorf("one run differs from itself in %v", got)
	}
	if ShortName("train.learning_rate") != "learning_rate" || ShortName("name") != "name" {
		t.Error("short names")
	}
}
