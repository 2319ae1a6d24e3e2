package console

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// screenOf is the screen of a run with every column, on a terminal of that width that is a buffer.
func screenOf(t *testing.T, width int) (*Screen, *bytes.Buffer) {
	t.Helper()
	c, err := configs.Load("quickstart", nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s := NewScreen(&out, NewBar(&out, false), c, &datasets.Dataset{Val: &datasets.Split{}})
	s.width = func() int { return width }
	return s, &out
}

// Rows of a table fit the terminal: whole columns are left out, those that say least first.
func TestRowsFitTheTerminal(t *testing.T) {
	row := trainer.Row{Epoch: 12, LearningRate: 0.001, TrainLoss: 1.5, TrainError: 0.5, ValLoss: 1.25, ValError: 0.25, ImagesPerSecond: 9000, Seconds: 1.5,
		Signals: []trainer.Signal{{Name: diagnostics.GainDB, Value: -20.5}, {Name: diagnostics.PopulationGainDB, Value: -10.5}, {Name: diagnostics.ShiftLoss, Value: 0.75}}}
	for width, want := range map[int]string{
		0:   "epoch rate train loss error % val loss error % gain dB pop dB moved images/s seconds",
		103: "epoch rate train loss error % val loss error % gain dB pop dB moved images/s seconds",
		102: "epoch rate train loss error % val loss error % gain dB pop dB moved seconds",
		80:  "epoch rate train loss error % val loss error % gain dB pop dB",
		60:  "epoch train loss val loss error % gain dB pop dB",
		40:  "epoch train loss error % gain dB",
		5:   "epoch",
	} {
		s, out := screenOf(t, width)
		s.Verdict(diagnostics.Report{Verdict: diagnostics.Converged, Epoch: 3, Confidence: 0.5, Advice: "training can stop: little has changed since epoch 3, and nothing is to be gained from going on"})
		s.EpochDone(row)
		lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
		if got := strings.Join(strings.Fields(lines[0]), " "); got != want {
			t.Errorf("width %d: columns %q, want %q", width, got, want)
		}
		for _, line := range lines {
			if n := utf8.RuneCountInString(line); width >= 40 && n > width {
				t.Errorf("width %d: a line of %d: %q", width, n, line)
			}
		}
	}
}

// The title line is written again when the columns change with the window, and only then.
func TestTitleFollowsTheWidth(t *testing.T) {
	s, out := screenOf(t, 120)
	for _, width := range []int{120, 120, 60, 60} {
		s.width = func() int { return width }
		s.EpochDone(trainer.Row{Epoch: 1})
	}
	if n := strings.Count(out.String(), "epoch"); n != 2 {
		t.Errorf("%d title lines, want 2:\n%s", n, out.String())
	}
}

func TestWrapped(t *testing.T) {
	for _, c := range []struct {
		text          string
		width, indent int
		want          string
	}{
		{"a bc def", 0, 2, "a bc def"},
		{"a bc def", 8, 2, "a bc def"},
		{"a bc def", 7, 2, "a bc\n  def"},
		{"  a bc def", 6, 4, "  a bc\n    def"},
		{"abcdefgh ij", 4, 1, "abcdefgh\n ij"},
		{"→ éé x", 4, 0, "→ éé\nx"},
	} {
		if got := Wrapped(c.text, c.width, c.indent); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestDurationText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 1400 * time.Millisecond: "1 s", 59 * time.Second: "59 s", 60 * time.Second: "1 min", 95 * time.Second: "2 min",
		3569 * time.Second: "59 min", 3570 * time.Second: "1 h 00 min", 2*time.Hour + 5*time.Minute: "2 h 05 min",
	} {
		if got := durationText(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

// The bar says what is done, how long it took and how long it will take: 30 of 120 in 10 s leave 30 s. In a short line
// the bar itself is left out first.
func TestBarLine(t *testing.T) {
	began := time.Unix(1000, 0)
	w := work{title: "epoch 2/4", done: 30, total: 120, detail: "loss 1.5", began: began}
	for width, want := range map[int]string{
		100: "epoch 2/4  [=====               ]  30/120  10 s, 30 s left  loss 1.5",
		60:  "epoch 2/4  30/120  10 s, 30 s left  loss 1.5",
		30:  "epoch 2/4  30/120  10 s, 30 s…",
	} {
		if got := w.line(began.Add(10*time.Second), width); got != want {
			t.Errorf("width %d: %q, want %q", width, got, want)
		}
	}
	w.first = 20 // taken up at 20 of 120: 10 in 10 s leave 90 s
	if got, want := w.line(began.Add(10*time.Second), 100), "  10 s, 2 min left  "; !strings.Contains(got, want) {
		t.Errorf("taken up: %q, want %q in it", got, want)
	}
	w.whole = 10 * time.Minute
	if got, want := w.line(began.Add(10*time.Second), 100), "  10 s, 2 min left, 10 min in all  "; !strings.Contains(got, want) {
		t.Errorf("a part: %q, want %q in it", got, want)
	}
	unknown := work{title: "whitening", began: began}
	if got, want := unknown.line(began.Add(20*time.Second), 100), "whitening  20 s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// While nothing is heard of the work, its clock goes on; what is written above the bar stands on a line of its own.
func TestBarTicks(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(1000, 0)
	b := &Bar{out: &out, width: func() int { return 80 }, clock: func() time.Time { return now }}
	b.Show("whitening", 0, 0, "")
	b.Lock()
	now = now.Add(5 * time.Second)
	b.Unlock()
	for begin := time.Now(); time.Since(begin) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
		b.Lock()
		ticked := strings.Contains(out.String(), "whitening  5 s")
		b.Unlock()
		if ticked {
			break
		}
	}
	b.Above(func() { fmt.Fprintln(&out, "a remark") })
	b.Clear()
	if got := out.String(); !strings.Contains(got, "whitening  5 s\x1b[K\r\x1b[Ka remark\n") || b.quit != nil {
		t.Errorf("written %q", got)
	}
}

// The time left of a run is that of the epochs to come: after epochs of 10 s, half of epoch 3 of 5 leaves 25 s. In the first
// epoch it follows from the images so far: 20 of 100 in 4 s make an epoch of 20 s.
func TestTimeLeft(t *testing.T) {
	s, _ := screenOf(t, 0)
	s.epochs = 5
	if left := s.left(1, 20, 100, 4); left != 96*time.Second {
		t.Errorf("in epoch 1: %v; want 96 s", left)
	}
	for epoch, seconds := range []float64{3, 100, 10, 10, 10} { // of epoch 0 nothing follows, and the first is too long ago
		s.EpochDone(trainer.Row{Epoch: epoch, Seconds: seconds})
	}
	if left := s.left(3, 50, 100, 1); left != 25*time.Second {
		t.Errorf("in epoch 3: %v; want 25 s", left)
	}
	if left := (&Screen{}).left(1, 0, 100, 0); left != 0 {
		t.Errorf("%v before the first step", left)
	}
}

func TestLogFormats(t *testing.T) {
	said := func(log *slog.Logger, out *bytes.Buffer) string {
		out.Reset()
		log.Info("pilot", "learning_rate", 0.5, "epochs", 3)
		log.Warn("the disk is full")
		log.Debug("never shown")
		return out.String()
	}
	var out bytes.Buffer
	friendly := slog.New(sentences{out: &out, level: slog.LevelInfo, width: func() int { return 0 }})
	if got, want := said(friendly, &out), "pilot: learning rate 0.5, epochs 3\nwarning: the disk is full\n"; got != want {
		t.Errorf("sentences: %q, want %q", got, want)
	}
	for format, want := range map[string]string{
		"":     "level=INFO msg=pilot learning_rate=0.5 epochs=3\n",
		"text": "level=INFO msg=pilot learning_rate=0.5 epochs=3\n",
		"json": `"level":"INFO","msg":"pilot","learning_rate":0.5,"epochs":3}` + "\n",
	} {
		log := NewLogger(&out, func() *Bar { return nil }, format, slog.LevelInfo)
		if got := said(log, &out); !strings.Contains(got, want) || strings.Contains(got, "never") {
			t.Errorf("%q: %q, want %q", format, got, want)
		}
	}
}
