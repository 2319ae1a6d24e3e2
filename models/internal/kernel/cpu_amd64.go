//go:build !noasm

package kernel

import "golang.org/x/sys/cpu"

// bestLevel is the fastest level that this machine and its operating system support.
func bestLevel() Level {
	x := cpu.X86
	switch {
	case x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL:
		return AVX512
	case x.HasAVX2 && x.HasFMA:
		return AVX2
	}
	return Generic
}
