package kernel

import "fmt"

// PostKind is what can follow a convolution inside a block.
type PostKind uint8

// The stages that a block fuses to its convolution.
const (
	ReLU PostKind = iota
	Leaky
	MaxPool
	AvgPool
	Add // of a second map of the same shape, see Block.SetSkip
)

// Post is one stage after the convolution and the norm; Window is used by the pools.
type Post struct {
	Kind   PostKind
	Window Window
	Slope  float64 // of Leaky
}

// NormKind is whether, and how, a block normalises each channel of its convolution's output.
type NormKind uint8

// The kinds of normalisation.
const (
	NoNorm    NormKind = iota
	BatchNorm          // by mean and variance over the batch
	FixedNorm          // by given mean and variance: folded into the convolution's weights
)

// BlockSpec is a convolution of Out channels with a bias, and the stages fused to it.
type BlockSpec struct {
	In     Shape
	Conv   Window
	Out    int // 0: no convolution, the norm and the stages work on the input
	Norm   NormKind
	Post   []Post
	Direct bool // sum each output's products in one order at every pixel: no Winograd
	NeedDX bool // gradients by the input are wanted
}

// Output is the shape of the block's result.
func (s BlockSpec) Output() Shape {
	shapes := s.shapes()
	return shapes[len(shapes)-1]
}

// shapes are the shape that the stages begin with and then that of each stage's output.
func (s BlockSpec) shapes() []Shape {
	sh := s.In
	if s.Out > 0 {
		sh = Shape{H: s.Conv.OutH(s.In.H), W: s.Conv.OutW(s.In.W), C: s.Out}
	}
	all := []Shape{sh}
	for _, p := range s.Post {
		if p.pools() {
			sh.H, sh.W = p.Window.OutH(sh.H), p.Window.OutW(sh.W)
		}
		all = append(all, sh)
	}
	return all
}

func (p Post) pools() bool { return p.Kind == MaxPool || p.Kind == AvgPool }

// gates says whether the stage lets a gradient pass, whole or scaled, by its output's sign.
func (p Post) gates() bool { return p.Kind == ReLU || p.Kind == Leaky }

// WeightLen is the number of weights, [KH,KW,In.C,Out].
func (s BlockSpec) WeightLen() int { return s.Conv.KH * s.Conv.KW * s.In.C * s.Out }

// reluLast moves a ReLU behind the max pool that follows it: the maximum of rectified values is the
// rectified maximum, its gradient reaches the same pixel, and the ReLU then has fewer values to do.
func reluLast(post []Post) []Post {
	out := append([]Post(nil), post...)
	for i := 0; i+1 < len(out); i++ {
		if out[i].gates() && out[i+1].Kind == MaxPool {
			out[i], out[i+1] = out[i+1], out[i]
		}
	}
	return out
}

// Block runs a convolution and what is fused to it over a batch, image by image, so that one image's
// intermediate maps stay in cache.
type Block[T Float] struct {
	spec    BlockSpec
	shapes  []Shape
	workers *Workers
	conv    convEngine[T] // nil without a convolution
	norm    *norm[T]      // nil without, or when it is folded into the convolution
	noBias  []T           // zeros
	masks   [][]uint8     // per stage, per image: max pool's winners, ReLU's open gates unless it is last
	maskLen []int
	scratch [][2][]T // per worker, two maps to alternate between
	add     int      // the stage that adds; −1 for none
	skip    []T      // [batch, the added map]
	dskip   []T      // its gradient
}

// NewBlock prepares a block for batches of up to batch images.
func NewBlock[T Float](spec BlockSpec, batch int, workers *Workers) (*Block[T], error) {
	if spec.Out == 0 && spec.Norm == NoNorm && len(spec.Post) == 0 {
		return nil, fmt.Errorf("kernel: an empty block over %v", spec.In)
	}
	spec.Post = reluLast(spec.Post)
	b := &Block[T]{spec: spec, shapes: spec.shapes(), workers: workers, add: -1, noBias: make([]T, spec.Out)}
	largest := 0
	for i, s := range b.shapes {
		if s.Len() < 1 {
			return nil, fmt.Errorf("kernel: stage %d of a block over %v has an empty output", i, spec.In)
		}
		largest = max(largest, s.Len())
	}
	b.masks, b.maskLen = make([][]uint8, len(spec.Post)), make([]int, len(spec.Post))
	for i, p := range spec.Post {
		if p.Kind == MaxPool || (p.gates() && i+1 < len(spec.Post)) {
			b.maskLen[i] = b.shapes[i+1].Len()
			b.masks[i] = make([]uint8, batch*b.maskLen[i])
		}
		if p.Kind == Add {
			if b.add >= 0 {
				return nil, fmt.Errorf("kernel: a block with two additions")
			}
			b.add = i
		}
	}
	if spec.Norm == BatchNorm || spec.Norm == FixedNorm && spec.Out == 0 {
		b.norm = newNorm[T](spec, b.shapes[0], batch, workers.Count())
	}
	if len(spec.Post) > 0 || b.norm != nil {
		b.scratch = make([][2][]T, workers.Count())
		for i := range b.scratch {
			b.scratch[i] = [2][]T{make([]T, largest), make([]T, largest)}
		}
	}
	if spec.Out > 0 {
		b.conv = newConvEngine[T](spec, batch, workers)
	}
	return b, nil
}

