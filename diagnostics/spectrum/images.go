package spectrum

import (
	"fmt"
	"math"
)

// Impulse returns a discrete Dirac delta as an image [h,w,c]: value at (row, col) of every channel, 0 elsewhere.
// Its own spectrum has the same amplitude at all frequencies. Stamatescu & McDonnell (2018), section III-B.
func Impulse(h, w, c int, value float64, row, col int) ([]float64, error) {
	if h < 1 || w < 1 || c < 1 {
		return nil, fmt.Errorf("spectrum: impulse image %d×%d×%d: every side must be at least 1", h, w, c)
	}
	if row < 0 || row >= h || col < 0 || col >= w {
		return nil, fmt.Errorf("spectrum: impulse at (%d,%d) lies outside the %d×%d image", row, col, h, w)
	}
	image := make([]float64, h*w*c)
	pixel := image[(row*w+col)*c:][:c]
	for k := range pixel {
		pixel[k] = value
	}
	return image, nil
}

// Hann returns the symmetric Hann window w(i) = ½(1 − cos(2πi/(n−1))), i = 0 … n−1, which is 0 at both ends.
// A window of one sample is 1; of none, empty. Harris (1978), doi 10.1109/PROC.1978.10837.
func Hann(n int) []float64 {
	window := make([]float64, max(n, 0))
	if n == 1 {
		window[0] = 1
	}
	for i := 0; n > 1 && i < (n+1)/2; i++ {
		v := 0.5 * (1 - math.Cos(2*math.Pi*float64(i)/float64(n-1)))
		window[i], window[n-1-i] = v, v
	}
	return window
}
