package trainer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The mean is that of the ends of the last epochs, in float64, and the net has its own weights back afterwards.
func TestAverage(t *testing.T) {
	net := newSoftmaxNet()
	a := &average{net: net, span: 3}
	set := func(v float32) {
		for _, p := range net.Params() {
			for i := range p.Value {
				p.Value[i] = v + float32(i)
			}
		}
	}
	check := func(when string, want float32) {
		t.Helper()
		for p, mean := range a.mean {
			for i, v := range mean {
				if v != want+float32(i) {
					t.Fatalf("%s: number %d of parameter %d is %v, want %v", when, i, p, v, want+float32(i))
				}
			}
		}
	}
	for i, c := range []struct{ end, mean float32 }{{6, 6}, {10, 8}, {2, 6}, {12, 8}, {22, 12}} {
		set(c.end)
		if err := a.add(i + 1); err != nil {
			t.Fatal(err)
		}
		check(fmt.Sprint("epoch ", i+1), c.mean)
	}
	set(4)
	if err := a.add(5); err != nil { // again, and otherwise: the mean of 2, 12 and 4
		t.Fatal(err)
	}
	check("epoch 5 again", 6)
	fault := errors.New("fault")
	err := a.use(func() error {
		if net.bias.Value[2] != 6+2 || net.weight.Value[0] != 6 {
			t.Errorf("the net holds %v, want the mean", net.bias.Value)
		}
		if err := a.use(func() error { return nil }); err == nil {
			t.Error("the average within the average: no error")
		}
		return fault
	})
	if err != fault || net.bias.Value[2] != 4+2 {
		t.Errorf("error %v, the net holds %v, want its own weights", err, net.bias.Value)
	}
	// 16777216 + 1 + 1 is 16777218, but not in float32.
	a = &average{net: net, span: 3}
	for i, v := range []float32{1 << 24, 1, 1} {
		net.bias.Value[0] = v
		if err := a.add(i + 1); err != nil {
			t.Fatal(err)
		}
	}
	if want := float32(5592406); a.mean[1][0] != want {
		t.Errorf("mean %v, want %v", a.mean[1][0], want)
	}
}

// Averaging only looks: the raw weights are the same with it as without it. What is said of the averaged weights is said of
// the mean of the weights that hooks have seen, and these are the weights that are kept.
func TestAveragedRun(t *testing.T) {
	data := digits(t)
	plain := testOptions(t, t.TempDir())
	plain.Average, plain.Hooks = 0, nil
	without := mustNew(t, newSoftmaxNet(), data, plain)
	if _, err := without.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	o := testOptions(t, t.TempDir())
	var ends [][]float32
	o.Hooks = []Hook{hookFunc(func(_ context.Context, s *State) error {
		if s.Epoch() > 0 {
			ends = append(ends, slices.Clone(s.Net.Params()[0].Value))
		}
		return nil
	})}
	net := newSoftmaxNet()
	tr := mustNew(t, net, data, o)
	status, err := tr.Run(context.Background())
	if err != nil || status.BestEpoch != 3 || status.Restored {
		t.Fatalf("status %+v, error %v", status, err)
	}
	a, err := without.store.get(LastFile)
	if err != nil {
		t.Fatal(err)
	}
	b, err := tr.store.get(LastFile)
	if err != nil {
		t.Fatal(err)
	}
	if a.hash() != b.hash() {
		t.Error("the raw weights are others when they are averaged")
	}
	for i, v := range net.weight.Value {
		if want := float32((float64(ends[1][i]) + float64(ends[2][i])) / 2); v != want {
			t.Fatalf("weight %d is %v, want the mean %v", i, v, want)
		}
	}
	best, err := tr.store.best()
	if err != nil || best.meta[metaAveraged] != "2" || best.meta[metaEpoch] != "3" {
		t.Errorf("metadata %v, error %v", best.meta, err)
	}
	loss, wrong, err := Evaluate(context.Background(), net, data.Val, 8)
	if err != nil {
		t.Fatal(err)
	}
	rows := tr.history.Rows
	if last := rows[3]; last.Signal(AvgValLoss) != loss || last.Signal(AvgValError) != wrong || last.ValLoss == loss || !math.IsNaN(last.Signal(AvgTestLoss)) {
		t.Errorf("row %+v, want %v and %v of the averaged weights, and others of the raw ones", last, loss, wrong)
	}
	if !math.IsNaN(rows[0].Signal(AvgValLoss)) || rows[1].Signal(AvgValLoss) != rows[1].ValLoss {
		t.Errorf("rows %+v: want no average before training, and in epoch 1 that of one", rows[:2])
	}
	for i, r := range without.history.Rows {
		if r.ValLoss != rows[i].ValLoss || len(r.Signals) != 0 {
			t.Errorf("without averaging: %+v, with it %+v", r, rows[i])
		}
	}
}

// The folder keeps the ends of as many epochs as the last two checkpoints need.
func TestEndFiles(t *testing.T) {
	o := testOptions(t, t.TempDir())
	o.Epochs, o.Schedule = 7, Constant(0.1)
	if _, err := mustNew(t, newSoftmaxNet(), digits(t), o).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(o.Checkpoints.Dir.Name(), "end-*"))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		names[i] = filepath.Base(name)
	}
	if want := []string{"end-5.safetensors", "end-6.safetensors", "end-7.safetensors"}; !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
}

