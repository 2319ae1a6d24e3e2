package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// TestFigureTable holds the runs of every figure and their settings.
func TestFigureTable(t *testing.T) {
	var b strings.Builder
	for _, quick := range []bool{false, true} {
		fmt.Fprintf(&b, "quick: %v\n", quick)
		for _, p := range paperFigures {
			runs, err := figureFlags{seeds: []uint{1}, quick: quick}.runsOf(p)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "figure %d: %s\n", p.number, p.title)
			for _, r := range runs {
				c := r.config
				fmt.Fprintf(&b, "  %-45s %-26s %-20s %-8s seed %d, rate %v, %d epochs, batch %d, momentum %v, decay %v, images %d\n",
					c.Name, r.setting, c.Model.Name, c.Data.Name, c.Train.Seed, c.Train.LearningRate, c.Train.Epochs,
					c.Train.BatchSize, c.Train.Momentum, c.Train.WeightDecay, c.Data.TrainCount)
			}
		}
	}
	golden(t, "figure-table", b.String())
}

// quickFigure9 are the arguments of a small figure 9, its runs and pictures in dir.
func quickFigure9(dir string) []string {
	return []string{"figure", "9", "--quick", "--runs", filepath.Join(dir, "runs"), "--out", filepath.Join(dir, "out"), "--data-dir", dir}
}

// cancelAt cancels a context when a text has been written to it for the nth time.
type cancelAt struct {
	bytes.Buffer
	text   string
	n      int
	cancel func()
}

func (c *cancelAt) Write(p []byte) (int, error) {
	n, err := c.Buffer.Write(p)
	if strings.Count(c.String(), c.text) >= c.n {
		c.cancel()
	}
	return n, err
}

// A figure that was interrupted in its second run comes out the same as one that was not, and what had ended is not
// trained again.
func TestFigureGoesOnWhereItWas(t *testing.T) {
	straight, stopped := t.TempDir(), t.TempDir()
	code, stdout, stderr := command(t, quickFigure9(straight)...)
	if code != exitOK {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	if want := filepath.Join(straight, "out/fig9.svg"); !strings.Contains(stdout, want) {
		t.Errorf("stdout lacks %q:\n%s", want, stdout)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	shown := &cancelAt{text: "\n    1  ", n: 2, cancel: func() { cancel(signalError{syscall.SIGINT}) }} // epoch 1 of the second run
	if code := run(ctx, quickFigure9(stopped), &bytes.Buffer{}, shown); code != 130 || !strings.Contains(shown.String(), "the same command goes on") {
		t.Fatalf("exit code %d\n%s", code, shown.String())
	}
	first := filepath.Join(stopped, "runs/quick-lenet_mnist-rate-0.001-seed-1")
	second := filepath.Join(stopped, "runs/quick-lenet_mnist-rate-0.0001-seed-1")
	if s, err := rundir.ReadStatus(second); err != nil || s.State != trainer.StateInterrupted || s.Epoch != 1 {
		t.Errorf("interrupted run: %+v, %v", s, err)
	}
	before := modified(t, first)
	if code, _, stderr := command(t, quickFigure9(stopped)...); code != exitOK || strings.Count(stderr, "msg=training") != 2 {
		t.Fatalf("exit code %d, want two runs trained\n%s", code, stderr)
	}
	if after := modified(t, first); after != before {
		t.Errorf("the run that had ended was written again: %s, then %s", before, after)
	}
	for _, name := range []string{"fig9.csv", "fig9.svg", "fig9.png"} {
		a, errA := os.ReadFile(filepath.Join(straight, "out", name))
		b, errB := os.ReadFile(filepath.Join(stopped, "out", name))
		if err := errors.Join(errA, errB); err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs after the interruption: %v", name, err)
		}
	}
	if code, _, stderr := command(t, append(quickFigure9(stopped), "--quiet")...); code != exitOK || stderr != "" {
		t.Errorf("with all runs ended: exit code %d\n%s", code, stderr)
	}
	sameAsMetrics(t, filepath.Join(straight, "out/fig9.csv"), filepath.Join(straight, "runs"))
}

// numbered is the figure of that number.
func numbered(t *testing.T, number int) paperFigure {
	t.Helper()
	for _, p := range paperFigures {
		if p.number == number {
			return p
		}
	}
	t.Fatalf("there is no figure %d", number)
	return paperFigure{}
}

// modified is when a run's metrics were last written.
func modified(t *testing.T, dir string) string {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, rundir.MetricsCSV))
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime().String()
}

