package kernel

// denseConv is a convolution whose window covers the whole unpadded image, a fully connected layer: matrix
// products over the whole batch. Every element is one chain of multiply-adds, so that the blocks that the
// work is cut into leave no trace in the result.
type denseConv struct {
	in, out  int
	workers  *Workers
	data     bool      // gradients by the input are wanted
	bias     []float32 // as packed last
	forwardW panelMatrix
	backW    panelMatrix
	y, g     []float32 // [n,out]: result and its gradient
}

// denseBlock is the number of columns, and of rows, of a block of work.
const denseBlock = 48

// panelMatrix is a matrix of steps rows in packed blocks of denseBlock columns.
type panelMatrix struct {
	steps, n int
	packed   []float32
}

func newPanelMatrix(steps, n int) panelMatrix {
	return panelMatrix{steps: steps, n: n, packed: make([]float32, (n+denseBlock-1)/denseBlock*packedLen(steps, denseBlock))}
}

func (m panelMatrix) blocks() int { return (m.n + denseBlock - 1) / denseBlock }

// block returns the packed columns of block b, with its first column and their number.
func (m panelMatrix) block(b int) (packed []float32, first, cols int) {
	size := packedLen(m.steps, denseBlock)
	return m.packed[b*size:][:size], b * denseBlock, min(denseBlock, m.n-b*denseBlock)
}

// pack takes the matrix whose element (r, j) is src[r·rowStride + j·colStride].
func (m panelMatrix) pack(b int, src []float32, rowStride, colStride int) {
	to, first, cols := m.block(b)
	packPanels(to, m.steps, cols, 0, m.steps, src[first*colStride:], rowStride, colStride)
}

func isDense(s BlockSpec) bool {
	return s.Conv == (Window{KH: s.In.H, KW: s.In.W, Stride: s.Conv.Stride})
}

func newDenseConv(spec BlockSpec, batch int, workers *Workers) *denseConv {
	in, out := spec.In.Len(), spec.Out
	d := &denseConv{in: in, out: out, workers: workers, data: spec.NeedDX, forwardW: newPanelMatrix(in, out),
		bias: make([]float32, out), y: make([]float32, batch*out), g: make([]float32, batch*out)}
	if d.data {
		d.backW = newPanelMatrix(out, in)
	}
	return d
}

func (d *denseConv) pack(w, bias []float32) {
	copy(d.bias, bias)
	forward, back := d.forwardW.blocks(), 0
	if d.data {
		back = d.backW.blocks()
	}
	d.workers.Run(forward+back, func(b, _ int) {
		if b < forward {
			d.forwardW.pack(b, w, d.out, 1)
		} else {
			d.backW.pack(b-forward, w, 1, d.out)
		}
	})
}

// product computes c [n, m.n] = bias + a [n, m.steps] · m.
func (d *denseConv) product(a []float32, m panelMatrix, bias, c []float32, n int) {
	rows := (n + denseBlock - 1) / denseBlock
	d.workers.Run(m.blocks()*rows, func(chunk, _ int) {
		packed, first, cols := m.block(chunk / rows)
		row := chunk % rows * denseBlock
		s := Strip{A: a[row*m.steps:], B: packed, C: c[row*m.n+first:], M: min(denseBlock, n-row), N: cols,
			AI: m.steps, R: 1, T: m.steps, AT: 1, Steps: m.steps, CI: m.n}
		if bias != nil {
			s.Bias = bias[first:]
		}
		s.Run()
	})
}

func (d *denseConv) forward(x []float32, n int, out convSink[float32]) {
	d.product(x, d.forwardW, d.bias, d.y, n)
	d.workers.Run(n, func(i, worker int) {
		copy(out.target(i, worker), d.y[i*d.out:][:d.out])
		out.finish(i, worker)
	})
}

func (d *denseConv) backward(x []float32, to Gradients[float32], n int, grad func(image, worker int) []float32) {
	d.workers.Run(n, func(i, worker int) { copy(d.g[i*d.out:][:d.out], grad(i, worker)) })
	if to.DX != nil {
		d.product(d.g, d.backW, nil, to.DX, n)
		if to.Plus != nil {
			addInto(to.DX[:n*d.in], to.Plus[:n*d.in])
		}
	}
	if to.DW == nil {
		return
	}
	d.workers.Run((d.in+denseBlock-1)/denseBlock, func(b, _ int) {
		first := b * denseBlock
		s := Strip{A: x[first:], B: d.g, C: to.DW[first*d.out:], M: min(denseBlock, d.in-first), N: d.out,
			AI: 1, R: 1, T: n, AT: d.in, BT: d.out, CI: d.out}
		s.Run()
	})
	clear(to.DB)
	addColumns(d.g[:n*d.out], to.DB)
}
