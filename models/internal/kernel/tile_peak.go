package kernel

import (
	"sync"
	"time"
)

const (
	peakTrials = 50
	peakRounds = 200_000 // at each trial: 0.4 ms of multiply-adds, as many milliseconds in plain Go
)

// PeakGFLOPS measures the most float32 multiplications and additions, in 10⁹ a second, that workers threads
// together can do at the present level: independent chains of fused multiply-adds in registers (plain Go's
// loop at the generic level). It is the best of many short trials, as other work on the machine can only make
// it less.
func PeakGFLOPS(workers int) float64 {
	best := 0.0
	for range peakTrials {
		var wg sync.WaitGroup
		ops := make([]int, workers)
		start := time.Now()
		for i := range workers {
			wg.Go(func() {
				ops[i] = peakRounds * peakRound(peakRounds)
			})
		}
		wg.Wait()
		total := 0
		for _, n := range ops {
			total += n
		}
		best = max(best, float64(total)/time.Since(start).Seconds()/1e9)
	}
	return best
}

// peakGeneric is the loop of bare multiply-adds in plain Go; it returns the operations in a round.
func peakGeneric(n int) int {
	var a, b, c, d, e, f, g, h float32
	x := float32(n)
	for range n {
		a += float32(a * x)
		b += float32(b * x)
		c += float32(c * x)
		d += float32(d * x)
		e += float32(e * x)
		f += float32(f * x)
		g += float32(g * x)
		h += float32(h * x)
	}
	if a+b+c+d+e+f+g+h != 0 {
		return 0 // never: the sums stay zero; they are looked at so that the loop is kept
	}
	return 16
}
