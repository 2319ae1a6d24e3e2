package main

import (
	"fmt"
	"io"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/diagnostics"
	"github.com/maxgain/maxgain/trainer"
	"github.com/spf13/cobra"
)

// ratePilot is one short training of a search in JSON.
type ratePilot struct {
	Rate        float64             `json:"learning_rate"`
	Serves      bool                `json:"serves"`
	Why         string              `json:"why"`
	Epochs      int                 `json:"epochs"`
	TrainLoss   diagnostics.Number  `json:"train_loss"`
	Variability diagnostics.Number  `json:"gain_variability_db"`
	Verdict     diagnostics.Verdict `json:"verdict"`
}

// rateFound is the JSON of "train sweep --find-rate".
type rateFound struct {
	Rate   float64     `json:"learning_rate"` // the highest that serves; 0 if none of those tried does
	Pilots []ratePilot `json:"pilots"`        // by their rates
	Images int         `json:"train_images"`  // of each
	Epochs int         `json:"epochs_in_all"`
}

// findRate searches for the highest learning rate that serves the config of a run.
func (a *app) findRate(c *cobra.Command, f sweepFlags) error {
	if f.out != "" || f.dryRun || c.Flags().Changed("jobs") {
		return usage("--find-rate keeps no runs and trains one pilot after the other: --out, --dry-run and --jobs do not go with it")
	}
	f.apply(a)
	config, err := f.configFlags.load(c)
	if err != nil {
		return err
	}
	thresholds, err := experiment.Thresholds(config)
	if err != nil {
		return err
	}
	bar := a.newBar(!f.quiet)
	e, err := experiment.OpenPilots(c.Context(), config, a.reading(bar))
	bar.Clear()
	if err != nil {
		return err
	}
	found, err := e.FindRate(c.Context(), thresholds,
		func(epochs int) trainer.Observer { return &pilotScreen{bar: bar, epochs: epochs} },
		func(judged []diagnostics.JudgedRate) { a.log.Info("pilots done", "rates", len(judged)) })
	if err != nil {
		return err
	}
	r := rateFound{Rate: found.Rate, Images: found.Images, Epochs: found.EpochsDone}
	for _, j := range found.Judged {
		level, variability := j.Numbers()
		r.Pilots = append(r.Pilots, ratePilot{Rate: j.Pilot.Rate, Serves: j.Fit == diagnostics.RateServes, Why: j.Why(), Epochs: j.Epochs(),
			TrainLoss: diagnostics.Number(level), Variability: diagnostics.Number(variability), Verdict: j.Report.Verdict})
	}
	if f.json {
		return console.WriteJSON(a.stdout, r)
	}
	r.print(a.stdout, f.config)
	return nil
}

func (r rateFound) print(w io.Writer, config string) {
	fmt.Fprintf(w, "%12s  %6s  %10s  %8s\n", "rate", "epochs", "train loss", "± dB")
	for _, p := range r.Pilots {
		fmt.Fprintf(w, "%12.4g  %6d  %10s  %8s  %s\n", p.Rate, p.Epochs, console.Figure("%.4f", float64(p.TrainLoss)), console.Figure("%.2f", float64(p.Variability)), p.Why)
	}
	fmt.Fprintf(w, "\n%d short trainings on %s images, %d epochs of them in all\n", len(r.Pilots), console.Grouped(r.Images), r.Epochs)
	if r.Rate == 0 {
		fmt.Fprintln(w, "none of these rates serves: look at the data (train data show) and the net")
		return
	}
	fmt.Fprintf(w, "the highest rate that serves is %.3g; to train with it:\n  train --config %s --set train.learning_rate=%.3g\n", r.Rate, config, r.Rate)
}
