package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/maxgain/maxgain/cmd/sweep"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/diagnostics/report"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// asTrain in the environment makes the test's program the train command, as which a sweep starts it for its trials.
const asTrain = "MAXGAIN_TEST_AS_TRAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asTrain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// sweepFor writes a sweep of tiny runs over the parameters, and returns a folder for it and the flags that name both.
func sweepFor(t *testing.T, parameters string) (dir string, flags []string) {
	t.Helper()
	t.Setenv(asTrain, "1")
	config := filepath.Join(t.TempDir(), "sweep.yaml")
	text := "config: quickstart.yaml\nparameters: " + parameters +
		"\noverrides: {data.train_count: 100, data.val_count: 20, train.batch_size: 20, train.epochs: 2, output.tensorboard: false}\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "out")
	return dir, []string{"--config", config, "--out", dir}
}

// table is what the tests read of a sweep's table.
type table struct {
	Trials []struct {
		Trial, State, Reason, Detail, Verdict string
		Epoch                                 int
	}
	Best string
}

// states are the trials' states in the order of their indexes.
func (s table) states() []string {
	out := make([]string, len(s.Trials))
	for _, r := range s.Trials {
		var index int
		if _, err := fmt.Sscanf(r.Trial, "trial-%d", &index); err == nil {
			out[index] = r.State
		}
	}
	return out
}

