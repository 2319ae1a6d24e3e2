package bank

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/internal/truth"
)

// writeRun writes a run's table of which the validation error is given by epoch, and returns its entry.
func writeRun(t *testing.T, dir string, e Entry, gain, valLoss, valError, testError, changes func(x float64) float64) Entry {
	t.Helper()
	var out strings.Builder
	out.WriteString("epoch,train_loss,val_loss,val_error,test_loss,test_error,gain_db,prediction_changes\n0,,,,,,,\n")
	for i := 1; i <= e.Epochs; i++ {
		x := float64(i)
		fmt.Fprintf(&out, "%d,%g,%g,%g,%g,%g,%g,%g\n", i, 2*math.Exp(-x/3), valLoss(x), valError(x), valLoss(x), testError(x), gain(x), changes(x))
	}
	e.File = Key(e.Setting, e.Seed) + ".csv"
	if err := os.WriteFile(filepath.Join(dir, e.File), []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return e
}

func valley(at, floor, per float64) func(float64) float64 {
	return func(x float64) float64 { return floor + per*math.Abs(x-at) }
}

func flat(c float64) func(float64) float64 { return func(float64) float64 { return c } }

// fixture is a bank of one setting: trained on all labels, lowest error 0.10 at epoch 8 of 20, and on a part of them,
// lowest held-out loss at epoch 5 and error at epoch 6, test error 0.20 and a point more an epoch away from epoch 7.
func fixture(t *testing.T) []Run {
	t.Helper()
	dir := t.TempDir()
	s := Setting{Data: "mnist", Model: "lenet-mnist", Train: 1000, Noise: 0.3, Rate: 0.001, Epochs: 20, Proof: true}
	held := s
	held.Holdout = 0.2
	entries := []Entry{
		writeRun(t, dir, Entry{Setting: s, Seed: 1}, flat(-20), valley(8, 1, 0.1), valley(8, 0.10, 0.01), flat(0), valley(9, 0.1, 0.05)),
		writeRun(t, dir, Entry{Setting: held, Seed: 1}, flat(-20), valley(5, 1, 0.1), valley(6, 0.15, 0.01), valley(7, 0.20, 0.01), flat(0.1)),
	}
	if err := WriteIndex(dir, entries); err != nil {
		t.Fatal(err)
	}
	runs, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestLoadAndConfusion(t *testing.T) {
	runs := fixture(t)
	if len(runs) != 2 || runs[0].Truth.Verdict != diagnostics.Overfitting || runs[0].Truth.Epoch != 9 /* a median of three makes 7, 8 and 9 equal */ || len(runs[0].Test.Error) != 0 {
		t.Fatalf("loaded %+v", runs)
	}
	m := Confusion(runs, Impulse, diagnostics.DefaultThresholds())
	if m.Total != 2 || m.Right != 0 || m.Count[diagnostics.Overfitting][diagnostics.Converged] != 2 || len(m.Wrong) != 2 {
		t.Errorf("a flat impulse gain says converged: %+v", m)
	}
	if wrong, of := m.FalseOverfitting(); wrong != 0 || of != 0 {
		t.Errorf("false overfitting %d of %d, want none of none", wrong, of)
	}
	if text := m.Markdown(); !strings.Contains(text, "| overfitting |  |  |  |  | 2 |  |") || !strings.Contains(text, "Right: 0 of 2 (0.0 %); within the tolerance of the truth: 0 (0.0 %).") {
		t.Errorf("table:\n%s", text)
	}
}

func TestRules(t *testing.T) {
	all, part := fixture(t)[0], fixture(t)[1]
	for _, test := range []struct {
		rule        Rule
		run         Run
		kept, ended int
	}{
		{LastEpoch(), all, 19, 19},
		{ByLoss(5), part, 4, 9},
		{ByError(5), part, 5, 10},
		{ByLoss(100), part, 4, 19},
		// Smoothed by half, 0.5, 0.45 … 0.10, 0.15 lags by just under 0.05: 0.1498 at epoch 9, more at 10; then patience 5.
		{LabelWave(), all, 8, 13},
	} {
		if kept, ended := test.rule.Choose(test.run); kept != test.kept || ended != test.ended {
			t.Errorf("%s: kept %d and ended %d, want %d and %d", test.rule.Name, kept, ended, test.kept, test.ended)
		}
	}
}

func TestRegrets(t *testing.T) {
	rows := Regrets(fixture(t)[:1], []Rule{LastEpoch(), ByLoss(5)})
	near(t, "error at the last epoch", rows[0].MeanError, 12) // 0.22 − 0.10
	near(t, "worst", rows[0].WorstError, 12)
	near(t, "loss at the last epoch", rows[0].MeanLoss, 1.2)
	near(t, "error by patience", rows[1].MeanError, 0)
	near(t, "epochs by patience", rows[1].MeanEpochsTrained, 13.0/20)
}

func TestPairs(t *testing.T) {
	runs := fixture(t)
	pairs, err := Pairs(runs, diagnostics.DefaultThresholds())
	if err != nil || len(pairs) != 1 {
		t.Fatalf("%d pairs, %v", len(pairs), err)
	}
	want := map[int]float64{1: 0.22, 2: 0.21, 3: 0.13, 4: 0.12, 5: 0.22, 6: 0.11, 7: 0.10}
	for way, e := range want {
		near(t, Ways[way], pairs[0].Error[way], e)
	}
	if got := pairs[0].Epochs[3]; got != 15 { // 10 with a fifth held out, then 5 on all labels
		t.Errorf("%s trained %d epochs, want 15", Ways[3], got)
	}
	if text := ProofMarkdown(pairs); !strings.Contains(text, "| (d) all labels, last epoch | 22.00 % | 22.00 % |") {
		t.Errorf("table:\n%s", text)
	}
	if _, err := Pairs(runs[:1], diagnostics.DefaultThresholds()); err == nil {
		t.Error("a run without its counterpart accepted")
	}
}

// Seeds and holdouts never part a setting between the halves.
func TestHalves(t *testing.T) {
	s := Setting{Data: "mnist", Model: "lenet-mnist", Train: 0, Rate: 0.001}
	if s.Name() != "mnist-lenet-mnist-all-noise0-rate0.001" {
		t.Errorf("name %s", s.Name())
	}
	held := s
	held.Holdout = 0.2
	if s.Tuning() != held.Tuning() || Key(s, 1) == Key(held, 1) {
		t.Error("a holdout changes the half, or not the key")
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(dir); err == nil {
		t.Error("a folder without an index accepted")
	}
	for text, want := range map[string]string{
		"epoch,gain_db,train_loss,val_loss,val_error\n1,x,1,1,1\n": "2:3: gain_db",
		"epoch,gain_db\n1,-3\n": "no values in column train_loss",
		"epoch,gain_db,train_loss,val_loss,val_error\n1,2,3,x,4\n": "column val_loss",
	} {
		if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := WriteIndex(dir, []Entry{{File: "a.csv"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestCalibrationError(t *testing.T) {
	counts := []Told{{diagnostics.Converged, 0.9, 8, 10}, {diagnostics.StillLearning, 0.5, 15, 30}, {diagnostics.Overfitting, 0.95, 10, 10}}
	near(t, "calibration error", CalibrationError(counts), (10*0.1+30*0+10*0.05)/50)
	near(t, "of nothing", CalibrationError(nil), 0)
	text := ReliabilityMarkdown(counts[:2], counts[1:])
	for _, want := range []string{"| converged | 90 % | 80 % (8 of 10) |  |", "| still-learning | 50 % | 50 % (15 of 30) | 50 % (15 of 30) |",
		"| overfitting | 95 % |  | 100 % (10 of 10) |", "2.5 points on the part tuned on, 1.2 on the other"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
}

// A run of 20 epochs is looked at after 8, 10, 12, 14, 16 and 18, and whole.
func TestReliabilityLooksInNowAndThen(t *testing.T) {
	total := 0
	for _, c := range Reliability(fixture(t)[:1], diagnostics.DefaultThresholds()) {
		total += c.Total
		if c.Verdict == diagnostics.Diverged && c.Right > 0 {
			t.Errorf("the run did not diverge: %+v", c)
		}
	}
	if total != 7 {
		t.Errorf("%d verdicts, want 7", total)
	}
}

// The confidence told keeps what it promises, on runs by which it was not chosen too.
func TestConfidenceIsHonest(t *testing.T) {
	runs, err := Load(filepath.Join("..", "testdata", "bank"))
	if err != nil {
		t.Fatal(err)
	}
	other := Where(runs, func(r Run) bool { return r.Holdout == 0 && !r.Tuning() })
	if e := CalibrationError(Reliability(other, diagnostics.DefaultThresholds())); !(e < 0.1) {
		t.Errorf("confidence is off by %.1f points in the mean", 100*e)
	}
}

// A rate is too high if a lower one is clearly better after as many epochs: in its lowest error by a point and a twentieth
// and in its training loss by a tenth.
func TestRateTooHighByComparison(t *testing.T) {
	constant := func(loss, err float64, epochs int) (l truth.Losses) {
		for i := 1; i <= epochs; i++ {
			l.Epochs = append(l.Epochs, i)
			l.TrainLoss, l.ValLoss, l.ValError = append(l.TrainLoss, loss), append(l.ValLoss, 1), append(l.ValError, err)
		}
		l.Classes = 10
		return l
	}
	run := func(rate float64, epochs int, loss, err float64) Run {
		return Run{Entry: Entry{Setting: Setting{Data: "mnist", Rate: rate, Epochs: epochs}, Seed: 1}, Losses: constant(loss, err, epochs)}
	}
	high := run(0.1, 10, 1, 0.30)
	for name, test := range map[string]struct {
		other Run
		want  diagnostics.Verdict
	}{
		"clearly better":           {run(0.05, 10, 0.9, 0.285), diagnostics.LearningRateTooHigh},
		"and longer":               {run(0.05, 20, 0.9, 0.285), diagnostics.LearningRateTooHigh},
		"not a twentieth":          {run(0.05, 10, 0.9, 0.286), diagnostics.Converged},
		"the loss not by a tenth":  {run(0.05, 10, 0.91, 0.285), diagnostics.Converged},
		"a higher rate":            {run(0.2, 10, 0.5, 0.1), diagnostics.Converged},
		"ended earlier":            {run(0.05, 9, 0.5, 0.1), diagnostics.Converged},
		"no number for its losses": {run(0.05, 10, math.NaN(), 0.1), diagnostics.Converged},
	} {
		runs := []Run{high, test.other}
		findLower(runs)
		if got := runs[0].truthAt(10).Verdict; got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	other := run(0.05, 10, 0.5, 0.1)
	other.Seed = 2
	runs := []Run{high, other}
	if findLower(runs); len(runs[0].lower) != 0 {
		t.Error("another seed counts as the same run at a lower rate")
	}
	// On easy data a twentieth is not enough: 1 % instead of 1.9 %.
	runs = []Run{run(0.1, 10, 1, 0.019), run(0.05, 10, 0.5, 0.010)}
	if findLower(runs); runs[0].truthAt(10).Verdict != diagnostics.Converged {
		t.Error("less than a point of error counts")
	}
}

// Every verdict of the rules that read transformed images is told with the share that was right on the part tuned on:
// (right + 1)/(told + 2), rounded to 0.05. Verdicts told fewer than ten times are not held to it.
func TestConfidenceOfEachVerdict(t *testing.T) {
	runs, err := Load(filepath.Join("..", "testdata", "tuning"))
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, c := range Reliability(runs, diagnostics.DefaultThresholds()) {
		if c.Total < 10 || c.Verdict == diagnostics.Undetermined {
			continue
		}
		held++
		want := math.Round(20*float64(c.Right+1)/float64(c.Total+2)) / 20
		if math.Abs(c.Confidence-want) > 1e-9 {
			t.Errorf("%v is told with %v and was right in %d of %d: want %v", c.Verdict, c.Confidence, c.Right, c.Total, want)
		}
	}
	if held < 3 {
		t.Errorf("%d verdicts were held to their confidence, want 3 or more", held)
	}
}

// A number that decides nothing changes no verdict, one that decides everything changes each.
func TestSensitivities(t *testing.T) {
	runs, err := Load(filepath.Join("..", "testdata", "tuning"))
	if err != nil {
		t.Fatal(err)
	}
	limits := diagnostics.DefaultThresholds()
	limits.Transformed.UnsteadyLoss, limits.Transformed.StayedUp = 50, 1 // no run comes near
	limits.Transformed.LeastEpochs = 36                                  // six runs have 36 epochs and none more, five have 28
	rows := map[string]Sensitivity{}
	for _, r := range Sensitivities(runs, limits) {
		rows[r.Key] = r
	}
	if r := rows["unsteady_loss"]; r.Less+r.More != 0 || r.Runs != len(runs) || r.Value != 50 {
		t.Errorf("unsteady_loss: %+v", r)
	}
	if r := rows["least_epochs"]; r.Less != 5 || r.More != 6 {
		t.Errorf("least_epochs: %+v, want the five that 27 lets be judged and the six that 45 does not", r)
	}
	if len(rows) > 12 {
		t.Errorf("%d numbers, want at most a dozen", len(rows))
	}
}
