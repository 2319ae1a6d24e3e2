package main

import (
	"context"
	"fmt"
	"io"
	"math"

	"github.com/maxgain/maxgain/configs"
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/models"
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
	File   string         `json:"file"`
	Pilots []pilotSummary `json:"pilots"`
	// Thresholds in dB from one epoch to the next.
	ImpulseHighDB    float64 `json:"impulse_high_db"`
	PositionsHighDB  float64 `json:"positions_high_db"`
	PopulationHighDB float64 `json:"population_high_db"`
	Source           string  `json:"source"`
}

// pilotSummary is how one pilot went.
type pilotSummary struct {
	Rate      float64             `json:"learning_rate"`
	Epochs    int                 `json:"epochs"`
	TrainLoss diagnostics.Number  `json:"train_loss"` // of the last epoch
	GainDB    diagnostics.Number  `json:"gain_db"`    // likewise
	Verdict   diagnostics.Verdict `json:"verdict"`    // by the thresholds found
	curve     *diagnostics.Curve
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
	bar := newBar(a.stderr, !f.quiet)
	data, spec, err := a.openFor(c.Context(), config, bar)
	if err != nil {
		return err
	}
	found, err := a.pilots(c.Context(), config, spec, data, rates, f.epochs, bar)
	if err != nil {
		return err
	}
	var trials []diagnostics.Pilot
	for _, p := range found {
		trials = append(trials, diagnostics.Pilot{Rate: p.Rate, Curve: p.curve})
	}
	t, err := diagnostics.Calibrate(trials, diagnostics.DefaultThresholds())
	if err != nil {
		return err
	}
	t.Source += fmt.Sprintf(", %s on %s (%d images), %d epochs each", spec.Name, data.Name, data.Train.Len(), f.epochs)
	if err := t.Save(f.out); err != nil {
		return err
	}
	for i := range found {
		found[i].Verdict = diagnostics.Diagnose(found[i].curve, t).Verdict
	}
	r := calibrated{File: f.out, Pilots: found, Source: t.Source,
		ImpulseHighDB: t.Noise.ImpulseHighDB, PositionsHighDB: t.Noise.PositionsHighDB, PopulationHighDB: t.Noise.PopulationHighDB}
	if f.json {
		return writeJSON(a.stdout, r)
	}
	r.print(a.stdout)
	return nil
}

// grid are the rates to try: those given, or five evenly spaced in logarithm around the config's, of
// whose schedule the highest counts.
func (f calibrateFlags) grid(c configs.Config) ([]float64, error) {
	if len(f.rates) > 0 {
		for _, rate := range f.rates {
			if !(rate > 0) || math.IsInf(rate, 0) {
				return nil, usage("--rates: got %v, want numbers > 0", rate)
			}
		}
		return f.rates, nil
	}
	base := c.Train.LearningRate
	for _, p := range c.Train.Schedule {
		base = max(base, p.Rate)
	}
	return []float64{base / 10, base / math.Sqrt(10), base, base * math.Sqrt(10), base * 10}, nil
}

// pilots trains at each rate.
func (a *app) pilots(ctx context.Context, config configs.Config, spec models.Spec, data *datasets.Dataset, rates []float64, epochs int, b *bar) ([]pilotSummary, error) {
	var found []pilotSummary
	for _, rate := range rates {
		c := config
		c.Train.LearningRate, c.Train.Schedule, c.Train.Epochs = rate, nil, epochs
		history, err := a.pilot(ctx, c, spec, data, b)
		if err != nil {
			return nil, fmt.Errorf("pilot at the learning rate %.3g: %w", rate, err)
		}
		last := history.Rows[len(history.Rows)-1]
		a.log.Info("pilot", "learning_rate", rate, "epochs", last.Epoch, "train_loss", last.TrainLoss)
		found = append(found, pilotSummary{
			Rate: rate, Epochs: last.Epoch, TrainLoss: diagnostics.Number(last.TrainLoss),
			GainDB: diagnostics.Number(signalOf(last, diagnostics.GainDB)), curve: diagnostics.FromHistory(history),
		})
	}
	return found, nil
}

func (r calibrated) print(w io.Writer) {
	fmt.Fprintf(w, "%12s  %6s  %10s  %8s  %s\n", "rate", "epochs", "train loss", "gain dB", "verdict")
	for _, p := range r.Pilots {
		fmt.Fprintf(w, "%12.4g  %6d  %10s  %8s  %s\n", p.Rate, p.Epochs,
			figure("%.4f", float64(p.TrainLoss)), figure("%.2f", float64(p.GainDB)), p.Verdict)
	}
	fmt.Fprintf(w, "\nhigh variability from epoch to epoch: impulse %.2f dB, population %.2f dB\n", r.ImpulseHighDB, r.PopulationHighDB)
	fmt.Fprintf(w, "written to %s; name it in a config as diagnosis.calibration\n", r.File)
}
