package diagnostics

import (
	"context"

	"github.com/maxgain/maxgain/trainer"
)

// Flags is a trainer.Hook that judges the history after each epoch and tells of a verdict when it appears or changes.
// A verdict is told once it has stood for two epochs in a row, not doubtful at either, a divergence at once. What is told at
// an epoch follows from the history alone, so that a resumed run neither repeats nor misses a flag.
type Flags struct {
	Thresholds Thresholds
	Tell       func(epoch int, r Report) error

	known map[int]Report // by the number of epochs
}

// Name implements trainer.Hook.
func (f *Flags) Name() string { return "flags" }

// AfterEpoch implements trainer.Hook.
func (f *Flags) AfterEpoch(_ context.Context, s *trainer.State) error {
	if f.known == nil {
		f.known = map[int]Report{}
	}
	c := FromHistory(s.History)
	report, changed := flag(c, f.Thresholds, Diagnose(c, f.Thresholds), f.known)
	if !changed {
		return nil
	}
	return f.Tell(s.History.Rows[len(s.History.Rows)-1].Epoch, report)
}

// FlagEnd is the verdict of a run that has ended, by DiagnoseRun, and whether it is to be told still: a hook does not see the
// epoch in which a run diverges.
func FlagEnd(c *Curve, s trainer.Status, t Thresholds) (Report, bool) {
	return flag(c, t, DiagnoseRun(c, s, t), map[int]Report{})
}

// flag tells whether a curve's report is to be told at its last epoch: whether it stands there and another one, or none,
// stood before. Reports of its beginnings, by their length, are made as they are needed and kept in known.
func flag(c *Curve, t Thresholds, report Report, known map[int]Report) (Report, bool) {
	n := len(c.Epochs)
	known[n] = report
	at := func(k int) Report {
		if _, ok := known[k]; !ok {
			known[k] = Diagnose(c.Prefix(k), t)
		}
		return known[k]
	}
	stands := func(k int) bool {
		r := at(k)
		return r.Verdict == Diverged || r.Verdict != Undetermined && r.Confidence >= toldConfidence &&
			k > 1 && at(k-1).Verdict == r.Verdict && at(k-1).Confidence >= toldConfidence
	}
	if n == 0 || !stands(n) {
		return report, false
	}
	for k := n - 1; k > 0; k-- {
		if stands(k) {
			return report, at(k).Verdict != report.Verdict
		}
	}
	return report, true
}
