package datasets

import (
	"context"
	"fmt"
	"math"

	"github.com/maxgain/maxgain/datasets/internal/dense"
)

// CIFAR-10's preprocessing as MatConvNet does it (examples/cifar, cnn_cifar.m). "All" images are those of every split opened:
// MatConvNet's 60,000 when training is on the 50,000 and validation on the 10,000.
const (
	contrastFloor = 40 // least standard deviation an image is divided by
	whitenFloor   = 10 // least standard deviation a direction is divided by
)

// whitenVersion ends the name that a stored result is known by: it changes whenever the same images would come out otherwise.
// Levels of the processor that round otherwise have results of their own.
func whitenVersion() string {
	if dense.Fused() {
		return "-2"
	}
	return "-2-unfused"
}

// maxWhitened is the most values an image may have to be whitened: the work grows with the third power.
const maxWhitened = 8192

// whitenSplits sets the recipe's numbers and preprocesses every split, the first being the training images, or reads back
// what an earlier run has stored. name says whose images these are: the checksum of all their pixels.
func whitenSplits(ctx context.Context, r *Recipe, splits []*Split, name string, o Options) error {
	n := r.Size()
	if splits[0].values != nil {
		return fmt.Errorf("%w: normalize whiten is for images of bytes, and the values of these are not all whole numbers from 0 to 255: try standardize", ErrOptions)
	}
	if n < 2 || n > maxWhitened {
		return fmt.Errorf("%w: normalize whiten is for images of 2 to %d values, these have %d: try standardize, or a smaller size", ErrOptions, maxWhitened, n)
	}
	count := 0
	for _, s := range splits {
		count += s.Len()
	}
	// The whitened values, and the covariance, its parts and the filter.
	if err := room(4*float64(count)*float64(n)+16*float64(n)*float64(n), fmt.Sprintf("%d whitened images of %d values", count, n),
		"use fewer images, smaller ones (data.size), or data.normalize standardize"); err != nil {
		return err
	}
	r.Mean, r.Filter = make([]float32, n), make([]float32, n*n)
	for _, s := range splits {
		s.ready = make([]float32, s.Len()*n)
	}
	store := newStore(name, r, splits, o)
	if store.load() {
		return nil
	}
	if err := whiten(ctx, r, splits, o); err != nil {
		return fmt.Errorf("whiten: %w", err)
	}
	store.save()
	return nil
}

// whiten computes the recipe's numbers and ready of every split.
func whiten(ctx context.Context, r *Recipe, splits []*Split, o Options) error {
	r.Mean = meanImage(splits[0])
	total, n := 0, r.Size()
	r.Contrast = 0
	for _, s := range splits {
		total += s.Len()
		deviations := make([]float64, s.Len())
		dense.Each(s.Len(), func(i int) {
			z := s.ready[i*n : (i+1)*n]
			s.RawFloats(z, i)
			deviations[i] = centre(z, r.Mean)
		})
		for _, d := range deviations {
			r.Contrast += d
		}
	}
	r.Contrast /= float64(total)
	for _, s := range splits {
		dense.Each(s.Len(), func(i int) { scaleContrast(s.ready[i*n:(i+1)*n], r.Contrast) })
	}
	covariance, err := covariance(ctx, splits[0], total, o)
	if err != nil {
		return err
	}
	o.progress("whitening: eigenvectors", 0, 1)
	filter, err := zca(covariance)
	if err != nil {
		return err
	}
	r.Filter = filter.Data
	o.progress("whitening: eigenvectors", 1, 1)
	return apply(ctx, splits, filter, total, o)
}

// centre is step 1 and the first half of step 2: it subtracts the mean image and then the image's own mean from a raw
// image, and returns its standard deviation.
func centre(z, mean []float32) float64 {
	sum := 0.0
	for j, v := range z {
		z[j] = v - mean[j]
		sum += float64(z[j])
	}
	level := float32(sum / float64(len(z)))
	for j := range z {
		z[j] -= level
	}
	return deviation(z)
}

// deviation is the standard deviation of an image whose mean is 0.
func deviation(z []float32) float64 {
	squares := 0.0
	for _, v := range z {
		squares += float64(v) * float64(v)
	}
	return math.Sqrt(squares / float64(len(z)-1))
}

