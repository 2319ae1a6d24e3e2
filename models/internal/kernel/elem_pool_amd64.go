//go:build !noasm

package kernel

import "unsafe"

// poolRow is a row of equal windows: what a pooling loop of the assembly works on. The generator knows
// this layout. The loop advances pixels.
type poolRow struct {
	x, y, arg   unsafe.Pointer // first window's first pixel, first output pixel and its winners
	pixels, c   int            // windows, and channels (at least 8)
	kh, kw      int            // size of the windows as cropped to the image
	step, pitch int            // bytes from a window to the next, from a row of x to the next
	first, skip int            // number of the first pixel in the window, and numbers left out after each row
	scale       float32        // 1/(kh·kw)
}

// poolMaxAVX2 is, for each window p of a row, each channel and the window's pixels in row-major order (ky, kx),
// numbered first, first+1, …, with skip numbers left out after each row,
//
//	if v := x[p*step/4+ky*pitch/4+kx*c+channel]; first of the window || v > y[p*c+channel] {
//		y[p*c+channel], arg[p*c+channel] = v, number
//	}
//
//go:noescape
func poolMaxAVX2(p *poolRow)

// poolMaxGradAVX2 is, with the same pixels and numbers,
//
//	if arg[p*c+channel] == number {
//		x[p*step/4+ky*pitch/4+kx*c+channel] += y[p*c+channel]
//	}
//
//go:noescape
func poolMaxGradAVX2(p *poolRow)

// poolAvgAVX2 is, with the same pixels and y first 0,
//
//	y[p*c+channel] += x[p*step/4+ky*pitch/4+kx*c+channel]
//
// and then y[p*c+channel] *= scale.
//
//go:noescape
func poolAvgAVX2(p *poolRow)

// poolAvgGradAVX2 is, with the same pixels,
//
//	x[p*step/4+ky*pitch/4+kx*c+channel] += y[p*c+channel] * scale
//
//go:noescape
func poolAvgGradAVX2(p *poolRow)

// poolVectors runs op over runs of output pixels whose windows are cropped alike, and says whether it could:
// it needs eight channels. The backward passes take dx for x and dy for y.
func poolVectors(op poolOp, in Shape, win Window, x, y []float32, winner []uint8) bool {
	if vectors(in.C) == 0 {
		return false
	}
	oh, ow := win.OutH(in.H), win.OutW(in.W)
	x, y = x[:in.Len()], y[:oh*ow*in.C]
	if op == poolMaxForward || op == poolMaxBackward {
		winner = winner[:len(y)]
	}
	if op == poolMaxBackward || op == poolAvgBackward {
		clear(x)
	}
	for oy := range oh {
		ky0, ky1 := win.rows(oy, in.H)
		for ox := 0; ox < ow; {
			kx0, kx1 := win.cols(ox, in.W)
			end := ox + 1
			for end < ow {
				if lo, hi := win.cols(end, in.W); lo != kx0 || hi != kx1 {
					break
				}
				end++
			}
			out := (oy*ow + ox) * in.C
			p := poolRow{
				x:      pointer(x, ((oy*win.Stride+ky0-win.Top)*in.W+ox*win.Stride+kx0-win.Left)*in.C),
				y:      pointer(y, out),
				pixels: end - ox, c: in.C,
				kh: ky1 - ky0, kw: kx1 - kx0,
				step: 4 * win.Stride * in.C, pitch: 4 * in.W * in.C,
				first: ky0*win.KW + kx0, skip: win.KW - (kx1 - kx0),
				scale: 1 / float32((ky1-ky0)*(kx1-kx0)),
			}
			if winner != nil {
				p.arg = pointer(winner, out)
			}
			p.run(op)
			ox = end
		}
	}
	return true
}

// run calls the loop for op.
func (p *poolRow) run(op poolOp) {
	switch op {
	case poolMaxForward:
		poolMaxAVX2(p)
	case poolMaxBackward:
		poolMaxGradAVX2(p)
	case poolAvgForward:
		poolAvgAVX2(p)
	case poolAvgBackward:
		poolAvgGradAVX2(p)
	}
}
