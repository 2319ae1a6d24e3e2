package onnx

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/models"
)

// everyLayer is a net with every kind of layer, paddings that differ on all sides, and layers behind a dense one.
func everyLayer() models.Spec {
	return models.Spec{Name: "every-layer", Input: models.Shape{H: 9, W: 8, C: 3}, Classes: 4, Layers: []models.Layer{
		models.Conv{Size: 3, Out: 6, Pad: models.Pad{Top: 1, Bottom: 0, Left: 2, Right: 1}, NoBias: true},
		models.BatchNorm{},
		models.LeakyReLU{Slope: 0.125},
		models.MaxPool{Size: 2, Stride: 1, Pad: models.Pad{Bottom: 1, Right: 1}},
		models.Residual{Body: []models.Layer{models.Conv{Size: 3, Out: 8, Stride: 2, Pad: models.Same(1), NoBias: true}, models.BatchNorm{}, models.ReLU{},
			models.Conv{Size: 1, Out: 8}}, Projection: true},
		models.ReLU{},
		models.Residual{Body: []models.Layer{models.Conv{Size: 3, Out: 8, Pad: models.Same(1)}}},
		models.Residual{Body: []models.Layer{models.Conv{Size: 1, Out: 5}}, Projection: true},
		models.AvgPool{Size: 3, Stride: 2, Pad: models.Pad{Bottom: 1, Right: 1}},
		models.Dropout{Rate: 0.5},
		models.Dense{Out: 10},
		models.BatchNorm{},
		models.Conv{Size: 1, Out: 7},
		models.GlobalAvgPool{},
		models.Dense{Out: models.OutClasses, NoBias: true},
	}}
}

// randomNet is a net whose parameters are all random, variances above 0.
func randomNet(t *testing.T, spec models.Spec) *models.Net {
	t.Helper()
	net, err := models.New(spec, models.Options{Batch: 4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	r := rand.New(rand.NewPCG(3, 3))
	for _, p := range net.Params() {
		for i := range p.Value {
			p.Value[i] = float32(r.NormFloat64() / 3)
			if strings.HasSuffix(p.Name, "running_var") {
				p.Value[i] = float32(math.Exp(2*r.NormFloat64() - 4)) // some near the constant that is added
			}
		}
	}
	net.Changed()
	return net
}

// recipes are preprocessings of every kind for a net's images.
func recipes(s models.Shape, classes int) map[string]*datasets.Recipe {
	r := rand.New(rand.NewPCG(4, 4))
	numbers := func(n int, scale, least float64) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(least + scale*r.Float64())
		}
		return out
	}
	base := datasets.Recipe{Data: "made up", H: s.H, W: s.W, C: s.C, Colour: "rgb", Fit: "crop", Divisor: 1}
	for i := range classes {
		base.ClassNames = append(base.ClassNames, string(rune('a'+i)))
	}
	with := func(change func(r *datasets.Recipe)) *datasets.Recipe {
		r := base
		change(&r)
		return &r
	}
	n := s.Len()
	return map[string]*datasets.Recipe{
		"none":              with(func(r *datasets.Recipe) { r.Normalize = datasets.NormalizeNone }),
		"none, from 0 to 1": with(func(r *datasets.Recipe) { r.Normalize, r.Divisor = datasets.NormalizeNone, 255 }),
		"mean":              with(func(r *datasets.Recipe) { r.Normalize, r.Mean = datasets.NormalizeMean, numbers(n, 255, 0) }),
		"standardize": with(func(r *datasets.Recipe) {
			r.Normalize, r.Mean, r.Deviation, r.Divisor = datasets.NormalizeStandardize, numbers(s.C, 1, 0), numbers(s.C, 1, 0.5), 255
		}),
		"whiten": with(func(r *datasets.Recipe) {
			r.Normalize, r.Mean, r.Contrast, r.Filter = datasets.NormalizeWhiten, numbers(n, 255, 0), 55, numbers(n*n, 0.2, -0.1)
		}),
	}
}

// written is a net as it is read again.
func written(t *testing.T, net *models.Net, recipe *datasets.Recipe, start bool) *Net {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, net, recipe); err != nil {
		t.Fatal(err)
	}
	m, err := Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	o := NetOptions{}
	if start {
		o.Start = m.Preprocessed()
	}
	read, err := NewNet(m, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { read.Close() })
	return read
}

