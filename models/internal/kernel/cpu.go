package kernel

import "github.com/maxgain/maxgain/models/cpu"

// Level is the instruction set that the float32 kernels use.
type Level = cpu.Level

// The levels, slowest first.
const (
	Generic = cpu.Generic
	AVX2    = cpu.AVX2
	AVX512  = cpu.AVX512
)

// level is what the kernels dispatch on, and levelErr what is wrong with the level asked for.
var level, levelErr = cpu.Current()

// CPULevel is the level in use, and what is wrong with the level asked for: cpu.Current.
func CPULevel() (Level, error) { return level, levelErr }