// A run whose epochs' ends are gone, damaged or swapped is refused: it could not end in the same bits.
func TestResumeWithoutEnds(t *testing.T) {
	data := digits(t)
	o := testOptions(t, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	o.Observer = observerFunc(func(epoch, done, _ int, _ float64) {
		if epoch == 3 && done == 24 {
			cancel()
		}
	})
	if _, err := mustNew(t, newSoftmaxNet(), data, o).Run(ctx); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		damage func(path string) error
		is     error
	}{
		"gone":    {os.Remove, fs.ErrNotExist},
		"damaged": {func(path string) error { return os.Truncate(path, 500) }, ErrCheckpoint},
		"swapped": {func(path string) error {
			other, err := os.ReadFile(filepath.Join(filepath.Dir(path), endFile(1)))
			return errors.Join(err, os.WriteFile(path, other, 0o644))
		}, ErrCheckpoint},
	} {
		dir := copyDir(t, o.Checkpoints.Dir.Name())
		if err := c.damage(filepath.Join(dir, endFile(2))); err != nil {
			t.Fatal(err)
		}
		o := testOptions(t, dir)
		o.Checkpoints.Resume = true
		_, err := mustNew(t, newSoftmaxNet(), data, o).Run(context.Background())
		if !errors.Is(err, ErrCheckpoint) || !errors.Is(err, c.is) || !strings.Contains(err.Error(), endFile(2)) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// A process that is killed after it has written the weights to keep, but not the checkpoint, is resumed to the same bits;
// for fewer epochs it is refused, as the weights that were kept before are gone.
func TestBestOfLaterEpoch(t *testing.T) {
	data := digits(t)
	options := func(dir string) Options {
		o := testOptions(t, dir)
		o.Hooks = append(o.Hooks, hookFunc(func(_ context.Context, s *State) error {
			s.Best = s.Epoch() > 0
			return nil
		}))
		return o
	}
	o := options(t.TempDir())
	var between string // best of epoch 2, the last checkpoint of epoch 1
	o.Recorder = recorderFunc(func(h *History, s Status) error {
		if s.Epoch == 2 && between == "" {
			between = copyDir(t, o.Checkpoints.Dir.Name())
		}
		return nil
	})
	straight := mustNew(t, newSoftmaxNet(), data, o)
	if _, err := straight.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	want := outcomeOf(t, straight)
	of2 := mustNew(t, newSoftmaxNet(), data, func() Options {
		o := options(t.TempDir())
		o.Epochs, o.Schedule = 2, Constant(0.5)
		return o
	}())
	if _, err := of2.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	file, err := of2.store.dir.ReadFile(BestFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(between, BestFile), file, 0o644); err != nil {
		t.Fatal(err)
	}
	o = options(copyDir(t, between))
	o.Checkpoints.Resume = true
	tr := mustNew(t, newSoftmaxNet(), data, o)
	if _, err := tr.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := outcomeOf(t, tr); got != want {
		t.Errorf("%v, undisturbed %v", got, want)
	}
	o = options(copyDir(t, between))
	o.Checkpoints.Resume, o.Epochs = true, 1
	if _, err := mustNew(t, newSoftmaxNet(), data, o).Run(context.Background()); !errors.Is(err, ErrEpochs) || !strings.Contains(err.Error(), "holds the weights of epoch 2; want at least 2") {
		t.Errorf("for one epoch: error %v", err)
	}
	// An epoch that is not kept when it is done again takes the kept weights with it: said, and the last epoch's are kept.
	o = options(copyDir(t, between))
	o.Checkpoints.Resume = true
	o.Hooks = nil
	var warnings []string
	o.Warn = func(s string) { warnings = append(warnings, s) }
	s, err := mustNew(t, newSoftmaxNet(), data, o).Run(context.Background())
	if err != nil || s.BestEpoch != 3 || len(warnings) != 1 || !strings.Contains(warnings[0], "the weights of epoch 2 were kept before the interruption and are not now") {
		t.Errorf("status %+v, error %v, warnings %q", s, err, warnings)
	}
}

// The running values of averaged weights are those of the weights that they go with, measured on images of the training
// set, however often they are measured.
func TestAverageOfNorms(t *testing.T) {
	data := lenetData(t, 210)
	o := lenetOptions()
	o.Average = 3
	net := newNet(t, residualSpec, 2)
	tr := mustNew(t, net, data, o)
	var losses []float64
	var seen [][]float32
	tr.o.Hooks = []Hook{hookFunc(func(_ context.Context, s *State) error {
		if s.Averaged == nil {
			return nil
		}
		return s.Averaged(func() error {
			loss, _, err := Evaluate(context.Background(), s.Net, data.Train, o.BatchSize)
			losses, seen = append(losses, loss), copyWeights(nil, s.Net)
			return err
		})
	})}
	if _, err := tr.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i, p := range net.Params() {
		if !slices.Equal(p.Value, seen[i]) {
			t.Errorf("%s: the run ends with other values than the average of its last epoch", p.Name)
		}
	}
	fresh := newNet(t, residualSpec, 1) // with running values of its own
	a := newAverage(fresh, o, data.Train)
	a.ends = tr.average.ends
	if err := a.compute(); err != nil {
		t.Fatal(err)
	}
	for i, p := range fresh.Params() {
		if !slices.Equal(a.mean[i], seen[i]) {
			t.Errorf("%s: by another net %v, want %v", p.Name, a.mean[i], seen[i])
		}
		if p.Running() && p.Value[0] == a.mean[i][0] {
			t.Errorf("%s: the net has kept what was measured of the average", p.Name)
		}
	}
	if n := len(a.sample); n != 210 || slices.Equal(a.sample, newAverage(fresh, Options{Seed: o.Seed + 1, Average: 3, BatchSize: 20}, data.Train).sample) {
		t.Errorf("%d images are measured, the same for another seed", n)
	}
	if losses[1] > losses[0] {
		t.Errorf("losses on the training images %v: want the average to learn", losses)
	}
}