// sameAsMetrics compares the figure's table with the metrics of its runs, by columns of the same name.
func sameAsMetrics(t *testing.T, table, runs string) {
	t.Helper()
	lines := readTable(t, table)
	if len(lines) != 3*4 {
		t.Fatalf("%d lines, want 4 epochs of 3 runs", len(lines))
	}
	for i, line := range lines {
		metrics := readTable(t, filepath.Join(runs, line["run"], rundir.MetricsCSV))[i%4]
		for _, name := range []string{"epoch", "gain_db", "pop_gain_db", "train_loss", "val_loss", "val_error"} {
			if line[name] != metrics[name] {
				t.Errorf("%s of %s: %s, in the run %s", name, line["run"], line[name], metrics[name])
			}
		}
	}
}

// readTable reads a CSV file into its lines by column.
func readTable(t *testing.T, path string) []map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(records) == 0 {
		t.Fatalf("%s: %d lines, %v", path, len(records), err)
	}
	var out []map[string]string
	for _, record := range records[1:] {
		line := map[string]string{}
		for k, name := range records[0] {
			line[name] = record[k]
		}
		out = append(out, line)
	}
	return out
}

// A run that diverges is a curve that ends.
func TestFigureOfADivergedRun(t *testing.T) {
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	a := &app{stdout: &stdout, stderr: &stderr}
	f := figureFlags{outputFlags: outputFlags{quiet: true}, runs: dir, out: dir, seeds: []uint{1}, quick: true}
	f.apply(a)
	p := paperFigure{99, "divergence", []paperCurve{{"base", "lenet_mnist", 0.001}, {"wild", "lenet_mnist", 1000}}}
	for range 2 { // trained, and used again
		if err := a.trainingFigure(t.Context(), p, f); err != nil {
			t.Fatal(err)
		}
	}
	if got := stdout.String(); strings.Count(got, "diverged") != 2 || !strings.Contains(got, filepath.Join(dir, "fig99.csv")) {
		t.Errorf("stdout:\n%s", got)
	}
	last := map[string]string{}
	for _, line := range readTable(t, filepath.Join(dir, "fig99.csv")) {
		last[line["setting"]] = line["epoch"] + " " + line["train_loss"]
	}
	if last["wild"] != "1 +Inf" || !strings.HasPrefix(last["base"], "3 2.") {
		t.Errorf("last epochs and losses: %v", last)
	}
}

func TestFigureOfRunsInUse(t *testing.T) {
	dir := t.TempDir()
	f := figureFlags{runs: filepath.Join(dir, "runs"), seeds: []uint{1}, quick: true}
	runs, err := f.runsOf(numbered(t, 9))
	if err != nil {
		t.Fatal(err)
	}
	held, err := rundir.Create(runs[0].path(f), runs[0].config.YAML(), rundir.Env{})
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command(t, quickFigure9(dir)...)
	if code != exitOther || stdout != "" || !strings.Contains(stderr, "in use by another process") {
		t.Errorf("exit code %d, stdout %q, stderr\n%s", code, stdout, stderr)
	}
	for _, r := range runs[1:] {
		if !ended(r.path(f), r.config) {
			t.Errorf("%s was not trained meanwhile", r.config.Name)
		}
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := command(t, quickFigure9(dir)...); code != exitOK {
		t.Errorf("afterwards: exit code %d\n%s", code, stderr)
	}
}

func TestFigureOfAnotherRunsFolder(t *testing.T) {
	dir := t.TempDir()
	f := figureFlags{runs: filepath.Join(dir, "runs"), seeds: []uint{1}, quick: true}
	r, err := f.runOf(numbered(t, 9).curves[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	other := r.config
	other.Train.Momentum = 0.5
	held, err := rundir.Create(r.path(f), other.YAML(), rundir.Env{})
	if err != nil {
		t.Fatal(err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := command(t, quickFigure9(dir)...)
	for _, want := range []string{r.path(f), "train.momentum: 0.5, now 0.9", "--runs"} {
		if code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, stderr lacks %q:\n%s", code, want, stderr)
		}
	}
}
