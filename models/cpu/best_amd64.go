//go:build !noasm

package cpu

import syscpu "golang.org/x/sys/cpu"

// Best is the fastest level that this machine, its operating system and this build support.
func Best() Level {
	x := syscpu.X86
	switch {
	case x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL:
		return AVX512
	case x.HasAVX2 && x.HasFMA:
		return AVX2
	}
	return Generic
}
