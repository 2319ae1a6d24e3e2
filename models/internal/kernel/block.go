package kernel

import "fmt"

// PostKind is what can follow a convolution inside a block.
type PostKind uint8

// The stages that a block fuses to its convolution.
const (
	ReLU PostKind = iota
	MaxPool
	AvgPool
)

// Post is one stage after the convolution; Window is used by the pools.
type Post struct {
	Kind   PostKind
	Window Window
}

// BlockSpec is a convolution of Out channels with a bias, and the stages fused to it.
type BlockSpec struct {
	In     Shape
	Conv   Window
	Out    int
	Post   []Post
	Direct bool // sum each output's products in one order at every pixel: no Winograd
	NeedDX bool // gradients by the input are wanted
}

// Output is the shape of the block's result.
func (s BlockSpec) Output() Shape {
	shapes := s.shapes()
	return shapes[len(shapes)-1]
}

// shapes are the convolution's output and then each stage's.
func (s BlockSpec) shapes() []Shape {
	sh := Shape{H: s.Conv.OutH(s.In.H), W: s.Conv.OutW(s.In.W), C: s.Out}
	all := []Shape{sh}
	for _, p := range s.Post {
		if p.Kind != ReLU {
			sh.H, sh.W = p.Window.OutH(sh.H), p.Window.OutW(sh.W)
		}
		all = append(all, sh)
	}
	return all
}

// WeightLen is the number of weights, [KH,KW,In.C,Out].
func (s BlockSpec) WeightLen() int { return s.Conv.KH * s.Conv.KW * s.In.C * s.Out }

// reluLast moves a ReLU behind the max pool that follows it: the maximum of rectified values is the
// rectified maximum, its gradient reaches the same pixel, and the ReLU then has fewer values to do.
func reluLast(post []Post) []Post {
	out := append([]Post(nil), post...)
	for i := 0; i+1 < len(out); i++ {
		if out[i].Kind == ReLU && out[i+1].Kind == MaxPool {
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
	conv    convEngine[T]
	masks   [][]uint8 // per stage, per image: max pool's winners, ReLU's open gates unless it is last
	maskLen []int
	scratch [][2][]T // per worker, two maps to alternate between
}

// NewBlock prepares a block for batches of up to batch images.
func NewBlock[T Float](spec BlockSpec, batch int, workers *Workers) (*Block[T], error) {
	spec.Post = reluLast(spec.Post)
	b := &Block[T]{spec: spec, shapes: spec.shapes(), workers: workers}
	largest := 0
	for i, s := range b.shapes {
		if s.Len() < 1 {
			return nil, fmt.Errorf("kernel: stage %d of a block over %v has an empty output", i, spec.In)
		}
		largest = max(largest, s.Len())
	}
	b.masks, b.maskLen = make([][]uint8, len(spec.Post)), make([]int, len(spec.Post))
	for i, p := range spec.Post {
		if p.Kind == MaxPool || (p.Kind == ReLU && i+1 < len(spec.Post)) {
			b.maskLen[i] = b.shapes[i+1].Len()
			b.masks[i] = make([]uint8, batch*b.maskLen[i])
		}
	}
	if len(spec.Post) > 0 {
		b.scratch = make([][2][]T, workers.Count())
		for i := range b.scratch {
			b.scratch[i] = [2][]T{make([]T, largest), make([]T, largest)}
		}
	}
	b.conv = newConvEngine[T](spec, batch, workers)
	return b, nil
}

// Pack takes the weights w [KH,KW,In.C,Out] and biases [Out] as they are now; call it after every change.
func (b *Block[T]) Pack(w, bias []T) { b.conv.pack(w, bias) }

// Forward computes y [n, Output] from x [n, In].
func (b *Block[T]) Forward(x, y []T, n int) {
	b.conv.forward(x, n, b.sink(y))
}

// sink says where image i's convolution output goes and what is done with it.
func (b *Block[T]) sink(y []T) convSink[T] {
	last := b.shapes[len(b.shapes)-1].Len()
	return convSink[T]{
		target: func(i, worker int) []T {
			if len(b.spec.Post) == 0 {
				return y[i*last:][:last]
			}
			return b.scratch[worker][0][:b.shapes[0].Len()]
		},
		finish: func(i, worker int) {
			if len(b.spec.Post) > 0 {
				b.postForward(i, worker, y[i*last:][:last])
			}
		},
	}
}

// postForward takes image i's convolution output through the stages, from scratch into y.
func (b *Block[T]) postForward(i, worker int, y []T) {
	cur := b.scratch[worker][0][:b.shapes[0].Len()]
	for s, p := range b.spec.Post {
		mask := b.mask(s, i)
		dst := b.scratch[worker][(s+1)%2][:b.shapes[s+1].Len()]
		if s+1 == len(b.spec.Post) {
			dst = y
		}
		switch p.Kind {
		case ReLU:
			reluInto(cur, dst, mask)
		case MaxPool:
			maxPool(b.shapes[s], p.Window, cur, dst, mask)
		case AvgPool:
			avgPool(b.shapes[s], p.Window, cur, dst)
		}
		cur = dst
	}
}

func (b *Block[T]) mask(stage, image int) []uint8 {
	n := b.maskLen[stage]
	if n == 0 {
		return nil
	}
	return b.masks[stage][image*n:][:n]
}

// Backward computes from the batch's x, its result y and the gradient dy of y: dx (nil: not wanted),
// and, unless dw is nil, dw and db summed over the images. It uses what the last Forward left behind.
func (b *Block[T]) Backward(x, y, dy, dx, dw, db []T, n int) {
	b.conv.backward(x, dx, dw, db, n, func(i, worker int) []T { return b.postBackward(i, worker, y, dy) })
}

// postBackward takes image i's gradient back through the stages to the convolution's output.
func (b *Block[T]) postBackward(i, worker int, y, dy []T) []T {
	last := b.shapes[len(b.shapes)-1].Len()
	cur := dy[i*last:][:last]
	for s := len(b.spec.Post) - 1; s >= 0; s-- {
		mask := b.mask(s, i)
		dst := b.scratch[worker][s%2][:b.shapes[s].Len()]
		switch b.spec.Post[s].Kind {
		case ReLU:
			if mask == nil {
				reluGrad(y[i*last:][:last], cur, dst)
			} else {
				reluGradMask(mask, cur, dst)
			}
		case MaxPool:
			maxPoolGrad(b.shapes[s], b.spec.Post[s].Window, cur, mask, dst)
		case AvgPool:
			avgPoolGrad(b.shapes[s], b.spec.Post[s].Window, cur, dst)
		}
		cur = dst
	}
	return cur
}
