package diagnostics

import (
	"context"
	"fmt"

	"github.com/maxgain/maxgain/trainer"
)

// pruneConfidence is how sure a verdict must be, twice in a row, to end a trial for it.
const pruneConfidence = 0.6

// Prune is a trainer.Hook that ends a trial of a sweep as hopeless when its learning rate has been judged too high
// or its training diverged at two epochs in a row. It needs no validation data.
type Prune struct {
	Thresholds Thresholds
}

// Name implements trainer.Hook.
func (p *Prune) Name() string { return "prune" }

// AfterEpoch implements trainer.Hook.
func (p *Prune) AfterEpoch(_ context.Context, s *trainer.State) error {
	c := FromHistory(s.History)
	now := Diagnose(c, p.Thresholds)
	before := Diagnose(c.Prefix(len(c.Epochs)-1), p.Thresholds)
	if !hopeless(now) || !hopeless(before) {
		return nil
	}
	return &trainer.StopError{Reason: trainer.ReasonPruned,
		Detail: fmt.Sprintf("hopeless: %s at epochs %d and %d, %d epochs saved", now.Verdict, c.last()-1, c.last(), s.Epochs-c.last())}
}

func hopeless(r Report) bool {
	return (r.Verdict == LearningRateTooHigh || r.Verdict == Diverged) && r.Confidence >= pruneConfidence
}
