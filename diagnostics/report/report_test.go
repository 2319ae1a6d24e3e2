package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/internal/sample"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/trainer"
)

func pageOf(t testing.TB, list ...judged.Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, list...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// cases are runs that pages are made of.
func cases(t *testing.T) map[string][]judged.Run {
	dead, bare := sample.Short, sample.Short
	dead.DeadFrom = 7
	bare.Validation, bare.Population, bare.Channels = false, false, 1
	one := sample.Sample{Epochs: 1, Rate: 0.001, Channels: 1}
	a, d := sample.Short.Load(t, "a <b> & 'c' \"d\""), dead.Load(t, "dead")
	nothing := judged.Run{Name: "nothing", History: &trainer.History{}}
	start := judged.Run{Name: "start", History: &trainer.History{Rows: sample.Short.History().Rows[:1]}}
	allDead := sample.Sample{Epochs: 3, Rate: 1, Channels: 1, DeadFrom: 1}.Load(t, "all dead")
	return map[string][]judged.Run{"whole": {a}, "dead": {d}, "bare": {bare.Load(t, "bare")}, "one": {one.Load(t, "one")},
		"nothing": {nothing}, "start": {start}, "all dead": {allDead}, "sweep": {a, d, allDead, start, nothing}}
}

// Every page is well formed: its tags nest, which HTML forgives and an XML reader does not.
func TestPages(t *testing.T) {
	for name, list := range cases(t) {
		t.Run(name, func(t *testing.T) {
			text := pageOf(t, list...)
			if left := regexp.MustCompile(`\{\{|%!|ZgotmplZ|NaN[^a-z ]|>\s*undefined`).FindString(text); left != "" {
				t.Errorf("the page holds %q", left)
			}
			checkNesting(t, text)
			checkLinks(t, text)
			checkCharts(t, text)
		})
	}
	if err := Write(io.Discard); !errors.Is(err, ErrNoRuns) {
		t.Errorf("no runs: got %v", err)
	}
}

func checkNesting(t *testing.T, text string) {
	t.Helper()
	text = regexp.MustCompile(`(?s)<(style|script)[^>]*>.*?</(style|script)>`).ReplaceAllString(text, "")
	// Attributes without a value and tags without an end are HTML, not XML.
	plain := strings.NewReplacer(" hidden>", ">", "<!DOCTYPE html>", "").Replace(text)
	plain = regexp.MustCompile(`<(meta|img|input)([^>]*)>`).ReplaceAllString(plain, "<$1$2/>")
	d := xml.NewDecoder(strings.NewReader(plain))
	d.Entity = xml.HTMLEntity
	depth, headings := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
		switch tag := token.(type) {
		case xml.StartElement:
			depth++
			if tag.Name.Local == "h1" {
				headings++
			}
		case xml.EndElement:
			depth--
		}
	}
	if depth != 0 || headings != 1 {
		t.Errorf("depth %d and %d first headings at the end, want 0 and 1", depth, headings)
	}
}

// The page refers to nothing outside itself.
func checkLinks(t *testing.T, text string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		if !strings.HasPrefix(m[1], "data:image/png;base64,") {
			t.Errorf("link to %.60q", m[1])
		}
	}
	if m := regexp.MustCompile(`https?:|url\(|@import|@font-face`).FindString(text); m != "" {
		t.Errorf("the page holds %q", m)
	}
}

var (
	svgOf  = regexp.MustCompile(`(?s)<svg class="chart[^"]*" viewBox="0 0 (\S+) (\S+)".*?</svg>`)
	textOf = regexp.MustCompile(`<text x="(\S+)" y="(\S+)" text-anchor="(\w+)" class="(\w+)">([^<]*)</text>`)
	lineOf = regexp.MustCompile(`<path d="([^"]*)" class="line`)
	pairOf = regexp.MustCompile(`[ML](\S+?) ([-.\d]+)`)
)

// box is the room that a text takes.
type box struct {
	x0, x1, y0, y1 float64
	text           string
}

// In every chart all coordinates lie on the canvas and no two texts overlap.
func checkCharts(t *testing.T, text string) {
	t.Helper()
	float := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("coordinate %q", s)
		}
		return v
	}
	for _, chart := range svgOf.FindAllStringSubmatch(text, -1) {
		w, h := float(chart[1]), float(chart[2])
		for _, l := range lineOf.FindAllStringSubmatch(chart[0], -1) {
			for _, p := range pairOf.FindAllStringSubmatch(l[1], -1) {
				if x, y := float(p[1]), float(p[2]); x < 0 || x > w || y < 0 || y > h {
					t.Errorf("point (%v,%v) on a canvas of %v×%v", x, y, w, h)
				}
			}
		}
		var boxes []box
		for _, m := range textOf.FindAllStringSubmatch(chart[0], -1) {
			x, y := float(m[1]), float(m[2])
			wide := float64(len([]rune(m[5]))) * 6.7 * 0.9
			b := box{x, x + wide, y - 9, y + 2, m[5]}
			switch m[3] {
			case "middle":
				b.x0, b.x1 = x-wide/2, x+wide/2
			case "end":
				b.x0, b.x1 = x-wide, x
			}
			if b.x0 < -1 || b.x1 > w+1 || b.y0 < 0 || b.y1 > h+1 {
				t.Errorf("text %q at (%v,%v) leaves the canvas of %v×%v", m[5], x, y, w, h)
			}
			for _, other := range boxes {
				if b.x0 < other.x1 && other.x0 < b.x1 && b.y0 < other.y1 && other.y0 < b.y1 {
					t.Errorf("texts %q and %q overlap", b.text, other.text)
				}
			}
			boxes = append(boxes, b)
		}
	}
}

