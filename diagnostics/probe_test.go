package diagnostics

import (
	"context"
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/maxgain/maxgain/diagnostics/spectrum"
	"github.com/maxgain/maxgain/models"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsInf(want, 0) || math.IsNaN(want) {
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
		return
	}
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %v, want %v within %v", what, got, want, tolerance)
	}
}

// slowResponse is |D(k,u,v)| [C][H·W] by definition, of the derivative d [H,W,C] with or without a Hann window.
func slowResponse(d []float64, s models.Shape, hann bool) [][]float64 {
	out := make([][]float64, s.C)
	for k := range out {
		for u := range s.H {
			for v := range s.W {
				var sum complex128
				for r := range s.H {
					for c := range s.W {
						value := d[(r*s.W+c)*s.C+k]
						if hann {
							value *= 0.5 * (1 - math.Cos(2*math.Pi*float64(r)/float64(s.H-1)))
							value *= 0.5 * (1 - math.Cos(2*math.Pi*float64(c)/float64(s.W-1)))
						}
						angle := -2 * math.Pi * (float64(u*r)/float64(s.H) + float64(v*c)/float64(s.W))
						sum += complex(value, 0) * cmplx.Exp(complex(0, angle))
					}
				}
				out[k] = append(out[k], cmplx.Abs(sum))
			}
		}
	}
	return out
}

