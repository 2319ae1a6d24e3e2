package main

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/diagnostics/toy"
	"github.com/maxgain/maxgain/models"
	"github.com/spf13/cobra"
)

// errSelftest is returned when a check of "train selftest" fails.
var errSelftest = errors.New("self-test failed: results on this machine cannot be trusted; please report it with the table above")

// newSelftest is "train selftest".
func newSelftest(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "selftest",
		Short: "Check on this machine that gradients, spectra and repeatability are what theory says",
		Args:  noArgs,
		RunE:  func(*cobra.Command, []string) error { return a.selftest(checks()) },
	}
}

// check is one line of the self-test: a figure that must stay below a limit.
type check struct {
	name  string
	limit float64
	unit  string
	run   func() (float64, error)
}

func (a *app) selftest(checks []check) error {
	level, err := models.CPULevel()
	if err != nil {
		return usage("%w", err)
	}
	fmt.Fprintf(a.stdout, "CPU level %s\n%-58s %12s %12s\n", level, "check", "found", "limit")
	failed := false
	for _, c := range checks {
		found, err := c.run()
		if err != nil {
			return fmt.Errorf("self-test: %s: %w", c.name, err)
		}
		verdict := "pass"
		if !(found <= c.limit) {
			verdict, failed = "FAIL", true
		}
		fmt.Fprintf(a.stdout, "%-58s %12.3g %12.3g %-3s %s\n", c.name, found, c.limit, c.unit, verdict)
	}
	if failed {
		return errSelftest
	}
	return nil
}

// checks lists the self-test.
func checks() []check {
	list := []check{
		{"toy net: spectrum against the Gaussian's closed form", 0.1, "dB", toyError},
		{"spectrum: energy by Parseval's theorem, relative", 1e-12, "", parsevalError},
	}
	for _, name := range []string{"lenet-mnist", "lenet-cifar10-half", "nin-cifar10-narrow", "resnet20-cifar10"} {
		spec, err := models.Lookup(name)
		list = append(list,
			check{name + ": gradient against finite differences", 1e-4, "", func() (float64, error) {
				if err != nil {
					return 0, err
				}
				return models.GradientError(spec, 2)
			}},
			check{name + ": weights that differ on 1, 2 and 4 workers", 0, "", func() (float64, error) {
				n, err := models.WorkerDifference(spec)
				return float64(n), err
			}})
	}
	return list
}

// toyError is the largest difference, in dB, of the toy net's response at one active unit from theory.
func toyError() (float64, error) {
	const h, w = 96, 96
	net := toy.Default()
	x := make([]float64, h*w)
	for i := range x {
		x[i] = 1 // every unit inside is active
	}
	p, err := toy.UnitProjection(h, w, h/2, w/2)
	if err != nil {
		return 0, err
	}
	d, err := net.Derivative(x, p, h, w)
	if err != nil {
		return 0, err
	}
	s, err := toy.Response(d, h, w, spectrum.None)
	if err != nil {
		return 0, err
	}
	return toy.Compare(s.DB(), net.ClosedForm(h, w), net.FloorDB()).Worst, nil
}

// parsevalError is the relative difference between the energy of an image and of its spectrum, Σ|D|²/HW.
func parsevalError() (float64, error) {
	const h, w, c = 28, 31, 3
	r := rand.New(rand.NewPCG(1, 1))
	d, energy := make([]float64, h*w*c), 0.0
	for i := range d {
		d[i] = r.NormFloat64()
		energy += d[i] * d[i]
	}
	s, err := spectrum.Response(d, h, w, c, spectrum.None)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, db := range s.DB() {
		sum += math.Pow(10, db/10)
	}
	return math.Abs(sum/(h*w)-energy) / energy, nil
}
