package kernel

// Conv is one convolution layer's shapes and packed weights: the direct form, every pass a handful of
// strips. Its methods work on images one after the other and may run at the same time for different images,
// each with a scratch of its own.
type Conv struct {
	in, padded, res Shape // of x, of x with its border, of y
	win             Window
	backShape       Shape // dy with a border, when backGather
	backGather      bool

	bias     []float32
	forward  []float32 // panels of w as [KH·KW·C][K]
	backward []float32 // gather: panels of the flipped w as [KH·KW·K][C]; else KH times panels of [K][KW·C]
}

// ConvScratch is the memory that one worker needs for a Conv.
type ConvScratch struct {
	padded []float32 // x with a border of zeros, nil if there is no padding
	back   []float32 // dy with a border of zeros (gather), or dx with its border, nil if there is none
}

// NewConv prepares the convolution of images of shape in with out filters.
func NewConv(in Shape, win Window, out int) *Conv {
	c := &Conv{in: in, win: win, res: Shape{H: win.OutH(in.H), W: win.OutW(in.W), C: out}}
	c.padded = Shape{H: in.H + win.Top + win.Bottom, W: in.W + win.Left + win.Right, C: in.C}
	c.backShape = Shape{H: in.H + win.KH - 1, W: in.W + win.KW - 1, C: out}
	c.backGather = c.gatherPays()
	c.bias = make([]float32, out)
	return c
}

// gatherPays compares the two ways to the input's gradient. Gather is a convolution of dy with the flipped
// weights; scatter adds each output pixel's share to the inputs under its window. Gather computes every input
// pixel from a whole window, even where most of it lies outside dy; scatter has KW·C columns to fill vectors
// with, but reads and writes its sums once an output pixel.
func (c *Conv) gatherPays() bool {
	w := c.win
	if w.Stride != 1 || max(w.Top, w.Bottom) >= w.KH || max(w.Left, w.Right) >= w.KW {
		return false
	}
	gather := c.in.H * c.in.W * w.KW * packedWidth(c.in.C)
	scatter := c.res.H * c.res.W * packedWidth(w.KW*c.in.C)
	return gather <= scatter+scatter/8
}

// Output is the shape of y.
func (c *Conv) Output() Shape { return c.res }

// isPadded says whether x needs a border.
func (c *Conv) isPadded() bool { return c.padded != c.in }

// NewScratch makes the memory for one worker.
func (c *Conv) NewScratch() *ConvScratch {
	s := &ConvScratch{}
	if c.isPadded() {
		s.padded = make([]float32, c.padded.Len())
	}
	switch {
	case c.backGather && (c.win.KH > 1 || c.win.KW > 1):
		s.back = make([]float32, c.backShape.Len())
	case !c.backGather && c.isPadded():
		s.back = make([]float32, c.padded.Len())
	}
	return s
}

// Pack takes the weights w [KH,KW,C,K] and biases [K]: to be called after each change of them. The weights
// for BackwardData are packed only if backwardData says that it is going to be called.
func (c *Conv) Pack(w, bias []float32, backwardData bool) {
	copy(c.bias, bias)
	in, out, taps := c.in.C, c.res.C, c.win.KH*c.win.KW
	if c.forward == nil {
		c.forward = make([]float32, packedLen(taps*in, out))
	}
	packPanels(c.forward, taps*in, out, 0, taps*in, w, out, 1)
	if !backwardData {
		return
	}
	if c.backGather {
		if c.backward == nil {
			c.backward = make([]float32, packedLen(taps*out, in))
		}
		for tap := range taps {
			packPanels(c.backward, taps*out, in, tap*out, out, w[(taps-1-tap)*in*out:], 1, out)
		}
		return
	}
	row := c.win.KW * in
	if c.backward == nil {
		c.backward = make([]float32, c.win.KH*packedLen(out, row))
	}
	for ky := range c.win.KH {
		packPanels(c.backward[ky*packedLen(out, row):], out, row, 0, out, w[ky*row*out:], 1, out)
	}
}

// Forward computes y [H',W',K] of one image x [H,W,C], rectified if relu is set.
func (c *Conv) Forward(x, y []float32, relu bool, s *ConvScratch) {
	x, shape := c.border(x, s)
	run := c.win.KW * c.in.C
	strip := Strip{
		A: x, B: c.forward, C: y, Bias: c.bias,
		M: c.res.H * c.res.W, N: c.res.C,
		AI: c.win.Stride * c.in.C, AG: c.win.Stride * shape.W * c.in.C, Group: c.res.W,
		R: c.win.KH, AR: shape.W * c.in.C, T: run, AT: 1,
		Steps: c.win.KH * run,
		CI:    c.res.C, ReLU: relu,
	}
	strip.Run()
}

