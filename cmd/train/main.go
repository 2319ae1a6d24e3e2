// Command train trains convolutional nets and judges, from their spectral response alone, whether the
// training goes well. "train --help" says how to use it.
package main

import (
	"context"
	"os"
)

func main() {
	ctx, stop := withSignals(context.Background(), os.Stderr)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
