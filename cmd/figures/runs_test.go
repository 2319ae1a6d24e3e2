package figures

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// TestFigureTable holds the runs of every figure and their settings.
func TestFigureTable(t *testing.T) {
	var b strings.Builder
	for _, quick := range []bool{false, true} {
		fmt.Fprintf(&b, "quick: %v\n", quick)
		for _, p := range All {
			runs, err := Options{Seeds: []uint{1}, Quick: quick}.runsOf(p)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "figure %d: %s\n", p.Number, p.Title)
			for _, r := range runs {
				c := r.config
				fmt.Fprintf(&b, "  %-45s %-26s %-20s %-8s seed %d, rate %v, %d epochs, batch %d, momentum %v, decay %v, images %d\n",
					c.Name, r.Setting, c.Model.Name, c.Data.Name, c.Train.Seed, c.Train.LearningRate, c.Train.Epochs,
					c.Train.BatchSize, c.Train.Momentum, c.Train.WeightDecay, c.Data.TrainCount)
			}
		}
	}
	const golden = "testdata/figure-table.golden"
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", golden, b.String(), want)
	}
}

// numbered is the figure of that number.
func numbered(t *testing.T, number int) Figure {
	t.Helper()
	for _, p := range All {
		if p.Number == number {
			return p
		}
	}
	t.Fatalf("there is no figure %d", number)
	return Figure{}
}

// screen is shown how a run goes on and shows nothing.
type screen struct{}

func (screen) BatchDone(int, int, int, float64) {}
func (screen) EpochDone(trainer.Row)            {}
func (screen) Verdict(diagnostics.Report)       {}

// quick are options for small runs in a folder.
func quick(dir string) Options {
	log := slog.New(slog.DiscardHandler)
	return Options{Runs: dir, Seeds: []uint{1}, Quick: true, Log: log,
		Run: func(ctx context.Context, c configs.Config, o experiment.RunOptions) error {
			e, err := experiment.Open(ctx, c, experiment.Reading{})
			if err != nil {
				return err
			}
			o.Log, o.Screen = log, screen{}
			_, err = e.Run(ctx, o)
			return err
		}}
}

// While another process trains one of a figure's runs, the others are trained and the figure is not drawn.
func TestRunsInUse(t *testing.T) {
	o := quick(t.TempDir())
	p := numbered(t, 9)
	runs, err := o.runsOf(p)
	if err != nil {
		t.Fatal(err)
	}
	held, err := rundir.Create(runs[0].path(o), runs[0].config.YAML(), rundir.Env{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Train(t.Context(), p); !errors.Is(err, rundir.ErrLocked) || !strings.Contains(err.Error(), runs[0].path(o)) {
		t.Errorf("error %v, want %v that names %s", err, rundir.ErrLocked, runs[0].path(o))
	}
	for _, r := range runs[1:] {
		if !experiment.Ended(r.path(o), r.config) {
			t.Errorf("%s was not trained meanwhile", r.config.Name)
		}
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := o.Train(t.Context(), p)
	if err != nil || len(f.Curves) != 3 || len(f.Curves[0].Run.History.Rows) != 4 {
		t.Errorf("afterwards: %d curves, error %v", len(f.Curves), err)
	}
}

func TestAnotherRunsFolder(t *testing.T) {
	o := quick(t.TempDir())
	r, err := o.runOf(numbered(t, 9).Curves[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	other := r.config
	other.Train.Momentum = 0.5
	held, err := rundir.Create(r.path(o), other.YAML(), rundir.Env{})
	if err != nil {
		t.Fatal(err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = o.Train(t.Context(), numbered(t, 9))
	for _, want := range []string{r.path(o), "train.momentum: 0.5, now 0.9", "--runs"} {
		if !errors.Is(err, experiment.ErrUsage) || !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q: %v", want, err)
		}
	}
}
