package diagnostics

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/maxgain/maxgain/models"
)

// populationCount is how many images the population probe takes: as many as a training step has.
const populationCount = 100

// noiseSeed fixes the noise images for good, so that curves of different runs can be laid side by side.
const noiseSeed = 0x6761696e

// ImageSource gives out preprocessed training images. *datasets.Split is one.
type ImageSource interface {
	Len() int
	// Fill writes the images of the given indices to dst [len(index),H,W,C].
	Fill(dst []float32, index []int, flip bool)
}

// Sample is a few training images to look at.
type Sample struct {
	Images []float32 // [n,H,W,C], preprocessed as in training
	Labels []uint16  // [n], as trained on
}

// TrainingImages returns up to 100 of the source's images and their labels [source.Len()], evenly spread: every
// ⌊N/100⌋-th from the first.
func TrainingImages(source ImageSource, labels []uint16, shape models.Shape) (Sample, error) {
	total := source.Len()
	if total == 0 || len(labels) != total {
		return Sample{}, fmt.Errorf("sample of the training images: there are %d images and %d labels", total, len(labels))
	}
	index := make([]int, min(total, populationCount))
	s := Sample{Images: make([]float32, len(index)*shape.Len()), Labels: make([]uint16, len(index))}
	for i := range index {
		index[i] = i * max(total/populationCount, 1)
		s.Labels[i] = labels[index[i]]
	}
	source.Fill(s.Images, index, false)
	return s, nil
}

// NoiseImages returns Gaussian noise of mean 0 in the shape of the given images and with the standard deviation of
// their values, always from one fixed seed.
func NoiseImages(like []float32) []float32 {
	mean, square := 0.0, 0.0
	for _, v := range like {
		mean += float64(v) / float64(len(like))
	}
	for _, v := range like {
		square += (float64(v) - mean) * (float64(v) - mean) / float64(len(like))
	}
	random := rand.New(rand.NewPCG(noiseSeed, 0))
	images := make([]float32, len(like))
	for i := range images {
		images[i] = float32(math.Sqrt(square) * random.NormFloat64())
	}
	return images
}
