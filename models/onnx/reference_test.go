package onnx

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/models/onnx/internal/ops"
	"github.com/maxgain/maxgain/models/onnx/internal/wire"
	"github.com/sbinet/npyio"
)

// dataDir is a folder of $MAXGAIN_DATA; the test is skipped without it.
func dataDir(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("MAXGAIN_DATA")
	if root == "" {
		t.Skipf("MAXGAIN_DATA is not set: %s is not tested", name)
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%s is not there: not tested", dir)
	}
	return dir
}

// readNPY reads float32 numbers, gzipped if the name says so.
func readNPY(t testing.TB, path string) []float32 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if text, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	var values []float32
	if err := npyio.Read(bytes.NewReader(text), &values); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return values
}

// distance is ‖a − b‖/‖b‖.
func distance[T ops.Float](a []T, b []float32) float64 {
	above, below := 0.0, 0.0
	for i, v := range b {
		d := float64(a[i]) - float64(v)
		above, below = above+d*d, below+float64(v)*float64(v)
	}
	return math.Sqrt(above / below)
}

// compareNet runs a net at its reference photo and returns the largest difference of a logit and the relative
// difference of the gradient of the winning logit.
func compareNet[T ops.Float](t *testing.T, dir, name string) (logits, gradient float64) {
	t.Helper()
	m, err := Read(filepath.Join(dir, name+".onnx"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile[T](m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var x []T
	for _, v := range readNPY(t, filepath.Join(dir, "ref", name+".input.npy.gz")) {
		x = append(x, T(v))
	}
	z, err := p.Forward(x, true)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "ref", name+".ref.json"))
	if err != nil {
		t.Fatal(err)
	}
	var ref struct{ Winner int }
	if err := json.Unmarshal(text, &ref); err != nil {
		t.Fatal(err)
	}
	want := readNPY(t, filepath.Join(dir, "ref", name+".logits.npy"))
	for k, v := range z {
		logits = max(logits, math.Abs(float64(v)-float64(want[k])))
	}
	seed := make([]T, len(z))
	seed[ref.Winner] = 1
	d, err := p.Backward(seed)
	if err != nil {
		t.Fatal(err)
	}
	return logits, distance(d, readNPY(t, filepath.Join(dir, "ref", name+".grad.npy")))
}

// The logits and gradients of seven published nets, computed by another program in float64.
func TestImageNetReferences(t *testing.T) {
	dir := dataDir(t, "imagenet-onnx")
	nets, err := filepath.Glob(filepath.Join(dir, "*.onnx"))
	if err != nil || len(nets) != 7 {
		t.Fatalf("%d nets in %s, want 7 (%v)", len(nets), dir, err)
	}
	for _, path := range nets {
		name := strings.TrimSuffix(filepath.Base(path), ".onnx")
		t.Run(name, func(t *testing.T) {
			logits, gradient := compareNet[float64](t, dir, name)
			t.Logf("float64: logits to %.2g, gradient to %.2g", logits, gradient)
			if logits > 1e-5 || gradient > 1e-6 { // the references are rounded to float32
				t.Errorf("float64: logits differ by %g, the gradient by %g of its norm", logits, gradient)
			}
			logits, gradient = compareNet[float32](t, dir, name)
			t.Logf("float32: logits to %.2g, gradient to %.2g", logits, gradient)
			if logits > 1e-4 || gradient > 2e-2 {
				t.Errorf("float32: logits differ by %g, the gradient by %g of its norm", logits, gradient)
			}
		})
	}
}

// readTensor reads a TensorProto of floats.
func readTensor(t *testing.T, path string) []float32 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// A graph whose only initialiser is the file: field 5 of field 7 of a model with operator set 7.
	message := func(number byte, b []byte) []byte {
		return append(binary.AppendUvarint([]byte{number<<3 | 2}, uint64(len(b))), b...)
	}
	file := append(message(7, message(5, text)), message(8, []byte{2 << 3, 7})...)
	m, err := wire.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	values, err := wire.Floats([]float32(nil), m.Graph.Initializers[0])
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// The model zoo's MNIST nets with their test inputs and outputs.
func TestMNISTReferences(t *testing.T) {
	dir := dataDir(t, "mnist-onnx")
	for _, name := range []string{"mnist-7", "mnist-8"} {
		m, err := Read(filepath.Join(dir, name, "model.onnx"))
		if err != nil {
			t.Fatal(err)
		}
		// The references are float32 themselves: in float64 only their rounding is left. In float32 the kernels' levels sum
		// in orders of their own, those of plain Go without fused multiplications.
		mnistReferences[float64](t, m, filepath.Join(dir, name), 1e-6)
		mnistReferences[float32](t, m, filepath.Join(dir, name), 1e-5)
	}
}

// mnistReferences holds a model's outputs against those of the three sets beside it, by their relative distance.
func mnistReferences[T ops.Float](t *testing.T, m *Model, dir string, bound float64) {
	t.Helper()
	p, err := Compile[T](m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	sets, _ := filepath.Glob(filepath.Join(dir, "test_data_set_*"))
	if len(sets) != 3 {
		t.Fatalf("%d test sets, want 3", len(sets))
	}
	for _, set := range sets {
		x := readTensor(t, filepath.Join(set, "input_0.pb"))
		in := make([]T, len(x))
		for i, v := range x {
			in[i] = T(v)
		}
		y, err := p.Forward(in, false)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, len(y))
		for i, v := range y {
			got[i] = float32(v)
		}
		want := readTensor(t, filepath.Join(set, "output_0.pb"))
		if d := distance(got, want); d > bound || len(y) != len(want) {
			t.Errorf("%s: outputs %v, want %v, at a distance of %.2g", set, y, want, d)
		}
	}
}

// BenchmarkNets gives the time of a forward pass and a derivative.
func BenchmarkNets(b *testing.B) {
	dir := dataDir(b, "imagenet-onnx")
	for _, name := range []string{"googlenet", "mobilenet-v2-1.0", "mobilenet-v3-small", "squeezenet1.1", "tiny-darknet"} {
		b.Run(name+"/float32", func(b *testing.B) { benchmarkNet[float32](b, dir, name) })
		b.Run(name+"/float64", func(b *testing.B) { benchmarkNet[float64](b, dir, name) })
	}
}

func benchmarkNet[T ops.Float](b *testing.B, dir, name string) {
	m, err := Read(filepath.Join(dir, name+".onnx"))
	if err != nil {
		b.Fatal(err)
	}
	p, err := Compile[T](m, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	x, seed := make([]T, p.sizes[p.input]), make([]T, p.sizes[p.output])
	seed[0] = 1
	for b.Loop() {
		if _, err := p.Forward(x, true); err != nil {
			b.Fatal(err)
		}
		if _, err := p.Backward(seed); err != nil {
			b.Fatal(err)
		}
	}
}
