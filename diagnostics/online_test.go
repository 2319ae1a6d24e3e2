package diagnostics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/trainer"
)

// historyOf is the history of a synthetic curve.
func historyOf(c *Curve) *trainer.History {
	h := &trainer.History{Rows: []trainer.Row{{TrainLoss: math.NaN()}}}
	for i, e := range c.Epochs {
		row := trainer.Row{Epoch: e, TrainLoss: math.NaN()}
		for name, s := range c.series {
			if name == TrainLoss {
				row.TrainLoss = s[i]
			} else {
				row.Signals = append(row.Signals, trainer.Signal{Name: name, Value: s[i]})
			}
		}
		h.Rows = append(h.Rows, row)
	}
	return h
}

// told runs the flags hook over a history as a trainer would and lists what it tells.
func told(t *testing.T, h *trainer.History) string {
	t.Helper()
	var out strings.Builder
	flags := &Flags{Thresholds: DefaultThresholds(), Tell: func(epoch int, r Report) error {
		fmt.Fprintf(&out, "%d:%v ", epoch, r.Verdict)
		return nil
	}}
	for n := 1; n <= len(h.Rows); n++ {
		if err := flags.AfterEpoch(context.Background(), &trainer.State{History: &trainer.History{Rows: h.Rows[:n]}}); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestFlagsTellOnce(t *testing.T) {
	// Smoothed, the distance lags an epoch behind 300 − 8(e − 15) and is 12 % under 300 at epoch 21; the sign must hold
	// for two epochs, and the verdict stand for two.
	if got := told(t, historyOf(synthetic(40, learning(1, 0, 15)))); got != "23:overfitting " { // still learning before, at 45 % without moved images
		t.Errorf("a run that memorises: %q", got)
	}
	dead := synthetic(20, map[string]func(float64) float64{GainDB: func(e float64) float64 {
		if e > 10 {
			return math.Inf(-1)
		}
		return climbing(e)
	}, TrainLoss: func(e float64) float64 { return 2.3 - 0.1*e }})
	if got := told(t, historyOf(dead)); got != "12:diverged " {
		t.Errorf("a run that dies: %q", got)
	}
	falls := func(e float64) float64 { return 1 - 0.03*e + 2*math.Exp(-2*e) }
	sure := synthetic(20, map[string]func(float64) float64{PopulationGainDB: level, TrainLoss: falls, ShiftLoss: falls,
		PredictionChanges: func(float64) float64 { return 0.1 }})
	if got := told(t, historyOf(sure)); got != "7:still-learning " {
		t.Errorf("a run that learns, at 70 %%: %q", got)
	}
}

// A run that ended as diverged is told to have, whether its curve shows it or not, and once.
func TestDivergedEnd(t *testing.T) {
	judge := DefaultThresholds()
	rising := synthetic(12, map[string]func(float64) float64{GainDB: climbing, LearningRate: func(float64) float64 { return 0.5 }})
	for state, want := range map[trainer.RunState]Verdict{trainer.StateFinished: StillLearning, trainer.StateDiverged: Diverged} {
		status := trainer.Status{State: state, Reason: trainer.ReasonWeights, Epoch: 11}
		r := DiagnoseRun(rising, status, judge)
		if r.Verdict != want {
			t.Errorf("%s: %v, want %v", state, r.Verdict, want)
		}
		if again, told := FlagEnd(rising, status, judge); told != (want == Diverged) || again.Verdict != want {
			t.Errorf("%s: told %v of %v", state, told, again.Verdict)
		}
	}
	weights := trainer.Status{State: trainer.StateDiverged, Reason: trainer.ReasonWeights, Epoch: 11}
	r := DiagnoseRun(rising, weights, judge)
	if r.Epoch != 12 || r.BestEpoch != 11 || r.NextRate != 0.05 || len(r.Evidence) != 1 ||
		r.Evidence[0].String() != "status: weights-not-finite: NaN in epochs 12–12" {
		t.Errorf("%+v", r)
	}
	dead := synthetic(12, map[string]func(float64) float64{GainDB: func(e float64) float64 {
		if e > 8 {
			return math.Inf(-1)
		}
		return climbing(e)
	}})
	if r := DiagnoseRun(dead, weights, judge); r.Epoch != 9 || r.Evidence[0].Signal != GainDB {
		t.Errorf("a curve that shows it is not believed: %+v", r)
	}
	if _, told := FlagEnd(dead, weights, judge); told {
		t.Error("what was told at epoch 10 is told again")
	}
	if r := DiagnoseRun(FromHistory(&trainer.History{}), weights, judge); r.Verdict != Diverged || r.BestEpoch != 0 {
		t.Errorf("without an epoch: %+v", r)
	}
}

// A stop at overfitting goes back to the last epoch that was marked, whatever comes after it.
func TestStopGoesBackToWhatWasMarked(t *testing.T) {
	for seed := range uint64(20) {
		h := historyOf(synthetic(40, learning(10*seed, 1, 15)))
		stop := &Stop{Thresholds: DefaultThresholds(), OnOverfitting: true, OnConvergence: true}
		marked, ended := 0, 0
		for n := 1; n <= len(h.Rows) && ended == 0; n++ {
			state := &trainer.State{History: &trainer.History{Rows: h.Rows[:n]}}
			err := stop.AfterEpoch(context.Background(), state)
			if state.Best {
				marked = n - 1
			}
			if err == nil {
				continue
			}
			var wish *trainer.StopError
			if !errors.As(err, &wish) || wish.Reason != trainer.ReasonOverfitting || !strings.Contains(wish.Detail, BoundaryDistance) {
				t.Fatalf("seed %d: got %v", seed, err)
			}
			ended = n - 1
			if d := stop.Decide(FromHistory(state.History)); d.Epoch != marked {
				t.Errorf("seed %d: goes back to epoch %d, but %d was marked last", seed, d.Epoch, marked)
			}
		}
		if ended < 16 || ended > 24 || marked < 12 || marked > 20 {
			t.Errorf("seed %d: stopped at %d with the weights of %d, want soon after 15 and about 15", seed, ended, marked)
		}
	}
}

func TestStopSwitches(t *testing.T) {
	over := FromHistory(historyOf(synthetic(40, learning(1, 0, 15))))
	series := learning(1, 0, 1000)
	series[TrainLoss] = func(e float64) float64 { return 0.001 + 2.3*math.Exp(-e/3) }
	restless := FromHistory(historyOf(synthetic(40, series))) // six predictions in a hundred still change
	series[PredictionChanges] = func(e float64) float64 { return 0.5 * math.Exp(-e/3) }
	done := FromHistory(historyOf(synthetic(40, series)))
	for _, test := range []struct {
		curve       *Curve
		over, conv  bool
		stop, again bool
	}{
		{over, true, false, true, true}, {over, false, true, false, false},
		{done, false, true, true, false}, {done, true, false, false, false}, {restless, true, true, false, false},
	} {
		d := (&Stop{Thresholds: DefaultThresholds(), OnOverfitting: test.over, OnConvergence: test.conv}).Decide(test.curve)
		if d.Stop != test.stop || d.Restore != test.again {
			t.Errorf("%+v: stop %v, restore %v", test, d.Stop, d.Restore)
		}
	}
}

func TestReportIsValidJSON(t *testing.T) {
	c, err := ReadCSV(strings.NewReader("epoch,gain_db\n1,-Inf\n2,-Inf\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(Diagnose(c, DefaultThresholds()))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"verdict":"diverged","epoch":1,"confidence":0.95,"evidence":[{"signal":"gain_db","what":"no response to the input:",` +
		`"value":"-Inf","unit":"dB","threshold":null,"source":"","from":1,"to":2,"supports":true}],` +
		`"advice":"start again with a learning rate ten times lower","best_epoch":0}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	empty, err := json.Marshal(Diagnose(&Curve{}, DefaultThresholds()))
	if err != nil || strings.Contains(string(empty), `"evidence":null`) {
		t.Errorf("an empty curve: %s, %v", empty, err)
	}
}

func TestVerdictTable(t *testing.T) {
	for _, v := range Verdicts() {
		back, err := ParseVerdict(v.String())
		if err != nil || back != v || v.Meaning() == "" || verdictTable[v].advice == "" {
			t.Errorf("verdict %d: %v, %v", v, back, err)
		}
	}
	if _, err := ParseVerdict("fine"); err == nil || !strings.Contains(err.Error(), "still-learning") {
		t.Errorf("unknown verdict: %v", err)
	}
}

func TestThresholdsSurviveTheirFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "calibration.yaml")
	want := DefaultThresholds()
	want.Noise.ImpulseHighDB, want.Calibrated, want.Source = 7.5, true, "a test"
	if err := want.Save(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ParseThresholds(path, text); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for text, want := range map[string]string{
		"noise:\n  impulse_high_db: 0\n": "calibration c.yaml: noise.impulse_high_db: got 0, want a number from 1e-6 to 1000",
		"rules:\n  smoothing: 2\n":       "calibration c.yaml: rules.smoothing: got 2, want a number from 0.01 to 1",
		"rules:\n  patience: 0\n":        "calibration c.yaml: rules.patience: got 0, want a number from 1 to 1000",
		"nois: 1\n":                      "calibration c.yaml: yaml: unmarshal errors:\n  line 1: field nois not found in type diagnostics.Thresholds",
	} {
		if _, err := ParseThresholds("c.yaml", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// Every key of a calibration file is checked: what is no finite number, negative or beyond all sense is refused by its name,
// and the default lies within its range.
func TestEveryThresholdIsChecked(t *testing.T) {
	keys := 0
	for group, fields := range map[string]reflect.Type{"noise": reflect.TypeFor[Noise](), "rules": reflect.TypeFor[Rules]()} {
		for i := range fields.NumField() {
			key := fields.Field(i).Tag.Get("yaml")
			keys++
			bad := []string{".nan", ".inf", "-.inf", "-1", "0", "1e9"}
			if fields.Field(i).Type.Kind() == reflect.Int {
				bad = []string{"-1", "0", "1000000"}
			}
			for _, v := range bad {
				_, err := ParseThresholds("c.yaml", fmt.Appendf(nil, "%s:\n  %s: %s\n", group, key, v))
				if err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("calibration c.yaml: %s.%s: got ", group, key)) {
					t.Errorf("%s.%s: %s: got %v", group, key, v, err)
				}
			}
		}
	}
	if err := DefaultThresholds().check(); err != nil || keys < 30 {
		t.Errorf("the defaults of %d keys: %v", keys, err)
	}
}

// Pilots that learnt next to nothing tell nothing of scatter: they are left out by name, and too few of the others are
// refused.
func TestCalibrateLeavesOutWhatDidNotLearn(t *testing.T) {
	pilot := func(rate, sigma float64, n int, loss func(float64) float64) Pilot {
		alternating := func(e float64) float64 { return sigma * math.Sqrt(1.5) / madToSigma / 2 * (1 - 2*math.Mod(e, 2)) }
		return Pilot{Rate: rate, Curve: synthetic(n, map[string]func(float64) float64{GainDB: alternating, TrainLoss: loss})}
	}
	falls := func(by float64) func(float64) float64 { // from 2 at epoch 1, by a share of it
		return func(e float64) float64 { return 2 * (1 - by*min(e-1, 1)) }
	}
	good := []Pilot{pilot(0.01, 2, 12, falls(0.9)), pilot(0.001, 1, 12, falls(0.85))}
	for name, test := range map[string]struct {
		extra Pilot
		want  float64
		out   bool
	}{
		"a fall by a fifth":                {pilot(1e-4, 5, 12, falls(0.21)), 15, false},
		"a fall by less":                   {pilot(1e-4, 5, 12, falls(0.19)), 6, true},
		"only in the last four epochs":     {pilot(1e-4, 5, 12, func(e float64) float64 { return 2 - 0.5*max(0, e-8) }), 6, true},
		"in the last five":                 {pilot(1e-4, 5, 12, func(e float64) float64 { return 2 - 0.4*max(0, e-7) }), 15, false},
		"unsteady at a lower rate is none": {pilot(1e-4, 1.5, 12, func(e float64) float64 { return 1 + 0.9*math.Mod(e, 2) }), 6, false},
	} {
		got, err := Calibrate(append(slices.Clone(good), test.extra), DefaultThresholds())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		near(t, name, got.Noise.ImpulseHighDB, test.want, 1e-9)
		if out := strings.HasSuffix(got.Source, "; left out, as they learnt too little: 0.0001"); out != test.out {
			t.Errorf("%s: left out %v, want %v: %s", name, out, test.out, got.Source)
		}
	}
	_, err := Calibrate([]Pilot{good[0], pilot(1e-4, 5, 12, falls(0.1)), pilot(1e-5, 5, 12, falls(0.01))}, DefaultThresholds())
	want := "calibration: 1 of 3 pilots learnt steadily, want at least 2: try more epochs or more training images; left out, as they learnt too little: 1e-05, 0.0001"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestCalibrate(t *testing.T) {
	pilot := func(rate, sigma float64, loss func(float64) float64) Pilot {
		alternating := func(e float64) float64 { return sigma * math.Sqrt(1.5) / madToSigma / 2 * (1 - 2*math.Mod(e, 2)) }
		return Pilot{Rate: rate, Curve: synthetic(12, map[string]func(float64) float64{GainDB: alternating, TrainLoss: loss})}
	}
	steady := func(e float64) float64 { return 2.3 * math.Exp(-e/4) }
	unsteady := func(e float64) float64 { return 1.5 + 0.5*math.Mod(e, 2) - 0.02*e }
	got, err := Calibrate([]Pilot{pilot(0.1, 8, unsteady), pilot(0.01, 2, steady), pilot(0.001, 1, steady)}, DefaultThresholds())
	if err != nil {
		t.Fatal(err)
	}
	near(t, "between 2 and 8", got.Noise.ImpulseHighDB, 4, 1e-9)
	if got.Noise.PopulationHighDB != DefaultThresholds().Noise.PopulationHighDB || !got.Calibrated ||
		got.Source != "calibration over 3 learning rates from 0.001 to 0.1" {
		t.Errorf("got %+v", got)
	}
	got, err = Calibrate([]Pilot{pilot(0.01, 2, steady), pilot(0.001, 1, steady)}, DefaultThresholds())
	if err != nil {
		t.Fatal(err)
	}
	near(t, "three times the healthy", got.Noise.ImpulseHighDB, 6, 1e-9)
	if got, err = Calibrate([]Pilot{pilot(0.01, 0.2, steady), pilot(0.001, 0.1, steady)}, DefaultThresholds()); err != nil {
		t.Fatal(err)
	}
	near(t, "a third of the default", got.Noise.ImpulseHighDB, 1, 1e-9) // and not three times 0.2
	// A pilot that learns steadily, but less than one at a lower rate, was trained too fast.
	for factor, want := range map[float64]float64{1.25: 4, 1.14: 4, 1.08: 24, 1.05: 24} { // a tenth lower is 1/1.11
		slower := func(e float64) float64 { return factor * steady(e) }
		got, err := Calibrate([]Pilot{pilot(0.1, 8, slower), pilot(0.01, 2, steady), pilot(0.001, 1, steady)}, DefaultThresholds())
		if err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprint("a loss ", factor, " times as high"), got.Noise.ImpulseHighDB, want, 1e-9)
	}
	if _, err := Calibrate([]Pilot{pilot(0.1, 8, unsteady), pilot(0.001, 1, steady)}, DefaultThresholds()); err == nil {
		t.Error("one healthy pilot accepted")
	}
}
