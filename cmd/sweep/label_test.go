package sweep

import (
	"slices"
	"testing"
)

// Trials are called by the settings that differ among them.
func TestLabels(t *testing.T) {
	for name, c := range map[string]struct{ set, want []string }{
		"one key": {
			[]string{"train.learning_rate=0.1 train.seed=1", "train.learning_rate=0.2 train.seed=1"},
			[]string{"learning_rate=0.1", "learning_rate=0.2"}},
		"two keys": {
			[]string{"train.learning_rate=0.1 train.seed=1", "train.learning_rate=0.1 train.seed=2", "train.learning_rate=0.2 train.seed=1"},
			[]string{"learning_rate=0.1 seed=1", "learning_rate=0.1 seed=2", "learning_rate=0.2 seed=1"}},
		"ends alike": {
			[]string{"model.name=a data.name=x", "model.name=b data.name=y"},
			[]string{"model.name=a data.name=x", "model.name=b data.name=y"}},
		"one of two ends alike varies": {
			[]string{"model.name=a data.name=x", "model.name=b data.name=x"}, []string{"name=a", "name=b"}},
		"values with spaces": {
			[]string{"train.schedule=[{rate: 0.1, epochs: 3}] train.seed=1", "train.schedule=[{rate: 0.2, epochs: 3}] train.seed=1"},
			[]string{"schedule=[{rate: 0.1, epochs: 3}]", "schedule=[{rate: 0.2, epochs: 3}]"}},
		"one trial": {[]string{"train.seed=1"}, []string{"train.seed=1"}},
		"no trial":  {nil, []string{}},
	} {
		if got := labels(c.set); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
