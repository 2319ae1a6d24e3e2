package experiment

import (
	"encoding/json"

	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// verdict keeps and shows a verdict that appeared or changed.
func (s *session) verdict(epoch int, r diagnostics.Report) error {
	s.Screen.Verdict(r)
	return s.keepVerdict(epoch, r)
}

// keepVerdict adds a verdict to the run's flags.
func (s *session) keepVerdict(epoch int, r diagnostics.Report) error {
	evidence, err := json.Marshal(r.Evidence)
	if err != nil {
		return err
	}
	return s.dir.AddFlag(rundir.Flag{Epoch: epoch, Verdict: r.Verdict.String(), Kind: string(r.Kind), Onset: r.Epoch,
		Confidence: r.Confidence, Evidence: evidence, Advice: r.Advice, BestEpoch: r.BestEpoch})
}

// lastVerdict is the recorder before the run folder's: of a run that ends as diverged it adds the verdict to the flags,
// as no hook sees that epoch.
type lastVerdict struct {
	session *session
	judge   diagnostics.Thresholds
}

// Record implements trainer.Recorder.
func (l lastVerdict) Record(h *trainer.History, s trainer.Status) error {
	if s.State != trainer.StateDiverged {
		return nil
	}
	report, told := diagnostics.FlagEnd(diagnostics.FromHistory(h), s, l.judge)
	if !told {
		return nil
	}
	return l.session.keepVerdict(h.Rows[len(h.Rows)-1].Epoch, report)
}
