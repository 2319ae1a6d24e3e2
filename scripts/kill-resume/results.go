package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// What a kill left to resume from.
const (
	beforeCheckpoint = "from the beginning, before the first checkpoint"
	betweenEpochs    = "from a checkpoint between epochs"
	withinEpoch      = "from a checkpoint within an epoch"
)

// left tells what a kill left in a run's folder; "" if there is no run, or a finished one.
func left(dir string, ended bool) (string, error) {
	if _, err := os.Stat(filepath.Join(dir, rundir.ConfigFile)); ended || errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	file, err := os.ReadFile(filepath.Join(dir, rundir.CheckpointsDir, trainer.LastFile))
	if errors.Is(err, fs.ErrNotExist) {
		return beforeCheckpoint, nil
	}
	if err != nil {
		return "", err
	}
	_, meta, err := models.ReadSafetensors(file)
	if err != nil {
		return "", err
	}
	if strings.Contains(meta["progress"], `"step":0}`) {
		return betweenEpochs, nil
	}
	return withinEpoch, nil
}

// results are the SHA-256 of what a finished run leaves: weights, velocities and predictions of each
// checkpoint, the metrics but for their times, flags and spectra.
func results(dir string) (map[string]string, error) {
	sums := map[string]string{}
	add := func(name string, content []byte) {
		sum := sha256.Sum256(content)
		sums[name] = hex.EncodeToString(sum[:])
	}
	for _, name := range []string{"last", "best", "epoch-3", "epoch-6"} {
		content, err := tensors(filepath.Join(dir, rundir.CheckpointsDir, name+".safetensors"))
		if err != nil {
			return nil, err
		}
		add(name, content)
	}
	metrics, err := timeless(filepath.Join(dir, rundir.MetricsCSV))
	if err != nil {
		return nil, err
	}
	add(rundir.MetricsCSV, metrics)
	spectra, err := filepath.Glob(filepath.Join(dir, rundir.SpectraDir, "*"))
	if err != nil {
		return nil, err
	}
	for _, path := range append(spectra, filepath.Join(dir, rundir.FlagsFile), filepath.Join(dir, rundir.StatusFile)) {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		add(filepath.Base(path), content)
	}
	return sums, nil
}

// tensors are a checkpoint's tensors as text and bytes.
func tensors(path string) ([]byte, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all, _, err := models.ReadSafetensors(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var content bytes.Buffer
	for _, t := range all {
		fmt.Fprintf(&content, "%s %s %v %x\n", t.Name, t.DType, t.Shape, t.Data)
	}
	return content.Bytes(), nil
}

// timeless is a CSV file without its columns of time.
func timeless(path string) ([]byte, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var content bytes.Buffer
	for _, row := range rows {
		for i, field := range row {
			if name := rows[0][i]; name != "seconds" && name != "images_per_second" {
				fmt.Fprintf(&content, "%s,", field)
			}
		}
		content.WriteByte('\n')
	}
	return content.Bytes(), nil
}

// difference names the first result that is not the same in both; "" if all are.
func difference(got, want map[string]string) string {
	all := maps.Clone(got)
	maps.Copy(all, want)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if got[name] != want[name] {
			return name
		}
	}
	return ""
}
