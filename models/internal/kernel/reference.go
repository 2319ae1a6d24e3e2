package kernel

// The loops below keep every sum in one fixed order, the same at every pixel, so that equal windows
// give bit-equal outputs and ties in a max pool stay ties. The conversions T(a*b) forbid fusing the
// product into the sum, so that the result is the same on every CPU. Inputs that are zero are skipped:
// impulse images and pooled gradients are mostly zero, and adding a zero changes no sum.

// convForward computes y[oy,ox,k] = b[k] + Σ x[oy·s+ky−top, ox·s+kx−left, c]·w[ky,kx,c,k] for one image:
// x [H,W,C], w [KH,KW,C,K], b [K], y [OH,OW,K].
func convForward[T Float](in Shape, win Window, out int, x, w, b, y []T) {
	oh, ow := win.OutH(in.H), win.OutW(in.W)
	for oy := range oh {
		ky0, ky1 := win.rows(oy, in.H)
		for ox := range ow {
			acc := y[(oy*ow+ox)*out:][:out]
			copy(acc, b)
			kx0, kx1 := win.cols(ox, in.W)
			for ky := ky0; ky < ky1; ky++ {
				row := ((oy*win.Stride+ky-win.Top)*in.W + ox*win.Stride - win.Left) * in.C
				for t := kx0 * in.C; t < kx1*in.C; t++ {
					v := x[row+t]
					if v == 0 {
						continue
					}
					for k, wv := range w[(ky*win.KW*in.C+t)*out:][:out] {
						acc[k] += T(v * wv)
					}
				}
			}
		}
	}
}

// convBackwardData computes dx [H,W,C] from dy [OH,OW,K] and w [KH,KW,C,K] for one image.
func convBackwardData[T Float](in Shape, win Window, out int, dy, w, dx []T) {
	clear(dx[:in.Len()])
	oh, ow := win.OutH(in.H), win.OutW(in.W)
	for oy := range oh {
		ky0, ky1 := win.rows(oy, in.H)
		for ox := range ow {
			g := dy[(oy*ow+ox)*out:][:out]
			if allZero(g) {
				continue
			}
			kx0, kx1 := win.cols(ox, in.W)
			for ky := ky0; ky < ky1; ky++ {
				row := ((oy*win.Stride+ky-win.Top)*in.W + ox*win.Stride - win.Left) * in.C
				for t := kx0 * in.C; t < kx1*in.C; t++ {
					var sum T
					for k, wv := range w[(ky*win.KW*in.C+t)*out:][:out] {
						sum += T(g[k] * wv)
					}
					dx[row+t] += sum
				}
			}
		}
	}
}

func allZero[T Float](v []T) bool {
	for _, x := range v {
		if x != 0 {
			return false
		}
	}
	return true
}

// convBackwardWeights adds one image's share to dw [KH,KW,C,K] and db [K], which may be empty.
func convBackwardWeights[T Float](in Shape, win Window, out int, x, dy, dw, db []T) {
	oh, ow := win.OutH(in.H), win.OutW(in.W)
	for oy := range oh {
		ky0, ky1 := win.rows(oy, in.H)
		for ox := range ow {
			g := dy[(oy*ow+ox)*out:][:out]
			if allZero(g) {
				continue
			}
			for k := range db {
				db[k] += g[k]
			}
			kx0, kx1 := win.cols(ox, in.W)
			for ky := ky0; ky < ky1; ky++ {
				row := ((oy*win.Stride+ky-win.Top)*in.W + ox*win.Stride - win.Left) * in.C
				for t := kx0 * in.C; t < kx1*in.C; t++ {
					v := x[row+t]
					if v == 0 {
						continue
					}
					d := dw[(ky*win.KW*in.C+t)*out:][:out]
					for k, gv := range g {
						d[k] += T(v * gv)
					}
				}
			}
		}
	}
}

