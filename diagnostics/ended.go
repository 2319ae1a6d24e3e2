package diagnostics

import (
	"math"

	"github.com/maxgain/maxgain/trainer"
)

// DiagnoseRun is Diagnose for a run whose status is known. A run that ended as diverged is Diverged even where its
// curve does not show it, as when the weights overflowed after the last finite training loss.
func DiagnoseRun(c *Curve, s trainer.Status, t Thresholds) Report {
	report := Diagnose(c, t)
	if s.State != trainer.StateDiverged || report.Verdict == Diverged {
		return report
	}
	f, nan, end := featuresOf(c, t), Number(math.NaN()), c.last()
	return f.report(f.lost(float64(end), Evidence{Signal: "status", What: string(s.Reason) + ":", Value: nan,
		Threshold: nan, From: end, To: end, Supports: true}))
}
