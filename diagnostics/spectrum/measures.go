package spectrum

import "math"

// decibelsPerDoubling is 20·log10(2): what doubling an amplitude adds.
var decibelsPerDoubling = 20 * math.Log10(2)

// Gain is the Maximum Gain of a spectrum: the largest amplitude of each channel in dB.
type Gain struct {
	ChannelsDB []float64 // max over (u,v) of 20·log10|D(k,u,v)|; −Inf where the derivative is 0 everywhere
	MeanDB     float64   // mean of the channels' dB values; −Inf if one of them is
	PeakU      int       // row frequency of the largest amplitude of all channels, the first one in [C,H,W] order
	PeakV      int       // its column frequency
}

// decibels turns a stored power into dB.
func (s *Spectrum) decibels(power float64) float64 {
	return 10*math.Log10(power) + float64(s.exponent)*decibelsPerDoubling
}

// DB returns the amplitude spectrum 20·log10|D(k,u,v)| as [C,H,W], in dB. Frequencies of amplitude 0 are −Inf.
func (s *Spectrum) DB() []float64 {
	out := make([]float64, len(s.power))
	for i, p := range s.power {
		out[i] = s.decibels(p)
	}
	return out
}

// MaximumGain returns the Maximum Gain of each channel, their mean and the peak's place. A spectrum of NaN has a
// gain of NaN at (0,0).
func (s *Spectrum) MaximumGain() Gain {
	g := Gain{ChannelsDB: make([]float64, s.C)}
	plane, top := s.H*s.W, math.Inf(-1)
	for k := range s.C {
		best, at := math.Inf(-1), 0
		for i, p := range s.power[k*plane:][:plane] {
			if p > best || math.IsNaN(p) {
				best, at = p, i
			}
			if math.IsNaN(p) {
				at = 0
				break
			}
		}
		g.ChannelsDB[k] = s.decibels(best)
		g.MeanDB += g.ChannelsDB[k] / float64(s.C)
		if best > top {
			top, g.PeakU, g.PeakV = best, at/s.W, at%s.W
		}
	}
	return g
}

// LowShare returns the share of the spectrum's energy, all channels together, at the low frequencies |u| ≤ ⌊H/8⌋ and
// |v| ≤ ⌊W/8⌋; the transform's indices wrap, so that H−1 stands for −1. White noise has (2⌊H/8⌋+1)(2⌊W/8⌋+1)/(HW).
// It is NaN for a derivative that is 0 everywhere.
func (s *Spectrum) LowShare() float64 {
	low, all := 0.0, 0.0
	for i, p := range s.power {
		u, v := i/s.W%s.H, i%s.W
		all += p
		if min(u, s.H-u) <= s.H/8 && min(v, s.W-v) <= s.W/8 {
			low += p
		}
	}
	return low / all
}
