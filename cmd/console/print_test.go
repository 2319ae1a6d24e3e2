package console

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/cmd/classify"
	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
	"github.com/maxgain/maxgain/trainer"
)

// lines are what print wrote, runs of spaces as one.
func lines(print func(*bytes.Buffer)) []string {
	var b bytes.Buffer
	print(&b)
	var out []string
	for _, line := range strings.Split(b.String(), "\n") {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// same compares lines.
func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Of 5 images 2 are wrong: 40 %, both of the second class, which has 4.
func TestPrintEvaluation(t *testing.T) {
	e := &classify.Evaluation{Data: "pets", Split: "val", Epoch: 7, Images: 5, Wrong: 2, Error: 0.4, Loss: 1.25,
		Classes:   []classify.ClassResult{{Class: "cat", Images: 1}, {Class: "dog", Images: 4, Wrong: 2, Error: 0.5}, {Class: "emu", Error: diagnostics.Number(math.NaN())}},
		Confusion: [][]int{{1, 0, 0}, {2, 2, 0}, {0, 0, 0}}}
	same(t, lines(func(b *bytes.Buffer) { PrintEvaluation(b, e) }),
		"pets, val: 5 images, weights of epoch 7", "loss 1.2500", "error 40.00 % (2 wrong)",
		"class images wrong error %", "cat 1 0 0.00", "dog 4 2 50.00", "emu 0 0",
		"labels down, predictions across", "cat dog emu", "cat 1 0 0", "dog 2 2 0", "emu 0 0 0")
	e.Averaged, e.Split = 3, ""
	if got := lines(func(b *bytes.Buffer) { PrintEvaluation(b, e) })[0]; got != "pets: 5 images, weights of epoch 7, the mean of 3 epochs" {
		t.Errorf("first line %q", got)
	}
}

// Of many classes the pairs are listed that are confused most often.
func TestPrintManyClasses(t *testing.T) {
	const k = 30
	e := &classify.Evaluation{Confusion: make([][]int, k)}
	for i := range k {
		e.Classes = append(e.Classes, classify.ClassResult{Class: string(rune('A' + i))})
		e.Confusion[i] = make([]int, k)
		e.Confusion[i][i] = 100
	}
	e.Confusion[0][1], e.Confusion[3][2] = 4, 9
	got := lines(func(b *bytes.Buffer) { PrintEvaluation(b, e) })
	same(t, got[len(got)-3:], "confused most often (label, taken for):", "9 D, C", "4 A, B")
}

func TestPrintPlan(t *testing.T) {
	p := experiment.Plan{Config: "name: x", Model: "net", Data: "digits", TrainImages: 1200, ValImages: 30, TestImages: 4, Epochs: 3, Steps: 1012,
		Layers:     []experiment.LayerPlan{{Name: "conv1", Layer: "conv 5×5", Output: [3]int{24, 24, 20}, Parameters: 520, MACs: 288000}, {Layer: "relu", Output: [3]int{24, 24, 20}}},
		Parameters: 520, MACs: 288000, Memory: 3 << 30}
	got := lines(func(b *bytes.Buffer) { PrintPlan(b, p, models.Shape{H: 28, W: 28, C: 1}) })
	same(t, got[:8], "name: x", "digits (made by the program): 1,200 training images, 30 for validation, 4 for the test", "3 epochs of 1,012 steps",
		"net layer output parameters MACs", "input 28×28×1", "conv1 conv 5×5 24×24×20 520 288,000", "relu 24×24×20", "total 520 288,000")
	if last := got[len(got)-1]; !strings.HasPrefix(last, "memory of the net: about 3") {
		t.Errorf("last line %q", last)
	}
}

// Of a run that a rule has stopped the evidence is not said twice; the kept weights are named once it has ended.
func TestPrintResult(t *testing.T) {
	r := &experiment.Result{Run: "runs/x", Report: "runs/x/report.html", History: &trainer.History{},
		Status:      trainer.Status{State: trainer.StateStopped, Detail: "overfitting since epoch 4; evidence", BestEpoch: 4, Warnings: []string{"another CPU level"}},
		AverageFrom: 4,
		Diagnosis:   diagnostics.Report{Verdict: diagnostics.Overfitting, Epoch: 4, Confidence: 0.955, Advice: "stop"}}
	want := []string{"verdict: overfitting (epoch 4, confidence 96 %): " + diagnostics.Overfitting.Meaning(), "advice: stop", "stopped: overfitting since epoch 4",
		"warning: another CPU level", "weights: of epoch 4, in checkpoints/best.safetensors", "report: runs/x/report.html", "run: runs/x"}
	same(t, lines(func(b *bytes.Buffer) { PrintResult(b, r, true) }), want...)
	r.AverageFrom, r.BestEpoch = 3, 12
	if got := lines(func(b *bytes.Buffer) { PrintResult(b, r, true) })[4]; got != "weights: the mean of those at the ends of epochs 3 to 12, in checkpoints/best.safetensors" {
		t.Errorf("averaged weights: %q", got)
	}
	r.State, r.Detail, r.Warnings, r.Report, r.Diagnosis.Epoch = trainer.StateInterrupted, "after a step; more", nil, "", 0
	same(t, lines(func(b *bytes.Buffer) { PrintResult(b, r, true) }),
		"verdict: overfitting: "+diagnostics.Overfitting.Meaning(), "advice: stop", "interrupted: after a step; more", "run: runs/x")
}

// Training curves are drawn of the epochs from 1 on; a curve of one point, and what was not measured, are left out.
func TestPlots(t *testing.T) {
	h := &trainer.History{}
	for epoch := range 4 {
		h.Rows = append(h.Rows, trainer.Row{Epoch: epoch, TrainLoss: float64(3 - epoch), ValLoss: math.NaN()})
	}
	h.Rows[2].Signals = []trainer.Signal{{Name: diagnostics.GainDB, Value: -20}}
	got := strings.Join(lines(func(b *bytes.Buffer) { plotHistory(b, h) }), "\n")
	if !strings.HasPrefix(got, "2.000 ") || !strings.HasSuffix(got, "training loss, epochs 1 to 3") || strings.Contains(got, "validation") || strings.Contains(got, "Gain") {
		t.Errorf("plots:\n%s", got)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", 1000000: "1,000,000", -12345: "-12,345"} {
		if got := Grouped(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// GFLOP/s, shares and layers are printed under their titles, in per cent and milliseconds.
func TestPrintSpeed(t *testing.T) {
	s := experiment.Speed{Model: "net", Batch: 100, CPU: "avx2", Workers: 2, Go: "go1", TrainPerSecond: 2000, ForwardRate: 6000, GainSeconds: 0.5, GainShare: 0.02,
		EpochImages: 60000, PeakGFLOPS: 80, TrainGFLOPS: 20, Layers: []experiment.LayerSpeed{{Name: "conv1", Direction: []experiment.DirectionSpeed{{Name: "forward", Millis: 1.5, GFLOPS: 40, Share: 0.5}}}}}
	got := lines(func(b *bytes.Buffer) { PrintSpeed(b, s) })
	same(t, got[:6], "net, batch 100, 2 workers, CPU level avx2, go1", "training step 2000 images/s 20.0 GFLOP/s, 25 % of the peak of 80",
		"forward pass 6000 images/s", "gain 500.0 ms a measurement, 2.00 % of an epoch of 60000 images", "layer direction ms GFLOP/s of peak", "conv1 forward 1.50 40.0 50 %")
}
