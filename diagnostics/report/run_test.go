package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/diagnostics/internal/sample"
	"github.com/maxgain/maxgain/diagnostics/judged"
	"github.com/maxgain/maxgain/diagnostics/signal"
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/trainer"
)

// threeRows is a run whose numbers are easily told apart.
func threeRows() judged.Run {
	nan := math.NaN()
	row := func(epoch int, loss, val, valError float64) trainer.Row {
		return trainer.Row{Epoch: epoch, LearningRate: 0.1, TrainLoss: loss, TrainError: nan, ValLoss: val, ValError: valError, TestLoss: nan, TestError: 0.0625, Seconds: 40,
			Signals: []trainer.Signal{{Name: "gain_db", Value: -30 - float64(epoch)}, {Name: "avg_val_error", Value: valError / 2}}}
	}
	return judged.Run{Name: "three", History: &trainer.History{Rows: []trainer.Row{row(1, 2, 1.5, 0.5), row(2, 1, 1.25, 0.125), row(3, 0.5, 1.75, 0.25)}}}
}

// Errors are shown in per cent, times in their unit, and each with the epoch of the best.
func TestFacts(t *testing.T) {
	r := threeRows()
	var got []string
	for _, f := range facts(&r) {
		got = append(got, f.Name+" "+f.Value)
	}
	want := []string{"last training loss 0.500", "best validation loss 1.25 at 2", "best validation error 12.5 % at 2", "best with averaged weights 6.25 % at 2",
		"last test error 6.25 %", "last gain −33.0 dB", "time 2.00 min"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestStatusLine(t *testing.T) {
	r := judged.Run{Status: trainer.Status{State: trainer.StateStopped, Reason: trainer.ReasonRateTooHigh, Epoch: 9, Epochs: 20, BestEpoch: 7, Restored: true}}
	if got, want := statusLine(&r), "stopped after 9 of 20 epochs: learning rate too high; weights of epoch 7 restored"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r.Status.Restored = false
	if got := statusLine(&r); strings.Contains(got, "restored") {
		t.Errorf("got %q, nothing was restored", got)
	}
	if got := statusLine(&judged.Run{}); got != "" {
		t.Errorf("no status: got %q", got)
	}
}

// Under 70 % confidence there is no advice, no epoch to keep and no rate to try, but how often such verdicts were right.
func TestDoubtfulVerdict(t *testing.T) {
	r := threeRows()
	r.Verdict = diagnostics.Report{Verdict: diagnostics.Overfitting, Epoch: 2, Confidence: 0.7, Advice: "stop at epoch 2", BestEpoch: 2, NextRate: 0.05}
	if c := card(&r); c.Advice != "stop at epoch 2" || c.Best != "2" || c.Rate != "0.05" || c.Doubt != "" || c.Confidence != "70 %" {
		t.Errorf("at 70 %%: %+v", c)
	}
	r.Verdict.Confidence = 0.69
	c := card(&r)
	if c.Advice != "" || c.Best != "" || c.Rate != "" || !strings.Contains(c.Doubt, "about two thirds of such verdicts were right") {
		t.Errorf("at 69 %%: %+v", c)
	}
	if text := pageOf(t, r); strings.Contains(text, "stop at epoch 2") {
		t.Error("the page gives advice all the same")
	}
	r.Verdict = diagnostics.Report{Verdict: diagnostics.Undetermined, Advice: "train for more epochs"}
	if c := card(&r); c.Advice == "" || c.Doubt != "" || c.Confidence != "" {
		t.Errorf("undetermined: %+v", c)
	}
}

// The first chart is that of the first supporting fact that is drawn.
func TestFirstChart(t *testing.T) {
	r := threeRows()
	loss := diagnostics.Evidence{Signal: "train_loss", What: "level at the end", Value: 1, From: 1, To: 3, Supports: true}
	for _, test := range []struct {
		evidence []diagnostics.Evidence
		want     string
	}{
		{nil, "gain"},
		{[]diagnostics.Evidence{loss}, "loss"},
		{[]diagnostics.Evidence{{Signal: "gain_db", From: 1, To: 2}, loss}, "loss"},
		{[]diagnostics.Evidence{{Signal: "low_share", Supports: true}, {Signal: "avg_val_error", Supports: true}}, "error"},
	} {
		r.Verdict = diagnostics.Report{Verdict: diagnostics.Converged, Epoch: 2, Evidence: test.evidence}
		all := charts(&r)
		if got := all[firstChart(&r, all)].file; got != test.want {
			t.Errorf("%v: first chart %s, want %s", test.evidence, got, test.want)
		}
		sections, err := Sections([]judged.Run{r})
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(sections, func(s Section) bool { return s.ID == "first" })
		if !strings.Contains(string(sections[at].HTML), "<h2>"+all[firstChart(&r, all)].Title+"</h2>") {
			t.Errorf("%s does not come first", test.want)
		}
	}
}

// The verdict's own epoch and the epochs at which verdicts were told are marked in the first chart, with the evidence in
// the chart of its signal; elsewhere only the verdict's epoch, without words.
func TestMarks(t *testing.T) {
	r := threeRows()
	r.Verdict = diagnostics.Report{Verdict: diagnostics.Converged, Epoch: 2, Evidence: []diagnostics.Evidence{
		{Signal: "train_loss", What: "relative fall in the last third", Value: 0.5, Threshold: 0.05, From: 2, To: 3, Supports: true}}}
	r.Flags = []judged.Flag{{Epoch: 3, Verdict: diagnostics.Converged}, {Epoch: 99, Verdict: diagnostics.Diverged}}
	for _, c := range charts(&r) {
		var got []string
		for _, m := range c.Marks {
			got = append(got, fmt.Sprintf("%v–%v %s %v", m.From, m.To, m.Label, m.Quiet))
		}
		want := []string{"2–2 converged from 2 true"}
		if c.file == "loss" {
			want = []string{"2–3 still falls: 50 % false", "3–3 told: converged · told: diverged false", "2–2 converged from 2 false"}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: marks %q, want %q", c.file, got, want)
		}
	}
}

// A column that is measured at every third epoch is one line; where it was left out for longer the line breaks. The line
// reaches from the first to the last epoch of the run.
func TestSeriesGaps(t *testing.T) {
	r := judged.Run{History: &trainer.History{}}
	for e := range 24 {
		row := trainer.Row{Epoch: e}
		if e%3 == 0 && e > 0 && (e < 9 || e > 15) {
			row.Signals = []trainer.Signal{{Name: "pop_gain_db", Value: float64(e)}}
		}
		r.History.Rows = append(r.History.Rows, row)
	}
	column, _ := signal.Lookup("pop_gain_db")
	l, known := series(&r, "a", 0, column)
	var got []string
	for i, x := range l.X {
		got = append(got, fmt.Sprintf("%v:%v", x, l.Y[i]))
	}
	if want := "0:NaN 3:3 6:6 10:NaN 18:18 21:21 23:NaN"; !known || strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, " "), want)
	}
	column, _ = signal.Lookup("low_share")
	if l, known := series(&r, "a", 0, column); known || len(l.X) != 2 {
		t.Errorf("nothing was measured: %v %v", known, l)
	}
}

