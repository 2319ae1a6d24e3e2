package kernel

// winogradConv is the convolution of a batch by a Winograd scheme.
type winogradConv struct {
	*winograd
	workers *Workers
	scratch []*winogradScratch // by worker
	du      []float32          // [gradParts, n², C, K]
	db      [gradParts][]float32
	data    bool // gradients by the input are wanted
}

// newWinogradConv returns nil where a Winograd scheme does not fit or does not pay, or where the block asks
// for a direct convolution.
func newWinogradConv(spec BlockSpec, batch int, workers *Workers) *winogradConv {
	w := newWinograd(spec.In, spec.Conv, spec.Out, batch)
	if spec.Direct || w == nil || !w.pays() {
		return nil
	}
	return w.engine(spec.NeedDX, workers)
}

func (w *winograd) engine(data bool, workers *Workers) *winogradConv {
	c := &winogradConv{winograd: w, workers: workers, data: data}
	freq := w.n() * w.n()
	w.u = aligned(freq * w.uStep)
	if data {
		w.ut = aligned(freq * w.utStep)
	}
	for range workers.Count() {
		c.scratch = append(c.scratch, w.newScratch())
	}
	return c
}

func (c *winogradConv) pack(weights, bias []float32) {
	copy(c.bias, bias[:c.out])
	rows := c.in.C
	if c.data {
		rows += c.out
	}
	c.workers.Run(rows, func(i, worker int) {
		if i < c.in.C {
			c.packWeights(weights, i, c.scratch[worker])
		} else {
			c.packTransposed(weights, i-c.in.C, c.scratch[worker])
		}
	})
}

func (c *winogradConv) forward(x []float32, n int, out convSink[float32]) {
	tiles, in := c.th*c.tw, c.in.Len()
	c.workers.Run((n+c.group-1)/c.group, func(g, worker int) {
		s := c.scratch[worker]
		lo, hi := g*c.group, min(n, (g+1)*c.group)
		for i := lo; i < hi; i++ {
			c.transformData(x[i*in:], s, (i-lo)*tiles)
		}
		for f := range c.n() * c.n() {
			c.product(s.m[f*c.mStep:], s.v[f*c.vStep:], c.u[f*c.uStep:], c.outPanels, c.inRuns, c.in.C, (hi-lo)*tiles)
		}
		for i := lo; i < hi; i++ {
			c.output(out.target(i, worker), s, (i-lo)*tiles)
			out.finish(i, worker)
		}
	})
}

func (c *winogradConv) backward(x []float32, to Gradients[float32], n int, grad func(image, worker int) []float32) {
	freq := c.n() * c.n()
	if to.DW != nil && c.du == nil {
		c.du = aligned(gradParts * freq * c.uStep)
		for p := range c.db {
			c.db[p] = make([]float32, c.out)
		}
	}
	c.workers.Run(gradParts, func(p, worker int) {
		lo, hi := partRange(p, n)
		clear(c.db[p])
		if to.DW != nil && lo == hi {
			clear(c.du[p*freq*c.uStep:][:freq*c.uStep])
		}
		for g := lo; g < hi; g += c.group {
			c.backwardGroup(x, to, p, g, min(hi, g+c.group), g > lo, grad, worker)
		}
	})
	if to.DW == nil {
		return
	}
	c.workers.Run(c.in.C, func(i, worker int) { c.weightGradient(to.DW, c.du, i, c.scratch[worker]) })
	if to.DB != nil {
		sumParts(to.DB, c.db[:])
	}
}

// backwardGroup does images lo to hi of part p.
func (c *winogradConv) backwardGroup(x []float32, to Gradients[float32], p, lo, hi int, acc bool, grad func(image, worker int) []float32, worker int) {
	s, tiles, in := c.scratch[worker], c.th*c.tw, c.in.Len()
	for i := lo; i < hi; i++ {
		dy := grad(i, worker)[:c.oh*c.ow*c.out]
		c.transformGrad(dy, s, (i-lo)*tiles)
		if to.DW != nil {
			if to.DB != nil {
				addColumns(dy, c.db[p])
			}
			c.transformData(x[i*in:], s, (i-lo)*tiles)
		}
	}
	freq, rows := c.n()*c.n(), (hi-lo)*tiles
	for f := range freq {
		if to.DW != nil {
			c.weightProduct(c.du[(p*freq+f)*c.uStep:], s.v[f*c.vStep:], s.m[f*c.mStep:], rows, acc)
		}
		if to.DX != nil {
			c.product(s.v[f*c.vStep:], s.m[f*c.mStep:], c.ut[f*c.utStep:], c.inPanels, c.outRuns, c.out, rows)
		}
	}
	if to.DX == nil {
		return
	}
	for i := lo; i < hi; i++ {
		c.outputData(to.DX[i*in:], s, (i-lo)*tiles)
		to.addPlus(i, in)
	}
}
