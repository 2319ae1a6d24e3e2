package kernel

import "unsafe"

// winograd is a stride-1 convolution of one shape by a Winograd scheme. A batch is worked through in groups
// of images, which stay in cache between the transforms and the products: one matrix product
// [tiles, C]·[C, K] for each of the n² frequencies.
type winograd struct {
	winogradScheme
	in     Shape
	win    Window
	out    int
	oh, ow int
	th, tw int // tiles in a column and in a row of an image
	group  int // images in a group
	lanes  int // channels that a transform works on at once
	pass   *winogradPasses

	// Channels are stored in panels, as the products read and write them: V as [n², panel, tile, channel],
	// weights as [n², panel of columns, row, column].
	inPanels, outPanels []panel
	inRuns, outRuns     []winogradRun
	rows                int // tiles in a group
	vStep, mStep        int // values from a frequency of V or M to the next
	uStep, utStep       int // the same of the packed weights, also of their gradient, and of the transposed
	vAt, mAt, uAt, utAt []winogradBlock
	u, ut               []float32
	bias                []float32 // whole vectors
}

// winogradBlock is where a block of lanes channels lies in panels: base + row·width.
type winogradBlock struct{ base, width int }

// V and M of a group of images are bounded by half of what the packed weights take, but at least by
// winogradLeastBytes, which stay in the second-level cache, and at most by winogradMostBytes: the more weights there
// are, the more tiles must share the reading of them. winogradGroups is the least number of groups that a batch is
// cut into: enough for several workers to end at about the same time. No group's size changes any sum.
const (
	winogradLeastBytes = 1 << 20
	winogradMostBytes  = 6 << 20
	winogradGroups     = 8
)

// winogradGroup is the number of images in a group, so that the groups of a batch are about equal.
func winogradGroup(imageBytes, weightBytes, batch int) int {
	bytes := min(max(weightBytes/2, winogradLeastBytes), winogradMostBytes)
	most := max(1, min(bytes/imageBytes, (batch+winogradGroups-1)/winogradGroups))
	groups := (batch + most - 1) / most
	return (batch + groups - 1) / groups
}

// newWinograd returns nil if no scheme fits the convolution.
func newWinograd(in Shape, win Window, out, batch int) *winograd {
	var s winogradScheme
	pass := winogradPassesFor()
	switch {
	case win.Stride != 1 || win.KH != win.KW || batch < 1:
		return nil
	case win.KH == winograd45.r:
		s = winograd45
	case win.KH == winograd43.r:
		s = winograd43
	default:
		return nil
	}
	w := &winograd{winogradScheme: s, in: in, win: win, out: out, lanes: pass.lanes, pass: pass.scheme(s)}
	w.oh, w.ow = win.OutH(in.H), win.OutW(in.W)
	if w.oh < 1 || w.ow < 1 {
		return nil
	}
	w.th, w.tw = (w.oh+s.m-1)/s.m, (w.ow+s.m-1)/s.m
	inRow, outRow := packedWidth(in.C), packedWidth(out)
	w.group = winogradGroup(4*s.n()*s.n()*w.th*w.tw*(inRow+outRow), 4*s.n()*s.n()*in.C*outRow, batch)
	w.rows = w.group * w.th * w.tw
	w.inPanels, w.outPanels = panels(in.C, w.lanes), panels(out, w.lanes)
	w.inRuns, w.outRuns = winogradRuns(w.inPanels, w.lanes), winogradRuns(w.outPanels, w.lanes)
	w.vAt, w.mAt = winogradBlocks(w.inPanels, w.rows, w.lanes), winogradBlocks(w.outPanels, w.rows, w.lanes)
	w.uAt, w.utAt = winogradBlocks(w.outPanels, in.C, w.lanes), winogradBlocks(w.inPanels, out, w.lanes)
	w.vStep, w.mStep = oddLines(w.rows*inRow), oddLines(w.rows*outRow)
	w.uStep, w.utStep = oddLines(in.C*outRow), oddLines(out*inRow)
	w.bias = aligned(outRow)
	return w
}

// oddLines rounds a step up to an odd number of cache lines, so that the same place in consecutive
// frequencies falls into different sets of a cache.
func oddLines(values int) int { return ((values+15)/16 | 1) * 16 }

// aligned allocates n values that start on a cache line.
func aligned(n int) []float32 {
	buf := make([]float32, n+15)
	skip := int(-uintptr(unsafe.Pointer(&buf[0]))/4) & 15
	return buf[skip:][:n]
}

// panels lists the panels of n columns.
func panels(n, lanes int) []panel {
	var list []panel
	for first := 0; first < n; {
		p := nextPanel(first, n, lanes)
		list = append(list, p)
		first += p.cols
	}
	return list
}

// winogradBlocks are the places of the blocks of channels in panels of so many rows.
func winogradBlocks(panels []panel, rows, lanes int) []winogradBlock {
	var at []winogradBlock
	for _, p := range panels {
		for v := range p.vecs {
			at = append(at, winogradBlock{base: p.first*rows + v*lanes, width: p.width(lanes)})
		}
	}
	return at
}

// pays says whether the products are fewer than two thirds of the direct convolution's, and the channels enough
// for the transforms not to swamp them: they cost about as much as nine products a value.
func (w *winograd) pays() bool {
	products := w.n() * w.n() * w.th * w.tw
	return min(w.in.C, w.out) >= winogradLeastChannels && 3*products <= 2*w.r*w.r*w.oh*w.ow
}

// winogradLeastChannels is a vector of AVX2.
const winogradLeastChannels = 8

// winogradScratch is one worker's memory.
type winogradScratch struct {
	table         winogradTable
	nowhere, zero []float32 // a vector to write to, and one of zeros
	dataRows      []float32 // [m·th+r−1, n] vectors, zero outside the image's rows
	gradRows      []float32 // [m·th, n] vectors, zero below the output's rows
	work          []float32 // [m·th+r−1, n] vectors
	carry         []float32 // [H, r−1] vectors
	taps          []float32 // [r·r, K or C]
	pixels        []float32 // [H·W or OH·OW] vectors: an image's last channels, padded to a vector
	v, m          []float32 // [n², tiles, C], [n², tiles, K]
}

func (w *winograd) newScratch() *winogradScratch {
	n, vec := w.n(), w.lanes
	high := w.m*w.th + w.r - 1
	return &winogradScratch{
		nowhere: aligned(vec), zero: aligned(vec),
		dataRows: aligned(high * n * vec), gradRows: aligned(w.m * w.th * n * vec), work: aligned(high * n * vec),
		carry:  aligned(w.in.H * (w.r - 1) * vec),
		taps:   aligned(w.r * w.r * packedWidth(max(w.in.C, w.out))),
		pixels: aligned(max(w.in.H*w.in.W, w.oh*w.ow) * vec),
		v:      aligned(n * n * w.vStep), m: aligned(n * n * w.mStep),
	}
}
