package configs

import (
	"strings"
	"testing"
)

// What a trial varies counts before what the command line sets for all trials, and that before the sweep file's overrides.
func TestOrderOfASweepsSettings(t *testing.T) {
	text := "config: quickstart.yaml\nparameters: {train.momentum: [0.1, 0.2]}\noverrides: {train.epochs: 10, train.momentum: 0.3, train.batch_size: 20}\n"
	s, err := ParseSweep("s.yaml", []byte(text), []string{"train.epochs=3", "train.momentum=0.4"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.1, 0.2} {
		c := s.Trials[i].Config.Train
		if c.Momentum != want || c.Epochs != 3 || c.BatchSize != 20 {
			t.Errorf("trial %d: momentum %v, epochs %d, batch size %d; want %v of the parameters, 3 of the command line, 20 of the file",
				i, c.Momentum, c.Epochs, c.BatchSize, want)
		}
	}
}

// A schedule may go on beyond the last epoch, but not end before it: not by a single one.
func TestEpochsOfASchedule(t *testing.T) {
	text := "model: {name: lenet-mnist}\ndata: {name: mnist}\ntrain: {schedule: [{rate: 0.1, epochs: 2}, {rate: 0.01, epochs: 3}]}\n"
	for epochs, fits := range map[string]bool{"4": true, "5": true, "6": false, "7": false} {
		_, err := Parse("c.yaml", []byte(text), []string{"train.epochs=" + epochs})
		if fits != (err == nil) || err != nil && !strings.Contains(err.Error(), "want at most 5, the epochs of train.schedule") {
			t.Errorf("%s epochs by a schedule of 5: %v", epochs, err)
		}
	}
}