// SetSkip gives the batch's second operand of the stage Add, [batch, its output], and memory for its gradient,
// which Backward overwrites; nil leaves the memory given before.
func (b *Block[T]) SetSkip(skip, dskip []T) {
	b.skip = skip
	if dskip != nil {
		b.dskip = dskip
	}
}

// Pack takes the weights w [KH,KW,In.C,Out] and biases [Out] (nil: zeros) as they are now, and the norm's values if
// the block has one; call it after every change. The norm's slices are kept: a BatchNorm moves the running values.
func (b *Block[T]) Pack(w, bias []T, n Norm[T]) {
	if bias == nil {
		bias = b.noBias
	}
	if b.norm != nil {
		b.norm.set(n)
	} else if b.spec.Norm == FixedNorm {
		w, bias = n.fold(w, bias)
	}
	if b.conv != nil {
		b.conv.pack(w, bias)
	}
}

// Forward computes y [n, Output] from x [n, In].
func (b *Block[T]) Forward(x, y []T, n int) {
	from := b.shapes[0].Len()
	switch {
	case b.norm != nil && b.spec.Norm == BatchNorm:
		b.forwardNorm(x, y, n)
	case b.conv == nil:
		b.workers.Run(n, func(i, worker int) { b.stages(i, worker, x[i*from:][:from], b.image(y, i)) })
	default:
		b.conv.forward(x, n, b.sink(y))
	}
}

// image is image i of the block's results.
func (b *Block[T]) image(y []T, i int) []T {
	last := b.shapes[len(b.shapes)-1].Len()
	return y[i*last:][:last]
}

// sink says where image i's convolution output goes and what is done with it.
func (b *Block[T]) sink(y []T) convSink[T] {
	if len(b.spec.Post) == 0 {
		return convSink[T]{
			target: func(i, _ int) []T { return b.image(y, i) },
			finish: func(int, int) {},
		}
	}
	first := b.shapes[0].Len()
	return convSink[T]{
		target: func(_, worker int) []T { return b.scratch[worker][0][:first] },
		finish: func(i, worker int) { b.stages(i, worker, b.scratch[worker][0][:first], b.image(y, i)) },
	}
}

// Gradients is where Backward leaves what it computes; what is nil is not wanted.
type Gradients[T Float] struct {
	DX            []T // [n, In]
	Plus          []T // [n, In], added to DX
	DW, DB        []T // summed over the images; DB only with DW
	DGamma, DBeta []T // of a BatchNorm
}

// Backward computes the gradients from the batch's x, its result y and the gradient dy of y. It uses what the
// last Forward left behind.
func (b *Block[T]) Backward(x, y, dy []T, g Gradients[T], n int) {
	grad := func(i, worker int) []T { return b.stagesBackward(i, worker, y, dy) }
	if b.norm != nil && b.spec.Norm == BatchNorm {
		grad = b.backwardNorm(x, y, dy, g, n)
	}
	if b.conv != nil {
		b.conv.backward(x, g, n, grad)
		return
	}
	if g.DX == nil && b.add < 0 {
		return
	}
	size := b.spec.In.Len()
	b.workers.Run(n, func(i, worker int) {
		from := grad(i, worker)
		if g.DX == nil {
			return
		}
		dx := g.DX[i*size:][:size]
		if b.norm != nil && b.spec.Norm == FixedNorm {
			b.norm.scaleGrad(from, dx)
		} else {
			copy(dx, from)
		}
		g.addPlus(i, size)
	})
}