// slowGain is the Maximum Gain of each channel, in dB.
func slowGain(d []float64, s models.Shape, hann bool) []float64 {
	var out []float64
	for _, plane := range slowResponse(d, s, hann) {
		out = append(out, 20*math.Log10(slices.Max(plane)))
	}
	return out
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

func measure(t *testing.T, p Probe, s Subject) map[string]float64 {
	t.Helper()
	r, err := p.Measure(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, signal := range r.Signals {
		out[signal.Name] = signal.Value
	}
	return out
}

var small = models.Shape{H: 8, W: 8, C: 3}

func TestImpulseGainAgainstSlowTwin(t *testing.T) {
	net := newLinearNet(1, small, 4)
	image := make([]float64, 8*8*3)
	for k := range 3 {
		image[(4*8+4)*3+k] = 2.5
	}
	for _, p := range []models.Projection{models.LogScore, models.Score} {
		for _, w := range []spectrum.Window{spectrum.None, spectrum.HannWindow} {
			t.Run(fmt.Sprint(p, w), func(t *testing.T) {
				probe, err := ImpulseGain(small, 2.5, p, w)
				if err != nil {
					t.Fatal(err)
				}
				got := measure(t, probe, Subject{Net: net})
				lin, _ := net.Linearize(image, 1, p)
				want := slowGain(lin.Derivative, small, w == spectrum.HannWindow)
				near(t, GainDB, got[GainDB], mean(want), 1e-9)
				for k := range want {
					near(t, "channel", got[fmt.Sprint("gain_db_c", k)], want[k], 1e-9)
				}
			})
		}
	}
}

// With p = 1 instead of 1/s the gain is lower by −20·log10 s.
func TestProjectionShiftsTheGainByTheScore(t *testing.T) {
	net := newLinearNet(2, small, 3)
	a, _ := ImpulseGain(small, 1, models.LogScore, spectrum.HannWindow)
	b, _ := ImpulseGain(small, 1, models.Score, spectrum.HannWindow)
	ga, err := a.Gauge(net)
	if err != nil {
		t.Fatal(err)
	}
	gb, err := b.Gauge(net)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "difference", ga.MeanDB-gb.MeanDB, -20*math.Log10(ga.Score), 1e-9)
}

func TestPositionsAgainstSlowTwin(t *testing.T) {
	net := newLinearNet(3, small, 4)
	positions := [][2]int{{4, 4}, {2, 3}, {5, 2}, {3, 5}}
	got := measure(t, &PositionsGain{Shape: small, Value: 1, Positions: positions, Projection: models.LogScore,
		Window: spectrum.HannWindow}, Subject{Net: net})
	var gains []float64
	for _, p := range positions {
		image := make([]float64, 8*8*3)
		for k := range 3 {
			image[(p[0]*8+p[1])*3+k] = 1
		}
		lin, _ := net.Linearize(image, 1, models.LogScore)
		gains = append(gains, mean(slowGain(lin.Derivative, small, true)))
	}
	slices.Sort(gains)
	near(t, PositionsMedianDB, got[PositionsMedianDB], (gains[1]+gains[2])/2, 1e-9)
	// Quartiles of four values lie a quarter of the way from the second to the first, and from the third to the fourth.
	upper, lower := gains[2]+(gains[3]-gains[2])/4, gains[1]-(gains[1]-gains[0])/4
	near(t, PositionsSpreadDB, got[PositionsSpreadDB], upper-lower, 1e-9)
}

func TestSpreadPositions(t *testing.T) {
	got := SpreadPositions(28, 32, 25)
	if got[0] != [2]int{14, 16} {
		t.Errorf("the first position is %v, want the centre (14,16)", got[0])
	}
	seen := map[[2]int]bool{}
	for _, p := range got {
		if p[0] < 7 || p[0] >= 21 || p[1] < 8 || p[1] >= 24 {
			t.Errorf("%v lies outside the middle half", p)
		}
		seen[p] = true
	}
	if len(seen) != 25 {
		t.Errorf("only %d different positions of 25", len(seen))
	}
}

func TestPopulationAgainstSlowTwin(t *testing.T) {
	shape := models.Shape{H: 8, W: 10, C: 2}
	net := newLinearNet(4, shape, 5)
	r := rand.New(rand.NewPCG(5, 5))
	const count, size = 7, 8 * 10 * 2
	images := make([]float32, count*size)
	for i := range images {
		images[i] = float32(3 * r.NormFloat64())
	}
	got := measure(t, &Population{Shape: shape, Images: images, Batch: 3}, Subject{Net: net})

	var gains, distances, shares []float64
	for i := range count {
		x := make([]float64, size)
		for j := range x {
			x[j] = float64(images[i*size+j])
		}
		z, _, winner, second := net.logits(x)
		gains = append(gains, mean(slowGain(net.weight[winner], shape, false)))
		norm := 0.0
		for j := range x {
			norm += math.Pow(net.weight[winner][j]-net.weight[second][j], 2)
		}
		distances = append(distances, (z[winner]-z[second])/math.Sqrt(norm))
		low, all := 0.0, 0.0
		for _, plane := range slowResponse(net.weight[winner], shape, false) {
			for at, a := range plane {
				u, v := at/10, at%10
				all += a * a
				if (u <= 1 || u == 7) && (v <= 1 || v == 9) {
					low += a * a
				}
			}
		}
		shares = append(shares, low/all)
	}
	for _, check := range []struct {
		name   string
		values []float64
	}{{PopulationGainDB, gains}, {BoundaryDistance, distances}, {LowShare, shares}} {
		slices.Sort(check.values)
		near(t, check.name, got[check.name], check.values[3], 1e-9)
	}
}

// Scaling the logits by c adds 20·log10 c dB to the gain and moves neither the distance nor the share.
func TestPopulationScalingLaw(t *testing.T) {
	net := newLinearNet(6, small, 4)
	images := NoiseImages(make([]float32, 5*8*8*3))
	for i := range images {
		images[i] = float32(i%17) - 8
	}
	probe := &Population{Shape: small, Images: images, Batch: 5}
	before := measure(t, probe, Subject{Net: net})
	for k := range net.weight {
		net.bias[k] *= 7
		for j := range net.weight[k] {
			net.weight[k][j] *= 7
		}
	}
	after := measure(t, probe, Subject{Net: net})
	near(t, "gain", after[PopulationGainDB]-before[PopulationGainDB], 20*math.Log10(7), 1e-9)
	near(t, "distance", after[BoundaryDistance], before[BoundaryDistance], 1e-9)
	near(t, "share", after[LowShare], before[LowShare], 1e-12)
}

func TestDeadNetworkIsReported(t *testing.T) {
	net := newLinearNet(7, small, 3)
	for _, row := range net.weight {
		clear(row)
	}
	probe, _ := ImpulseGain(small, 1, models.LogScore, spectrum.HannWindow)
	near(t, GainDB, measure(t, probe, Subject{Net: net})[GainDB], math.Inf(-1), 0)
	got := measure(t, &Population{Shape: small, Images: make([]float32, 2*8*8*3), Batch: 2}, Subject{Net: net})
	near(t, PopulationGainDB, got[PopulationGainDB], math.Inf(-1), 0)
	near(t, BoundaryDistance, got[BoundaryDistance], math.Inf(1), 0)
	near(t, LowShare, got[LowShare], math.NaN(), 0)
}

func TestQuantile(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, test := range []struct {
		values []float64
		q      float64
		want   float64
	}{
		{nil, 0.5, nan},
		{[]float64{nan, nan}, 0.5, nan},
		{[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{4, 1, 2, 3}, 0.5, 2.5},
		{[]float64{nan, 4, 1, nan, 2, 3}, 0.25, 1.75},
		{[]float64{-inf, 1, 2}, 0.5, 1},
		{[]float64{-inf, -inf, 2}, 0.5, -inf},
		{[]float64{-inf, 1}, 0.5, -inf},
		{[]float64{1, inf}, 0.5, inf},
		{[]float64{-inf, inf}, 0.5, nan},
		{[]float64{5}, 0.75, 5},
	} {
		near(t, fmt.Sprint(test.values, " at ", test.q), quantile(test.values, test.q), test.want, 1e-15)
	}
}

func TestChanges(t *testing.T) {
	for _, test := range []struct {
		now, before []uint16
		want        string
	}{
		{nil, nil, ""},
		{[]uint16{1, 2}, nil, ""},
		{[]uint16{1, 2, 3, 4}, []uint16{1, 2, 3, 4}, "0"},
		{[]uint16{1, 2, 3, 4}, []uint16{4, 2, 3, 1}, "0.5"},
	} {
		got := ""
		for _, v := range measure(t, Changes{}, Subject{Predictions: test.now, Previous: test.before}) {
			got = fmt.Sprint(v)
		}
		if got != test.want {
			t.Errorf("%v after %v: got %q, want %q", test.now, test.before, got, test.want)
		}
	}
	if _, err := (Changes{}).Measure(context.Background(), Subject{Predictions: make([]uint16, 2), Previous: make([]uint16, 3)}); err == nil {
		t.Error("predictions of different lengths accepted")
	}
}

type countedImages struct{ n, size int }

func (c countedImages) Len() int { return c.n }
func (c countedImages) Fill(dst []float32, index []int, _ bool) {
	for i, at := range index {
		for j := range c.size {
			dst[i*c.size+j] = float32(at)
		}
	}
}

func TestTrainingImages(t *testing.T) {
	one := models.Shape{H: 1, W: 1, C: 1}
	for _, test := range []struct{ total, count, second int }{{3, 3, 1}, {100, 100, 1}, {199, 100, 1}, {60000, 100, 600}} {
		labels := make([]uint16, test.total)
		for i := range labels {
			labels[i] = uint16(i % 251)
		}
		sample, err := TrainingImages(countedImages{test.total, 1}, labels, one)
		if err != nil {
			t.Fatal(err)
		}
		got := sample.Images
		if sample.Labels[1] != uint16(test.second%251) || len(sample.Labels) != test.count {
			t.Errorf("of %d: labels %v", test.total, sample.Labels)
		}
		if len(got) != test.count || got[0] != 0 || got[1] != float32(test.second) {
			t.Errorf("of %d: %d images, the second at %v; want %d and %d", test.total, len(got), got[1], test.count, test.second)
		}
	}
	if _, err := TrainingImages(countedImages{0, 1}, nil, one); err == nil {
		t.Error("empty training set accepted")
	}
	if _, err := TrainingImages(countedImages{2, 1}, make([]uint16, 1), one); err == nil {
		t.Error("an image without a label accepted")
	}
}

func TestNoiseImages(t *testing.T) {
	like := make([]float32, 20000)
	for i := range like {
		like[i] = 100 + 3*float32(i%2*2-1) // mean 100, standard deviation 3
	}
	noise := NoiseImages(like)
	sum, square := 0.0, 0.0
	for _, v := range noise {
		sum += float64(v)
		square += float64(v) * float64(v)
	}
	n := float64(len(noise))
	near(t, "mean", sum/n, 0, 4*3/math.Sqrt(n))
	near(t, "standard deviation", math.Sqrt(square/n), 3, 4*3/math.Sqrt(2*n))
	if !slices.Equal(noise, NoiseImages(like)) {
		t.Error("noise differs from call to call")
	}
}

func TestShiftsAgainstSlowTwin(t *testing.T) {
	net := newLinearNet(4, small, 4)
	r := rand.New(rand.NewPCG(5, 5))
	const count = 7
	images, labels := make([]float32, count*8*8*3), make([]uint16, count)
	for i := range images {
		images[i] = float32(r.NormFloat64())
	}
	for i := range labels {
		labels[i] = uint16(r.IntN(4))
	}
	for _, pixels := range []int{1, 3, 9} {
		loss, wrong := 0.0, 0.0
		for i := range count {
			for _, d := range [][2]int{{pixels, 0}, {-pixels, 0}, {0, pixels}, {0, -pixels}} {
				x := make([]float64, 8*8*3)
				for at := range x { // the pixel that lands here, or the nearest one of the edge
					row, column, k := at/24, at/3%8, at%3
					row, column = max(0, min(7, row-d[0])), max(0, min(7, column-d[1]))
					x[at] = float64(images[i*192+row*24+column*3+k])
				}
				_, s, winner, _ := net.logits(x)
				loss -= math.Log(s[labels[i]]) / (4 * count)
				if winner != int(labels[i]) {
					wrong += 1.0 / (4 * count)
				}
			}
		}
		for _, batch := range []int{1, 3, count, 100} {
			got := measure(t, &Shifts{Shape: small, Images: images, Labels: labels, Pixels: pixels, Batch: batch}, Subject{Net: net})
			near(t, ShiftLoss, got[ShiftLoss], loss, 1e-12)
			near(t, ShiftError, got[ShiftError], wrong, 1e-12)
		}
	}
}

func TestProbeErrors(t *testing.T) {
	net := newLinearNet(1, small, 3)
	for name, p := range map[string]Probe{
		"image":      &ImageGain{Shape: small, Image: make([]float64, 5)},
		"positions":  &PositionsGain{Shape: small, Positions: [][2]int{{8, 0}}},
		"population": &Population{Shape: small, Images: make([]float32, 100), Batch: 1},
		"batch":      &Population{Shape: small, Images: make([]float32, 192)},
		"shift":      &Shifts{Shape: small, Images: make([]float32, 192), Labels: make([]uint16, 2), Pixels: 1, Batch: 1},
		"no shift":   &Shifts{Shape: small, Images: make([]float32, 192), Labels: make([]uint16, 1), Batch: 1},
	} {
		if _, err := p.Measure(context.Background(), Subject{Net: net}); err == nil || !strings.Contains(err.Error(), ":") {
			t.Errorf("%s: got error %v, want one that says what is wrong", name, err)
		}
	}
	if _, err := ImpulseGain(models.Shape{}, 1, models.LogScore, spectrum.None); err == nil {
		t.Error("impulse on an empty image accepted")
	}
}
