package main

import (
	"github.com/maxgain/maxgain/cmd/console"
	"github.com/maxgain/maxgain/cmd/experiment"
	"github.com/spf13/cobra"
)

// benchFlags are the flags of "train bench".
type benchFlags struct {
	configFlags
	outputFlags
	seconds float64
}

// newBench is "train bench".
func newBench(a *app) *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use:     "bench --config FILE",
		Short:   "Measure this machine's speed on a config's net, layer by layer, with synthetic images",
		Example: `  train bench --config lenet_mnist.yaml`,
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.bench(c, f) },
	}
	f.configFlags.add(c)
	f.outputFlags.add(c)
	c.Flags().Float64Var(&f.seconds, "seconds", 15, "how long to measure, about")
	return c
}

func (a *app) bench(c *cobra.Command, f benchFlags) error {
	f.apply(a)
	config, err := f.load(c)
	if err != nil {
		return err
	}
	if !(f.seconds > 0 && f.seconds <= 3600) {
		return usage("--seconds: got %v, want a number > 0 and at most 3600", f.seconds)
	}
	r, err := experiment.Bench(c.Context(), config, f.seconds)
	if err != nil {
		return err
	}
	if f.json {
		return console.WriteJSON(a.stdout, r)
	}
	console.PrintSpeed(a.stdout, r)
	return nil
}
