package datasets_test

import (
	"context"
	"fmt"
	"log"

	"github.com/maxgain/maxgain/datasets"
)

// Two classes of images of 2×2 pixels: dark on the left, and dark on the right.
func ExampleFromSlices() {
	data, err := datasets.FromSlices(context.Background(), datasets.Slices{
		H: 2, W: 2, C: 1,
		ClassNames: []string{"left", "right"},
		Train: datasets.Images{
			Floats: []float32{
				0, 1, 0, 1,
				0.5, 1, 0.5, 1,
				1, 0, 1, 0,
				1, 0.5, 1, 0.5,
			},
			Labels: []uint16{0, 0, 1, 1},
		},
	}, datasets.Options{Normalize: datasets.NormalizeMean})
	if err != nil {
		log.Fatal(err)
	}
	image := make([]float32, 4)
	data.Train.Fill(image, []int{1}, false)
	fmt.Println(data.Train.Len(), "images, the second a", data.ClassNames[data.Train.Labels[1]])
	fmt.Println("less the mean image:", image)

	// The recipe does the same to any other image.
	if err := data.Recipe.ApplyFloats(image, []float32{1, 1, 1, 1}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("a white image:", image)
	// Output:
	// 4 images, the second a left
	// less the mean image: [-0.125 0.375 -0.125 0.375]
	// a white image: [0.375 0.375 0.375 0.375]
}

func ExampleOpen() {
	data, err := datasets.Open(context.Background(), datasets.Options{Name: "digits", TrainCount: 100, ValCount: 20})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(data.Train.Len(), data.Val.Len(), data.Train.H, data.Train.W, data.Train.C, len(data.ClassNames))
	// Output: 100 20 28 28 1 10
}
