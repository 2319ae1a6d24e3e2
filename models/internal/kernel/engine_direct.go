package kernel

// directConv is the convolution as strips, image by image.
type directConv struct {
	spec    BlockSpec
	conv    *Conv
	workers *Workers
	scratch []*ConvScratch // per worker
	data    bool           // gradients by the input are wanted
	parts   partSums[float32]
}

func newDirectConv(spec BlockSpec, workers *Workers) *directConv {
	c := &directConv{spec: spec, conv: NewConv(spec.In, spec.Conv, spec.Out), workers: workers, data: spec.NeedDX}
	for range workers.Count() {
		c.scratch = append(c.scratch, c.conv.NewScratch())
	}
	return c
}

func (c *directConv) pack(w, bias []float32) { c.conv.Pack(w, bias, c.data) }

func (c *directConv) forward(x []float32, n int, out convSink[float32]) {
	in := c.spec.In.Len()
	c.workers.Run(n, func(i, worker int) {
		c.conv.Forward(x[i*in:][:in], out.target(i, worker), false, c.scratch[worker])
		out.finish(i, worker)
	})
}

func (c *directConv) backward(x []float32, to Gradients[float32], n int, grad func(image, worker int) []float32) {
	in := c.spec.In.Len()
	c.parts.run(c.workers, n, to.DW, to.DB, func(i, worker int, dw, db []float32) {
		g := grad(i, worker)
		if to.DX != nil {
			c.conv.BackwardData(g, to.DX[i*in:][:in], c.scratch[worker])
			to.addPlus(i, in)
		}
		if dw != nil {
			c.conv.BackwardWeights(x[i*in:][:in], g, dw, db, c.scratch[worker])
		}
	})
}
