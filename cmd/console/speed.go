package console

import (
	"fmt"
	"io"

	"github.com/maxgain/maxgain/cmd/experiment"
)

// PrintSpeed writes how fast a net is trained.
func PrintSpeed(w io.Writer, r experiment.Speed) {
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
