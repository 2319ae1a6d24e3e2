package judged

import (
	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/trainer/rundir"
)

// Plane is a frequency response or data derivative and its epoch.
type Plane struct {
	Epoch int
	spectrum.Plane
}

// PlaneOf is a plane as a run's folder holds it.
func PlaneOf(p rundir.Plane) Plane {
	return Plane{Epoch: p.Epoch, Plane: spectrum.Plane{H: p.H, W: p.W, Channels: p.Channels}}
}
