package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/maxgain/maxgain/cmd/figures"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

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
	f := figureFlags{outputFlags: outputFlags{quiet: true}, Options: figures.Options{Runs: dir, Out: dir, Seeds: []uint{1}, Quick: true}}
	f.apply(a)
	p := figures.Figure{Number: 99, Title: "divergence", Curves: []figures.Curve{
		{Setting: "base", Preset: "lenet_mnist", Rate: 0.001}, {Setting: "wild", Preset: "lenet_mnist", Rate: 1000}}}
	for range 2 { // trained, and used again
		if err := a.makeFigure(t.Context(), p, f); err != nil {
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