// maxPoolForward takes the maximum over each window of one image, cropped to the image; winner holds
// ky·KW+kx of the first maximum in row-major order.
func maxPoolForward[T Float](in Shape, win Window, x, y []T, winner []uint8) {
	oh, ow := win.OutH(in.H), win.OutW(in.W)
	for oy := range oh {
		ky0, ky1 := win.rows(oy, in.H)
		for ox := range ow {
			kx0, kx1 := win.cols(ox, in.W)
			at := (oy*ow + ox) * in.C
			best, arg := y[at:][:in.C], winner[at:][:in.C]
			first := true
			for ky := ky0; ky < ky1; ky++ {
				for kx := kx0; kx < kx1; kx++ {
					px := x[((oy*win.Stride+ky-win.Top)*in.W+ox*win.Stride+kx-win.Left)*in.C:][:in.C]
					for c, v := range px {
						if first || v > best[c] {
							best[c], arg[c] = v, uint8(ky*win.KW+kx)
						}
					}
					first = false
				}
			}
		}
	}
}

// maxPoolBackward gives each output gradient to its window's winner: dx [H,W,C] is overwritten.
func maxPoolBackward[T Float](in Shape, win Window, dy []T, winner []uint8, dx []T) {
	clear(dx[:in.Len()])
	oh, ow := win.OutH(in.H), win.OutW(in.W)
	for oy := range oh {
		for ox := range ow {
			at := (oy*ow + ox) * in.C
			arg := winner[at:][:in.C]
			for c, g := range dy[at:][:in.C] {
				ky, kx := int(arg[c])/win.KW, int(arg[c])%win.KW
				dx[((oy*win.Stride+ky-win.Top)*in.W+ox*win.Stride+kx-win.Left)*in.C+c] += g
			}
		}
	}
}

// avgPoolForward takes the mean of the pixels of each window that lie inside the image.
func avgPoolForward[T Float](in Shape, win Window, x, y []T) {
	oh, ow := win.OutH(in.H), win.OutW(in.W)
	for oy := range oh {
		ky0, ky1 := win.rows(oy, in.H)
		for ox := range ow {
			kx0, kx1 := win.cols(ox, in.W)
			sum := y[(oy*ow+ox)*in.C:][:in.C]
			clear(sum)
			for ky := ky0; ky < ky1; ky++ {
				for kx := kx0; kx < kx1; kx++ {
					px := x[((oy*win.Stride+ky-win.Top)*in.W+ox*win.Stride+kx-win.Left)*in.C:][:in.C]
					for c, v := range px {
						sum[c] += v
					}
				}
			}
			scale := 1 / T((ky1-ky0)*(kx1-kx0))
			for c := range sum {
				sum[c] *= scale
			}
		}
	}
}

// avgPoolBackward spreads each output gradient evenly over its window: dx [H,W,C] is overwritten.
func avgPoolBackward[T Float](in Shape, win Window, dy, dx []T) {
	clear(dx[:in.Len()])
	oh, ow := win.OutH(in.H), win.OutW(in.W)
	for oy := range oh {
		ky0, ky1 := win.rows(oy, in.H)
		for ox := range ow {
			kx0, kx1 := win.cols(ox, in.W)
			scale := 1 / T((ky1-ky0)*(kx1-kx0))
			g := dy[(oy*ow+ox)*in.C:][:in.C]
			for ky := ky0; ky < ky1; ky++ {
				for kx := kx0; kx < kx1; kx++ {
					px := dx[((oy*win.Stride+ky-win.Top)*in.W+ox*win.Stride+kx-win.Left)*in.C:][:in.C]
					for c, v := range g {
						px[c] += T(v * scale)
					}
				}
			}
		}
	}
}

// reluForward replaces x by max(x, 0) in place; NaN stays NaN, so that a diverged net is seen.
func reluForward[T Float](x []T) {
	for i, v := range x {
		if v <= 0 {
			x[i] = 0
		}
	}
}

// reluBackward zeroes the gradient g where the ReLU's output y is not positive.
func reluBackward[T Float](y, g []T) {
	for i, v := range y {
		if !(v > 0) {
			g[i] = 0
		}
	}
}
