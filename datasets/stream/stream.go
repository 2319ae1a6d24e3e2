// Package stream gives every use of random numbers a stream of its own: a PCG generator that is fixed by a seed, a name
// and numbers such as an epoch and a step. A new use takes a new name, so it never moves the numbers of another.
package stream

import "math/rand/v2"

// Parameters of the 64-bit Fowler-Noll-Vo hashes (http://www.isthe.com/chongo/tech/comp/fnv).
const (
	offset = 14695981039346656037
	prime  = 1099511628211
)

// Hash is the FNV-1a hash of the name's bytes and of each number's eight bytes, little-endian.
func Hash(name string, numbers ...int) uint64 {
	h := uint64(offset)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * prime
	}
	for _, n := range numbers {
		for b := range 8 {
			h = (h ^ uint64(n)>>(8*b)&0xff) * prime
		}
	}
	return h
}

// Seed sets p to the start of the stream of a seed, a name and numbers: PCG of the seed and of Hash(name, numbers…).
func Seed(p *rand.PCG, seed uint64, name string, numbers ...int) {
	p.Seed(seed, Hash(name, numbers...))
}

// New returns the stream of a seed, a name and numbers.
func New(seed uint64, name string, numbers ...int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, Hash(name, numbers...)))
}

// HashFNV1 is the FNV-1 hash of the name's bytes. It differs from FNV-1a in the order of multiplication and exclusive or.
// The streams that divide and draw data sets have always been named by it.
func HashFNV1(name string) uint64 {
	h := uint64(offset)
	for i := range len(name) {
		h = h*prime ^ uint64(name[i])
	}
	return h
}

// NewFNV1 returns the stream of a seed and a name as HashFNV1 hashes it.
func NewFNV1(seed uint64, name string) *rand.Rand {
	return rand.New(rand.NewPCG(seed, HashFNV1(name)))
}