// scaleContrast is the second half of step 2: an image of mean 0 is scaled to the standard deviation contrast, save that
// an image of less than contrastFloor is scaled as if it had that.
func scaleContrast(z []float32, contrast float64) {
	scale := float32(contrast / max(deviation(z), contrastFloor))
	for j := range z {
		z[j] *= scale
	}
}

// covariance is Σ z·zᵀ / total over s's images, [n,n]. Runs of images are summed in float32, the runs in float64.
func covariance(ctx context.Context, s *Split, total int, o Options) (dense.Matrix[float64], error) {
	const run, rows = 1024, 512
	n := s.size()
	sum, part := dense.New[float64](n, n), dense.New[float32](n, n)
	for from := 0; from < s.Len(); from += run {
		if err := ctx.Err(); err != nil {
			return sum, err
		}
		o.progress("whitening: covariance", int64(from), int64(s.Len()))
		to := min(from+run, s.Len())
		z := dense.View(s.ready[from*n:to*n], to-from, n)
		clear(part.Data)
		for i := 0; i < n; i += rows { // the lower triangle, and a little more
			end := min(i+rows, n)
			dense.AddProduct(part.Part(i, end, 0, end), z.Part(0, z.Rows, i, end).T(), z.Part(0, z.Rows, 0, end))
		}
		dense.Each(n, func(i int) {
			for j := range i + 1 {
				sum.Data[i*n+j] += float64(part.Data[i*n+j])
			}
		})
	}
	for i := range n {
		for j := range i + 1 {
			v := sum.Data[i*n+j] / float64(total)
			sum.Data[i*n+j], sum.Data[j*n+i] = v, v
		}
	}
	o.progress("whitening: covariance", int64(s.Len()), int64(s.Len()))
	return sum, nil
}

// zca is the whitening matrix of step 3, V·diag(e/max(√d, 10))·Vᵀ with e = √mean(d), d and V the covariance's eigenvalues
// and vectors. As all directions below the floor share one factor f = e/10, it is f·I + Σ (e/√d − f)·v·vᵀ over those above:
// only these vectors are needed. The covariance is overwritten.
func zca(covariance dense.Matrix[float64]) (dense.Matrix[float32], error) {
	n := covariance.Rows
	trace := 0.0
	for i := range n {
		trace += covariance.At(i, i)
	}
	e := math.Sqrt(trace / float64(n))
	values, vectors, err := dense.EigenAbove(covariance, whitenFloor*whitenFloor)
	if err != nil {
		return dense.Matrix[float32]{}, err
	}
	scaled := dense.New[float64](vectors.Rows, n)
	for k, d := range values {
		factor := e/math.Sqrt(d) - e/whitenFloor
		for j := range n {
			scaled.Data[k*n+j] = factor * vectors.At(k, j)
		}
	}
	clear(covariance.Data)
	dense.AddProduct(covariance, scaled.T(), vectors)
	filter := dense.New[float32](n, n)
	for i := range n {
		for j := range n {
			filter.Data[i*n+j] = float32(covariance.At(i, j))
		}
		filter.Data[i*n+i] = float32(covariance.At(i, i) + e/whitenFloor)
	}
	return filter, nil
}

// apply multiplies every image by the filter, some at a time, in place.
func apply(ctx context.Context, splits []*Split, filter dense.Matrix[float32], total int, o Options) error {
	const run = 960
	n := filter.Rows
	buffer := make([]float32, run*n)
	done := 0
	for _, s := range splits {
		for from := 0; from < s.Len(); from += run {
			if err := ctx.Err(); err != nil {
				return err
			}
			o.progress("whitening: images", int64(done), int64(total))
			to := min(from+run, s.Len())
			multiply(s.ready[from*n:to*n], buffer[:(to-from)*n], filter)
			done += to - from
		}
	}
	o.progress("whitening: images", int64(total), int64(total))
	return nil
}

// multiply replaces images, one a row, by their product with the filter. The buffer is of the same length.
func multiply(z, buffer []float32, filter dense.Matrix[float32]) {
	n := filter.Rows
	clear(buffer)
	dense.AddProduct(dense.View(buffer, len(z)/n, n), dense.View(z, len(z)/n, n), filter)
	copy(z, buffer)
}
