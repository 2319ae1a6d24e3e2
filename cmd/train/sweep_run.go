package main

import (
	"context"
	"os"
	"syscall"

	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/maxgain/maxgain/cmd/sweep"
	"github.com/maxgain/maxgain/configs"
	"github.com/spf13/cobra"
)

// newSweepRun is "train sweep run": exactly one trial, for clusters.
func newSweepRun(a *app) *cobra.Command {
	var f sweepFlags
	c := &cobra.Command{
		Use:   "run --config SWEEP --out FOLDER --index N",
		Short: "Run exactly one trial of a sweep, or go on with it: for job arrays",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.sweepRun(c, f) },
	}
	f.addSweep(c)
	c.Flags().IntVar(&f.index, "index", -1, "`number` of the trial, from 0")
	c.Flags().BoolVar(&f.owned, "owned", false, "end when standard input does, which a sweep holds open")
	c.Flags().Lookup("owned").Hidden = true
	return c
}

// sweepRun runs one trial in this process, or goes on with it.
func (a *app) sweepRun(c *cobra.Command, f sweepFlags) error {
	s, err := f.load(c)
	if err != nil {
		return err
	}
	if f.index < 0 || f.index >= len(s.Trials) {
		return usage("--index: got %d, want 0 to %d, the trials of %s", f.index, len(s.Trials)-1, f.config)
	}
	if err := sweep.Claim(f.out, s); err != nil {
		return err
	}
	f.apply(a)
	t := sweep.Trial{Sweep: s, Index: f.index, Out: f.out, Log: a.log,
		Train: func(ctx context.Context, config configs.Config, o experiment.RunOptions) error {
			_, err := a.trainConfig(ctx, config, o, f.outputFlags)
			return err
		}}
	if !f.owned {
		return t.Run(c.Context())
	}
	ctx, cancel := sweep.WhileOwned(c.Context(), os.Stdin, signalError{syscall.SIGTERM})
	defer cancel(nil)
	return t.RunWhenFree(ctx)
}
