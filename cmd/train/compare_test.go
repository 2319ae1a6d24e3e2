package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Two runs that differ in the learning rate: the page and the diagnosis list that setting and no other.
func TestCompareRuns(t *testing.T) {
	root := t.TempDir()
	a, b := filepath.Join(root, "slow"), filepath.Join(root, "fast")
	for dir, rate := range map[string]string{a: "0.001", b: "0.002"} {
		if code, _, stderr := command(t, tiny("--out", dir, "--quiet", "--set", "train.learning_rate="+rate)...); code != exitOK {
			t.Fatal(stderr)
		}
	}
	page := filepath.Join(root, "both.html")
	code, stdout, stderr := command(t, "report", a, b, "--out", page)
	if code != exitOK || stdout != page+"\n" {
		t.Fatalf("exit code %d, %q\n%s", code, stdout, stderr)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(text); !strings.Contains(got, "<h1>2 runs compared</h1>") || strings.Count(got, `<th scope="row">train.learning_rate</th>`) != 1 || strings.Contains(got, `<th scope="row">train.momentum</th>`) {
		t.Error("the page does not list the rate, or lists more")
	}
	code, stdout, stderr = command(t, "diagnose", a, b)
	if code != exitOK {
		t.Fatal(stderr)
	}
	_, table, _ := strings.Cut(stdout, "settings that differ:\n")
	lines := strings.Split(strings.TrimSpace(table), "\n")
	if len(lines) != 2 || strings.Join(strings.Fields(lines[0]), " ") != "slow fast" || strings.Join(strings.Fields(lines[1]), " ") != "train.learning_rate 0.001 0.002" {
		t.Errorf("table %q", table)
	}
	for _, args := range [][]string{{a}, {a, b, "--quiet"}, {a, a}, {a, filepath.Join(a, "metrics.csv")}} {
		if _, stdout, _ := command(t, append([]string{"diagnose"}, args...)...); strings.Contains(stdout, "settings that differ") {
			t.Errorf("%q: %s", args, stdout)
		}
	}
	if code, _, _ := command(t, "report"); code != exitUsage {
		t.Errorf("no folder: exit code %d", code)
	}
	if code, _, stderr := command(t, "report", a, filepath.Join(root, "none")); code == exitOK || !strings.Contains(stderr, "none") {
		t.Errorf("no such folder: exit code %d, %s", code, stderr)
	}
}
