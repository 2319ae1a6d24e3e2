//go:build unix

package kernel

import (
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// fenced copies v to memory between two pages that may not be touched: right before the upper one, or right
// after the lower one.
func fenced(t *testing.T, v []float32, low bool) []float32 {
	t.Helper()
	if len(v) == 0 {
		return v
	}
	page := os.Getpagesize()
	size := (4*len(v) + page - 1) / page * page
	mem, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(mem); err != nil {
			t.Error(err)
		}
	})
	for _, fence := range [][]byte{mem[:page], mem[page+size:]} {
		if err := syscall.Mprotect(fence, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	at := page
	if !low {
		at = page + size - 4*len(v)
	}
	f := unsafe.Slice((*float32)(unsafe.Pointer(&mem[at])), len(v))
	copy(f, v)
	return f
}

// TestNothingIsReadPastABuffer would die of a fault.
func TestNothingIsReadPastABuffer(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for _, low := range []bool{false, true} {
			alloc := func(v []float32) []float32 { return fenced(t, v, low) }
			for i, sc := range stripCases() {
				if i%5 == 0 || sc.m < 4 {
					sc.check(t, alloc)
				}
			}
			for _, p := range poolCases() {
				fencedPool(p.in, p.win, alloc)
			}
			for n := range 34 {
				fencedElements(n, alloc)
			}
		}
	})
}

func fencedPool(in Shape, win Window, alloc func([]float32) []float32) {
	rng := rand.New(rand.NewPCG(9, 9))
	out := win.OutH(in.H) * win.OutW(in.W) * in.C
	x, y := alloc(randoms(rng, in.Len())), alloc(make([]float32, out))
	winner := unsafe.Slice((*uint8)(unsafe.Pointer(&alloc(make([]float32, (out+3)/4))[0])), (out+3)/4*4)
	winner = winner[len(winner)-out:]
	maxPool32(in, win, x, y, winner)
	maxPoolGrad32(in, win, y, winner, x)
	avgPool32(in, win, x, y)
	avgPoolGrad32(in, win, y, x)
}

func fencedElements(n int, alloc func([]float32) []float32) {
	a, b, c := alloc(make([]float32, n)), alloc(make([]float32, n)), alloc(make([]float32, n))
	relu32(a, b)
	reluGrad32(a, b, c)
	add32(a, b)
	sgd32(a, b, c, 1, 1, 1)
	addColumns(alloc(make([]float32, 3*n)), a)
	if n > 0 {
		out := alloc(make([]float32, packedLen(9, n)))
		packPanels(out, 9, n, 0, 9, alloc(make([]float32, 9*n)), 1, 9)
		packPanels(out, 9, n, 0, 9, alloc(make([]float32, 9*n)), n, 1)
	}
}
