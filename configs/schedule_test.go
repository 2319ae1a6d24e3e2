package configs

import (
	"slices"
	"strings"
	"testing"
)

// loadRate is the schedule that lenet_mnist gets by --set train.schedule.
func loadRate(t *testing.T, schedule string) (Config, error) {
	t.Helper()
	return Load("lenet_mnist", []string{"train.schedule=" + schedule, "train.epochs=1"})
}

func TestScheduleForms(t *testing.T) {
	for text, want := range map[string][]Phase{
		"[{rate: 0.1, epochs: 2}]":                                             {{Rate: 0.1, Epochs: 2}},
		"[{rate: 0, epochs: 2, to: 0.1, curve: linear}]":                       {{Epochs: 2, To: 0.1, Curve: "linear"}},
		"{cosine: {rate: 0.1, epochs: 30}}":                                    {{Rate: 0.1, Epochs: 30, Curve: "cosine"}},
		"{cosine: {rate: 0.1, epochs: 30, to: 0.001, warmup: 2}}":              {{To: 0.1, Epochs: 2, Curve: "linear"}, {Rate: 0.1, Epochs: 28, To: 0.001, Curve: "cosine"}},
		"[{rate: 0.1, epochs: 1}, {rate: 1, epochs: 2, to: 0, curve: cosine}]": {{Rate: 0.1, Epochs: 1}, {Rate: 1, Epochs: 2, Curve: "cosine"}},
	} {
		c, err := loadRate(t, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		again, err := Parse("again.yaml", c.YAML(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(c.Train.Schedule, want) || !slices.Equal(again.Train.Schedule, want) {
			t.Errorf("%s: %+v, read back as %+v, want %+v", text, c.Train.Schedule, again.Train.Schedule, want)
		}
	}
}

func TestBadSchedules(t *testing.T) {
	for text, want := range map[string]string{
		"{cosine: {rate: 0.1}}":                       ".cosine.epochs: missing",
		"{cosine: {rate: 0, epochs: 3}}":              ".cosine.rate: got 0, want a number > 0",
		"{cosine: {rate: 0.1, epochs: 3, warmup: 3}}": ".cosine.warmup: got 3, want less than epochs, 3",
		"{cosine: {rate: 0.1, epochs: 3, from: 3}}":   ".cosine.from: unknown key, want rate, epochs, to and warmup",
		"{cosine: 3}":                                       ".cosine: got 3, want {rate: …, epochs: …, to: 0, warmup: 0}",
		"{cos: {rate: 0.1, epochs: 3}}":                     ": got a section, want a list of {rate: …, epochs: …}, or {cosine: {rate: …, epochs: …}}",
		"[{rate: 0.1, epochs: 3, to: 1}]":                   "[0]: to and curve go together: to is the rate at the end, curve the way there, linear or cosine",
		"[{rate: 0.1, epochs: 3, to: 1, curve: quadratic}]": `[0].curve: got "quadratic", want linear or cosine`,
		"[{rate: 0, epochs: 3, to: 0, curve: cosine}]":      "[0].rate: got 0, want a number > 0",
	} {
		_, err := loadRate(t, text)
		// The first part of a message repeats the override, the second begins with the key unless it is the override's.
		key := "train.schedule" + want
		if strings.HasPrefix(want, ": ") {
			key = want
		}
		if err == nil || !strings.HasSuffix(err.Error(), key) {
			t.Errorf("%s:\n got %v\nwant …%s", text, err, key)
		}
	}
}

// Settings of the optimiser that are not at their default are written, and count in the hash.
func TestOptimiserOptions(t *testing.T) {
	plain, err := Load("lenet_mnist", nil)
	if err != nil {
		t.Fatal(err)
	}
	if plain.Train.Nesterov || !plain.Train.DecayNormsAndBiases || strings.Contains(string(plain.YAML()), "nesterov") {
		t.Errorf("by default %+v", plain.Train)
	}
	for _, set := range []string{"train.nesterov=true", "train.decay_norms_and_biases=false"} {
		c, err := Load("lenet_mnist", []string{set})
		if err != nil {
			t.Fatal(err)
		}
		if c.Hash() == plain.Hash() || !strings.Contains(string(c.YAML()), strings.Replace(set, "=", ": ", 1)[len("train."):]) {
			t.Errorf("%s is not in the resolved file or the hash", set)
		}
	}
}
