package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every key says what it means and what it takes, and its default is one of the values that it takes.
func TestReferenceIsComplete(t *testing.T) {
	for i, k := range Reference() {
		if k.Name != Keys()[i] {
			t.Errorf("key %d is %s, want %s", i, k.Name, Keys()[i])
		}
		if k.Meaning == "" || k.Range == "" || k.Default == "" || strings.Contains(k.Range, "\x00") {
			t.Errorf("%+v is not described", k)
		}
	}
}

func TestReference(t *testing.T) {
	want := map[string]Key{
		"train.batch_size":      {Default: "100", Unit: "images", Range: "a whole number from 1 to 10000"},
		"train.epochs":          {Default: "required, or those of train.schedule", Unit: "epochs", Range: "a whole number from 1 to 1000000"},
		"train.learning_rate":   {Default: "required, or train.schedule", Range: "a number > 0"},
		"train.momentum":        {Default: "0.9", Range: "a number >= 0 and < 1"},
		"train.seed":            {Default: "1", Range: "a whole number from 0 to 18446744073709551615"},
		"gain.window":           {Default: "hann", Range: "one of hann, none"},
		"gain.image":            {Default: "the impulse", Range: "a path"},
		"output.report":         {Default: "true", Range: "true or false"},
		"train.schedule":        {Default: "none", Range: "a list of {rate: …, epochs: …}"},
		"diagnosis.calibration": {Default: "documented thresholds", Range: "a path"},
	}
	for _, k := range Reference() {
		w, ok := want[k.Name]
		if !ok {
			continue
		}
		delete(want, k.Name)
		w.Name, w.Meaning = k.Name, k.Meaning
		if k != w {
			t.Errorf("got %+v, want %+v", k, w)
		}
	}
	if len(want) > 0 {
		t.Errorf("there are no keys %v", want)
	}
}

// docs/config.md is what the list of keys says.
func TestConfigPageIsUpToDate(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "config.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := ReferencePage()
	if string(page) != string(want) {
		have := strings.Split(string(page), "\n")
		for i, line := range strings.Split(string(want), "\n") {
			if i >= len(have) || have[i] != line {
				t.Fatalf("docs/config.md is out of date from line %d on; want\n%s\n(go run ./cmd/train config docs > docs/config.md)", i+1, line)
			}
		}
		t.Fatal("docs/config.md is longer than the list of keys: go run ./cmd/train config docs > docs/config.md")
	}
}

// A key that was added later leaves the hash of a config at its default as it was, and counts in it otherwise.
func TestAddedKeyKeepsHashes(t *testing.T) {
	on, off, n := true, false, 3
	old := whole("a", &n, 0, 9)
	hash := func(more ...field) string {
		return hashOf(append([]field{old}, more...), []field{old, flag("b", &off)})
	}
	before := hash()
	if hash(flag("b", &off).added()) != before {
		t.Error("a key at its default has changed the hash")
	}
	if hash(flag("b", &on).added()) == before || hash(flag("b", &off)) == before {
		t.Error("a key does not count in the hash")
	}
}
