//go:build noasm || !amd64

package cpu

// Best is Generic: this build has no assembly.
func Best() Level { return Generic }