// The table has every epoch and every measured column, as stored.
func TestEpochsTable(t *testing.T) {
	r := threeRows()
	v := epochs(&r)
	var names []string
	for _, c := range v.Head {
		names = append(names, c.Name)
	}
	if got, want := strings.Join(names, " "), "epoch learning_rate train_loss val_loss val_error test_error gain_db avg_val_error"; got != want {
		t.Errorf("columns %s, want %s", got, want)
	}
	if len(v.Rows) != 3 || strings.Join(v.Rows[1], " ") != "2 0.1 1 1.25 0.125 0.0625 -32 0.0625" {
		t.Errorf("rows %q", v.Rows)
	}
	if strings.Contains(pageOf(t, judged.Run{History: &trainer.History{}}), "as a table") {
		t.Error("a run without epochs has a table")
	}
}

// A run of 2,000 epochs with gaps, columns of one's own and many channels makes a page of a size that opens.
func TestLongRun(t *testing.T) {
	r := judged.Run{Name: "long", History: &trainer.History{}}
	for e := range 2001 {
		row := trainer.Row{Epoch: e, LearningRate: 0.1, TrainLoss: 1 / float64(e+1), TrainError: math.NaN(), ValLoss: math.NaN(), ValError: math.NaN(),
			TestLoss: math.NaN(), TestError: math.NaN(), Seconds: 1}
		if e%10 == 0 {
			for k := range 4 {
				row.Signals = append(row.Signals, trainer.Signal{Name: fmt.Sprint("gain_db_c", k), Value: float64(k) - math.Sin(float64(e))})
			}
			row.Signals = append(row.Signals, trainer.Signal{Name: "my_own", Value: 1}, trainer.Signal{Name: "avg_gain_db", Value: -20})
		}
		r.History.Rows = append(r.History.Rows, row)
	}
	text := pageOf(t, r)
	checkNesting(t, text)
	checkCharts(t, text)
	if len(text) > 2e6 {
		t.Errorf("%d bytes, want at most 2 MB", len(text))
	}
	for _, want := range []string{"channel 3", "averaged weights", "All 2001 epochs"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	live, err := LiveSections([]judged.Run{r})
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, s := range live {
		size += len(s.HTML)
	}
	if size > 5e5 {
		t.Errorf("%d bytes of live sections, want at most 500 kB", size)
	}
}

// Several runs: settings alike are left out, those that differ have a row.
func TestComparison(t *testing.T) {
	a, b := sample.Short.Load(t, "a"), sample.Short.Load(t, "b")
	other := sample.Short
	other.Rate = 0.5
	c := other.Load(t, "c")
	text := pageOf(t, a, b, c)
	if !strings.Contains(text, `<th scope="row">train.learning_rate</th><td>0.05</td><td>0.05</td><td>0.5</td>`) {
		t.Error("the learning rate is not among the settings that differ")
	}
	if strings.Contains(text, `<th scope="row">train.momentum</th>`) {
		t.Error("a setting that all share is listed")
	}
	if text := pageOf(t, a, b); !strings.Contains(text, "All settings of these runs are alike") {
		t.Error("equal settings are not called alike")
	}
	for _, name := range []string{"<h1>3 runs compared</h1>", "<h2>Maximum Gain of the impulse</h2>", "<h2>Training loss</h2>", "<h2>Validation error</h2>"} {
		if !strings.Contains(text, name) {
			t.Errorf("the page lacks %s", name)
		}
	}
}

// The ranking counts from 1 and shows errors in per cent, and the rate that the verdict advises beside the one trained at.
func TestRanking(t *testing.T) {
	r := threeRows()
	r.Verdict = diagnostics.Report{Verdict: diagnostics.Converged, Epoch: 2, Confidence: 0.95, NextRate: 0.025}
	r.Status.State = trainer.StateFinished
	v := ranking([]judged.Run{r, r})
	row := v.Rows[0]
	if !v.Val || row.Rank != 1 || v.Rows[1].Rank != 2 || row.Rate != "0.1" || row.Next != "0.025" || row.TrainLoss != "0.500" || row.ValLoss != "1.25" || row.ValError != "12.5" ||
		row.When != "2" || row.Confidence != "95 %" || row.Verdict != "converged" || row.End != "finished" || row.Gain != "−33.0" {
		t.Errorf("%+v", row)
	}
	r.History = &trainer.History{Rows: []trainer.Row{{Epoch: 1, TrainLoss: 1, ValLoss: math.NaN(), ValError: math.NaN(), LearningRate: math.NaN()}}}
	r.Verdict.NextRate = 0
	if v := ranking([]judged.Run{r}); v.Val || v.Rows[0].Rate != "–" || v.Rows[0].Next != "–" {
		t.Errorf("nothing known: %+v", v)
	}
}

// In the map of spectra frequency 0 lies at the bottom, epochs go to the right, and an epoch that was not measured looks
// like the one before.
func TestMapOf(t *testing.T) {
	plane := func(epoch int, low, high float64) judged.Plane {
		// 2×2 frequencies: 0 in the corner, the others in the ring of half a cycle a pixel
		return judged.Plane{Epoch: epoch, Plane: spectrum.Plane{H: 2, W: 2, Channels: [][]float64{{low, high, high, high}}}}
	}
	m := mapOf([]judged.Plane{plane(2, -10, -20), plane(4, -30, -40)})
	want := []float64{-20, -20, -40, -10, -10, -30}
	if m.H != 2 || m.W != 3 || len(m.Cells) != len(want) {
		t.Fatalf("%d×%d cells", m.H, m.W)
	}
	for i, v := range m.Cells {
		if math.Abs(v-want[i]) > 1e-9 {
			t.Errorf("cells %v, want %v", m.Cells, want)
			break
		}
	}
	if first, last := m.Y[0], m.Y[len(m.Y)-1]; first.Text != "0" || first.At != 0 || last.Text != "0.5" || last.At != 1 {
		t.Errorf("frequencies from %v to %v", first, last)
	}
	if x := epochTicks([]judged.Plane{plane(2, 0, 0), plane(4, 0, 0)}, 5); len(x) != 3 || x[0].Text != "2" || math.Abs(x[0].At-1.0/6) > 1e-9 {
		t.Errorf("epochs %v: the first of three cells has its middle at a sixth", x)
	}
}
