//go:build noasm || !amd64

package kernel

// winogradPassesFor is what the present level has to offer.
func winogradPassesFor() *winogradLevel { return winogradGeneric }
