package diagnostics

import (
	"context"

	"github.com/maxgain/maxgain/trainer"
)

// Flags is a trainer.Hook that judges the history after each epoch and tells of a verdict when it appears or changes.
// A verdict is told once it has stood for two epochs in a row, a divergence at once. What is told at an epoch follows
// from the history alone, so that a resumed run neither repeats nor misses a flag.
type Flags struct {
	Thresholds Thresholds
	Tell       func(epoch int, r Report) error
}

// Name implements trainer.Hook.
func (f *Flags) Name() string { return "flags" }

// AfterEpoch implements trainer.Hook.
func (f *Flags) AfterEpoch(_ context.Context, s *trainer.State) error {
	report, changed := Flag(FromHistory(s.History), f.Thresholds)
	if !changed {
		return nil
	}
	return f.Tell(s.History.Rows[len(s.History.Rows)-1].Epoch, report)
}

// Flag is the verdict of a curve and whether it is to be told at the curve's last epoch: whether it stands there and
// another one, or none, stood before.
func Flag(c *Curve, t Thresholds) (Report, bool) { return flag(c, t, Diagnose(c, t)) }

// FlagEnd is Flag for a run that has ended, by DiagnoseRun: a hook does not see the epoch in which a run diverges.
func FlagEnd(c *Curve, s trainer.Status, t Thresholds) (Report, bool) {
	return flag(c, t, DiagnoseRun(c, s, t))
}

// flag is Flag with the report of the whole curve given.
func flag(c *Curve, t Thresholds, report Report) (Report, bool) {
	n := len(c.Epochs)
	verdicts := map[int]Verdict{n: report.Verdict}
	at := func(k int) Verdict {
		if _, ok := verdicts[k]; !ok {
			verdicts[k] = Diagnose(c.Prefix(k), t).Verdict
		}
		return verdicts[k]
	}
	stands := func(k int) bool {
		return at(k) != Undetermined && (at(k) == Diverged || k > 1 && at(k) == at(k-1))
	}
	if n == 0 || !stands(n) {
		return report, false
	}
	for k := n - 1; k > 0; k-- {
		if stands(k) {
			return report, at(k) != at(n)
		}
	}
	return report, true
}
