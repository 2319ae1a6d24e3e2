// Package cpu says which instruction set the float32 kernels use, and reads the environment variable that forces one.
package cpu

import (
	"fmt"
	"os"
	"strings"
)

// Level is an instruction set that kernels are written for. All levels compute the same sums in the
// same order; they differ in whether a product is rounded before it is added.
type Level int

// The levels, slowest first.
const (
	Generic Level = iota // plain Go
	AVX2                 // AVX2 and FMA
	AVX512               // AVX-512 F, DQ, BW and VL
)

// Variable is the environment variable that forces a level.
const Variable = "MAXGAIN_CPU"

var names = map[string]Level{"generic": Generic, "avx2": AVX2, "avx512": AVX512}

func (l Level) String() string {
	for name, v := range names {
		if v == l {
			return name
		}
	}
	return fmt.Sprintf("Level(%d)", int(l))
}

// current is settled once, when the program starts.
var current, currentErr = choose(os.Getenv(Variable), Best())

// Current is the level to use: the best that the machine has, or the one that $MAXGAIN_CPU names. The
// error says that this variable names no level, or one that the machine or the build does not have;
// the best level is to be used then.
func Current() (Level, error) { return current, currentErr }

func choose(name string, best Level) (Level, error) {
	if name == "" {
		return best, nil
	}
	l, known := names[name]
	if !known {
		return best, fmt.Errorf("%s=%s: no such level, want one of %s", Variable, name, list(AVX512))
	}
	if l > best {
		return best, fmt.Errorf("%s=%s: not available on this machine or in this build, which have %s",
			Variable, name, list(best))
	}
	return l, nil
}

// list names the levels up to best.
func list(best Level) string {
	var levels []string
	for l := Generic; l <= best; l++ {
		levels = append(levels, l.String())
	}
	return strings.Join(levels, ", ")
}
