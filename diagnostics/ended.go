package diagnostics

import (
	"math"

	"github.com/maxgain/maxgain/trainer"
)

// DiagnoseRun is Diagnose for a run whose status is known. A run that ended as diverged is Diverged even where its
// curve does not show it, as when the weights overflowed after the last finite training loss. BestEpoch of a run that has
// ended is the epoch whose weights it has kept.
func DiagnoseRun(c *Curve, s trainer.Status, t Thresholds) Report {
	report := diagnoseEnd(c, s, t)
	if s.State.Ended() && s.BestEpoch > 0 {
		report.BestEpoch = s.BestEpoch
	}
	return report
}

func diagnoseEnd(c *Curve, s trainer.Status, t Thresholds) Report {
	report := Diagnose(c, t)
	if s.State != trainer.StateDiverged || report.Verdict == Diverged {
		return report
	}
	f, nan, end := featuresOf(c, t), Number(math.NaN()), c.last()
	return f.report(f.lost(float64(end), Evidence{Signal: "status", What: string(s.Reason) + ":", Value: nan,
		Threshold: nan, From: end, To: end, Supports: true}))
}
