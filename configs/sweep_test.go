package configs

import (
	"slices"
	"strings"
	"testing"
)

func TestGridVariesTheFirstParameterSlowest(t *testing.T) {
	s, err := ParseSweep("my.yaml", []byte(`
config: quickstart.yaml
parameters:
  train.learning_rate: {min: 0.001, max: 0.1, count: 3, scale: log}
  train.seed: [1, 2]
overrides: {train.epochs: 5}
`), []string{"train.batch_size=50"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, trial := range s.Trials {
		got = append(got, strings.Join(trial.Set, " "))
		if trial.Index != i || trial.Config.Train.Epochs != 5 || trial.Config.Train.BatchSize != 50 || trial.Config.Name != trial.Name {
			t.Errorf("trial %d: %+v", i, trial)
		}
	}
	want := []string{
		"train.learning_rate=0.001 train.seed=1", "train.learning_rate=0.001 train.seed=2",
		"train.learning_rate=0.01 train.seed=1", "train.learning_rate=0.01 train.seed=2",
		"train.learning_rate=0.1 train.seed=1", "train.learning_rate=0.1 train.seed=2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("trials %q, want %q", got, want)
	}
	if s.Trials[3].Config.Train.LearningRate != 0.01 || s.Trials[3].Config.Train.Seed != 2 || s.Trials[3].Name != "trial-0003" {
		t.Errorf("trial 3 is %+v", s.Trials[3])
	}
}

func TestRandomTrialsStayInRangeAndRepeat(t *testing.T) {
	file := []byte(`
config: quickstart
method: random
trials: 40
seed: 7
parameters: {train.learning_rate: {min: 0.001, max: 0.1, scale: log}, train.seed: [4, 5]}
`)
	first, err := ParseSweep("r.yaml", file, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseSweep("r.yaml", file, nil)
	if err != nil {
		t.Fatal(err)
	}
	below, rates := 0, map[float64]bool{}
	for i, trial := range first.Trials {
		rate := trial.Config.Train.LearningRate
		if rate < 0.001 || rate > 0.1 || rate != again.Trials[i].Config.Train.LearningRate {
			t.Errorf("trial %d: rate %g, then %g", i, rate, again.Trials[i].Config.Train.LearningRate)
		}
		rates[rate] = true
		if rate < 0.01 {
			below++
		}
	}
	if len(first.Trials) != 40 || len(rates) < 35 || below < 10 || below > 30 {
		t.Errorf("%d trials, %d rates, %d of them in the lower half of the logarithmic range", len(first.Trials), len(rates), below)
	}
}

// The draws follow from the seed, which is 1 unless it is given.
func TestRandomTrialsFollowTheSeed(t *testing.T) {
	rates := func(seed string) (out []float64) {
		s, err := ParseSweep("r.yaml", []byte("config: quickstart\nmethod: random\ntrials: 5\n"+seed+
			"parameters: {train.learning_rate: {min: 0.001, max: 0.1, scale: log}}\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, trial := range s.Trials {
			out = append(out, trial.Config.Train.LearningRate)
		}
		return out
	}
	one, two, none := rates("seed: 1\n"), rates("seed: 2\n"), rates("")
	for i := range one {
		if one[i] == two[i] {
			t.Errorf("trial %d has the rate %v with either seed", i, one[i])
		}
	}
	if !slices.Equal(one, none) {
		t.Errorf("without a seed %v, with seed 1 %v", none, one)
	}
}

func TestBadSweeps(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"nothing":        {"", "s.yaml:1:1: want keys: config, method, trials, seed, prune, parameters, overrides"},
		"missing keys":   {"method: grid", "s.yaml:1:1: config: missing, want the name or path of the config that the trials vary\ns.yaml:1:1: parameters: missing, want the keys that the trials vary"},
		"unknown key":    {"confg: a", "s.yaml:1:1: confg: unknown key, did you mean config?; the keys are config, method, trials, seed, prune, parameters, overrides"},
		"log from zero":  {"config: quickstart\nparameters: {train.learning_rate: {min: 0, max: 1, count: 3, scale: log}}", "s.yaml:2:35: train.learning_rate: a logarithmic range from 0; want min > 0"},
		"count missing":  {"config: quickstart\nparameters: {train.learning_rate: {min: 1, max: 2}}", "s.yaml:2:14: train.learning_rate: a range without count; a grid wants one"},
		"empty list":     {"config: quickstart\nparameters: {train.seed: []}", "s.yaml:2:26: train.seed: an empty list; want at least one value"},
		"trials missing": {"config: quickstart\nmethod: random\nparameters: {train.seed: [1]}", "s.yaml:1:1: trials: missing, want the number of random trials"},
		"a run":          {"model: {name: lenet-mnist}\ntrain: {epochs: 3}", "s.yaml:1:1: this file describes one run; train it with: train --config s.yaml"},
		"bad value":      {"config: quickstart\nparameters: {train.learning_rate: [-1]}", "sweep s.yaml, trial 0 (train.learning_rate=-1): --set train.learning_rate=-1: got -1, want a number > 0"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseSweep("s.yaml", []byte(c.file), nil)
			if err == nil || err.Error() != c.want {
				t.Errorf("error\n%v\nwant\n%s", err, c.want)
			}
		})
	}
}

func TestPresetSweeps(t *testing.T) {
	for name, trials := range map[string]int{"sweep_lenet_mnist": 7, "sweep_lenet_cifar10.yaml": 6} {
		s, err := LoadSweep(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Trials) != trials {
			t.Errorf("%s has %d trials, want %d", name, len(s.Trials), trials)
		}
	}
}

func FuzzSweep(f *testing.F) {
	f.Add([]byte("config: quickstart\nparameters: {train.learning_rate: {min: 0.1, max: 1, count: 3, scale: log}}\n"))
	f.Add([]byte("config: quickstart\nmethod: random\ntrials: 2\nparameters: {train.seed: [1, 2]}\noverrides: {train.epochs: 3}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1000 {
			return
		}
		s, err := ParseSweep("f.yaml", data, nil)
		if (err == nil) != (len(s.Trials) > 0) {
			t.Fatalf("%d trials with error %v", len(s.Trials), err)
		}
	})
}
