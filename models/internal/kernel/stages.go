package kernel

// stages takes image i's map cur, the convolution's output or the block's input, through the norm and the stages
// into y. cur is not written to unless it is the worker's first scratch map.
func (b *Block[T]) stages(i, worker int, cur, y []T) {
	if b.norm != nil {
		dst := b.scratch[worker][1][:b.shapes[0].Len()]
		if len(b.spec.Post) == 0 {
			dst = y
		}
		b.norm.apply(cur, dst)
		cur = dst
	}
	for s, p := range b.spec.Post {
		mask := b.mask(s, i)
		dst := b.other(worker, cur)[:b.shapes[s+1].Len()]
		if s+1 == len(b.spec.Post) {
			dst = y
		}
		switch p.Kind {
		case ReLU:
			reluInto(cur, dst, mask)
		case Leaky:
			leakyInto(cur, dst, mask, T(p.Slope))
		case MaxPool:
			maxPool(b.shapes[s], p.Window, cur, dst, mask)
		case AvgPool:
			avgPool(b.shapes[s], p.Window, cur, dst)
		case Add:
			size := b.shapes[s].Len()
			sumInto(cur, b.skip[i*size:][:size], dst)
		}
		cur = dst
	}
}

// other is the worker's scratch map that cur does not lie in.
func (b *Block[T]) other(worker int, cur []T) []T {
	maps := &b.scratch[worker]
	if &cur[0] == &maps[0][0] {
		return maps[1]
	}
	return maps[0]
}

func (b *Block[T]) mask(stage, image int) []uint8 {
	n := b.maskLen[stage]
	if n == 0 {
		return nil
	}
	return b.masks[stage][image*n:][:n]
}

// stagesBackward takes image i's gradient back through the stages to the norm's, or the convolution's, output.
func (b *Block[T]) stagesBackward(i, worker int, y, dy []T) []T {
	return b.backFrom(len(b.spec.Post)-1, i, worker, y, b.image(dy, i))
}

// backFrom takes the gradient cur of the output of the given stage back through it and those before it.
func (b *Block[T]) backFrom(stage, i, worker int, y, cur []T) []T {
	for s := stage; s >= 0; s-- {
		p := b.spec.Post[s]
		if p.Kind == Add {
			size := b.shapes[s].Len()
			copy(b.dskip[i*size:][:size], cur)
			continue
		}
		mask := b.mask(s, i)
		dst := b.other(worker, cur)[:b.shapes[s].Len()]
		switch p.Kind {
		case ReLU:
			if mask == nil {
				reluGrad(b.image(y, i), cur, dst)
			} else {
				reluGradMask(mask, cur, dst)
			}
		case Leaky:
			leakyGrad(b.image(y, i), mask, cur, dst, T(p.Slope))
		case MaxPool:
			maxPoolGrad(b.shapes[s], p.Window, cur, mask, dst)
		case AvgPool:
			avgPoolGrad(b.shapes[s], p.Window, cur, dst)
		}
		cur = dst
	}
	return cur
}
