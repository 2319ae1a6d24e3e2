package configs

import "testing"

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
