package trainer

import (
	"math/rand/v2"

	"github.com/maxgain/maxgain/datasets/stream"
)

// shuffle fills order with a permutation of its indices that depends on seed and epoch alone.
func shuffle(order []int, seed uint64, epoch int) {
	for i := range order {
		order[i] = i
	}
	var p rand.PCG
	stream.Seed(&p, seed, "shuffle", epoch)
	rand.New(&p).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
}

// flipBatch tosses the coin that decides whether a training batch is mirrored.
func flipBatch(seed uint64, epoch, step int) bool {
	var p rand.PCG
	stream.Seed(&p, seed, "flip", epoch, step)
	return p.Uint64()>>63 == 1
}
