package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// drawing writes a PNG of w×h whose red channel is as given; the other channels are noise to be left alone.
func drawing(t *testing.T, w, h int, red func(r, c int) uint8) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for r := range h {
		for c := range w {
			m.SetNRGBA(c, r, color.NRGBA{red(r, c), uint8(7 * r), uint8(13 * c), 255})
		}
	}
	path := filepath.Join(t.TempDir(), "picture.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, m); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// toyTable makes a figure and returns its table, the values and closed forms by panel.
func toyTable(t *testing.T, args ...string) (stdout string, table map[string][]map[string]string) {
	t.Helper()
	dir := t.TempDir()
	code, stdout, stderr := command(t, append([]string{"figure", "--out", dir}, args...)...)
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	base := filepath.Join(dir, "fig"+args[0])
	for _, end := range []string{".svg", ".png"} {
		if info, err := os.Stat(base + end); err != nil || info.Size() < 10000 {
			t.Errorf("%s: %v", base+end, err)
		}
	}
	table = map[string][]map[string]string{}
	for _, line := range readTable(t, base+".csv") {
		table[line["panel"]] = append(table[line["panel"]], line)
	}
	return stdout, table
}

// numberOf is a field of a table's line.
func numberOf(t *testing.T, line map[string]string, column string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(line[column], 64)
	if err != nil {
		t.Fatalf("%s of %v: %v", column, line, err)
	}
	return v
}

// TestFigure3 holds the figure's numbers against those of theory: one active unit's spectrum along the row of frequency 0
// is 20·log10 exp(−2π²σ²f²) = −171.45·σ²f² dB, a dead unit's is −∞.
func TestFigure3(t *testing.T) {
	picture := drawing(t, 200, 150, func(r, c int) uint8 { return uint8(128 + 100*math.Sin(float64(r)/9)*math.Cos(float64(c)/13)) })
	for _, args := range [][]string{{"3"}, {"3", "--image", picture}} {
		stdout, table := toyTable(t, args...)
		if !strings.Contains(stdout, "dB from the closed form at the ") {
			t.Errorf("stdout:\n%s", stdout)
		}
		active := table["active_spectrum"]
		if len(active) != 128 {
			t.Fatalf("%d frequencies, want 128", len(active))
		}
		compared := 0
		for _, line := range active {
			f := numberOf(t, line, "position")
			if math.Abs(f) > 0.25 {
				continue
			}
			compared++
			want := -171.4456 * 2.5 * 2.5 * f * f
			for _, column := range []string{"value", "closed_form"} {
				if got := numberOf(t, line, column); math.Abs(got-want) > 0.1 {
					t.Errorf("%s at %v cycles a pixel: %v dB, want %v", column, f, got, want)
				}
			}
		}
		if compared != 65 {
			t.Errorf("%d frequencies compared, want −32/128 … 32/128", compared)
		}
		for panel, want := range map[string]string{"dead_spectrum": "-Inf", "dead_derivative": "0"} {
			if slices.ContainsFunc(table[panel], func(l map[string]string) bool { return l["value"] != want }) {
				t.Errorf("%s: not %s everywhere", panel, want)
			}
		}
	}
}

// TestFigure4 takes the same measurement by its definition: 25 Gaussians side by side, a Hann window, a transform. Along
// the row of frequency 0 the spectrum is that of one axis times the sum over the other.
func TestFigure4(t *testing.T) {
	_, table := toyTable(t, "4")
	const n, sigma = 128, 2.5
	line, total := make([]float64, n), 0.0
	for k := -12; k <= 12; k++ {
		total += math.Exp(-float64(k*k) / (2 * sigma * sigma))
	}
	for unit := 64 - 12; unit <= 64+12; unit++ {
		for k := -12; k <= 12; k++ {
			window := 0.5 * (1 - math.Cos(2*math.Pi*float64(unit+k)/(n-1)))
			line[unit+k] += window * math.Exp(-float64(k*k)/(2*sigma*sigma)) / total
		}
	}
	amplitude := func(f float64) float64 {
		re, im := 0.0, 0.0
		for m, v := range line {
			re += v * math.Cos(2*math.Pi*f*float64(m))
			im += v * math.Sin(2*math.Pi*f*float64(m))
		}
		return math.Hypot(re, im)
	}
	for _, l := range table["impulse_spectrum"] {
		f := numberOf(t, l, "position")
		if math.Abs(f) > 0.15 {
			continue
		}
		want := 20 * math.Log10(amplitude(f)*amplitude(0))
		if got := numberOf(t, l, "value"); math.Abs(got-want) > 1e-6 {
			t.Errorf("value at %v cycles a pixel: %v dB, want %v", f, got, want)
		}
		if got := numberOf(t, l, "closed_form"); math.Abs(got-want) > 0.1 {
			t.Errorf("closed form at %v cycles a pixel: %v dB, want %v", f, got, want)
		}
	}
}

// TestFigures1And2: the filter's largest value is 1/2πσ², the image keeps its middle 128×128 pixels less their mean, and
// the map after the ReLU is the one before it, cut off at 0.
func TestFigures1And2(t *testing.T) {
	picture := drawing(t, 129, 140, func(r, c int) uint8 { // the middle 128×128: all columns but the last, rows 6 to 133
		if c == 128 || r < 6 || r >= 134 {
			return 255
		}
		return uint8(50 + 100*(c/64))
	})
	_, one := toyTable(t, "1", "--image", picture)
	for i, l := range one["image"] {
		if got, want := numberOf(t, l, "value"), float64(-50+100*(i/64)); got != want {
			t.Errorf("image at column %d: %v, want %v", i, got, want)
		}
	}
	if got, want := numberOf(t, one["filter"][12], "value"), 1/(2*math.Pi*6.25); math.Abs(got/want-1) > 1e-6 {
		t.Errorf("filter's middle %v, want %v", got, want)
	}
	_, two := toyTable(t, "2")
	relu, conv := two["relu"], two["conv"]
	for i := range relu {
		if got, want := numberOf(t, relu[i], "value"), max(numberOf(t, conv[i], "value"), 0); got != want {
			t.Errorf("after the ReLU at %d: %v, want %v", i, got, want)
		}
	}
}

func TestFigureOfASmallImage(t *testing.T) {
	small := drawing(t, 48, 60, func(int, int) uint8 { return 1 })
	code, _, stderr := command(t, "figure", "2", "--image", small, "--out", t.TempDir())
	if want := fmt.Sprintf("--image: %s: 48×60 pixels, want at least 49×49", small); code != exitUsage || !strings.Contains(stderr, want) {
		t.Errorf("exit code %d, stderr lacks %q:\n%s", code, want, stderr)
	}
}
