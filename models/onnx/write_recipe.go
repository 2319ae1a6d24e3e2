package onnx

import (
	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models/onnx/internal/wire"
)

// leastDeviation is the least standard deviation that datasets' whitening divides by.
const leastDeviation = 40

// prepare adds the preprocessing of raw images.
func (e *exporter) prepare(at feature, r *datasets.Recipe) feature {
	name := at.name
	if r.Divisor != 0 && r.Divisor != 1 {
		name = e.node("Div", "", []string{name, e.weight("preprocessing.divisor", []float32{r.Divisor})})
	}
	switch r.Normalize {
	case datasets.NormalizeMean:
		name = e.node("Sub", "", []string{name, e.weight("preprocessing.mean", planar(r.Mean, r), 1, r.C, r.H, r.W)})
	case datasets.NormalizeStandardize:
		name = e.node("Sub", "", []string{name, e.weight("preprocessing.mean", r.Mean, 1, r.C, 1, 1)})
		name = e.node("Div", "", []string{name, e.weight("preprocessing.deviation", r.Deviation, 1, r.C, 1, 1)})
	case datasets.NormalizeWhiten:
		name = e.whiten(name, r)
	}
	return feature{name, at.shape}
}

// whiten adds the normalisation of contrast and the whitening. They do not mind the order of an image's values, so that
// the images stay planes and the filter's rows and columns are put in their order.
func (e *exporter) whiten(name string, r *datasets.Recipe) string {
	n := r.Size()
	number := func(name string, v float64) string { return e.weight("preprocessing."+name, []float32{float32(v)}) }
	z := e.node("Flatten", "", []string{name})
	z = e.node("Sub", "", []string{z, e.weight("preprocessing.mean", planar(r.Mean, r), 1, n)})
	z = e.node("Sub", "", []string{z, e.node("ReduceMean", "", []string{z}, wire.IntsAttribute("axes", 1))})
	// The deviation √(Σz²/(n−1)), and how much the contrast is raised.
	variance := e.node("ReduceMean", "", []string{e.node("Mul", "", []string{z, z})}, wire.IntsAttribute("axes", 1))
	variance = e.node("Mul", "", []string{variance, number("unbiased", float64(n)/float64(n-1))})
	deviation := e.node("Max", "", []string{e.node("Sqrt", "", []string{variance}), number("least_deviation", leastDeviation)})
	z = e.node("Mul", "", []string{z, e.node("Div", "", []string{number("contrast", r.Contrast), deviation})})
	filter := make([]float32, n*n)
	for i := range n {
		for j := range n {
			filter[place(i, r)*n+place(j, r)] = r.Filter[i*n+j]
		}
	}
	z = e.node("MatMul", "", []string{z, e.weight("preprocessing.filter", filter, n, n)})
	shape := e.node("Constant", "", nil, wire.IntsAttribute("value_ints", -1, int64(r.C), int64(r.H), int64(r.W)))
	return e.node("Reshape", "", []string{z, shape})
}

// place is where value i of an image [H,W,C] stands in [C,H,W].
func place(i int, r *datasets.Recipe) int { return i%r.C*r.H*r.W + i/r.C }

// planar turns an image [H,W,C] into [C,H,W].
func planar(image []float32, r *datasets.Recipe) []float32 {
	out := make([]float32, len(image))
	for i, v := range image {
		out[place(i, r)] = v
	}
	return out
}
