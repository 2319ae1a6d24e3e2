package stream

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"testing"
)

// The hashes are those of hash/fnv, over the same bytes.
func TestHashesAgainstStandardLibrary(t *testing.T) {
	for _, c := range []struct {
		name    string
		numbers []int
	}{
		{"", nil}, {"init", nil}, {"shuffle", []int{3}}, {"flip", []int{1, 250}}, {"data/subset", []int{-1, 1 << 40}},
	} {
		a := fnv.New64a()
		a.Write([]byte(c.name))
		for _, n := range c.numbers {
			binary.Write(a, binary.LittleEndian, int64(n))
		}
		if got := Hash(c.name, c.numbers...); got != a.Sum64() {
			t.Errorf("Hash(%q, %v) = %x, want %x", c.name, c.numbers, got, a.Sum64())
		}
		one := fnv.New64()
		one.Write([]byte(c.name))
		if got := HashFNV1(c.name); got != one.Sum64() {
			t.Errorf("HashFNV1(%q) = %x, want %x", c.name, got, one.Sum64())
		}
	}
}

// A stream begins as PCG does with the seed and the hash, and depends on the seed, the name and every number.
func TestStreams(t *testing.T) {
	want := rand.NewPCG(7, Hash("augment", 2, 5)).Uint64()
	if got := New(7, "augment", 2, 5).Uint64(); got != want {
		t.Errorf("New begins with %x, want %x", got, want)
	}
	var p rand.PCG
	if Seed(&p, 7, "augment", 2, 5); p.Uint64() != want {
		t.Error("Seed begins otherwise than New")
	}
	if got, want := NewFNV1(7, "data/subset").Uint64(), rand.NewPCG(7, HashFNV1("data/subset")).Uint64(); got != want {
		t.Errorf("NewFNV1 begins with %x, want %x", got, want)
	}
	seen := map[uint64]string{want: "7 augment 2 5"}
	for name, first := range map[string]uint64{
		"8 augment 2 5": New(8, "augment", 2, 5).Uint64(), "7 augmen 2 5": New(7, "augmen", 2, 5).Uint64(),
		"7 augment 3 5": New(7, "augment", 3, 5).Uint64(), "7 augment 2 6": New(7, "augment", 2, 6).Uint64(),
		"7 augment 5 2": New(7, "augment", 5, 2).Uint64(), "7 augment": New(7, "augment").Uint64(),
		"FNV-1": NewFNV1(7, "augment").Uint64(),
	} {
		if other, found := seen[first]; found {
			t.Errorf("streams %q and %q begin alike", name, other)
		}
		seen[first] = name
	}
}

// First numbers of streams in use, kept so that no run of an earlier version changes its numbers.
func TestStreamsKeepTheirNumbers(t *testing.T) {
	for name, c := range map[string]struct{ got, want uint64 }{
		"init":        {New(1, "init").Uint64(), 0xac7388cc0e30a687},
		"shuffle":     {New(1, "shuffle", 1).Uint64(), 0xe4f9e7ccf25d191c},
		"data/subset": {NewFNV1(1, "data/subset").Uint64(), 0xc4e128f23679c88c},
	} {
		if c.got != c.want {
			t.Errorf("stream %q begins with %#x, want %#x", name, c.got, c.want)
		}
	}
}
