package figure

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

	"github.com/maxgain/maxgain/diagnostics/internal/sample"
	"github.com/maxgain/maxgain/diagnostics/plot"
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
	other := sample.Short
	other.Rate, other.DeadFrom = 0.5, 7
	f := Training{Number: 10, Title: "a title"}
	for i, s := range []sample.Sample{sample.Short, sample.Short, other, other} {
		setting := fmt.Sprint("rate ", s.Rate)
		f.Curves = append(f.Curves, Curve{setting, s.Rate, uint64(i%2 + 1), s.Load(t, fmt.Sprint("run", i))})
	}
	for _, c := range f.charts() {
		if len(c.Lines) != 4 {
			t.Fatalf("%s: %d lines", c.Title, len(c.Lines))
		}
		if a, b := c.Lines[0], c.Lines[3]; a.Name != "rate 0.5" || b.Name != "rate 0.05" || b.Style != styles[0] ||
			a.Style != c.Lines[1].Style || b.Style != c.Lines[2].Style || a.Style == b.Style || a.X[0] != 1 {
			t.Errorf("%s: lines %s (style %d) from epoch %v … %s (style %d)", c.Title, a.Name, a.Style, a.X[0], b.Name, b.Style)
		}
	}
	for note, at := range map[string][]float64{"": {1, math.NaN()}, "bottom": {1, math.Inf(-1)}, "top": {math.Inf(1)}} {
		got := edgeNote([]plot.Chart{{Lines: []plot.Line{{Y: at}}}})
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
	if _, err := (Training{Number: 8}).Save(t.TempDir()); !errors.Is(err, ErrNoRuns) {
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
		files, err := Toy{number, "a title", panels}.Save(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if table := checkFigure(t, files); len(table) != 1+lines {
			t.Errorf("figure %d: a table of %d lines, want %d", number, len(table)-1, lines)
		}
	}
}
