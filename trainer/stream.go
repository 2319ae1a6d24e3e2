package trainer

import "math/rand/v2"

// seedStream sets p to the start of the stream that belongs to a seed, a name and numbers (epoch,
// step): PCG of the seed and of the FNV-1a hash of the name's bytes and of each number's eight bytes,
// little-endian.
func seedStream(p *rand.PCG, seed uint64, name string, numbers ...int) {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * prime
	}
	for _, n := range numbers {
		for b := range 8 {
			h = (h ^ uint64(n)>>(8*b)&0xff) * prime
		}
	}
	p.Seed(seed, h)
}

// shuffle fills order with a permutation of its indices that depends on seed and epoch alone.
func shuffle(order []int, seed uint64, epoch int) {
	for i := range order {
		order[i] = i
	}
	var p rand.PCG
	seedStream(&p, seed, "shuffle", epoch)
	rand.New(&p).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
}

// flipBatch tosses the coin that decides whether a training batch is mirrored.
func flipBatch(seed uint64, epoch, step int) bool {
	var p rand.PCG
	seedStream(&p, seed, "flip", epoch, step)
	return p.Uint64()>>63 == 1
}
