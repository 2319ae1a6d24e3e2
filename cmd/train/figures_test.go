package main

import (
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// Each column of the table on the screen shows its own figure, errors in per cent.
func TestFiguresOnTheScreen(t *testing.T) {
	s, out := screenOf(t, 0)
	s.EpochDone(trainer.Row{Epoch: 12, LearningRate: 0.001, TrainLoss: 1.5, TrainError: 0.5, ValLoss: 1.25, ValError: 0.0725, ImagesPerSecond: 9000, Seconds: 2.5,
		Signals: []trainer.Signal{{Name: diagnostics.GainDB, Value: -20.5}, {Name: diagnostics.PopulationGainDB, Value: -10.25}, {Name: diagnostics.ShiftLoss, Value: 0.75}}})
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	if got, want := strings.Join(strings.Fields(lines[1]), " "), "12 0.001 1.5000 50.00 1.2500 7.25 -20.50 -10.25 0.75 9000 2.5"; got != want {
		t.Errorf("the row is %q, want %q", got, want)
	}
	if got := figure("%.2f", math.NaN()); got != "" {
		t.Errorf("what was not measured is shown as %q", got)
	}
}

// A picture is measured without a window unless one is asked for.
func TestWindowOverAPicture(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a net")
	}
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	code, _, stderr := command(t, "--config", "quickstart", "--out", run, "--quiet", "--set", "train.epochs=1", "--set", "data.train_count=100", "--set", "data.val_count=20",
		"--set", "output.report=false")
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	picture := image.NewGray(image.Rect(0, 0, 28, 28))
	for i := range 100 {
		picture.SetGray(4+i%10, 9+i/10, color.Gray{Y: uint8(2 * i)})
	}
	path := filepath.Join(dir, "picture.png")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(file, picture); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	measure := func(args ...string) string {
		code, stdout, stderr := command(t, append([]string{"gain", "--checkpoint", filepath.Join(run, "checkpoints", "last.safetensors"), "--image", path, "--json"}, args...)...)
		if code != exitOK {
			t.Fatalf("%v: exit code %d: %s", args, code, stderr)
		}
		return stdout
	}
	plain, none, hann := measure(), measure("--window", "none"), measure("--window", "hann")
	if plain != none {
		t.Errorf("without --window: %s, with none: %s", plain, none)
	}
	if plain == hann {
		t.Errorf("--window hann is ignored: %s", hann)
	}
}
