package main

import (
	"fmt"
	"io"

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
		return writeJSON(a.stdout, r)
	}
	printBench(a.stdout, r)
	return nil
}

func printBench(w io.Writer, r experiment.Speed) {
	fmt.Fprintf(w, "%s, batch %d, %d workers, CPU level %s, %s\n\n", r.Model, r.Batch, r.Workers, r.CPU, r.Go)
	fmt.Fprintf(w, "training step   %9.0f images/s   %6.1f GFLOP/s, %3.0f %% of the peak of %.0f\n",
		r.TrainPerSecond, r.TrainGFLOPS, 100*r.TrainGFLOPS/r.PeakGFLOPS, r.PeakGFLOPS)
	fmt.Fprintf(w, "forward pass    %9.0f images/s\n", r.ForwardRate)
	fmt.Fprintf(w, "gain            %9.1f ms a measurement", 1e3*r.GainSeconds)
	if r.GainShare > 0 {
		fmt.Fprintf(w, ", %.2f %% of an epoch of %d images", 100*r.GainShare, r.EpochImages)
	}
	fmt.Fprintf(w, "\n\n%-8s %-17s %9s %9s %9s\n", "layer", "direction", "ms", "GFLOP/s", "of peak")
	for _, l := range r.Layers {
		for _, d := range l.Direction {
			fmt.Fprintf(w, "%-8s %-17s %9.2f %9.1f %7.0f %%\n", l.Name, d.Name, d.Millis, d.GFLOPS, 100*d.Share)
		}
	}
	fmt.Fprintln(w, "\nGFLOP/s count the operations of the direct form; a share over 100 % means that fewer are done.")
}
