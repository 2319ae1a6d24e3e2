package datasets

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func openDigits(t testing.TB, o Options) *Dataset {
	t.Helper()
	o.Name = "digits"
	d, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDigitsCounts(t *testing.T) {
	for _, c := range []struct {
		o          Options
		train, val int
	}{
		{Options{}, 10_000, 2_000},
		{Options{TrainCount: 300, ValCount: 50}, 300, 50},
		{Options{UseAll: true, TrainCount: 300, ValCount: 100}, 300, 0},
		{Options{UseAll: true, TrainCount: 30, ValCount: 100}, 30, 0},
		{Options{UseAll: true, ValCount: 100}, 10_100, 0},
	} {
		d := openDigits(t, c.o)
		val := 0
		if d.Val != nil {
			val = d.Val.Len()
		}
		if d.Train.Len() != c.train || val != c.val {
			t.Errorf("%+v: %d and %d images, want %d and %d", c.o, d.Train.Len(), val, c.train, c.val)
		}
	}
}

func TestDigitsAreFixedBySeedAndIndex(t *testing.T) {
	many, few := openDigits(t, Options{TrainCount: 500, ValCount: 200, Seed: 3}), openDigits(t, Options{TrainCount: 60, ValCount: 20, Seed: 3})
	for i := range 60 {
		if !bytes.Equal(many.Train.Raw(i), few.Train.Raw(i)) || many.Train.Labels[i] != few.Train.Labels[i] {
			t.Fatalf("training image %d of 500 is not that of 60", i)
		}
		if i < 20 && !bytes.Equal(many.Val.Raw(i), few.Val.Raw(i)) {
			t.Fatalf("validation image %d of 200 is not that of 20", i)
		}
	}
	seen := map[string]bool{}
	other := openDigits(t, Options{TrainCount: 500, ValCount: 200, Seed: 4})
	for _, s := range []*Split{many.Train, many.Val, other.Train, other.Val} {
		for i := range s.Len() {
			if image := string(s.Raw(i)); seen[image] {
				t.Fatal("two images of different places, parts or seeds are the same")
			} else {
				seen[image] = true
			}
		}
	}
}

// Every digit must have ink enough to see, not be blotted out, and leave the border to no more than a stroke along it.
func TestDigitsAreLegible(t *testing.T) {
	d := openDigits(t, Options{TrainCount: 5000, ValCount: 1, Seed: 1})
	counts := make([]int, len(digitNames))
	var ink float64
	for i, label := range d.Train.Labels {
		counts[label]++
		dark, border := 0, 0
		for k, v := range d.Train.Raw(i) {
			ink += float64(v)
			if v < 100 {
				continue
			}
			dark++
			if y, x := k/idxSide, k%idxSide; y == 0 || x == 0 || y == idxSide-1 || x == idxSide-1 {
				border++
			}
		}
		if dark < 10 || dark > 450 || border > idxSide {
			t.Errorf("image %d, a %d: %d dark pixels, %d of them on the border", i, label, dark, border)
		}
	}
	for class, n := range counts { // 500 each, standard deviation 21
		if n < 395 || n > 605 {
			t.Errorf("%d images of class %d, want about 500", n, class)
		}
	}
	if mean := ink / 5000 / 784 / 255; math.Abs(mean-0.13) > 0.03 { // MNIST has 0.1307
		t.Errorf("mean value %.3f, want about MNIST's 0.13", mean)
	}
}

// The nearest mean image of a class tells most digits: they are no noise. It does not tell all: they vary.
func TestDigitsAreLearnableAndVaried(t *testing.T) {
	d := openDigits(t, Options{TrainCount: 3000, ValCount: 1000, Seed: 2})
	means := make([][]float64, len(digitNames))
	counts := make([]float64, len(digitNames))
	for c := range means {
		means[c] = make([]float64, 784)
	}
	for i, label := range d.Train.Labels {
		counts[label]++
		for k, v := range d.Train.Raw(i) {
			means[label][k] += float64(v)
		}
	}
	wrong := 0
	for i, label := range d.Val.Labels {
		distances := make([]float64, len(digitNames))
		for c := range means {
			for k, v := range d.Val.Raw(i) {
				e := float64(v) - means[c][k]/counts[c]
				distances[c] += e * e
			}
		}
		if slices.Index(distances, slices.Min(distances)) != int(label) {
			wrong++
		}
	}
	if wrong < 150 || wrong > 600 { // MNIST: about 180
		t.Errorf("the nearest class mean is wrong for %d of 1,000, want 150 to 600", wrong)
	}
}

func BenchmarkDigits(b *testing.B) {
	const count = 1000
	for b.Loop() {
		if _, err := drawDigits(b.Context(), Options{}, "bench", count); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(count*float64(b.N)/b.Elapsed().Seconds(), "images/s")
}

// Grain and haze are noise of mean 0 about the ink: where ink covers all, pixels have its mean and the noise's deviation.
func TestDigitsGrainIsUnbiased(t *testing.T) {
	tried := 0
	for seed := range uint64(400) {
		// The numbers that ink draws first, in its order.
		twin := rand.New(rand.NewPCG(seed, 1))
		full := 255 * clamp(1.05-0.12*math.Abs(twin.NormFloat64()), 0.6, 1.05)
		noise := 22 * twin.Float64()
		if twin.Float64() < 0.25 {
			noise += 30 * twin.Float64()
		}
		if full+noise > 254 || noise < 5 {
			continue
		}
		tried++
		p := pen{rand: rand.New(rand.NewPCG(seed, 1))}
		p.lines = []line{{x0: -50, y0: 13, x1: 80, y1: 13, radius: 200}}
		image := make([]byte, idxSide*idxSide)
		p.ink(image)
		mean, square := 0.0, 0.0
		for _, v := range image {
			mean += float64(v) / float64(len(image))
			square += float64(v) * float64(v) / float64(len(image))
		}
		deviation := math.Sqrt(square - mean*mean)
		want := noise / math.Sqrt(3) // of evenly spread noise
		// Bytes are cut off, half a step on average; the mean of 784 pixels has a 28th of their deviation.
		if math.Abs(mean+0.5-full) > 5*want/28 || math.Abs(deviation-want) > 0.12*want+0.1 {
			t.Errorf("seed %d: mean %.2f, deviation %.2f, want %.2f and %.2f", seed, mean, deviation, full-0.5, want)
		}
	}
	if tried < 50 {
		t.Errorf("%d of 400 seeds were fit to try", tried)
	}
}
