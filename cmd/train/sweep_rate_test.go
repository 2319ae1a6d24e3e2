package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// The search ends at the highest pilot that serves, with one that is too high no more than half as high again above it.
func TestFindRate(t *testing.T) {
	args := []string{"sweep", "--find-rate", "--config", "quickstart.yaml", "--set", "data.train_count=500", "--set", "train.batch_size=10", "--quiet"}
	code, out, errs := command(t, append(args, "--json")...)
	if code != exitOK || errs != "" {
		t.Fatalf("exit %d, %s", code, errs)
	}
	var r rateFound
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	best := -1
	for i, p := range r.Pilots {
		if i > 0 && p.Rate <= r.Pilots[i-1].Rate {
			t.Errorf("rates out of order: %v after %v", p.Rate, r.Pilots[i-1].Rate)
		}
		if p.Serves && p.Rate == r.Rate {
			best = i
		}
	}
	if best < 0 || best+1 >= len(r.Pilots) {
		t.Fatalf("rate %v is not one that serves with one above it: %+v", r.Rate, r.Pilots)
	}
	if above := r.Pilots[best+1]; above.Serves || above.Rate > 1.5*r.Rate || !strings.HasPrefix(above.Why, "too high") {
		t.Errorf("above %v comes %+v", r.Rate, above)
	}
	if r.Images != 500 || r.Epochs < 12 {
		t.Errorf("%d images, %d epochs in all; want 500 and at least those of one pilot, 12", r.Images, r.Epochs)
	}
}

func TestFindRateKeepsNoRuns(t *testing.T) {
	for _, flag := range []string{"--out=x", "--dry-run", "--jobs=2"} {
		if code, _, errs := command(t, "sweep", "--find-rate", "--config", "quickstart.yaml", flag); code != exitUsage || !strings.Contains(errs, "--find-rate") {
			t.Errorf("%s: exit %d, %s", flag, code, errs)
		}
	}
}
