package main

import (
	"errors"
	"fmt"

	"github.com/maxgain/maxgain/cmd/console"
	"github.com/spf13/cobra"
)

// errUnequal is returned when a resumed run was not what it should be.
var errUnequal = errors.New("the resumed run differs from the undisturbed one")

// verifyFlags are the flags of "train verify-resume".
type verifyFlags struct {
	configFlags
	outputFlags
	cuts int
}

// newVerifyResume is "train verify-resume".
func newVerifyResume(a *app) *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify-resume --config FILE",
		Short: "Prove on this machine that an interrupted and resumed run ends with the same bits",
		Long: `Train once undisturbed and once with interruptions after random steps, each time resumed from its
checkpoint with another number of workers, and compare weights and metrics bit for bit.`,
		Example: `  train verify-resume --config quickstart.yaml --set train.epochs=2`,
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.verifyResume(c, f) },
	}
	f.configFlags.add(c)
	f.outputFlags.add(c)
	c.Flags().IntVar(&f.cuts, "cuts", 5, "interruptions")
	return c
}

// verified is the JSON of "train verify-resume".
type verified struct {
	Equal   bool      `json:"equal"`
	Cuts    [][2]int  `json:"cuts"` // epoch and step after which the run was interrupted
	Weights [2]string `json:"weights_sha256"`
	Metrics [2]string `json:"metrics_sha256"`
}

func (a *app) verifyResume(c *cobra.Command, f verifyFlags) error {
	f.apply(a)
	config, err := f.load(c)
	if err != nil {
		return err
	}
	if f.cuts < 1 {
		return usage("--cuts: got %d, want at least 1", f.cuts)
	}
	e, err := a.open(c.Context(), config, a.newBar(!f.quiet))
	if err != nil {
		return err
	}
	v, err := e.VerifyResume(c.Context(), f.cuts)
	if err != nil {
		return err
	}
	r := verified{Equal: v.Equal(), Cuts: v.Cuts, Weights: v.Weights, Metrics: v.Metrics}
	if f.json {
		err = console.WriteJSON(a.stdout, r)
	} else {
		r.print(a)
	}
	if !r.Equal {
		return errors.Join(err, errUnequal)
	}
	return err
}

func (r verified) print(a *app) {
	fmt.Fprintf(a.stdout, "%-14s %-16.16s %-16.16s\n", "", "undisturbed", "interrupted")
	fmt.Fprintf(a.stdout, "%-14s %-16.16s %-16.16s\n", "weights", r.Weights[0], r.Weights[1])
	fmt.Fprintf(a.stdout, "%-14s %-16.16s %-16.16s\n", "metrics", r.Metrics[0], r.Metrics[1])
	for _, cut := range r.Cuts {
		fmt.Fprintf(a.stdout, "interrupted after step %d of epoch %d\n", cut[1], cut[0])
	}
	if r.Equal {
		fmt.Fprintln(a.stdout, "the resumed run is bit for bit the undisturbed one")
	}
}
