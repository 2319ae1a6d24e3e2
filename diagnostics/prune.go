package diagnostics

import (
	"context"
	"fmt"

	"github.com/maxgain/maxgain/trainer"
)

// Prune is a trainer.Hook that ends a trial of a sweep as hopeless when its learning rate has been judged too high
// or its training diverged at three epochs in a row. It needs no validation data.
type Prune struct {
	Thresholds Thresholds
}

// Name implements trainer.Hook.
func (p *Prune) Name() string { return "prune" }

// AfterEpoch implements trainer.Hook.
func (p *Prune) AfterEpoch(_ context.Context, s *trainer.State) error {
	c := FromHistory(s.History)
	n := len(c.Epochs)
	for k := max(0, n-pruneEpochs+1); k <= n; k++ {
		if v := Diagnose(c.Prefix(k), p.Thresholds).Verdict; v != LearningRateTooHigh && v != Diverged {
			return nil
		}
	}
	return &trainer.StopError{Reason: trainer.ReasonPruned,
		Detail: fmt.Sprintf("hopeless: %s at epochs %d to %d, %d epochs saved", Diagnose(c, p.Thresholds).Verdict, c.last()-pruneEpochs+1, c.last(), s.Epochs-c.last())}
}
