package toy

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/dsp/fourier"
)

// Scene returns a made-up natural image [h,w] with values 0 to 255, the same for the same seed. Its ground is noise
// whose amplitude falls as 1/f, as that of photographs does (Field 1987, doi 10.1364/JOSAA.4.002379), under a sloping
// light; before it stand shapes with edges that hide one another: discs and bars.
func Scene(h, w int, seed uint64) ([]float64, error) {
	if h < 2 || w < 2 {
		return nil, fmt.Errorf("toy: a scene of %d×%d: both sides must be at least 2", h, w)
	}
	random := rand.New(rand.NewPCG(seed, 0x7363656e65)) // "scene"
	image := pinkNoise(h, w, random)
	for i := range image {
		image[i] = 120 + 26*image[i] + 30*(0.5-float64(i/w)/float64(h))
	}
	drawShapes(image, h, w, random)
	for i, v := range image {
		image[i] = math.Round(min(max(v, 0), 255))
	}
	return image, nil
}

// MeanSubtracted is the image less its mean.
func MeanSubtracted(image []float64) []float64 {
	mean := 0.0
	for _, v := range image {
		mean += v / float64(len(image))
	}
	out := make([]float64, len(image))
	for i, v := range image {
		out[i] = v - mean
	}
	return out
}

// pinkNoise is Gaussian noise [h,w] with amplitude 1/f, mean 0 and standard deviation 1: white noise, transformed,
// weighted and transformed back along both axes.
func pinkNoise(h, w int, random *rand.Rand) []float64 {
	grid := make([]complex128, h*w)
	for i := range grid {
		grid[i] = complex(random.NormFloat64(), 0)
	}
	transform(grid, h, w, (*fourier.CmplxFFT).Coefficients)
	for i := range grid {
		u, v := i/w, i%w
		fu, fv := float64(min(u, h-u))/float64(h), float64(min(v, w-v))/float64(w)
		if f := math.Hypot(fu, fv); f > 0 {
			grid[i] /= complex(f, 0)
		} else {
			grid[i] = 0
		}
	}
	transform(grid, h, w, (*fourier.CmplxFFT).Sequence)
	out, square := make([]float64, h*w), 0.0
	for i, z := range grid {
		out[i] = real(z)
		square += out[i] * out[i] / float64(h*w)
	}
	for i := range out {
		out[i] /= math.Sqrt(square)
	}
	return out
}

// transform applies a one-dimensional transform to the rows of grid [h,w] and then to its columns.
func transform(grid []complex128, h, w int, along func(*fourier.CmplxFFT, []complex128, []complex128) []complex128) {
	row, column, line := fourier.NewCmplxFFT(w), fourier.NewCmplxFFT(h), make([]complex128, h)
	for r := range h {
		along(row, grid[r*w:][:w], grid[r*w:][:w])
	}
	for c := range w {
		for r := range h {
			line[r] = grid[r*w+c]
		}
		along(column, line, line)
		for r := range h {
			grid[r*w+c] = line[r]
		}
	}
}

// shapes is how many objects stand in a scene.
const shapes = 12

// drawShapes puts discs and bars of their own brightness before the ground, the last one in front. Their brightness
// keeps a third of the ground's texture, and their edges are one pixel soft, as a lens leaves them.
func drawShapes(image []float64, h, w int, random *rand.Rand) {
	side := float64(min(h, w))
	for k := range shapes {
		row, col := random.Float64()*float64(h), random.Float64()*float64(w)
		size := side * (0.05 + 0.15*random.Float64())
		length := size * (1 + 3*random.Float64())
		angle, light := math.Pi*random.Float64(), 30+200*random.Float64()
		sin, cos := math.Sincos(angle)
		for i, v := range image {
			dr, dc := float64(i/w)-row, float64(i%w)-col
			depth := size - math.Hypot(dr, dc) // pixels inside the edge of a disc
			if k%2 == 1 {
				depth = min(length-math.Abs(cos*dc+sin*dr), size/3-math.Abs(cos*dr-sin*dc))
			}
			cover := min(max(depth+0.5, 0), 1)
			image[i] = v + cover*(light+(v-120)/3-v)
		}
	}
}
