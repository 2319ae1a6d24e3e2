package kernel

import (
	"fmt"
	"os"
	"strings"
)

// Level is the instruction set that the float32 kernels use. All levels compute the same sums in the
// same order; they differ in whether a product is rounded before it is added.
type Level int

// The levels, slowest first.
const (
	Generic Level = iota // plain Go
	AVX2                 // AVX2 and FMA
	AVX512               // AVX-512 F, DQ, BW and VL
)

// LevelVariable is the environment variable that forces a level.
const LevelVariable = "MAXGAIN_CPU"

var levelNames = map[string]Level{"generic": Generic, "avx2": AVX2, "avx512": AVX512}

func (l Level) String() string {
	for name, v := range levelNames {
		if v == l {
			return name
		}
	}
	return fmt.Sprintf("Level(%d)", int(l))
}

// level is what the kernels dispatch on and levelErr what was wrong with the level asked for; both are
// settled once, when the program starts.
var level, levelErr = chooseLevel(os.Getenv(LevelVariable), bestLevel())

// CPULevel is the level in use: the best that the machine has, or the one that $MAXGAIN_CPU names. The
// error says that this variable names no level, or one that the machine or the build does not have;
// the best level is in use then.
func CPULevel() (Level, error) { return level, levelErr }

func chooseLevel(name string, best Level) (Level, error) {
	if name == "" {
		return best, nil
	}
	l, known := levelNames[name]
	if !known {
		return best, fmt.Errorf("%s=%s: no such level, want one of %s", LevelVariable, name, levelList(AVX512))
	}
	if l > best {
		return best, fmt.Errorf("%s=%s: not available on this machine or in this build, which have %s",
			LevelVariable, name, levelList(best))
	}
	return l, nil
}

// levelList names the levels up to best.
func levelList(best Level) string {
	var names []string
	for l := Generic; l <= best; l++ {
		names = append(names, l.String())
	}
	return strings.Join(names, ", ")
}
