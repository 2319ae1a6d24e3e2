package configs

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"
)

// accepted checks what holds for every config that was not refused.
func accepted(t *testing.T, c Config, err error) {
	t.Helper()
	if err != nil {
		var faults FieldErrors
		if !errors.As(err, &faults) || len(faults) == 0 || !utf8.ValidString(err.Error()) {
			t.Fatalf("not a list of faults: %v", err)
		}
		return
	}
	if runName(c.Name) != "" {
		t.Fatalf("run name %q", c.Name)
	}
	if (c.Train.LearningRate > 0) == (c.Train.Schedule != nil) || c.Train.Epochs < 1 {
		t.Fatalf("train: %+v", c.Train)
	}
	again, err := Parse("again.yaml", c.YAML(), nil)
	if err != nil || c.Hash() != again.Hash() {
		t.Fatalf("read back: %v\n%s", err, c.YAML())
	}
}

func FuzzYAML(f *testing.F) {
	for _, pattern := range []string{"*.yaml", "testdata/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("fuzz.yaml", data, nil)
		accepted(t, c, err)
	})
}

func FuzzSet(f *testing.F) {
	for _, set := range []string{"train.epochs=2", "train.schedule=[{rate: 0.1, epochs: 2}]", "output.dir=/tmp", "name=..",
		"train=", "train.seed=0x10", "train.momentum=.5", "gain.window=hann", "train.epochs=*a", "=", "a.b.c=d", "output.dir=\xe8"} {
		f.Add(set)
	}
	base, err := os.ReadFile("lenet_mnist.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, set string) {
		c, err := Parse("fuzz.yaml", base, []string{set})
		accepted(t, c, err)
	})
}
