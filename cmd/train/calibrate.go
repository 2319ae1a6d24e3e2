package main

import (
	"fmt"
	"io"
	"math"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/trainer"
	"github.com/spf13/cobra"
)

// calibrateFlags are the flags of "train calibrate".
type calibrateFlags struct {
	configFlags
	outputFlags
	rates  []float64
	epochs int
	out    string
}

// newCalibrate is "train calibrate".
func newCalibrate(a *app) *cobra.Command {
	var f calibrateFlags
	c := &cobra.Command{
		Use:   "calibrate --config FILE",
		Short: "Find what variability of the gain is high for a net and its data, by short trial runs",
		Long: `Train for a few epochs at each of a few learning rates and write, to a file that diagnosis.calibration
can name, how much the gains of this net on these data vary from epoch to epoch while it learns well.`,
		Example: `  train calibrate --config lenet_mnist.yaml --out calibration.yaml
  train --config lenet_mnist.yaml --set diagnosis.calibration=calibration.yaml`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.calibrate(c, f) },
	}
	f.configFlags.add(c)
	f.outputFlags.add(c)
	flags := c.Flags()
	flags.Float64SliceVar(&f.rates, "rates", nil, "learning `rates` to try, separated by commas (else 5 from a tenth of the config's to ten times it)")
	flags.IntVar(&f.epochs, "epochs", 10, "epochs at each rate")
	flags.StringVarP(&f.out, "out", "o", "calibration.yaml", "`file` to write")
	return c
}

// calibrated is the JSON of "train calibrate".
type calibrated struct {
	File   string             `json:"file"`
	Pilots []experiment.Pilot `json:"pilots"`
	// Thresholds in dB from one epoch to the next.
	ImpulseHighDB    float64 `json:"impulse_high_db"`
	PositionsHighDB  float64 `json:"positions_high_db"`
	PopulationHighDB float64 `json:"population_high_db"`
	Source           string  `json:"source"`
}

func (a *app) calibrate(c *cobra.Command, f calibrateFlags) error {
	f.apply(a)
	config, err := f.load(c)
	if err != nil {
		return err
	}
	if f.epochs < 6 {
		return usage("--epochs: got %d, want at least 6: variability cannot be judged on fewer", f.epochs)
	}
	rates, err := f.grid(config)
	if err != nil {
		return err
	}
	bar := a.newBar(!f.quiet)
	e, err := a.open(c.Context(), config, bar)
	if err != nil {
		return err
	}
	pilots, t, err := e.Calibrate(c.Context(), rates, f.epochs, &pilotScreen{bar: bar, epochs: f.epochs}, func(p experiment.Pilot) {
		a.log.Info("pilot", "learning_rate", p.Rate, "epochs", p.Epochs, "train_loss", float64(p.TrainLoss))
	})
	if err != nil {
		return err
	}
	if err := t.Save(f.out); err != nil {
		return err
	}
	r := calibrated{File: f.out, Pilots: pilots, Source: t.Source,
		ImpulseHighDB: t.Noise.ImpulseHighDB, PositionsHighDB: t.Noise.PositionsHighDB, PopulationHighDB: t.Noise.PopulationHighDB}
	if f.json {
		return console.WriteJSON(a.stdout, r)
	}
	r.print(a.stdout)
	return nil
}

// grid are the rates to try: those given, or some around the config's.
func (f calibrateFlags) grid(c configs.Config) ([]float64, error) {
	for _, rate := range f.rates {
		if !(rate > 0) || math.IsInf(rate, 0) {
			return nil, usage("--rates: got %v, want numbers > 0", rate)
		}
	}
	if len(f.rates) > 0 {
		return f.rates, nil
	}
	return experiment.PilotRates(c), nil
}

// pilotScreen shows the bar of a pilot. It is a trainer.Observer.
type pilotScreen struct {
	bar    *console.Bar
	epochs int
}

// BatchDone implements trainer.Observer.
func (p *pilotScreen) BatchDone(epoch, done, total int, loss float64) {
	p.bar.Show(fmt.Sprintf("epoch %d/%d", epoch, p.epochs), int64(done), int64(total), fmt.Sprintf("loss %.4f", loss))
}

// EpochDone implements trainer.Observer.
func (p *pilotScreen) EpochDone(trainer.Row) { p.bar.Clear() }

func (r calibrated) print(w io.Writer) {
	fmt.Fprintf(w, "%12s  %6s  %10s  %8s  %s\n", "rate", "epochs", "train loss", "gain dB", "verdict")
	for _, p := range r.Pilots {
		fmt.Fprintf(w, "%12.4g  %6d  %10s  %8s  %s\n", p.Rate, p.Epochs,
			console.Figure("%.4f", float64(p.TrainLoss)), console.Figure("%.2f", float64(p.GainDB)), p.Verdict)
	}
	fmt.Fprintf(w, "\nhigh variability from epoch to epoch: impulse %.2f dB, population %.2f dB\n", r.ImpulseHighDB, r.PopulationHighDB)
	fmt.Fprintf(w, "written to %s; name it in a config as diagnosis.calibration\n", r.File)
}
