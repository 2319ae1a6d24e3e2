package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// torchNorm is a batch norm of 3 images of 2×2 pixels and 2 channels as PyTorch 2.15 computes it in float64:
// torch.nn.BatchNorm2d with the values below, y and the gradients of Σ y·dy.
var torchNorm = struct {
	gamma, beta, mean, variance            []float64
	x, dy, y, dx, dgamma, dbeta            []float64
	newMean, newVariance, evaluatedNewMean []float64
}{
	gamma: []float64{1.5, -0.5}, beta: []float64{0.25, 2}, mean: []float64{1, -2}, variance: []float64{3, 0.5},
	x:      []float64{4.56, 1.83, 5.29, 3.5, 6.34, 6.31, 3.97, 6.82, 7.16, 6.02, 5.69, 1.95, 6.44, 1.2, 6.66, 5.5, 5.06, 7.37, 5.48, 5.83, 6.57, 5.37, 3.0, 4.69},
	dy:     []float64{-0.38, -0.04, 0.91, -0.59, -0.42, -1.07, -1.19, -0.11, -0.53, -1.5, 1.45, -0.73, 0.15, 0.56, 2.17, 0.62, -0.55, -1.2, -0.17, -0.01, -0.03, 0.04, 3.12, 0.05},
	y:      []float64{-0.9729398, 2.7186914, -0.0413787, 2.3003767, 1.2985379, 1.5965058, -1.7258453, 1.468757, 2.344949, 1.6691473, 0.4690657, 2.6886329, 1.4261491, 2.8764987, 1.7068935, 1.799401, -0.3348843, 1.3309887, 0.2010824, 1.71674, 1.5920435, 1.8319644, -2.9636731, 2.0022961},
	dx:     []float64{-1.2603536, 0.0135497, 0.6095521, 0.1009074, -0.7658832, 0.1363189, -2.4748203, -0.1195443, -0.6549508, 0.2527826, 1.4212397, 0.182764, -0.007853, -0.1177258, 2.6373146, -0.2625549, -1.324058, 0.1368851, -0.7104188, -0.1147089, -0.197712, -0.1133478, 2.7279435, -0.0953262},
	dgamma: []float64{-3.387522, -2.8865803}, dbeta: []float64{4.53, -3.98},
	newMean: []float64{1.4518333, -1.3300833}, newVariance: []float64{2.850727, 0.8846645},
	evaluatedNewMean: []float64{3.0113216, 0.3201257, 3.6598597, -0.5676326, 4.5926886, -2.0614055, 2.4871606, -2.3325173, 5.3211836, -1.9072439, 4.0152231, 0.2563347, 4.6815295, 0.6550285, 4.8769793, -1.6308162, 3.4555258, -2.6248928, 3.8286573, -1.8062414, 4.7970226, -1.5617092, 1.6254044, -1.2002268},
}

// near fails where two lists differ by more than 1e-5 of 1 or of the value.
func near[T Float](t *testing.T, what string, got []T, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if !(math.Abs(float64(got[i])-w) <= 1e-5*math.Max(1, math.Abs(w))) {
			t.Errorf("%s[%d] is %v, want %v", what, i, got[i], w)
		}
	}
}

func convert[T Float](v []float64) []T {
	out := make([]T, len(v))
	for i, x := range v {
		out[i] = T(x)
	}
	return out
}

// Training, evaluation and running values of a batch norm are PyTorch's, alone and behind a convolution that
// leaves its input as it is.
func TestNormIsPyTorchs(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testTorchNorm[float32](t) })
	t.Run("float64", func(t *testing.T) { testTorchNorm[float64](t) })
}

func testTorchNorm[T Float](t *testing.T) {
	in := Shape{H: 2, W: 2, C: 2}
	for name, spec := range map[string]BlockSpec{
		"alone":              {In: in, NeedDX: true},
		"behind convolution": {In: in, Conv: Window{KH: 1, KW: 1, Stride: 1}, Out: 2, NeedDX: true},
	} {
		t.Run(name, func(t *testing.T) {
			workers := NewWorkers(2)
			defer workers.Close()
			values := Norm[T]{Gamma: convert[T](torchNorm.gamma), Beta: convert[T](torchNorm.beta), Mean: convert[T](torchNorm.mean), Var: convert[T](torchNorm.variance)}
			identity := []T{1, 0, 0, 1}
			run := func(kind NormKind) (*Block[T], []T) {
				spec.Norm = kind
				b, err := NewBlock[T](spec, 4, workers)
				if err != nil {
					t.Fatal(err)
				}
				b.Pack(identity, nil, values)
				y := make([]T, len(torchNorm.x))
				b.Forward(convert[T](torchNorm.x), y, 3)
				return b, y
			}
			b, y := run(BatchNorm)
			near(t, "y", y, torchNorm.y)
			near(t, "running mean", values.Mean, torchNorm.newMean)
			near(t, "running variance", values.Var, torchNorm.newVariance)
			g := Gradients[T]{DX: make([]T, len(y)), DGamma: make([]T, 2), DBeta: make([]T, 2)}
			b.Backward(convert[T](torchNorm.x), y, convert[T](torchNorm.dy), g, 3)
			near(t, "dx", g.DX, torchNorm.dx)
			near(t, "dgamma", g.DGamma, torchNorm.dgamma)
			near(t, "dbeta", g.DBeta, torchNorm.dbeta)
			_, y = run(FixedNorm)
			near(t, "y in evaluation", y, torchNorm.evaluatedNewMean)
		})
	}
}

