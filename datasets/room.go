package datasets

import (
	"fmt"

	"github.com/maxgain/maxgain/models/memory"
)

// availableMemory is memory.Available; tests replace it.
var availableMemory = memory.Available

// room refuses to take so many bytes for what when there is no room for them.
func room(need float64, what string, remedy string) error {
	free, known := availableMemory()
	if !known || need <= float64(free) {
		return nil
	}
	return fmt.Errorf("%w: %s take %s of memory, and %s are available: %s", ErrTooLarge, what, gigabytes(need), gigabytes(float64(free)), remedy)
}

func gigabytes(n float64) string { return fmt.Sprintf("%.1f GB", n/1e9) }

// trainingCopies is how many bytes of memory a byte of images takes in all while it is loaded and divided.
const trainingCopies = 2

// imagesRoom is room for count images of size values, before they are read and divided.
func imagesRoom(count, size, valueBytes int) error {
	return room(trainingCopies*float64(count)*float64(size)*float64(valueBytes), fmt.Sprintf("%d images of %d values", count, size),
		"use fewer images, or smaller ones (data.size)")
}