// sweepTable runs "train sweep" to its end and returns its table as it is and as text.
func sweepTable(t *testing.T, flags []string) (s table, text string) {
	t.Helper()
	code, text, stderr := command(t, slices.Concat([]string{"sweep", "--json", "--quiet"}, flags)...)
	if code != exitOK {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return s, text
}

// files lists all files in a folder with their times of change.
func files(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	out := map[string]time.Time{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			out[strings.TrimPrefix(path, dir+string(filepath.Separator))] = info.ModTime()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A trial that diverges and one that fails before it begins are recorded, and the trials after them are run. The same command again leaves the ended ones as they are and tries the others again.
func TestSweepOutlivesItsTrials(t *testing.T) {
	t.Setenv("MAXGAIN_DATA", "")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1") // no network
	dir, flags := sweepFor(t, "{train.learning_rate: [0.001, 1000], data.name: [digits, mnist]}")
	s, _ := sweepTable(t, flags)
	if got, want := s.states(), []string{"finished", "failed", "diverged", "failed"}; !slices.Equal(got, want) {
		t.Fatalf("states %v, want %v", got, want)
	}
	if s.Best != "trial-0000" || s.Trials[0].Trial != s.Best {
		t.Errorf("%+v", s)
	}
	for _, r := range s.Trials {
		if r.State == "failed" && !strings.Contains(r.Detail, "train-images-idx3-ubyte") {
			t.Errorf("%s failed: %q", r.Trial, r.Detail)
		}
	}
	before := files(t, dir)
	again, _ := sweepTable(t, flags)
	if got, want := again.states(), s.states(); !slices.Equal(got, want) {
		t.Errorf("states %v, before %v", got, want)
	}
	for path, changed := range files(t, dir) {
		if trial := strings.Split(path, string(filepath.Separator))[0]; trial == "trial-0000" || trial == "trial-0002" {
			if !before[path].Equal(changed) {
				t.Errorf("%s of an ended trial was written again", path)
			}
		}
	}
}

// A trial whose process is killed, and so cannot say what became of it, is recorded as failed.
func TestSweepOutlivesKilledTrial(t *testing.T) {
	dir, flags := sweepFor(t, "{train.epochs: [3]}")
	dying := filepath.Join(t.TempDir(), "dying")
	if err := os.WriteFile(dying, []byte("#!/bin/sh\nkill -KILL $$\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := configs.LoadSweep(flags[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := sweep.Claim(dir, s); err != nil {
		t.Fatal(err)
	}
	r := sweep.Runner{Program: dying, Config: flags[1], Out: dir, Jobs: 1, Log: slog.New(slog.DiscardHandler)}
	if err := r.Run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	want := trainer.Status{State: trainer.StateFailed, Reason: trainer.ReasonError,
		Detail: "the trial's process ended: signal: killed", Epochs: 3, BestEpoch: -1}
	if got, err := rundir.ReadStatus(filepath.Join(dir, "trial-0000")); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if after, _ := sweepTable(t, flags); !slices.Equal(after.states(), []string{"finished"}) {
		t.Errorf("run again: %v", after.states())
	}
}

// Ctrl-C ends the trial at work cleanly and begins no other; the same command goes on with it.
func TestSweepInterruptAndResume(t *testing.T) {
	dir, flags := sweepFor(t, "{train.epochs: [1, 100000, 2]}")
	trial := filepath.Join(dir, "trial-0001")
	last := -1
	for range 2 {
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			untilEpoch(t, trial, last+1)
			cancel(signalError{syscall.SIGINT})
		}()
		var stderr bytes.Buffer
		if code := run(ctx, slices.Concat([]string{"sweep"}, flags), io.Discard, &stderr); code != 130 || !strings.Contains(stderr.String(), "the same command goes on") {
			t.Fatalf("exit code %d\n%s", code, stderr.String())
		}
		status, err := rundir.ReadStatus(trial)
		if err != nil || status.State != trainer.StateInterrupted || status.Epoch <= last {
			t.Errorf("%+v, %v; the epoch before is %d", status, err, last)
		}
		last = status.Epoch
	}
	if _, err := os.Stat(filepath.Join(dir, "trial-0002")); err == nil {
		t.Error("a trial was begun after the interruption")
	}
}

// More trials at a time than there are cores would only slow each other down.
func TestSweepJobs(t *testing.T) {
	dir, flags := sweepFor(t, "{train.seed: [1]}")
	cores := runtime.GOMAXPROCS(0)
	for _, jobs := range []int{0, cores + 1} {
		code, _, stderr := command(t, slices.Concat([]string{"sweep", "--jobs", fmt.Sprint(jobs)}, flags)...)
		if want := fmt.Sprintf("--jobs: got %d, want 1 to %d, the cores there are", jobs, cores); code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, stderr %q, want %q", code, stderr, want)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a folder was made")
	}
}

// trainProcess is the train command in a process of its own.
func trainProcess(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exec.CommandContext(t.Context(), self, args...)
}

// Trials that run at the same time in one folder keep to their own files, and come to what they come to alone.
func TestTrialsAtTheSameTime(t *testing.T) {
	dir, flags := sweepFor(t, "{train.seed: [1, 2, 3]}")
	var processes []*exec.Cmd
	for i := range 3 {
		p := trainProcess(t, slices.Concat([]string{"sweep", "run", "--quiet", "--index", fmt.Sprint(i)}, flags)...)
		p.Stderr = new(bytes.Buffer)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		processes = append(processes, p)
	}
	for i, p := range processes {
		if err := p.Wait(); err != nil {
			t.Errorf("trial %d: %v\n%s", i, err, p.Stderr)
		}
	}
	for path := range files(t, dir) {
		if path != sweep.File && !strings.HasPrefix(path, "trial-000") {
			t.Errorf("%s is outside the trials' folders", path)
		}
	}
	_, together, _ := command(t, "sweep", "table", "--json", dir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, alone := sweepTable(t, flags); together != alone {
		t.Errorf("at the same time\n%s\none after the other\n%s", together, alone)
	}
}

// A second process on a trial gets a clear error and changes nothing; the first goes on, stops cleanly and is resumed.
func TestSecondProcessOnTrial(t *testing.T) {
	dir, flags := sweepFor(t, "{train.epochs: [100000]}")
	args := slices.Concat([]string{"sweep", "run", "--quiet", "--index", "0"}, flags)
	first := trainProcess(t, args...)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	trial := filepath.Join(dir, "trial-0000")
	untilEpoch(t, trial, 0)
	code, _, stderr := command(t, args...)
	if want := trial + ": the run is in use by another process"; code != exitOther || !strings.Contains(stderr, want) {
		t.Errorf("exit code %d, stderr %q, want %q", code, stderr, want)
	}
	if status, err := rundir.ReadStatus(trial); err != nil || status.State != trainer.StateRunning {
		t.Errorf("%+v, %v", status, err)
	}
	if err := first.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	first.Wait()
	if code := first.ProcessState.ExitCode(); code != 143 {
		t.Errorf("the first process exits with %d", code)
	}
}

// untilEpoch waits until the run in a folder has done an epoch.
func untilEpoch(t *testing.T, dir string, epoch int) {
	for t.Context().Err() == nil {
		if s, err := rundir.ReadStatus(dir); err == nil && s.Epoch >= epoch {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// The table of a fixed sweep. Trial 0 converged at −20 dB ± 0.05, trial 1 rises by 1 dB an epoch and has the lowest
// validation error, 2 diverged, 3 swings by ±4 dB and was ended with 6 of its 15 epochs to come, 4 failed and 5 has
// not begun.
func TestSweepTable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sweep")
	if err := os.CopyFS(dir, os.DirFS("testdata/sweep")); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{"sweep-table": nil, "sweep-table-json": {"--json"}} {
		code, stdout, stderr := command(t, slices.Concat([]string{"sweep", "table", dir}, args)...)
		if code != exitOK {
			t.Fatalf("exit code %d\n%s", code, stderr)
		}
		golden(t, name, strings.ReplaceAll(stdout, dir, "SWEEP"))
	}
	rows, runs, err := sweep.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := sweep.Summarise(rows)
	var order []string
	for _, r := range s.Trials {
		order = append(order, r.Trial)
	}
	if want := []string{"trial-0000", "trial-0001", "trial-0003", "trial-0002", "trial-0004", "trial-0005"}; !slices.Equal(order, want) {
		t.Errorf("ranked %v, want %v", order, want)
	}
	// scatter of a swing by ±a: 2a from the line between the neighbours, over √1.5, times 1.4826
	scatter := func(a float64) float64 { return 2 * a / math.Sqrt(1.5) * 1.4826022185056018 }
	for i, want := range []struct{ level, variability float64 }{{-19.95, scatter(0.05)}, {-37, 0}, {-16, scatter(4)}, {-30, math.NaN()}} {
		level, variability := float64(s.Trials[i].GainDB), float64(s.Trials[i].Variability)
		if level != want.level || !(math.Abs(variability-want.variability) < 1e-9) && !(math.IsNaN(variability) && math.IsNaN(want.variability)) {
			t.Errorf("%s: gain %v ± %v, want %v ± %v", order[i], level, variability, want.level, want.variability)
		}
	}
	if s.Best != "trial-0000" || s.Rate != 0.001 || s.Pruned != 1 || s.EpochsSaved != 6 {
		t.Errorf("best %s at rate %v, %d pruned, %d epochs saved", s.Best, s.Rate, s.Pruned, s.EpochsSaved)
	}
	// The report names the same order.
	var page bytes.Buffer
	if err := report.Write(&page, runs...); err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, name := range order[:4] {
		place := strings.Index(page.String(), name)
		if place < at {
			t.Errorf("the report ranks %s otherwise", name)
		}
		at = place
	}
}

// One trial's damaged files are said in its row; the others are ranked.
func TestSweepTableWithDamage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sweep")
	if err := os.CopyFS(dir, os.DirFS("testdata/sweep")); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "trial-0000", "metrics.csv")
	if err := os.WriteFile(damaged, []byte("epoch,train_loss\n1,x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command(t, "sweep", "table", dir)
	if code != exitOK || !strings.Contains(stdout, "Take learning_rate=0.0001 (trial-0001): still learning") || !strings.Contains(stdout, damaged) {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}