// Two values, 1 and 3: mean 2, biased variance 1, unbiased 2. With gamma 1 and beta 0 they become ∓1/√(1 + 1e-5), and
// the running values move from 0 and 1 to 0.2 and 1.1.
func TestNormByHand(t *testing.T) {
	workers := NewWorkers(1)
	defer workers.Close()
	b, err := NewBlock[float32](BlockSpec{In: Shape{H: 1, W: 1, C: 1}, Norm: BatchNorm}, 2, workers)
	if err != nil {
		t.Fatal(err)
	}
	values := Norm[float32]{Gamma: []float32{1}, Beta: []float32{0}, Mean: []float32{0}, Var: []float32{1}}
	b.Pack(nil, nil, values)
	y := make([]float32, 2)
	b.Forward([]float32{1, 3}, y, 2)
	near(t, "y", y, []float64{-0.999995, 0.999995})
	near(t, "running mean", values.Mean, []float64{0.2})
	near(t, "running variance", values.Var, []float64{1.1})

	// A single value is its own mean: it becomes beta, the running mean moves and the running variance does not.
	values.Beta[0] = 7
	b.Forward([]float32{5}, y, 1)
	near(t, "a single y", y[:1], []float64{7})
	near(t, "running mean", values.Mean, []float64{0.9*0.2 + 0.1*5})
	near(t, "running variance", values.Var, []float64{1.1})
	g := Gradients[float32]{DX: []float32{9}, DGamma: []float32{9}, DBeta: []float32{9}}
	b.Backward([]float32{5}, y, []float32{3}, g, 1)
	near(t, "dx, dgamma, dbeta", []float32{g.DX[0], g.DGamma[0], g.DBeta[0]}, []float64{0, 0, 3})
}

// Statistics stay accurate where the mean is a thousand times the deviation, and NaN stays NaN.
func TestNormStatisticsAreAccurate(t *testing.T) {
	workers := NewWorkers(2)
	defer workers.Close()
	for _, c := range []int{1, 7, 8, 19, 32} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			in := Shape{H: 9, W: 11, C: c}
			const n = 5
			r := rand.New(rand.NewPCG(1, uint64(c)))
			x := make([]float32, n*in.Len())
			for i := range x {
				x[i] = float32(1000 + r.NormFloat64())
			}
			mean, variance := make([]float64, c), make([]float64, c)
			count := float64(len(x) / c)
			for i, v := range x {
				mean[i%c] += float64(v) / count
			}
			for i, v := range x {
				d := float64(v) - mean[i%c]
				variance[i%c] += d * d / (count - 1)
			}
			b, err := NewBlock[float32](BlockSpec{In: in, Norm: BatchNorm}, n, workers)
			if err != nil {
				t.Fatal(err)
			}
			values := Norm[float32]{Gamma: ones(c), Beta: make([]float32, c), Mean: make([]float32, c), Var: make([]float32, c)}
			b.Pack(nil, nil, values)
			y := make([]float32, len(x))
			b.Forward(x, y, n)
			for k := range c {
				if got := 10 * float64(values.Var[k]); math.Abs(got-variance[k]) > 1e-5*variance[k] {
					t.Errorf("channel %d: variance %g, want %g", k, got, variance[k])
				}
				if got := 10 * float64(values.Mean[k]); math.Abs(got-mean[k]) > 1e-6*mean[k] {
					t.Errorf("channel %d: mean %g, want %g", k, got, mean[k])
				}
			}
			x[3*in.Len()] = float32(math.NaN())
			b.Forward(x, y, n)
			if values.Mean[0] == values.Mean[0] || values.Var[0] == values.Var[0] || y[0] == y[0] {
				t.Errorf("a NaN is lost: mean %g, variance %g, y %g", values.Mean[0], values.Var[0], y[0])
			}
		})
	}
}

func ones(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = 1
	}
	return v
}
