package spectrum

import "math"

// Plane is what was measured at every pixel or frequency of an image, channel by channel: a frequency response in dB,
// with frequency 0 first, or a data derivative.
type Plane struct {
	H, W     int
	Channels [][]float64 // [C] of [H,W]
}

// RMS is the root mean square amplitude over the channels of a response in dB [H,W], frequency 0 moved to (⌊H/2⌋,⌊W/2⌋).
func (p Plane) RMS() []float64 {
	out := make([]float64, p.H*p.W)
	for i := range out {
		power := 0.0
		for _, c := range p.Channels {
			power += math.Pow(10, c[i]/10) / float64(len(p.Channels))
		}
		out[p.centred(i)] = 10 * math.Log10(power)
	}
	return out
}

// Centred are the channels of a response, frequency 0 moved to (⌊H/2⌋,⌊W/2⌋).
func (p Plane) Centred() [][]float64 {
	out := make([][]float64, len(p.Channels))
	for k, c := range p.Channels {
		out[k] = make([]float64, len(c))
		for i, v := range c {
			out[k][p.centred(i)] = v
		}
	}
	return out
}

// centred is the place of the value at i once frequency 0 is moved from the corner to (⌊H/2⌋,⌊W/2⌋).
func (p Plane) centred(i int) int { return (i/p.W+p.H/2)%p.H*p.W + (i%p.W+p.W/2)%p.W }

// Rings is the root mean square amplitude in dB, over all channels, of the frequencies whose distance from 0 rounds to k
// cycles over the shorter side of the image, k = 0 … half of it.
func (p Plane) Rings() []float64 {
	side := min(p.H, p.W)
	power, count := make([]float64, side/2+1), make([]float64, side/2+1)
	for i := range p.H * p.W {
		u, v := min(i/p.W, p.H-i/p.W), min(i%p.W, p.W-i%p.W)
		f := math.Hypot(float64(u)/float64(p.H), float64(v)/float64(p.W))
		k := int(math.Round(f * float64(side)))
		if k >= len(power) {
			continue
		}
		for _, c := range p.Channels {
			power[k] += math.Pow(10, c[i]/10)
			count[k]++
		}
	}
	for k := range power {
		power[k] = 10 * math.Log10(power[k]/count[k])
	}
	return power
}
