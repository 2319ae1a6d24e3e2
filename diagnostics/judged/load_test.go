package judged_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/internal/sample"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/trainer/rundir"
)

func TestLoadErrors(t *testing.T) {
	thresholds := diagnostics.DefaultThresholds()
	if _, err := judged.Load(t.TempDir(), thresholds); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("empty folder: %v", err)
	}
	for file, damage := range map[string]string{
		"metrics.csv": "epoch,train_loss\n1,x\n", "status.json": "{", "flags.jsonl": "{\"epoch\":1,\"verdict\":\"nonsense\"}\n",
		"config.yaml": "a: [", "env.json": "{\"a\"", "spectra/epoch-0001-c0.npy": "no array",
	} {
		dir := t.TempDir()
		sample.Sample{Epochs: 1, Rate: 0.1, Channels: 1}.Write(t, dir)
		if err := os.WriteFile(filepath.Join(dir, file), []byte(damage), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := judged.Load(dir, thresholds); err == nil || !strings.Contains(err.Error(), filepath.Base(file)) {
			t.Errorf("%s damaged: %v", file, err)
		}
	}
	// Spectra that are empty, or claim far more than their file holds, or hold something else.
	for _, claim := range []string{"'<f8', 'fortran_order': False, 'shape': (0, 5)", "'<f8', 'fortran_order': False, 'shape': (20000, 20000)",
		"'<f8', 'fortran_order': False, 'shape': (3,)", "'<i8', 'fortran_order': False, 'shape': (1, 1)"} {
		dir := t.TempDir()
		sample.Sample{Epochs: 1, Rate: 0.1, Channels: 1}.Write(t, dir)
		header := fmt.Sprintf("%-117s\n", "{'descr': "+claim+", }")
		file := "\x93NUMPY\x01\x00" + string([]byte{byte(len(header)), 0}) + header + strings.Repeat("\x00", 40)
		if err := os.WriteFile(filepath.Join(dir, "spectra", "epoch-0001-c0.npy"), []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := judged.Load(dir, thresholds); err == nil || !strings.Contains(err.Error(), "want a matrix of <f8") {
			t.Errorf("%s: %v", claim, err)
		}
	}
	for _, text := range []string{"epoch\n-1\n", "epoch\nx\n", "train_loss\n1\n", "epoch,a\n1\n"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "metrics.csv"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := judged.Load(dir, thresholds); err == nil {
			t.Errorf("%q read", text)
		}
	}
}

// The latest state of a run has the spectrum of its last epoch alone, and the verdict of the whole.
func TestLoadLatest(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	sample.Short.Write(t, dir)
	whole, err := judged.Load(dir, diagnostics.DefaultThresholds())
	if err != nil {
		t.Fatal(err)
	}
	latest, err := judged.LoadLatest(dir, diagnostics.DefaultThresholds())
	if err != nil {
		t.Fatal(err)
	}
	if len(latest.Spectra) != 1 || latest.Spectra[0].Epoch != 12 || latest.Derivative != nil || len(latest.History.Rows) != 13 {
		t.Errorf("%d spectra, %d epochs", len(latest.Spectra), len(latest.History.Rows))
	}
	if len(whole.Spectra) != 13 || whole.Derivative == nil || whole.Verdict.Verdict != latest.Verdict.Verdict || len(whole.Settings) != len(latest.Settings) {
		t.Errorf("the whole run has %d spectra; verdicts %s and %s", len(whole.Spectra), whole.Verdict.Verdict, latest.Verdict.Verdict)
	}
	settings, err := judged.SettingsOf(dir)
	if err != nil || len(settings) != len(whole.Settings) {
		t.Errorf("%d settings, want %d: %v", len(settings), len(whole.Settings), err)
	}
	if settings, err := judged.SettingsOf(t.TempDir()); err != nil || settings != nil {
		t.Errorf("a folder without settings: %v, %v", settings, err)
	}
}

// Where the gain is measured at some epochs only, the latest state has the spectrum of the last of them.
func TestLoadLatestBetweenMeasurements(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	sample.Sample{Epochs: 3, Rate: 0.1, Channels: 1}.Write(t, dir)
	metrics := "epoch,train_loss,gain_db,avg_val_loss\n1,1,-20,1\n2,1,-20,1\n3,1,,1\n"
	if err := os.WriteFile(filepath.Join(dir, "metrics.csv"), []byte(metrics), 0o644); err != nil {
		t.Fatal(err)
	}
	for epoch, want := range []int{2, -1} { // the spectrum of epoch 3 is removed, then that of epoch 2
		if err := os.Remove(filepath.Join(dir, "spectra", fmt.Sprintf("epoch-%04d-c0.npy", 3-epoch))); err != nil {
			t.Fatal(err)
		}
		run, err := judged.LoadLatest(dir, diagnostics.DefaultThresholds())
		if err != nil {
			t.Fatal(err)
		}
		got := -1
		if len(run.Spectra) > 0 {
			got = run.Spectra[0].Epoch
		}
		if got != want {
			t.Errorf("spectrum of epoch %d, want %d", got, want)
		}
	}
}

// A history that is written and read back is the same to the last bit, NaN where nothing was measured.
func TestReadHistory(t *testing.T) {
	s := sample.Short
	s.DeadFrom = 9
	dir := t.TempDir()
	s.Write(t, dir)
	text, err := os.ReadFile(filepath.Join(dir, "metrics.csv"))
	if err != nil {
		t.Fatal(err)
	}
	run, err := judged.Load(dir, diagnostics.DefaultThresholds())
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := rundir.WriteMetrics(&again, run.History); err != nil {
		t.Fatal(err)
	}
	if again.String() != string(text) {
		t.Errorf("read back:\n%s\nwant:\n%s", again.String(), text)
	}
}
