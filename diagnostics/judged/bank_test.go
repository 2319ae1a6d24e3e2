package judged

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
)

// Every fact that the rules state about real runs has a sentence of its own.
func TestEveryFactHasASentence(t *testing.T) {
	paths, err := filepath.Glob("../testdata/bank/*.csv")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no runs: %v", err)
	}
	seen := map[string]bool{}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		c, err := diagnostics.ReadCSV(f, nil)
		f.Close()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		n := len(c.Epochs)
		for _, k := range []int{3, n / 2, n} {
			for _, e := range diagnostics.Diagnose(c.Prefix(min(k, n)), diagnostics.DefaultThresholds()).Evidence {
				if seen[e.What] {
					continue
				}
				seen[e.What] = true
				if _, known := phrase(e); !known {
					t.Errorf("%q of %s has no words of its own: %s", e.What, e.Signal, Sentence(e))
				}
				if s := Sentence(e); strings.Contains(s, "_") || strings.Contains(s, "  ") {
					t.Errorf("%q: %s", e.What, s)
				}
			}
		}
	}
	if len(seen) < 10 {
		t.Errorf("the runs show %d kinds of facts only", len(seen))
	}
}

// So has every fact that is named in the source of the rules, as not each of them occurs in the runs.
func TestEveryNamedFactHasASentence(t *testing.T) {
	paths, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?:\.fact\(|\.noise\()(?:"epoch")?[^"\n]*"([^"]+)"|What: "([^"]+)"`)
	count := 0
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			what := m[1] + m[2]
			if what == "epoch" || what == "dB" {
				continue // another argument of the call
			}
			count++
			if _, known := phrase(diagnostics.Evidence{Signal: "train_loss", What: what}); !known {
				t.Errorf("%s: %q has no words of its own", path, what)
			}
		}
	}
	if count < 20 {
		t.Errorf("%d facts found in the source: look for them in another way", count)
	}
}
