package diagnostics

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/trainer"
)

// countProbe reports how many of the images were predicted as class 1.
type countProbe struct{ fault error }

func (c countProbe) Measure(_ context.Context, s Subject) (Reading, error) {
	ones := 0
	for _, p := range s.Predictions {
		if p == 1 {
			ones++
		}
	}
	response, _ := spectrum.Response([]float64{1}, 1, 1, 1, spectrum.None)
	return Reading{Signals: []trainer.Signal{{Name: "ones", Value: float64(ones)}}, Spectrum: response}, c.fault
}

func TestMonitor(t *testing.T) {
	for _, test := range []struct {
		every int
		want  string
	}{{0, ""}, {1, "0:0 1:1 2:2 3:3 4:4 "}, {2, "0:0 2:2 4:4 "}} {
		var saved []int
		m := &Monitor{Probes: []Probe{countProbe{}, Changes{}}, Every: test.every,
			Save: func(epoch int, _ Reading) error { saved = append(saved, epoch); return nil }}
		s := &trainer.State{History: &trainer.History{}}
		for epoch := range 5 {
			s.History.Rows = append(s.History.Rows, trainer.Row{Epoch: epoch})
			s.Predictions = append(s.Predictions[:0:0], make([]uint16, 5)...)
			for i := range epoch {
				s.Predictions[i] = 1
			}
			if err := m.AfterEpoch(context.Background(), s); err != nil {
				t.Fatal(err)
			}
		}
		got := ""
		for _, row := range s.History.Rows {
			for _, signal := range row.Signals {
				got += fmt.Sprint(row.Epoch, ":", signal.Value, " ")
			}
		}
		if got != test.want {
			t.Errorf("every %d: got %q, want %q", test.every, got, test.want)
		}
		if len(saved) != len(strings.Fields(test.want)) {
			t.Errorf("every %d: spectra of epochs %v saved", test.every, saved)
		}
	}
}

func TestMonitorErrors(t *testing.T) {
	fault := errors.New("broken")
	s := &trainer.State{History: &trainer.History{Rows: []trainer.Row{{Epoch: 3}}}}
	m := &Monitor{Probes: []Probe{countProbe{fault}}, Every: 1}
	if err := m.AfterEpoch(context.Background(), s); !errors.Is(err, fault) || !strings.Contains(err.Error(), "epoch 3") {
		t.Errorf("probe's fault: got %v", err)
	}
	m = &Monitor{Probes: []Probe{countProbe{}}, Every: 1, Save: func(int, Reading) error { return fault }}
	if err := m.AfterEpoch(context.Background(), s); !errors.Is(err, fault) {
		t.Errorf("fault in saving: got %v", err)
	}
	if err := m.AfterEpoch(context.Background(), &trainer.State{History: &trainer.History{}}); err == nil {
		t.Error("empty history accepted")
	}
}