func TestPageOfRun(t *testing.T) {
	run := sample.Short.Load(t, "run")
	run.Verdict = diagnostics.Report{Verdict: diagnostics.Overfitting, Epoch: 5, Confidence: 0.75, BestEpoch: 5, NextRate: 0.025,
		Advice: "stop at epoch 5", Kind: diagnostics.Memorised, Evidence: []diagnostics.Evidence{
			{Signal: "gain_db", What: "variability", Value: 1.25, Unit: "dB", Threshold: 1, Source: "calibration", From: 3, To: 9, Supports: true},
			{Signal: "low_share", What: "fall", Value: 0.01, Threshold: 0.03, Source: "default", From: 2, To: 12},
		}}
	run.Flags = []judged.Flag{{Epoch: 7, Verdict: diagnostics.Overfitting}}
	text := pageOf(t, run)
	for _, want := range []string{"overfitting", "memorised labels", "75 %", "stop at epoch 5", "0.025", "gain_db: variability 1.25 dB in epochs 3–9",
		"Maximum Gain of the impulse is rough: ± 1.25 dB from epoch to epoch in epochs 3–9", "is rough: ± 1.25 dB from epoch to epoch</text>",
		"told: overfitting</text>", "overfitting from 5</text>", "speaks against it",
		"Population gain", "Boundary distance", "Low-frequency share", "Prediction changes", "Frequency response over the epochs",
		"Data derivative, epoch 12", "train.learning_rate", "go1.26.8", "finished after 12 of 12 epochs: all epochs done"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := strings.Count(text, "data-epoch="); n != 13 {
		t.Errorf("%d pictures in the film, want 13", n)
	}
}

// Without validation there is no word of it; a dead network is drawn at −∞.
func TestWhatIsNotThere(t *testing.T) {
	all := cases(t)
	if text := pageOf(t, all["bare"]...); strings.Contains(text, "alidation") || strings.Contains(text, "Population") {
		t.Error("a run without validation and population speaks of them")
	}
	text := pageOf(t, all["dead"]...)
	for _, want := range []string{">−∞</text>", ">+∞</text>", "0 everywhere"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page of a dead network lacks %q", want)
		}
	}
	if text := pageOf(t, all["one"]...); !strings.Contains(text, "<circle") {
		t.Error("a single epoch has no dot")
	}
}

// The table has one line a run.
func TestSweep(t *testing.T) {
	var list []judged.Run
	for _, rate := range []float64{0.1, 0.2, 0.3} {
		s := sample.Short
		s.Rate = rate
		list = append(list, judged.Run{Name: fmt.Sprint("rate-", rate), History: s.History()})
	}
	text := pageOf(t, list...)
	if n := strings.Count(text, `<th scope="row">`); n != 3 {
		t.Errorf("%d lines in the table, want 3", n)
	}
}

func TestPlots(t *testing.T) {
	all := cases(t)
	for _, name := range []string{"whole", "one", "sweep", "nothing"} {
		list := all[name]
		dir := filepath.Join(t.TempDir(), "plots")
		paths, err := WritePlots(dir, list...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(paths) == 0 && name != "nothing" {
			t.Errorf("%s: no plots", name)
		}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(path, ".png") {
				if m, err := png.Decode(bytes.NewReader(b)); err != nil || m.Bounds().Dx() != 960 {
					t.Errorf("%s: %v", path, err)
				}
			} else if err := xml.Unmarshal(b, new(struct{})); err != nil || bytes.Contains(b, []byte("NaN")) || bytes.Contains(b, []byte("Inf")) {
				t.Errorf("%s: not well formed or no numbers: %v", path, err)
			}
		}
	}
	if _, err := WritePlots(t.TempDir()); !errors.Is(err, ErrNoRuns) {
		t.Errorf("no runs: %v", err)
	}
}

// A page of 45 epochs on CIFAR-10 can be sent by mail.
func TestPageSize(t *testing.T) {
	run := sample.Sample{Epochs: 45, Rate: 0.05, Validation: true, Population: true, Channels: 3}.Load(t, "long")
	if n := len(pageOf(t, run)); n > 1500000 {
		t.Errorf("the page has %d bytes, want at most 1.5 MB", n)
	} else {
		t.Logf("%d bytes", n)
	}
}

func TestThin(t *testing.T) {
	planes := make([]judged.Plane, 1001)
	for i := range planes {
		planes[i].Epoch = i
	}
	got := thin(planes, 60)
	if len(got) != 60 || got[0].Epoch != 0 || got[59].Epoch != 1000 {
		t.Errorf("%d spectra from %d to %d", len(got), got[0].Epoch, got[len(got)-1].Epoch)
	}
	if len(thin(planes[:60], 60)) != 60 {
		t.Error("60 spectra were thinned")
	}
}

func TestDuration(t *testing.T) {
	for seconds, want := range map[float64]string{90: "90.0 s", 600: "10.0 min", 9000: "2.50 h"} {
		if got := Duration(seconds); got != want {
			t.Errorf("%v s: got %q, want %q", seconds, got, want)
		}
	}
}
