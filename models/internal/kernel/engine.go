//lint:file-ignore U1000 the methods of referenceConv are used through convEngine[T], which the checker does not see.

package kernel

// convSink receives one image's convolution output at a time: target gives the memory to write it to,
// finish is called when it is complete, both on the same worker.
type convSink[T Float] struct {
	target func(image, worker int) []T
	finish func(image, worker int)
}

// convEngine is one way to compute a convolution over a batch.
type convEngine[T Float] interface {
	pack(w, bias []T)
	forward(x []T, n int, out convSink[T])
	// backward computes the gradients by x, weights and biases that are wanted. It calls grad once an image, which
	// returns the gradient of its convolution output in memory that is valid until the worker's next call.
	backward(x []T, to Gradients[T], n int, grad func(image, worker int) []T)
}

// newConvEngine is the fastest engine that there is for the convolution.
func newConvEngine[T Float](spec BlockSpec, batch int, workers *Workers) convEngine[T] {
	if e, ok := newSingleEngine(spec, batch, workers).(convEngine[T]); ok {
		return e
	}
	return newReferenceConv[T](spec, workers)
}

func newSingleEngine(spec BlockSpec, batch int, workers *Workers) convEngine[float32] {
	if isDense(spec) {
		return newDenseConv(spec, batch, workers)
	}
	if w := newWinogradConv(spec, batch, workers); w != nil {
		return w
	}
	return newDirectConv(spec, workers)
}

// gradParts is the number of partial weight gradients, each over a fixed range of the batch's images,
// added up in order: it bounds the useful workers and fixes the rounding.
const gradParts = 4

// partRange is the range of images of part p of a batch of n.
func partRange(p, n int) (lo, hi int) { return p * n / gradParts, (p + 1) * n / gradParts }

// referenceConv is the convolution by the plain loops of reference.go.
type referenceConv[T Float] struct {
	spec    BlockSpec
	workers *Workers
	w, bias []T
	parts   partSums[T]
}

func newReferenceConv[T Float](spec BlockSpec, workers *Workers) *referenceConv[T] {
	return &referenceConv[T]{spec: spec, workers: workers}
}

func (c *referenceConv[T]) pack(w, bias []T) { c.w, c.bias = w, bias }

func (c *referenceConv[T]) forward(x []T, n int, out convSink[T]) {
	in := c.spec.In.Len()
	c.workers.Run(n, func(i, worker int) {
		convForward(c.spec.In, c.spec.Conv, c.spec.Out, x[i*in:][:in], c.w, c.bias, out.target(i, worker))
		out.finish(i, worker)
	})
}

func (c *referenceConv[T]) backward(x []T, to Gradients[T], n int, grad func(image, worker int) []T) {
	in := c.spec.In.Len()
	c.parts.run(c.workers, n, to.DW, to.DB, func(i, worker int, dw, db []T) {
		g := grad(i, worker)
		if to.DX != nil {
			convBackwardData(c.spec.In, c.spec.Conv, c.spec.Out, g, c.w, to.DX[i*in:][:in])
			to.addPlus(i, in)
		}
		if dw != nil {
			convBackwardWeights(c.spec.In, c.spec.Conv, c.spec.Out, x[i*in:][:in], g, dw, db)
		}
	})
}

// addPlus adds image i's share of Plus, of that size, to DX.
func (g Gradients[T]) addPlus(i, size int) {
	if g.Plus != nil {
		addInto(g.DX[i*size:][:size], g.Plus[i*size:][:size])
	}
}

// partSums are the weight gradients of each part of a batch, before they are added up.
type partSums[T Float] struct{ dw, db [gradParts][]T }

// run calls image once for each of n images, part by part, with that part's sums to add to, and then writes
// the sums over all parts to dw and db. If dw is nil there are no sums.
func (s *partSums[T]) run(workers *Workers, n int, dw, db []T, image func(i, worker int, dw, db []T)) {
	workers.Run(gradParts, func(p, worker int) {
		if dw != nil {
			clearPart(&s.dw[p], len(dw))
			clearPart(&s.db[p], len(db))
		}
		lo, hi := partRange(p, n)
		for i := lo; i < hi; i++ {
			if dw == nil {
				image(i, worker, nil, nil)
			} else {
				image(i, worker, s.dw[p], s.db[p])
			}
		}
	})
	if dw != nil {
		sumParts(dw, s.dw[:])
		sumParts(db, s.db[:])
	}
}

// clearPart makes a partial gradient of n zeros.
func clearPart[T Float](part *[]T, n int) {
	if len(*part) != n {
		*part = make([]T, n)
		return
	}
	clear(*part)
}

// sumParts writes the sum of the parts, in order, to dst.
func sumParts[T Float](dst []T, parts [][]T) {
	copy(dst, parts[0])
	for _, part := range parts[1:] {
		if d, p, ok := pair(dst, part); ok {
			add32(d, p)
			continue
		}
		for i, v := range part {
			dst[i] += v
		}
	}
}
