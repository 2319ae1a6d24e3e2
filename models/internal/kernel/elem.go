package kernel

// relu32 sets dst = max(src, 0), +0 for −0; NaN stays NaN. dst may be src.
func relu32(src, dst []float32) {
	n := len(src)
	dst = dst[:n]
	done := reluVectors(src, dst)
	for i := done; i < n; i++ {
		v := src[i]
		if v <= 0 {
			v = 0
		}
		dst[i] = v
	}
}

// reluMask32 is relu32 that also sets mask to 1 where src > 0, else 0.
func reluMask32(src, dst []float32, mask []uint8) {
	n := len(src)
	dst, mask = dst[:n], mask[:n]
	done := reluMaskVectors(src, dst, mask)
	for i := done; i < n; i++ {
		v := src[i]
		mask[i] = 0
		if v > 0 {
			mask[i] = 1
		}
		if v <= 0 {
			v = 0
		}
		dst[i] = v
	}
}

// reluGrad32 sets dst = g where y > 0, else 0. dst may be g.
func reluGrad32(y, g, dst []float32) {
	n := len(y)
	g, dst = g[:n], dst[:n]
	done := reluGradVectors(y, g, dst)
	for i := done; i < n; i++ {
		v := g[i]
		if !(y[i] > 0) {
			v = 0
		}
		dst[i] = v
	}
}

// reluGradMask32 sets dst = g where mask is set, else 0. dst may be g.
func reluGradMask32(mask []uint8, g, dst []float32) {
	n := len(mask)
	g, dst = g[:n], dst[:n]
	done := reluGradMaskVectors(mask, g, dst)
	for i := done; i < n; i++ {
		v := g[i]
		if mask[i] == 0 {
			v = 0
		}
		dst[i] = v
	}
}

// add32 adds src to dst.
func add32(dst, src []float32) {
	n := len(dst)
	src = src[:n]
	done := addVectors(dst, src)
	for i := done; i < n; i++ {
		dst[i] += src[i]
	}
}

// addColumns adds the rows of m [n, len(sum)] to sum, in order.
func addColumns(m, sum []float32) {
	cols := len(sum)
	if len(m) == 0 || cols == 0 {
		return
	}
	rows := len(m) / cols
	done := columnVectors(m, sum)
	for r := range rows {
		row := m[r*cols:][:cols]
		for i := done; i < cols; i++ {
			sum[i] += row[i]
		}
	}
}

// sgd32 is one update of weights w and velocities v by the gradients g: d = g + decay·w; v ← momentum·v − d;
// w ← w + rate·v, every product rounded before it is added.
func sgd32(w, v, g []float32, rate, momentum, decay float32) {
	n := len(w)
	v, g = v[:n], g[:n]
	done := sgdVectors(w, v, g, rate, momentum, decay)
	for i := done; i < n; i++ {
		d := g[i] + float32(decay*w[i])
		v[i] = float32(momentum*v[i]) - d
		w[i] += float32(rate * v[i])
	}
}
