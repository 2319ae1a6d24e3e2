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

// TrainingImages returns up to 100 images [n,H,W,C], evenly spread over the source: every ⌊N/100⌋-th from the first.
func TrainingImages(source ImageSource, shape models.Shape) ([]float32, error) {
	total := source.Len()
	if total == 0 {
		return nil, fmt.Errorf("population images: the training set is empty")
	}
	index := make([]int, min(total, populationCount))
	for i := range index {
		index[i] = i * max(total/populationCount, 1)
	}
	images := make([]float32, len(index)*shape.H*shape.W*shape.C)
	source.Fill(images, index, false)
	return images, nil
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
