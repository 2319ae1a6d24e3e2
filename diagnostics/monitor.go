package diagnostics

import (
	"context"
	"fmt"

	"github.com/maxgain/maxgain/diagnostics/signal"
	"github.com/maxgain/maxgain/trainer"
)

// Monitor is a trainer.Hook that runs probes before training and after epochs and appends what they find to the
// epoch's row of the history. It only reads the network: training goes on to the same bits with or without it.
type Monitor struct {
	Probes []Probe
	// Averaged are the probes that measure the averaged weights too, where the run has any; their columns begin with
	// signal.AveragedPrefix.
	Averaged []Probe
	Every    int // epochs from one measurement to the next; 0 measures never
	// Save, if not nil, is given each reading that has a spectrum, to keep it.
	Save func(epoch int, r Reading) error
}

// Name implements trainer.Hook.
func (m *Monitor) Name() string { return "gain" }

// AfterEpoch implements trainer.Hook.
func (m *Monitor) AfterEpoch(ctx context.Context, s *trainer.State) error {
	if len(s.History.Rows) == 0 {
		return fmt.Errorf("gain monitor: the history has no row for the epoch to measure")
	}
	row := &s.History.Rows[len(s.History.Rows)-1]
	if m.Every < 1 || row.Epoch%m.Every != 0 {
		return nil
	}
	net, ok := s.Net.(Linearizer)
	if !ok && s.Net != nil {
		return fmt.Errorf("gain monitor: a net of type %T cannot be differentiated with respect to its input", s.Net)
	}
	subject := Subject{Net: net, Predictions: s.Predictions, Previous: s.Previous, Memory: s.Memory}
	for _, probe := range m.Probes {
		reading, err := probe.Measure(ctx, subject)
		if err != nil {
			return fmt.Errorf("epoch %d: %w", row.Epoch, err)
		}
		row.Signals = append(row.Signals, reading.Signals...)
		if m.Save != nil && reading.Spectrum != nil {
			if err := m.Save(row.Epoch, reading); err != nil {
				return fmt.Errorf("saving the spectrum of epoch %d: %w", row.Epoch, err)
			}
		}
	}
	if s.Averaged == nil || len(m.Averaged) == 0 {
		return nil
	}
	return s.Averaged(func() error { return m.averaged(ctx, row, net) })
}

// averaged measures the network while it holds the averaged weights.
func (m *Monitor) averaged(ctx context.Context, row *trainer.Row, net Linearizer) error {
	for _, probe := range m.Averaged {
		reading, err := probe.Measure(ctx, Subject{Net: net})
		if err != nil {
			return fmt.Errorf("epoch %d, averaged weights: %w", row.Epoch, err)
		}
		for _, s := range reading.Signals {
			row.Signals = append(row.Signals, trainer.Signal{Name: signal.Averaged(s.Name), Value: s.Value})
		}
	}
	return nil
}
