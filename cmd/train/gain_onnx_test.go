package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/models/onnx"
)

// onnxNet writes a net for 4×4 pixels of one channel: the first logit is `first` times the first pixel, the second the
// sum of all pixels. Pixel 3 is taken less mean.
func onnxNet(t *testing.T, path string, first, mean float32) string {
	t.Helper()
	spec := models.Spec{Name: "linear", Input: models.Shape{H: 4, W: 4, C: 1}, Classes: 2, Layers: []models.Layer{models.Dense{Out: 2}}}
	net, err := models.New(spec, models.Options{Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	values := make([]float32, 32)
	values[0] = first
	for i := range 16 {
		values[16+i] = 1
	}
	w := net.Params()[0]
	if err := w.Import(w.Value, values); err != nil {
		t.Fatal(err)
	}
	net.Changed()
	recipe := &datasets.Recipe{ClassNames: []string{"a", "b"}, H: 4, W: 4, C: 1, Normalize: datasets.NormalizeMean, Divisor: 1, Mean: make([]float32, 16)}
	recipe.Mean[3] = mean
	var b bytes.Buffer
	if err := onnx.Write(&b, net, recipe); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// At the impulse the second logit wins; its derivative is 1 everywhere: 16 at frequency 0, 24.08 dB.
func TestGainOfONNX(t *testing.T) {
	dir := t.TempDir()
	net := onnxNet(t, filepath.Join(dir, "net.onnx"), 3, 0)
	code, stdout, stderr := command(t, "gain", "--onnx", net, "--projection", "logit", "--window", "none", "--save", filepath.Join(dir, "out"), "--json")
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var r struct {
		Model      string
		Input      string
		GainDB     float64 `json:"gain_db"`
		Winner     int
		Logit      float64
		Score      float64
		Derivative string
	}
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	if r.Model != net || r.Input != "impulse 1" || math.Abs(r.GainDB-20*math.Log10(16)) > 1e-9 || r.Winner != 1 || r.Logit != 1 || math.Abs(r.Score-1/(1+math.Exp(-1))) > 1e-12 {
		t.Errorf("%+v", r)
	}
	saved, err := os.ReadFile(r.Derivative)
	if err != nil || !bytes.Contains(saved, []byte("'shape': (1, 1, 4, 4,)")) {
		t.Fatalf("derivative: %v, %.100q", err, saved)
	}
	values := make([]float64, 16)
	if _, err := binary.Decode(saved[len(saved)-128:], binary.LittleEndian, values); err != nil {
		t.Fatal(err)
	}
	if slices.Min(values) != 1 || slices.Max(values) != 1 {
		t.Errorf("derivative %v, want ones", values)
	}
	for _, name := range []string{"logits.npy", "spectrum.npy", "spectrum.png"} {
		if _, err := os.Stat(filepath.Join(dir, "out", name)); err != nil {
			t.Error(err)
		}
	}
}

// An impulse is fed behind the preprocessing that the program wrote into a file, as to a checkpoint; an input before it.
func TestGainOfONNXBehindPreprocessing(t *testing.T) {
	dir := t.TempDir()
	net := onnxNet(t, filepath.Join(dir, "net.onnx"), 3, 50)
	input := filepath.Join(dir, "zero.npy")
	if err := writeFile(input, func(w io.Writer) error { return writeNPY(w, []int{1, 1, 4, 4}, make([]float64, 16)) }); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		winner int
		logit  float64
	}{
		{nil, 1, 1},                        // logits 0 and 1
		{[]string{"--input", input}, 0, 0}, // logits 0 and −50
	} {
		code, stdout, stderr := command(t, append([]string{"gain", "--onnx", net, "--json"}, c.args...)...)
		var r struct {
			Winner int
			Logit  float64
		}
		if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != exitOK {
			t.Fatalf("exit code %d, %v: %s", code, err, stderr)
		}
		if r.Winner != c.winner || r.Logit != c.logit {
			t.Errorf("%v: %+v", c.args, r)
		}
	}
}

// Two pictures: one bright in the first pixel, where logit 3·x wins over x, and one bright elsewhere. The derivatives
// have amplitudes of 3 at all frequencies, and of 16 at frequency 0; the median is the mean of both in dB.
func TestGainOfONNXAtPictures(t *testing.T) {
	dir := t.TempDir()
	net := onnxNet(t, filepath.Join(dir, "net.onnx"), 3, 0)
	var paths []string
	for i, bright := range []int{0, 5} {
		m := grey4(bright)
		paths = append(paths, filepath.Join(dir, fmt.Sprintf("p%d.png", i)))
		if err := writePNG(paths[i], m); err != nil {
			t.Fatal(err)
		}
	}
	code, stdout, stderr := command(t, "gain", "--onnx", net, "--projection", "logit", "--scale", "0.01", "--image", paths[0], paths[1], "--json")
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var r struct {
		GainDB float64 `json:"gain_db"`
		Inputs []struct {
			Winner int
			Logit  float64
			GainDB float64 `json:"gain_db"`
		}
	}
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	a, b := 20*math.Log10(3), 20*math.Log10(16)
	if len(r.Inputs) != 2 || r.Inputs[0].Winner != 0 || r.Inputs[1].Winner != 1 || math.Abs(r.Inputs[0].GainDB-a) > 1e-9 || math.Abs(r.GainDB-(a+b)/2) > 1e-9 ||
		math.Abs(r.Inputs[0].Logit-3*2) > 1e-6 { // 200 · 0.01 · 3
		t.Errorf("%+v", r)
	}
}

// The curve of three epochs is one that train diagnose reads.
func TestCurveOfONNX(t *testing.T) {
	dir := t.TempDir()
	for i, first := range []float32{3, 4, 5, 6} {
		onnxNet(t, filepath.Join(dir, fmt.Sprintf("epoch-%d.onnx", i)), first, 0)
	}
	if err := os.Mkdir(filepath.Join(dir, "images"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writePNG(filepath.Join(dir, "images", "a.png"), grey4(0)); err != nil {
		t.Fatal(err)
	}
	curve := filepath.Join(dir, "curve.csv")
	code, stdout, stderr := command(t, "gain", "--onnx", filepath.Join(dir, "epoch-*.onnx"), "--images", filepath.Join(dir, "images"), "--csv", curve)
	if code != exitOK || !strings.Contains(stdout, "4 epochs") {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	lines := readTable(t, curve)
	for i, line := range lines {
		if line["epoch"] != fmt.Sprint(i) || line["gain_db"] == "" || line["prediction_changes"] != []string{"", "0", "0", "0"}[i] {
			t.Errorf("line %d: %v", i, line)
		}
		// At the picture the first logit wins: its derivative is `first` at one pixel.
		var db float64
		if _, err := fmt.Sscan(line["pop_gain_db"], &db); err != nil || math.Abs(db-20*math.Log10(float64(3+i))) > 1e-4 {
			t.Errorf("line %d: population gain %s", i, line["pop_gain_db"])
		}
	}
	// Losses that nobody measured are no divergence.
	if code, stdout, stderr := command(t, "diagnose", curve); code != exitOK || strings.Contains(stdout, "diverged") {
		t.Errorf("diagnose: exit code %d: %s%s", code, stdout, stderr)
	}
}

func TestGainOfONNXFlags(t *testing.T) {
	dir := t.TempDir()
	net := onnxNet(t, filepath.Join(dir, "net.onnx"), 3, 0)
	onnxNet(t, filepath.Join(dir, "net2.onnx"), 3, 0)
	text := filepath.Join(dir, "text.onnx")
	if err := os.WriteFile(text, []byte("no net at all"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--onnx", text}, exitData, "not a valid ONNX model"},
		{[]string{"--onnx", onnxNet(t, filepath.Join(dir, "odd[1-.onnx"), 3, 0), "--quiet"}, exitOK, ""},
		{[]string{"--onnx", filepath.Join(dir, "none.onnx")}, exitUsage, "--onnx: there is no file"},
		{[]string{"--onnx", filepath.Join(dir, "net*.onnx")}, exitUsage, "are 2 files; add --csv FILE"},
		{[]string{"--onnx", net, "--layout", "hwc"}, exitUsage, `--layout: got "hwc", want nchw or nhwc`},
		{[]string{"--onnx", net, "--size", "5x"}, exitUsage, `--size: got "5x"`},
		{[]string{"--onnx", net, "--size", "5x4"}, exitData, "images of 5×4×0 do not fit"},
		{[]string{"--onnx", net, "--channel-order", "grb"}, exitUsage, "--channel-order"},
		{[]string{"--onnx", net, "--precision", "half"}, exitUsage, "--precision"},
		{[]string{"--onnx", net, "--output", "scores"}, exitData, `there is no value "scores" in the net; its outputs are [logits]`},
		{[]string{"--onnx", net, "--input", "x.npy", "--image", "y.png"}, exitUsage, "exclude each other"},
		{[]string{"--onnx", net, "--input", text}, exitUsage, "--input: "},
		{[]string{"--onnx", net, "--image", text}, exitUsage, "--image: "},
		{[]string{"--onnx", net, "--checkpoint", "x"}, exitUsage, "do not go with --onnx"},
		{[]string{"--onnx", net, "--images", dir}, exitUsage, "--images is for the curve"},
		{[]string{"--onnx", net, "--csv", "x.csv", "--json"}, exitUsage, "are for one net"},
		{[]string{"--checkpoint", "x", "--csv", "x.csv"}, exitUsage, "--csv is for nets in ONNX files"},
		{[]string{"--checkpoint", "x", "--projection", "logit"}, exitUsage, "logit is for --onnx"},
		{[]string{"--checkpoint", "x", "--image", "a.png", "b.png"}, exitUsage, "got 2 pictures, want one"},
		{nil, exitUsage, "--checkpoint or --onnx is missing"},
	} {
		code, _, stderr := command(t, append([]string{"gain"}, c.args...)...)
		if code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit code %d, want %d: %s", c.args, code, c.code, stderr)
		}
	}
}

// grey4 is a black picture of 4×4 pixels with one of 200.
func grey4(bright int) image.Image {
	m := image.NewGray(image.Rect(0, 0, 4, 4))
	m.Pix[bright] = 200
	return m
}
