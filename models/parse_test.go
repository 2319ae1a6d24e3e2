package models

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// yamlNode parses a document for a test.
func yamlNode(t testing.TB, text string) *yaml.Node {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	return document.Content[0]
}

func TestParseLayers(t *testing.T) {
	got, err := ParseLayers(yamlNode(t, `
- conv: {size: 3, out: 16, pad: same, bias: false, name: first}
- batch_norm
- batch_norm: {name: second_bn}
- relu
- leaky_relu
- leaky_relu: {slope: 0.2}
- max_pool: {size: 3, stride: 2, pad: [0, 1, 2, 0]}
- avg_pool: {size: 2}
- dropout: 0.25
- dropout: {rate: 0.5}
- conv: {size: 4, out: 8, stride: 2, pad: same, init: xavier, multipliers: {biases: 2}}
- conv: {size: 1, out: 8, pad: 3, init: {normal: 0.01}, multipliers: {weights: 0, biases: 0}}
- residual:
    body:
      - conv: {size: 3, out: 8, pad: valid}
    shortcut: projection
- residual: {body: [{relu: }], name: skip}
- global_avg_pool
- dense: {out: classes, init: he}
`))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line, column int) Position { return Position{line, column} }
	want := []Layer{
		Conv{Name: "first", Size: 3, Out: 16, Pad: Pad{1, 1, 1, 1}, NoBias: true, At: at(2, 3)},
		BatchNorm{At: at(3, 3)},
		BatchNorm{Name: "second_bn", At: at(4, 3)},
		ReLU{At: at(5, 3)},
		LeakyReLU{Slope: 0.01, At: at(6, 3)},
		LeakyReLU{Slope: 0.2, At: at(7, 3)},
		MaxPool{Size: 3, Stride: 2, Pad: Pad{Top: 0, Bottom: 1, Left: 2, Right: 0}, At: at(8, 3)},
		AvgPool{Size: 2, Stride: 2, At: at(9, 3)},
		Dropout{Rate: 0.25, At: at(10, 3)},
		Dropout{Rate: 0.5, At: at(11, 3)},
		Conv{Size: 4, Out: 8, Stride: 2, Pad: Pad{Top: 1, Bottom: 2, Left: 1, Right: 2}, Init: Init{Rule: InitXavier}, Rate: &Multiplier{1, 2}, At: at(12, 3)},
		Conv{Size: 1, Out: 8, Pad: Same(3), Init: Normal(0.01), Rate: &Multiplier{0, 0}, At: at(13, 3)},
		Residual{Body: []Layer{Conv{Size: 3, Out: 8, At: at(16, 9)}}, Projection: true, At: at(14, 3)},
		Residual{Body: []Layer{ReLU{At: at(18, 22)}}, Name: "skip", At: at(18, 3)},
		GlobalAvgPool{At: at(19, 3)},
		Dense{Out: OutClasses, Init: Init{Rule: InitHe}, At: at(20, 3)},
	}
	if len(got) != len(want) {
		t.Fatalf("%d layers, want %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("layer %d:\n got %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

func TestParseLayersReportsEveryFaultWithItsPlace(t *testing.T) {
	_, err := ParseLayers(yamlNode(t, `
- conv: {size: 0, out: many, pad: sane, stryde: 2}
- batchnorm
- relu: {slope: 1}
- max_pool: {size: 17}
- avg_pool
- dropout: 1
- leaky_relu: {slope: -0.1}
- conv: {size: 3, out: 4, bias: 1, init: hee, multipliers: {weights: -1, bias: 2}}
- residual: {shortcut: identety}
- residual: {body: []}
- [relu]
- {relu: , dropout: 0.5}
- conv: {size: 3, out: 4, pad: [1, 2], name: "a b"}
- dense: {out: 0, out: 3}
- conv: 3
`))
	want := []string{
		"2:16: layers[0].conv.size: got 0, want a whole number from 1 to 1024",
		`2:24: layers[0].conv.out: got "many", want a whole number from 1 to 65536, or classes`,
		`2:35: layers[0].conv.pad: got "sane", want same, valid, a number of pixels, or [top, bottom, left, right]; at most 1024`,
		"2:41: layers[0].conv.stryde: unknown option, want one of size, out, stride, pad, name, bias, init, multipliers (did you mean stride?)",
		`3:3: layers[1]: unknown layer "batchnorm", want one of conv, dense, batch_norm, relu, leaky_relu, max_pool, avg_pool, global_avg_pool, dropout, residual (did you mean batch_norm?)`,
		"4:9: layers[2].relu: it takes no options, want relu alone",
		"5:20: layers[3].max_pool.size: got 17, want a whole number from 1 to 16",
		"6:3: layers[4].avg_pool.size: missing, as in avg_pool: {size: 2, stride: 2}",
		"7:12: layers[5].dropout.rate: got 1, want a number >= 0 and < 1",
		"8:23: layers[6].leaky_relu.slope: got -0.1, want a number >= 0 and < 1",
		"9:33: layers[7].conv.bias: got 1, want true or false",
		`9:42: layers[7].conv.init: got "hee", want he, xavier or {normal: 0.01} (did you mean he?)`,
		"9:70: layers[7].conv.multipliers.weights: got -1, want a number >= 0",
		"9:74: layers[7].conv.multipliers.bias: unknown option, want weights or biases (did you mean biases?)",
		"10:3: layers[8].residual.body: missing, as in residual: {body: [...], shortcut: identity}",
		`10:24: layers[8].residual.shortcut: got "identety", want identity or projection (did you mean identity?)`,
		"11:20: layers[9].residual.body: got an empty list, want a list of layers, such as [conv: {size: 3, out: 16, pad: same}, relu]",
		"12:3: layers[10]: got a list, want a layer, such as relu or conv: {size: 3, out: 16, pad: same}",
		"13:3: layers[11]: got a mapping of 2 keys, want one layer an item, its options in braces: conv: {size: 3, out: 16, pad: same}",
		"14:32: layers[12].conv.pad: got a list, want same, valid, a number of pixels, or [top, bottom, left, right]",
		`14:46: layers[12].conv.name: got "a b", want at most 64 letters, digits and underscores`,
		"15:19: layers[13].dense.out: given twice",
		"15:16: layers[13].dense.out: got 0, want a whole number from 1 to 65536, or classes",
		"16:9: layers[14].conv: got 3, want options in braces: conv: {size: 3, out: 16, pad: same}",
	}
	if err == nil {
		t.Fatal("accepted")
	}
	got := map[string]bool{}
	for _, line := range strings.Split(err.Error(), "\n") {
		got[line] = true
	}
	for _, line := range want {
		if !got[line] {
			t.Errorf("missing: %s", line)
		}
		delete(got, line)
	}
	for line := range got {
		t.Errorf("not wanted: %s", line)
	}
	var one *LayerError
	if !errors.As(err, &one) || one.At.Line != 2 {
		t.Errorf("the first fault is %+v", one)
	}
}

// withoutPlaces is the layers with their positions set to zero.
func withoutPlaces(layers []Layer) []Layer {
	var out []Layer
	for _, l := range layers {
		switch t := l.(type) {
		case Conv:
			t.At = Position{}
			l = t
		case Dense:
			t.At = Position{}
			l = t
		case BatchNorm:
			t.At = Position{}
			l = t
		case ReLU:
			l = ReLU{}
		case LeakyReLU:
			t.At = Position{}
			l = t
		case MaxPool:
			t.At = Position{}
			l = t
		case AvgPool:
			t.At = Position{}
			l = t
		case GlobalAvgPool:
			l = GlobalAvgPool{}
		case Dropout:
			t.At = Position{}
			l = t
		case Residual:
			t.At, t.Body = Position{}, withoutPlaces(t.Body)
			l = t
		}
		out = append(out, l)
	}
	return out
}

// readsBack checks that the YAML of layers is read back to the same layers.
func readsBack(t *testing.T, layers []Layer) {
	t.Helper()
	text, err := yaml.Marshal(FormatLayers(layers))
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseLayers(yamlNode(t, string(text)))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if a, b := withoutPlaces(layers), withoutPlaces(again); !reflect.DeepEqual(a, b) {
		t.Errorf("written %+v, read back %+v", a, b)
	}
}

func TestFormatLayersIsReadBack(t *testing.T) {
	for _, name := range Names() {
		s, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		readsBack(t, s.Layers)
	}
	for _, i := range []Init{{Rule: InitHe}, {Rule: InitXavier}, Normal(0.1)} {
		if got, err := ParseInit(FormatInit(i)); err != nil || got != i {
			t.Errorf("%+v is read back as %+v (%v)", i, got, err)
		}
	}
}

func FuzzLayers(f *testing.F) {
	for _, name := range Names() {
		data, err := nets.ReadFile("nets/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data[strings.Index(string(data), "layers:")+len("layers:"):]))
	}
	f.Add("- residual: {body: [{conv: {size: 3, out: 3, pad: same}}, batch_norm], shortcut: projection}\n- dense: {out: classes}")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 5000 {
			return
		}
		var document yaml.Node
		if yaml.Unmarshal([]byte(text), &document) != nil || len(document.Content) == 0 {
			return
		}
		layers, err := ParseLayers(document.Content[0])
		if err != nil {
			return
		}
		readsBack(t, layers)
		rows, err := Spec{Input: Shape{H: 32, W: 32, C: 3}, Classes: 10, Layers: layers}.Summary()
		if err == nil && rows[len(rows)-1].Output != (Shape{H: 1, W: 1, C: 10}) {
			t.Errorf("accepted with the output %v", rows[len(rows)-1].Output)
		}
	})
}

// A layer that does not fit is named with its place and the shapes.
func TestSummarySaysWhatDoesNotFit(t *testing.T) {
	for text, want := range map[string]string{
		"- conv: {size: 9, out: 4}":                                                        "1:3: layers[0]: conv 9×9 → 4 does not fit its input of 8×8×3",
		"- conv: {size: 3, out: 4}\n- relu":                                                "2:3: layers[1]: the last layer gives 6×6×4, want 1×1×10: one logit a class, as dense: {out: classes} gives",
		"- residual: {body: [{conv: {size: 3, out: 3}}]}\n- dense: {out: classes}":         "1:3: layers[0]: the body turns 8×8×3 into 6×6×3, so that they cannot be added: want shortcut: projection, or a body that keeps the shape",
		"- residual: {body: [{conv: {size: 3, out: 3}}], shortcut: projection}":            "1:3: layers[0]: the body turns 8×8×3 into 6×6×3, but no stride of the projection does: stride 2 gives 4×4×3",
		"- residual: {body: [{residual: {body: [relu]}}]}\n- dense: {out: classes}":        "1:22: layers[0].residual.body[0]: a residual inside a residual is not supported",
		"- max_pool: {size: 2, stride: 9, pad: [0, 9, 0, 9]}\n- dense: {out: classes}":     "1:3: layers[0]: a window of the pool lies wholly in the padding around its input of 8×8 pixels: pad less",
		"- conv: {size: 3, out: 4, name: a}\n- conv: {size: 1, out: 4, name: a}\n- relu":   "2:3: layers[1]: the name a is taken by a layer before it",
		"- conv: {size: 3, out: 4, name: a}\n- dense: {out: 60000}\n- dense: {out: 60000}": "3:3: layers[2]: 3600000000 weights from 1×1×60000 to 60000 outputs, want at most 2147483648",
	} {
		layers, err := ParseLayers(yamlNode(t, text))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Spec{Input: Shape{H: 8, W: 8, C: 3}, Classes: 10, Layers: layers}.Summary()
		if full := "models: " + want; err == nil || err.Error() != full {
			t.Errorf("%s\n got %v\nwant %s", text, err, full)
		}
	}
}

// stranger is a layer that this package does not know.
type stranger struct{}

func (stranger) Label() string { return "relu" }

func TestLayersAreAClosedSet(t *testing.T) {
	first, last := Conv{Size: 3, Out: 4}, Dense{Out: 2}
	for _, odd := range []Layer{stranger{}, &ReLU{}, &Dropout{Rate: 0.5}, &last, nil, (*Conv)(nil)} {
		for _, layers := range [][]Layer{{first, odd, last}, {first, Residual{Body: []Layer{odd}}, last}} {
			_, err := New(Spec{Input: Shape{H: 3, W: 3, C: 1}, Classes: 2, Layers: layers}, Options{Batch: 1})
			if err == nil || !strings.Contains(err.Error(), "is no layer of this package") {
				t.Errorf("%T: error %v", odd, err)
			}
		}
	}
}

// The standard deviation of the initial weights is that of the rule, here for 3·3·4 weights an output and
// 3·3·64 an input, and the mean is 0: 2304 weights leave 5 % and 0.1 deviations of doubt.
func TestInitialWeights(t *testing.T) {
	for text, want := range map[string]float64{
		"he": math.Sqrt(2. / 36), "xavier": math.Sqrt(2. / (36 + 576)), "{normal: 0.3}": 0.3,
	} {
		init, err := ParseInit(yamlNode(t, text))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []Spec{
			{Init: init, Layers: []Layer{Conv{Size: 3, Out: 64}, Conv{Size: 1, Out: 2}}},
			{Init: Normal(9), Layers: []Layer{Conv{Size: 3, Out: 64, Init: init}, Conv{Size: 1, Out: 2}}},
		} {
			s.Input, s.Classes = Shape{H: 3, W: 3, C: 4}, 2
			n, err := New(s, Options{Batch: 1, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			var sum, squares float64
			for _, v := range n.Params()[0].Value {
				sum, squares = sum+float64(v), squares+float64(v)*float64(v)
			}
			count := float64(len(n.Params()[0].Value))
			if mean, deviation := sum/count, math.Sqrt(squares/count); math.Abs(mean) > 0.1*want || math.Abs(deviation-want) > 0.05*want {
				t.Errorf("%s: mean %g, standard deviation %g, want 0 and %g", text, mean, deviation, want)
			}
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// A net that is written is read back equal, but for the places of its layers.
func TestFormatNet(t *testing.T) {
	for _, name := range Names() {
		spec, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		text := FormatNet(spec)
		got, err := ParseNet(name, text)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		if got.Input != spec.Input || got.Classes != spec.Classes || got.Init != spec.Init || got.Name != name {
			t.Errorf("%s: %+v read back as %+v", name, spec, got)
		}
		if again := FormatNet(got); string(again) != string(text) {
			t.Errorf("%s: written again as\n%s\nwant\n%s", name, again, text)
		}
		want, err1 := spec.Summary()
		rows, err2 := got.Summary()
		if err := errors.Join(err1, err2); err != nil || !slices.Equal(rows, want) {
			t.Errorf("%s: layers %v, error %v, want %v", name, rows, err, want)
		}
	}
}
