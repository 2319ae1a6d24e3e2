package datasets

import (
	"fmt"
	"math"

	"github.com/maxgain/maxgain/datasets/internal/dense"
)

// Ways to preprocess images, the values of Options.Normalize and Recipe.Normalize.
const (
	NormalizeMean        = "mean"        // less the training images' mean image
	NormalizeStandardize = "standardize" // each channel less its mean and divided by its standard deviation
	NormalizeWhiten      = "whiten"      // CIFAR-10's contrast normalisation and ZCA whitening, as MatConvNet does it
	NormalizeNone        = "none"        // values as they are
)

// Normalizations lists the ways to preprocess images.
func Normalizations() []string {
	return []string{NormalizeMean, NormalizeStandardize, NormalizeWhiten, NormalizeNone}
}

// Recipe says how raw images become what a net takes, and what the net's classes are called. Its numbers come from training
// images; Apply repeats on any other images what was done to these, to the same bits. With n = H·W·C, x a raw image
// and y what the net takes:
//
//	mean         y = x − Mean
//	standardize  y = (x − Mean[c]) / Deviation[c] in channel c
//	whiten       z = x − Mean; z = z − mean(z); z = z · Contrast / max(deviation(z), 40); y = z·Filter
//	none         y = x
//
// where deviation(z) is the standard deviation √(Σ z² / (n−1)).
type Recipe struct {
	Data       string   // name of the data it comes from
	ClassNames []string // in the order of the labels and of a net's logits
	H, W, C    int      // of an image
	Colour     string   // how pictures become raw images: rgb or grey; "" where C is neither 3 nor 1
	Fit        string   // how pictures of another size or shape become H×W: crop, stretch or pad
	Normalize  string   // mean, standardize, whiten or none
	// Divisor turns a picture's bytes into raw values: 1 for data of bytes, 255 for data whose values are from 0 to 1.
	// It is 0 for data of any other values, which no picture can be made like.
	Divisor   float32
	Mean      []float32 // mean and whiten: [H,W,C]; standardize: [C]
	Deviation []float32 // standardize: [C], none of them 0
	Contrast  float64   // whiten: standard deviation that images are scaled to
	Filter    []float32 // whiten: [n,n], row after row
}

// Size is the number of values in an image.
func (r *Recipe) Size() int { return r.H * r.W * r.C }

// Apply preprocesses pictures' pixels, [N,H,W,C] bytes, into dst of the same shape. Images do not depend on each other,
// so that a stream of them may be cut anywhere.
func (r *Recipe) Apply(dst []float32, pixels []byte) error {
	if len(pixels) != len(dst) || len(dst)%r.Size() != 0 {
		return fmt.Errorf("preprocess: %d bytes into %d values, want as many, in images of %d×%d×%d", len(pixels), len(dst), r.H, r.W, r.C)
	}
	if r.Divisor == 0 {
		return fmt.Errorf("%w: preprocess: the training images of %s are not pictures: their values are neither bytes nor from 0 to 1", ErrOptions, r.Data)
	}
	for i, v := range pixels {
		dst[i] = float32(v)
	}
	if r.Divisor != 1 {
		for i := range dst {
			dst[i] /= r.Divisor
		}
	}
	r.apply(dst)
	return nil
}

// ApplyFloats is Apply for raw values of the data's own kind.
func (r *Recipe) ApplyFloats(dst, values []float32) error {
	if len(values) != len(dst) || len(dst)%r.Size() != 0 {
		return fmt.Errorf("preprocess: %d values into %d, want as many, in images of %d×%d×%d", len(values), len(dst), r.H, r.W, r.C)
	}
	copy(dst, values)
	r.apply(dst)
	return nil
}

// apply preprocesses raw images, [N,H,W,C], in place.
func (r *Recipe) apply(x []float32) {
	if r.Normalize == NormalizeWhiten {
		r.whiten(x)
		return
	}
	for n := r.Size(); len(x) > 0; x = x[n:] {
		r.point(x[:n])
	}
}

// point preprocesses one raw image, [H,W,C], in place, value by value. It does nothing for whiten.
func (r *Recipe) point(x []float32) {
	switch r.Normalize {
	case NormalizeMean:
		mean := r.Mean[:len(x)]
		for j := range x {
			x[j] -= mean[j]
		}
	case NormalizeStandardize:
		channels := len(r.Mean)
		for j := 0; j < len(x); j += channels {
			for c, v := range x[j : j+channels] {
				x[j+c] = (v - r.Mean[c]) / r.Deviation[c]
			}
		}
	}
}

// whiten preprocesses raw images in place, some at a time.
func (r *Recipe) whiten(x []float32) {
	const run = 256
	n := r.Size()
	filter := dense.View(r.Filter, n, n)
	buffer := make([]float32, min(len(x), run*n))
	for len(x) > 0 {
		part := x[:min(len(x), run*n)]
		dense.Each(len(part)/n, func(i int) {
			z := part[i*n : (i+1)*n]
			centre(z, r.Mean)
			scaleContrast(z, r.Contrast)
		})
		multiply(part, buffer[:len(part)], filter)
		x = x[len(part):]
	}
}

// fitRecipe sets the numbers of a mean or standardize recipe from the training images.
func (r *Recipe) fit(train *Split) {
	switch r.Normalize {
	case NormalizeMean:
		r.Mean = meanImage(train)
	case NormalizeStandardize:
		r.Mean, r.Deviation = channelMoments(train)
	}
}

// meanImage returns the mean of s's images, [H,W,C].
func meanImage(s *Split) []float32 {
	n := s.size()
	mean := make([]float32, n)
	if s.values != nil {
		sum := make([]float64, n)
		for i := range s.Len() {
			for j, v := range s.values[i*n : (i+1)*n] {
				sum[j] += float64(v)
			}
		}
		for j, v := range sum {
			mean[j] = float32(v / float64(s.Len()))
		}
		return mean
	}
	sum := make([]uint64, n)
	for i := range s.Len() {
		for j, v := range s.Raw(i) {
			sum[j] += uint64(v)
		}
	}
	for j, v := range sum {
		mean[j] = float32(float64(v) / float64(s.Len()))
	}
	return mean
}

// channelMoments returns each channel's mean and standard deviation over all of s's images; the deviation is 1 where a
// channel has one value throughout.
func channelMoments(s *Split) (mean, deviation []float32) {
	total := float64(s.Len() * s.H * s.W)
	mean, deviation = make([]float32, s.C), make([]float32, s.C)
	for c := range s.C {
		// Counts of the 256 bytes say all; floats are summed twice.
		var counts [256]int
		for j := c; j < len(s.pixels); j += s.C {
			counts[s.pixels[j]]++
		}
		sum := 0.0
		for v, n := range counts {
			sum += float64(v) * float64(n)
		}
		for j := c; j < len(s.values); j += s.C {
			sum += float64(s.values[j])
		}
		m, squares := sum/total, 0.0
		for v, n := range counts {
			squares += (float64(v) - m) * (float64(v) - m) * float64(n)
		}
		for j := c; j < len(s.values); j += s.C {
			d := float64(s.values[j]) - m
			squares += d * d
		}
		mean[c], deviation[c] = float32(m), float32(math.Sqrt(squares/total))
		if deviation[c] == 0 {
			deviation[c] = 1
		}
	}
	return mean, deviation
}

// divisorOf is the Divisor of a dataset's raw values.
func divisorOf(splits []*Split) float32 {
	if splits[0].values == nil {
		return 1
	}
	for _, s := range splits {
		for _, v := range s.values {
			if v < 0 || v > 1 {
				return 0
			}
		}
	}
	return 255
}
