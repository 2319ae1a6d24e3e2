package datasets

import (
	"slices"
	"testing"
)

// What is drawn at random follows from the seed: the same seed draws the same, another one something else.
func TestDrawsFollowTheSeed(t *testing.T) {
	for name, draw := range map[string]func(seed uint64) []int{
		"subset": func(seed uint64) []int { return numbers(opened(t, Options{TrainCount: 8, Seed: seed}).Train) },
		"images held out": func(seed uint64) []int {
			return numbers(opened(t, Options{Holdout: 0.5, Seed: seed}).Val)
		},
		"images left to train on": func(seed uint64) []int {
			return numbers(opened(t, Options{Holdout: 0.5, Seed: seed}).Train)
		},
		"label noise": func(seed uint64) []int {
			var labels []int
			for _, l := range opened(t, Options{LabelNoise: 1, Seed: seed}).Train.Labels {
				labels = append(labels, int(l))
			}
			return labels
		},
	} {
		if a, b := draw(1), draw(1); !slices.Equal(a, b) {
			t.Errorf("%s: seed 1 drew %v and then %v", name, a, b)
		}
		if a, b := draw(1), draw(2); slices.Equal(a, b) {
			t.Errorf("%s: seeds 1 and 2 both drew %v", name, a)
		}
	}
}

// opened opens the small data set of these tests.
func opened(t *testing.T, o Options) *Dataset {
	t.Helper()
	d, err := openSmall(t, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
