package experiment

import (
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
)

// verdictFlag is a line of flags.jsonl: a report, told after an epoch.
type verdictFlag struct {
	Epoch      int                    `json:"epoch"` // after which it was told
	Verdict    diagnostics.Verdict    `json:"verdict"`
	Kind       diagnostics.Kind       `json:"kind,omitempty"`
	Onset      int                    `json:"onset"` // the epoch that the verdict dates from
	Confidence float64                `json:"confidence"`
	Evidence   []diagnostics.Evidence `json:"evidence"`
	Advice     string                 `json:"advice"`
	BestEpoch  int                    `json:"best_epoch"`
}

// verdict keeps and shows a verdict that appeared or changed.
func (s *session) verdict(epoch int, r diagnostics.Report) error {
	s.Screen.Verdict(r)
	return s.keepVerdict(epoch, r)
}

// keepVerdict adds a verdict to the run's flags.
func (s *session) keepVerdict(epoch int, r diagnostics.Report) error {
	return s.dir.AddFlag(verdictFlag{Epoch: epoch, Verdict: r.Verdict, Kind: r.Kind, Onset: r.Epoch,
		Confidence: r.Confidence, Evidence: r.Evidence, Advice: r.Advice, BestEpoch: r.BestEpoch})
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