// A net that was written reads back to the same logits and derivatives.
func TestWrittenNetReadsBack(t *testing.T) {
	for _, spec := range []models.Spec{everyLayer(), lookup(t, "lenet-cifar10"), lookup(t, "lenet-mnist")} {
		t.Run(spec.Name, func(t *testing.T) {
			net := randomNet(t, spec)
			read := written(t, net, nil, false)
			_, x := randoms(5, 2*spec.Input.Len())
			want, err := net.Linearize(x, 2, models.Margin)
			if err != nil {
				t.Fatal(err)
			}
			got, err := read.Linearize(x, 2, models.Margin)
			if err != nil {
				t.Fatal(err)
			}
			// The constant of a batch norm is a float32 in the file.
			relative(t, "logits", got.Logits, want.Logits, 1e-5)
			relative(t, "derivative", got.Derivative, want.Derivative, 1e-5)
		})
	}
}

func lookup(t *testing.T, name string) models.Spec {
	t.Helper()
	spec, err := models.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// relative compares by the largest of the wanted values.
func relative(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	top := 0.0
	for _, v := range want {
		top = max(top, math.Abs(v))
	}
	a, b := make([]float64, len(got)), make([]float64, len(want))
	for i := range got {
		a[i] = got[i] / top
	}
	for i := range want {
		b[i] = want[i] / top
	}
	compare(t, what, a, b, tolerance)
}

// Raw pixels go through the preprocessing that is in the file as through the recipe.
func TestWrittenPreprocessing(t *testing.T) {
	net := randomNet(t, everyLayer())
	shape := net.Spec().Input
	pixels := make([]byte, 2*shape.Len())
	r := rand.New(rand.NewPCG(6, 6))
	for i := range pixels {
		pixels[i] = byte(r.IntN(256))
	}
	for i := range pixels[:shape.Len()] { // an image of little contrast, where whitening has its bound
		pixels[i] = 100 + pixels[i]%8
	}
	raw := make([]float64, len(pixels))
	for i, v := range pixels {
		raw[i] = float64(v)
	}
	for name, recipe := range recipes(shape, net.Spec().Classes) {
		t.Run(name, func(t *testing.T) {
			if recipe.Normalize == datasets.NormalizeWhiten { // the bound matters only against a mean image like this
				for i := range recipe.Mean {
					recipe.Mean[i] = 104
				}
			}
			x := make([]float32, len(pixels))
			if err := recipe.Apply(x, pixels); err != nil {
				t.Fatal(err)
			}
			want, err := net.Linearize(widen(x), 2, models.Logit)
			if err != nil {
				t.Fatal(err)
			}
			got, err := written(t, net, recipe, false).Linearize(raw, 2, models.Logit)
			if err != nil {
				t.Fatal(err)
			}
			relative(t, "logits", got.Logits, want.Logits, 1e-5)

			// Behind the preprocessing the net is as without.
			inner, err := written(t, net, recipe, true).Linearize(widen(x), 2, models.Logit)
			if err != nil {
				t.Fatal(err)
			}
			relative(t, "logits behind the preprocessing", inner.Logits, want.Logits, 1e-5)
			relative(t, "derivative behind the preprocessing", inner.Derivative, want.Derivative, 1e-5)
		})
	}
}

func TestWrittenMetadata(t *testing.T) {
	net := randomNet(t, everyLayer())
	recipe := recipes(net.Spec().Input, 4)["mean"]
	var b bytes.Buffer
	if err := Write(&b, net, recipe); err != nil {
		t.Fatal(err)
	}
	m, err := Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	meta := m.Metadata()
	var classes []string
	if err := json.Unmarshal([]byte(meta[ClassesKey]), &classes); err != nil || !slices.Equal(classes, []string{"a", "b", "c", "d"}) {
		t.Errorf("classes %q", meta[ClassesKey])
	}
	if text, _ := recipe.Encode(); meta[datasets.RecipeKey] != text || meta[ModelKey] != "every-layer" {
		t.Errorf("metadata %q", meta)
	}
	if m.Opset() != 17 || m.Producer() != "maxgain" {
		t.Errorf("opset %d by %q", m.Opset(), m.Producer())
	}
	name, dims, err := m.Input()
	if err != nil || name != "pixels" || !slices.Equal(dims, []int{0, 3, 9, 8}) {
		t.Errorf("input %q of %v, %v", name, dims, err)
	}
	recipe.ClassNames = recipe.ClassNames[:3]
	if err := Write(&b, net, recipe); err == nil || !strings.Contains(err.Error(), "3 classes") {
		t.Errorf("error %v", err)
	}
}
