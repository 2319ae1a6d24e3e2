package main

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bytes"

	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/models/onnx"
)

// netsFolder is a folder of three nets with a table. A net has two logits: 0 and a times the sum of all red values, b times
// that of the green ones and c times that of the blue ones.
func netsFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	table := "file\tscale\ttop5_error\tother\n"
	for i, weights := range [][3]float32{{0.1, 0.2, 0.3}, {0.2, 0.1, 0.2}, {0.3, 0.3, 0.1}} {
		spec := models.Spec{Name: "sum", Input: models.Shape{H: 8, W: 8, C: 3}, Classes: 2, Layers: []models.Layer{models.Dense{Out: 2}}}
		net, err := models.New(spec, models.Options{Batch: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer net.Close()
		values := make([]float32, 2*192)
		for k := range 192 {
			values[192+k] = weights[k/64]
		}
		p := net.Params()[0]
		if err := p.Import(p.Value, values); err != nil {
			t.Fatal(err)
		}
		net.Changed()
		var b bytes.Buffer
		if err := onnx.Write(&b, net, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("n%d.onnx", i)), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		table += fmt.Sprintf("n%d.onnx\t0.01\t%d\t%d\n", i, 30-10*i, []int{5, 1, 3}[i])
	}
	table += "gone.onnx\t1\tnot known\n"
	if err := os.WriteFile(filepath.Join(dir, "nets.tsv"), []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The nets' errors are 30, 20 and 10 %. Their gains grow by the weights of each colour: red 0.1, 0.2, 0.3 is a rank
// correlation of −1; green 0.2, 0.1, 0.3 one of −0.5; blue 0.3, 0.2, 0.1 one of 1.
func TestFigure7(t *testing.T) {
	nets, out := netsFolder(t), t.TempDir()
	photos := t.TempDir()
	m := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	m.SetNRGBA(0, 0, color.NRGBA{0, 0, 0, 255})
	if err := writePNG(filepath.Join(photos, "white.png"), m); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command(t, "figure", "7", "--nets", nets, "--photos", photos, "--out", out, "--quiet")
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, want := range []string{"-1.00, -0.50, 1.00", "left out, as the table gives no error: gone", filepath.Join(out, "fig7.svg")} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
	found := 0
	for _, line := range readTable(t, filepath.Join(out, "fig7.csv")) {
		if line["net"] != "n0" || line["colour"] != "green" {
			continue
		}
		found++
		// At an impulse of one level the second logit is 0.01·(0.1+0.2+0.3); the derivative by a green level is
		// (1−s)·0.2·0.01 everywhere, and the Hann window's sum is (7/2)².
		s := 1 / (1 + math.Exp(-0.006))
		want := map[string]float64{"impulse": 20 * math.Log10((1-s)*0.002*12.25), "impulse_p1": 20 * math.Log10(s*(1-s)*0.002*12.25)}
		// At the photo the logit is 63·255·0.01·0.6; there is no window.
		rest := 1 / (1 + math.Exp(63*255*0.006))
		want["photos"] = 20 * math.Log10(rest*0.002*64)
		want["photos_p1"] = 20 * math.Log10((1-rest)*rest*0.002*64)
		if got := numberOf(t, line, "gain_db"); math.Abs(got-want[line["measurement"]]) > 1e-4 || numberOf(t, line, "error_percent") != 30 {
			t.Errorf("%s: %v, want %v", line["measurement"], line, want[line["measurement"]])
		}
	}
	if found != 4 {
		t.Errorf("%d measurements of a net's green channel, want 4", found)
	}
	// By another column the errors are 5, 1 and 3: red 0.1, 0.2, 0.3 is a rank correlation of −0.5.
	_, stdout, _ = command(t, "figure", "7", "--nets", nets, "--errors", "other", "--out", out, "--quiet")
	if !strings.Contains(stdout, "-0.50, 0.50, 0.50") {
		t.Errorf("stdout:\n%s", stdout)
	}
}

func TestFigures5And6(t *testing.T) {
	nets, out := netsFolder(t), t.TempDir()
	photo := drawing(t, 10, 9, func(r, c int) uint8 { return uint8(r + c) })
	for _, c := range []struct {
		args   []string
		panels []string
	}{
		{[]string{"5", "--net", "n1", "--image", photo}, []string{"photo_derivative", "photo_spectrum", "impulse_derivative", "impulse_spectrum"}},
		{[]string{"6"}, []string{"n2_derivative", "n2_spectrum", "n1_derivative", "n1_spectrum", "n0_derivative", "n0_spectrum"}}, // the best first
	} {
		code, stdout, stderr := command(t, append([]string{"figure", "--nets", nets, "--out", out, "--quiet"}, c.args...)...)
		if code != exitOK {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		at := 0
		for _, panel := range c.panels {
			i := strings.Index(stdout[at:], panel)
			if i < 0 {
				t.Fatalf("panel %s is missing or not in its place:\n%s", panel, stdout)
			}
			at += i
		}
		for _, line := range readTable(t, filepath.Join(out, "fig"+c.args[0]+".csv")) {
			// n1 at an impulse: (1−s)·0.2·0.01 by each red level, s of the logit 0.01·0.5.
			if name := line["panel"]; name == "impulse_derivative" || name == "n1_derivative" {
				if got, want := numberOf(t, line, "value"), 0.002/(1+math.Exp(0.005)); math.Abs(got-want) > 1e-9 {
					t.Errorf("%s: %v, want %v", name, got, want)
				}
			}
		}
	}
	for want, args := range map[string][]string{
		"--nets is missing":                {"6"},
		"--image is missing":               {"5", "--nets", nets},
		`--net: the table has no "n9"`:     {"5", "--nets", nets, "--net", "n9"},
		"there is no table of nets":        {"7", "--nets", out},
		"--impulse: got -1, want a number": {"7", "--nets", nets, "--impulse", "-1"},
		"--photos: ":                       {"7", "--nets", nets, "--photos", t.TempDir()},
		`--nets: ` + nets:                  {"7", "--nets", nets, "--errors", "none"},
	} {
		if code, _, stderr := command(t, append([]string{"figure"}, args...)...); code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit code %d: %s", args, code, stderr)
		}
	}
}
