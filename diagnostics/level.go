package diagnostics

// GainLevel says where a curve's gain lies and how it varies: the column read, which is the steadiest gain that there
// is, the population's before those of impulses; its median over the last third of its measurements; and its scatter
// about its trend over all of them, both in dB. What there are too few measurements for is NaN.
func GainLevel(c *Curve) (column string, level, variability float64) {
	f := featuresOf(c, DefaultThresholds())
	return f.gainName, f.gain.end((len(f.gain.y) + 2) / 3), f.gain.roughness()
}
