package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A run is trained, evaluated and used, from the command line.
func TestEvaluateAndPredict(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if code, _, stderr := command(t, tiny("--out", dir, "--quiet")...); code != exitOK {
		t.Fatal(stderr)
	}
	matrix := filepath.Join(t.TempDir(), "m.png")
	code, stdout, stderr := command(t, "evaluate", dir, "--json", "--out", matrix)
	var e struct {
		Images, Wrong int
		Split         string
		Error         float64
		Confusion     [][]int
	}
	if err := json.Unmarshal([]byte(stdout), &e); err != nil || code != exitOK {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	if e.Images != 100 || e.Split != "val" || e.Error != float64(e.Wrong)/100 || len(e.Confusion) != 10 {
		t.Errorf("%+v", e)
	}
	if f, err := os.Open(matrix); err != nil {
		t.Error(err)
	} else if _, err := png.Decode(f); err != nil {
		t.Error(err)
	}
	code, stdout, _ = command(t, "evaluate", dir, "--split", "train")
	for _, want := range []string{"digits, train: 200 images, weights of epoch 2", "labels down, predictions across"} {
		if code != exitOK || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, stdout lacks %q:\n%s", code, want, stdout)
		}
	}
	for _, args := range [][]string{{"evaluate"}, {"evaluate", dir, "--split", "none"}, {"evaluate", dir, "--out", "m.gif"}, {"predict", dir},
		{"evaluate", filepath.Join(dir, "nothing")}} {
		if code, _, stderr := command(t, args...); code != exitUsage || stderr == "" {
			t.Errorf("%v: exit code %d\n%s", args, code, stderr)
		}
	}
	predictsPictures(t, dir)
}

// predictsPictures predicts a folder in which one file is broken.
func predictsPictures(t *testing.T, run string) {
	t.Helper()
	folder := t.TempDir()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"a.png": b.Bytes(), "b.png": []byte("no picture"), "c, d.png": b.Bytes()} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, stdout, stderr := command(t, "predict", run, folder)
	records, err := csv.NewReader(strings.NewReader(stdout)).ReadAll()
	if code != exitData || err != nil || len(records) != 3 || !strings.Contains(stderr, "b.png") || !strings.Contains(stderr, "1 of 3 pictures could not be read") {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	if got, want := strings.Join(records[0], " "), "path class probability class_2 probability_2 class_3 probability_3 class_4 probability_4 class_5 probability_5"; got != want {
		t.Errorf("columns %q, want %q", got, want)
	}
	if records[1][0] != filepath.Join(folder, "a.png") || records[2][0] != filepath.Join(folder, "c, d.png") || records[1][1] != records[2][1] {
		t.Errorf("%v", records)
	}
	code, stdout, _ = command(t, "predict", run, filepath.Join(folder, "a.png"), filepath.Join(folder, "c, d.png"), "--json")
	lines := 0
	for s := bufio.NewScanner(strings.NewReader(stdout)); s.Scan(); lines++ {
		var p struct {
			Path, Class string
			Probability float64
			Top         []struct {
				Class       string
				Probability float64
			}
		}
		if err := json.Unmarshal(s.Bytes(), &p); err != nil || len(p.Top) != 5 || p.Class != records[1][1] || p.Top[0].Class != p.Class || p.Top[0].Probability != p.Probability {
			t.Errorf("%v: %s", err, s.Text())
		}
	}
	if code != exitOK || lines != 2 {
		t.Errorf("exit code %d, %d lines", code, lines)
	}
	if code, stdout, _ := command(t, "predict", run, filepath.Join(folder, "none.png")); code != exitData || stdout != "" {
		t.Errorf("a picture that is not there: exit code %d, %s", code, stdout)
	}
	if code, _, _ := command(t, "predict", run, t.TempDir()); code != exitData {
		t.Errorf("an empty folder: exit code %d", code)
	}
}

// What was trained goes out as an ONNX file, is looked through for wrong labels, and is where another run begins.
func TestExportSuspectsAndInit(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "run")
	if code, _, stderr := command(t, tiny("--out", dir, "--quiet")...); code != exitOK {
		t.Fatal(stderr)
	}
	var e exported
	code, stdout, stderr := command(t, "export", dir, "--onnx", filepath.Join(root, "net.onnx"), "--json")
	if code != exitOK {
		t.Fatal(stderr)
	}
	decode(t, stdout, &e)
	if e.Model != "lenet-mnist" || e.Shape != [3]int{1, 28, 28} || len(e.Classes) != 10 || e.Epoch != 2 {
		t.Errorf("%+v", e)
	}
	if info, err := os.Stat(e.File); err != nil || info.Size() < 4*431080 { // the net's parameters
		t.Errorf("%v", err)
	}
	var s suspected
	code, stdout, stderr = command(t, "suspects", dir, "--json", "--top", "3", "--out", filepath.Join(root, "s.png"))
	if code != exitOK {
		t.Fatal(stderr)
	}
	decode(t, stdout, &s)
	if s.Images != 200 || len(s.Suspects) != min(3, s.Found) {
		t.Errorf("%+v", s)
	}
	code, _, stderr = command(t, tiny("--out", filepath.Join(root, "next"), "--init", dir)...)
	if code != exitOK || !strings.Contains(stderr, "the first weights are those of "+dir) {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	for _, args := range [][]string{{"export", dir}, {"export"}, {"suspects", dir, "--top", "-1"}, {"suspects", dir, "--out", "s.gif"},
		{"--resume", dir, "--init", dir}, tiny("--init", filepath.Join(root, "nowhere"), "--out", filepath.Join(root, "other"))} {
		if code, _, stderr := command(t, args...); code != exitUsage {
			t.Errorf("%v: exit code %d\n%s", args, code, stderr)
		}
	}
}
