package datasets

import "slices"

// images is a run of images of one size, untouched. Pixels are bytes where every value of the data is one, and otherwise
// 32-bit floats.
type images struct {
	pixels []byte    // [N,H,W,C]; nil where values has them
	values []float32 // [N,H,W,C]; nil where pixels has them
	labels []uint16  // [N]
}

func (m images) len() int { return len(m.labels) }

// toFloats turns bytes into floats of the same values.
func (m *images) toFloats() {
	if m.values != nil || m.len() == 0 {
		return
	}
	m.values = make([]float32, len(m.pixels))
	for i, v := range m.pixels {
		m.values[i] = float32(v)
	}
	m.pixels = nil
}

// join returns the images of m and then those of more, which are of the same type of value.
func (m images) join(more images) images {
	return images{
		pixels: append(slices.Clip(m.pixels), more.pixels...),
		values: append(slices.Clip(m.values), more.values...),
		labels: append(slices.Clip(m.labels), more.labels...),
	}
}

// first returns the first count images, of size values each.
func (m images) first(count, size int) images {
	out := images{labels: m.labels[:count]}
	if m.values != nil {
		out.values = m.values[:count*size]
	} else {
		out.pixels = m.pixels[:count*size]
	}
	return out
}

// part divides m, whose images have size values: those chosen and the rest, both in their old order.
func (m images) part(size int, chosen []bool) (in, out images) {
	count := 0
	for _, c := range chosen {
		if c {
			count++
		}
	}
	room := func(n int) images {
		r := images{labels: make([]uint16, 0, n)}
		if m.values != nil {
			r.values = make([]float32, 0, n*size)
		} else {
			r.pixels = make([]byte, 0, n*size)
		}
		return r
	}
	in, out = room(count), room(len(chosen)-count)
	for i, c := range chosen {
		side := &out
		if c {
			side = &in
		}
		if m.values != nil {
			side.values = append(side.values, m.values[i*size:(i+1)*size]...)
		} else {
			side.pixels = append(side.pixels, m.pixels[i*size:(i+1)*size]...)
		}
		side.labels = append(side.labels, m.labels[i])
	}
	return in, out
}