// border returns x with its border of zeros, and the shape that this has.
func (c *Conv) border(x []float32, s *ConvScratch) ([]float32, Shape) {
	if !c.isPadded() {
		return x, c.in
	}
	copyRows(s.padded, c.padded, x, c.in, c.win.Top, c.win.Left)
	return s.padded, c.padded
}

// copyRows copies the image src into dst, top rows and left columns from its corner.
func copyRows(dst []float32, to Shape, src []float32, from Shape, top, left int) {
	n := from.W * from.C
	for y := range from.H {
		copy(dst[((y+top)*to.W+left)*to.C:][:n], src[y*n:][:n])
	}
}

// BackwardData computes dx [H,W,C] of one image from the gradient dy [H',W',K].
func (c *Conv) BackwardData(dy, dx []float32, s *ConvScratch) {
	if c.backGather {
		c.gather(dy, dx, s)
		return
	}
	if !c.isPadded() {
		c.scatter(dy, dx, c.in)
		return
	}
	c.scatter(dy, s.back, c.padded)
	n := c.in.W * c.in.C
	for y := range c.in.H {
		copy(dx[y*n:][:n], s.back[((y+c.win.Top)*c.padded.W+c.win.Left)*c.in.C:])
	}
}

// gather is the convolution of dy with the flipped weights.
func (c *Conv) gather(dy, dx []float32, s *ConvScratch) {
	shape := c.res
	if s.back != nil {
		shape = c.backShape
		copyRows(s.back, shape, dy, c.res, c.win.KH-1-c.win.Top, c.win.KW-1-c.win.Left)
		dy = s.back
	}
	run, pitch := c.win.KW*c.res.C, shape.W*c.res.C
	strip := Strip{
		A: dy, B: c.backward, C: dx,
		M: c.in.H * c.in.W, N: c.in.C,
		AI: c.res.C, AG: pitch, Group: c.in.W,
		R: c.win.KH, AR: pitch, T: run, AT: 1,
		Steps: c.win.KH * run,
		CI:    c.in.C,
	}
	strip.Run()
}

// scatter adds each output pixel's share to the rows of inputs under its window. A strip takes one column of
// output pixels and one row of the window, so that no two of its rows overlap.
func (c *Conv) scatter(dy, dx []float32, shape Shape) {
	clear(dx[:shape.Len()])
	out, row, pitch := c.res.C, c.win.KW*c.in.C, shape.W*c.in.C
	for ox := range c.res.W {
		for ky := range c.win.KH {
			strip := Strip{
				A: dy[ox*out:], B: c.backward[ky*packedLen(out, row):], C: dx[ky*pitch+ox*c.win.Stride*c.in.C:],
				M: c.res.H, N: row,
				AI: c.res.W * out,
				R:  1, T: out, AT: 1,
				Steps: out,
				CI:    c.win.Stride * pitch, Acc: true,
			}
			strip.Run()
		}
	}
}

// maxWeightPixels bounds the output pixels that one strip of BackwardWeights sums over: so many rows of a
// panel of dy stay in the first-level cache.
const maxWeightPixels = 128

// BackwardWeights adds one image's share to dw [KH,KW,C,K] and db [K].
func (c *Conv) BackwardWeights(x, dy, dw, db []float32, s *ConvScratch) {
	x, shape := c.border(x, s)
	in, out, pitch := c.in.C, c.res.C, shape.W*c.in.C
	rows := max(1, maxWeightPixels/c.res.W)
	for y := 0; y < c.res.H; y += rows {
		strip := Strip{
			A: x[y*c.win.Stride*pitch:], B: dy[y*c.res.W*out:], C: dw,
			M: c.win.KH * c.win.KW * in, N: out,
			AI: 1, AG: pitch, Group: c.win.KW * in,
			R: min(rows, c.res.H-y), AR: c.win.Stride * pitch, T: c.res.W, AT: c.win.Stride * in,
			BR: c.res.W * out, BT: out,
			CI: out, Acc: true,
		}
		strip.Run()
	}
	addColumns(dy[:c.res.Len()], db)
}
