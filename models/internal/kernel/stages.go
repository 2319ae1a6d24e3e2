package kernel

// stages takes image i's map cur, the convolution's output or the block's input, through the norm and the stages
// into y. cur is not written to unless it is the worker's first scratch map.
func (b *Block[T]) stages(i, worker int, cur, y []T) {
	first := 0
	if b.norm != nil {
		var skip []T
		first, skip = b.fusedStages(i)
		dst := b.scratch[worker][1][:b.shapes[0].Len()]
		if first == len(b.spec.Post) {
			dst = y
		}
		relu := first > 0 && b.spec.Post[first-1].Kind == ReLU
		normApply(cur, dst, skip, b.norm.mean, b.norm.scale, b.norm.values.Beta, relu)
		cur = dst
	}
	for s := first; s < len(b.spec.Post); s++ {
		p := b.spec.Post[s]
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
			copy(dst, cur)
			addInto(dst, b.skipOf(i))
		}
		cur = dst
	}
}

// fusedStages is the number of stages that the norm does in its own pass over image i's map, an addition and a last
// ReLU, and the map to be added, nil for none.
func (b *Block[T]) fusedStages(i int) (n int, skip []T) {
	post := b.spec.Post
	if b.add == 0 {
		n, skip = 1, b.skipOf(i)
	}
	if n == len(post)-1 && post[n].Kind == ReLU {
		n++
	}
	return n, skip
}

// skipOf is the map that is added to image i's.
func (b *Block[T]) skipOf(i int) []T {
	size := b.shapes[b.add].Len()
	return b.skip[i*size:][:size]
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

// dskipOf is memory for the gradient of the map that is added to image i's.
func (b *Block[T]) dskipOf(i int) []T {
	size := b.shapes[b.add].Len()
	return b.dskip[i*size:][:size]
}

// gradient is the gradient of the norm's output for image i, with a last ReLU and the keeping of what was added left
// to the loop that uses it, where these are all the stages there are. The first use of a step keeps, the second takes what was kept.
func (b *Block[T]) gradient(i, worker int, y, dy []T, keep bool) gated[T] {
	post := b.spec.Post
	switch {
	case b.add >= 0 && !keep:
		return gated[T]{g: b.backFrom(b.add-1, i, worker, y, b.dskipOf(i))}
	case len(post) == 1 && post[0].Kind == ReLU:
		return gated[T]{g: b.image(dy, i), relu: true}
	case len(post) == 2 && b.add == 0 && post[1].Kind == ReLU:
		return gated[T]{g: b.image(dy, i), y: b.image(y, i), kept: b.dskipOf(i)}
	}
	return gated[T]{g: b.stagesBackward(i, worker, y, dy)}
}

// backFrom takes the gradient cur of the output of the given stage back through it and those before it.
func (b *Block[T]) backFrom(stage, i, worker int, y, cur []T) []T {
	for s := stage; s >= 0; s-- {
		p := b.spec.Post[s]
		if p.Kind == Add {
			copy(b.dskipOf(i), cur)
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
