package kernel

// Memory is about how many bytes NewBlock takes for the block, and what its passes take when they first run, for
// numbers of so many bytes (4 or 8); gradients says that those of the weights are wanted. It takes none itself. It is
// a float64 so that no product overflows.
func (s BlockSpec) Memory(batch, workers, element int, gradients bool) float64 {
	shapes := s.shapes()
	n, e := float64(batch), float64(element)
	bytes, largest := 0.0, 0.0
	for _, sh := range shapes {
		largest = max(largest, length(sh))
	}
	for i, p := range reluLast(s.Post) {
		if p.Kind == MaxPool || p.gates() && i+1 < len(s.Post) {
			bytes += n * length(shapes[i+1])
		}
	}
	if len(s.Post) > 0 || s.Norm == BatchNorm {
		bytes += float64(workers) * 2 * largest * e
	}
	if s.Norm == BatchNorm {
		bytes += n * 2 * float64(shapes[0].C) * 8
		if s.Out > 0 {
			bytes += n * length(shapes[0]) * e
		}
	}
	if s.Out > 0 {
		bytes += s.engineMemory(batch, workers, element, gradients)
	}
	return bytes
}

func length(s Shape) float64 { return float64(s.H) * float64(s.W) * float64(s.C) }

// engineMemory is the part of the convolution: packed weights, parts of the weights' gradient, and scratch.
func (s BlockSpec) engineMemory(batch, workers, element int, gradients bool) float64 {
	weights := float64(s.Conv.KH) * float64(s.Conv.KW) * float64(s.In.C) * float64(s.Out)
	parts := 0.0
	if gradients {
		parts = gradParts
	}
	if element != 4 {
		if s.Norm == FixedNorm {
			parts++ // the folded weights
		}
		return parts * weights * float64(element)
	}
	directions := 1.0
	if s.NeedDX {
		directions = 2
	}
	if isDense(s) {
		return 4 * (directions*weights + 2*float64(batch)*float64(s.Out))
	}
	if w := newWinograd(s.In, s.Conv, s.Out, batch); w != nil && !s.Direct && w.pays() {
		frequencies := float64(w.n() * w.n())
		scratch := frequencies * float64(w.vStep+w.mStep)
		return 4 * (frequencies*float64(w.uStep)*(directions+parts) + float64(workers)*scratch)
	}
	padded := Shape{H: s.In.H + s.Conv.Top + s.Conv.Bottom, W: s.In.W + s.Conv.Left + s.Conv.Right, C: max(s.In.C, s.Out)}
	return 4 * (weights*(directions+parts) + float64(workers)*2*length(padded))
}
