package report

import (
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics/toy"
)

// checkFigure checks that a figure's pictures can be read and returns its table.
func checkFigure(t *testing.T, files []string) [][]string {
	t.Helper()
	if len(files) != 3 {
		t.Fatalf("files %v", files)
	}
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		switch filepath.Ext(path) {
		case ".svg":
			for d := xml.NewDecoder(f); ; {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s: %v", path, err)
				}
			}
		case ".png":
			if m, err := png.Decode(f); err != nil || m.Bounds().Dx() < 1000 {
				t.Errorf("%s: %v", path, err)
			}
		case ".csv":
			table, err := csv.NewReader(f).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			return table
		}
	}
	t.Fatalf("no table among %v", files)
	return nil
}

// Runs of one setting look the same, settings do not; the base setting lies before the others; epoch 0 is in the table
// but not drawn.
func TestFigure(t *testing.T) {
	other := short
	other.rate, other.deadFrom = 0.5, 7
	f := Figure{Number: 10, Title: "a title"}
	for i, s := range []sample{short, short, other, other} {
		setting := fmt.Sprint("rate ", s.rate)
		f.Curves = append(f.Curves, FigureCurve{setting, s.rate, uint64(i%2 + 1), s.load(t, fmt.Sprint("run", i))})
	}
	for _, c := range f.charts() {
		if len(c.lines) != 4 {
			t.Fatalf("%s: %d lines", c.title, len(c.lines))
		}
		if a, b := c.lines[0], c.lines[3]; a.name != "rate 0.5" || b.name != "rate 0.05" || b.style != figureInks[0] ||
			a.style != c.lines[1].style || b.style != c.lines[2].style || a.style == b.style || a.x[0] != 1 {
			t.Errorf("%s: lines %s (style %d) from epoch %d … %s (style %d)", c.title, a.name, a.style, a.x[0], b.name, b.style)
		}
	}
	for note, at := range map[string][]float64{"": {1, math.NaN()}, "bottom": {1, math.Inf(-1)}, "top": {math.Inf(1)}} {
		got := edgeNote([]chart{{lines: []line{{y: at}}}})
		if strings.Contains(got, "bottom") != (note == "bottom") || strings.Contains(got, "top") != (note == "top") {
			t.Errorf("values %v: note %q", at, got)
		}
	}
	files, err := f.Save(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	table := checkFigure(t, files)
	if got, want := strings.Join(table[0], ","), "figure,run,setting,rate,seed,epoch,gain_db,pop_gain_db,train_loss,val_loss,val_error"; got != want {
		t.Errorf("columns %s, want %s", got, want)
	}
	if len(table) != 1+4*13 {
		t.Errorf("%d lines, want 13 epochs of 4 runs", len(table)-1)
	}
	last := table[len(table)-1]
	if got, want := strings.Join(last[:9], ","), "10,run3,rate 0.5,0.5,2,12,-Inf,,+Inf"; got != want {
		t.Errorf("last line begins with %s, want %s", got, want)
	}
	if _, err := (Figure{Number: 8}).Save(t.TempDir()); !errors.Is(err, ErrNoRuns) {
		t.Errorf("no curves: got %v, want ErrNoRuns", err)
	}
}

func TestToyFigure(t *testing.T) {
	n := toy.Default()
	image, err := toy.Scene(64, 60, 1)
	if err != nil {
		t.Fatal(err)
	}
	for number, lines := range map[int]int{1: 60 + 25, 2: 3 * 60, 3: 6 * 60, 4: 4 * 60} {
		panels, err := n.Figure(number, toy.MeanSubtracted(image), 64, 60)
		if err != nil {
			t.Fatal(err)
		}
		files, err := ToyFigure{number, "a title", panels}.Save(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if table := checkFigure(t, files); len(table) != 1+lines {
			t.Errorf("figure %d: a table of %d lines, want %d", number, len(table)-1, lines)
		}
	}
}

// A page of 45 epochs on CIFAR-10 can be sent by mail.
func TestPageSize(t *testing.T) {
	run := sample{epochs: 45, rate: 0.05, validation: true, population: true, channels: 3}.load(t, "long")
	if n := len(pageOf(t, run)); n > 1500000 {
		t.Errorf("the page has %d bytes, want at most 1.5 MB", n)
	} else {
		t.Logf("%d bytes", n)
	}
}
