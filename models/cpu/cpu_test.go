package cpu

import (
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		name      string
		best      Level
		want      Level
		complaint string // part of the error
	}{
		{"", AVX512, AVX512, ""},
		{"", Generic, Generic, ""},
		{"generic", AVX512, Generic, ""},
		{"avx2", AVX512, AVX2, ""},
		{"avx2", AVX2, AVX2, ""},
		{"avx512", AVX2, AVX2, "MAXGAIN_CPU=avx512: not available on this machine or in this build, which have generic, avx2"},
		{"avx2", Generic, Generic, "MAXGAIN_CPU=avx2: not available"},
		{"sse9", AVX2, AVX2, "MAXGAIN_CPU=sse9: no such level, want one of generic, avx2, avx512"},
		{"AVX2", AVX2, AVX2, "no such level"},
	} {
		got, err := choose(c.name, c.best)
		if got != c.want {
			t.Errorf("%q on %v: level %v, want %v", c.name, c.best, got, c.want)
		}
		if (err == nil) != (c.complaint == "") || err != nil && !strings.Contains(err.Error(), c.complaint) {
			t.Errorf("%q on %v: error %v, want %q", c.name, c.best, err, c.complaint)
		}
	}
}
