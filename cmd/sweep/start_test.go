package sweep

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// echo is a program that writes its arguments, one a line.
func echo(t *testing.T) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for the train command is a shell script")
	}
	path := filepath.Join(t.TempDir(), "echo")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nprintf '%s\\n' \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// A trial's process is told its number, the settings for all trials, and its share of the cores: not more than the trial
// itself wants.
func TestArgumentsOfATrial(t *testing.T) {
	program := echo(t)
	cores := runtime.GOMAXPROCS(4)
	defer runtime.GOMAXPROCS(cores)
	for name, test := range map[string]struct {
		jobs, workers int
		want          string // after the settings for all trials
	}{
		"one at a time":                      {1, 0, ""},
		"two at a time":                      {2, 0, " --set train.workers=2"},
		"two, of one worker each":            {2, 1, " --set train.workers=1"},
		"two, that want more than the share": {2, 3, " --set train.workers=2"},
		"more than there are cores":          {9, 0, " --set train.workers=1"},
	} {
		t.Run(name, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "trial.log")
			r := Runner{Program: program, Config: "s.yaml", Out: "out", Set: []string{"train.epochs=3", "data.name=digits"}, Jobs: test.jobs, Log: slog.New(slog.DiscardHandler)}
			trial := configs.Trial{Index: 5}
			trial.Config.Train.Workers = test.workers
			if err := r.start(context.Background(), trial, log); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			want := "sweep run --owned --quiet --config s.yaml --out out --index 5 --set train.epochs=3 --set data.name=digits" + test.want
			if said := strings.Join(strings.Fields(string(got)), " "); said != want {
				t.Errorf("the process is started with\n%s, want\n%s", said, want)
			}
		})
	}
}

// Of three trials of 10 epochs two were pruned, after 3 and 6: 7 + 4 of 30 epochs were saved.
func TestEpochsSavedByPruning(t *testing.T) {
	rows := []Row{row("a", diagnostics.Converged, 0, 2, 1), row("b", diagnostics.LearningRateTooHigh, 0, 2, 1), row("c", diagnostics.Diverged, 0, 2, 1)}
	for i, epoch := range []int{10, 3, 6} {
		rows[i].Epoch, rows[i].Epochs = epoch, 10
		if i > 0 {
			rows[i].Reason = string(trainer.ReasonPruned)
		}
	}
	s := Summarise(rows)
	if s.Pruned != 2 || s.EpochsSaved != 11 || !strings.HasSuffix(s.Advice, "Pruning (2 of the trials) saved 11 of 30 epochs.") {
		t.Errorf("%d pruned, %d epochs saved: %s", s.Pruned, s.EpochsSaved, s.Advice)
	}
}
