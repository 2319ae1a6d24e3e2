package main

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

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
