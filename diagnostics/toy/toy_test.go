package toy

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/maxgain/maxgain/diagnostics/spectrum"
)

const side = 96

func scene(t testing.TB, h, w int) []float64 {
	t.Helper()
	image, err := Scene(h, w, 1)
	if err != nil {
		t.Fatal(err)
	}
	return MeanSubtracted(image)
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %v, want %v within %v", what, got, want, tolerance)
	}
}

// value is Σ p·relu(conv(x)) by the definition, without any of the package's own sums.
func value(n *Net, x, p []float64, h, w int) float64 {
	g, half, sum := n.Filter(), n.Size/2, 0.0
	for r := range h {
		for c := range w {
			v := 0.0
			for i := range n.Size {
				for j := range n.Size {
					if y, z := r+i-half, c+j-half; y >= 0 && y < h && z >= 0 && z < w {
						v += g[i*n.Size+j] * x[y*w+z]
					}
				}
			}
			if v > 0 {
				sum += p[r*w+c] * v
			}
		}
	}
	return sum
}

// The net is linear between kinks, so central differences are exact but for rounding.
func TestDerivativeAgainstDifferences(t *testing.T) {
	const h, w = 9, 11
	n, err := New(5, 1)
	if err != nil {
		t.Fatal(err)
	}
	x := scene(t, h, w)
	p := make([]float64, h*w)
	for i := range p {
		p[i] = math.Sin(float64(3 * i))
	}
	d, err := n.Derivative(x, p, h, w)
	if err != nil {
		t.Fatal(err)
	}
	const step = 1e-4
	for i := range x {
		was := x[i]
		x[i] = was + step
		up := value(n, x, p, h, w)
		x[i] = was - step
		down := value(n, x, p, h, w)
		x[i] = was
		near(t, fmt.Sprint("pixel ", i), d[i], (up-down)/(2*step), 1e-8)
	}
}

// One active unit: the derivative is the filter around it, and its spectrum the Gaussian's, to 0.1 dB above the floor.
func TestActiveUnit(t *testing.T) {
	for _, test := range []struct {
		size  int
		sigma float64
		h, w  int
	}{{25, 2.5, side, side}, {9, 1, 32, 40}, {11, 0.8, 33, 31}, {15, 2, 64, 64}, {21, 2.5, 64, 64}} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			n, err := New(test.size, test.sigma)
			if err != nil {
				t.Fatal(err)
			}
			h, w := test.h, test.w
			x := scene(t, h, w)
			conv, _, err := n.Maps(x, h, w)
			if err != nil {
				t.Fatal(err)
			}
			row, col, err := n.FindUnit(conv, h, w, true)
			if err != nil {
				t.Fatal(err)
			}
			p, err := UnitProjection(h, w, row, col)
			if err != nil {
				t.Fatal(err)
			}
			d, err := n.Derivative(x, p, h, w)
			if err != nil {
				t.Fatal(err)
			}
			g, half := n.Filter(), n.Size/2
			for i, v := range d {
				want := 0.0
				if a, b := i/w-row+half, i%w-col+half; a >= 0 && a < n.Size && b >= 0 && b < n.Size {
					want = g[a*n.Size+b]
				}
				near(t, fmt.Sprint("derivative ", i), v, want, 1e-16)
			}
			s, err := Response(d, h, w, spectrum.None)
			if err != nil {
				t.Fatal(err)
			}
			c := Compare(s.DB(), n.ClosedForm(h, w), n.FloorDB())
			if !(c.Worst <= 0.1) || c.Count < 9 {
				t.Errorf("got %+v, want at most 0.1 dB at 9 frequencies or more", c)
			}
			near(t, "gain", s.MaximumGain().MeanDB, 0, 1e-12) // the filter's sum is 1
		})
	}
}

// At frequency (u, 0) the spectrum of a wide Gaussian is 20·log10 exp(−2π²σ²u²/h²) = −171.45 σ²u²/h² dB.
func TestClosedFormByHand(t *testing.T) {
	n := Default()
	form := n.ClosedForm(100, 50)
	near(t, "frequency 0", form[0], 0, 1e-15)
	near(t, "u = 4", form[4*50], -171.45*6.25*0.0016, 1e-3)
	near(t, "u = −4", form[96*50], form[4*50], 1e-12)
	near(t, "v = 2", form[2], form[4*50], 1e-12)
	if floor := n.FloorDB(); floor > -70 || floor < -90 {
		t.Errorf("floor of the default filter: %v dB, want about −76", floor)
	}
	// Two aliases of equal height meet at half the sampling rate.
	one, err := New(9, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "f = ½", one.line1D(0.5), 2*math.Exp(-math.Pi*math.Pi/2), 1e-9)
}

func TestDeadUnit(t *testing.T) {
	n, x := Default(), scene(t, side, side)
	conv, _, err := n.Maps(x, side, side)
	if err != nil {
		t.Fatal(err)
	}
	row, col, err := n.FindUnit(conv, side, side, false)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := UnitProjection(side, side, row, col)
	d, err := n.Derivative(x, p, side, side)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range d {
		if v != 0 {
			t.Fatalf("derivative %v at %d, want 0 everywhere", v, i)
		}
	}
	s, _ := Response(d, side, side, spectrum.None)
	if g := s.MaximumGain().MeanDB; !math.IsInf(g, -1) {
		t.Errorf("gain %v dB, want −∞", g)
	}
}

// p = 1 everywhere: at frequency 0 the response is the sum of the derivative, which is the number of active units as
// far as their filters lie inside the image; here an image that is above 0 in the middle only.
func TestOnesProjection(t *testing.T) {
	n, err := New(5, 1)
	if err != nil {
		t.Fatal(err)
	}
	const h, w = 20, 20
	x := make([]float64, h*w)
	for i := range x {
		x[i] = -1
	}
	x[10*w+10] = 1e6 // lights up the 5×5 units around it
	d, err := n.Derivative(x, OnesProjection(h, w), h, w)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := Response(d, h, w, spectrum.None)
	near(t, "response at frequency 0", s.DB()[0], 20*math.Log10(25), 1e-10)
}

// On the impulse image all units within the filter's reach are active, so the derivative is the filter summed over a
// square of the filter's size: along each axis the Gaussian's spectrum times Dirichlet's kernel.
func TestImpulseImage(t *testing.T) {
	n := Default()
	panels, err := n.Figure(4, make([]float64, side*side), side, side)
	if err != nil {
		t.Fatal(err)
	}
	d := panels[2].Values
	s, _ := Response(d, side, side, spectrum.None)
	dirichlet := func(k int) float64 {
		if k == 0 {
			return float64(n.Size)
		}
		a := math.Pi * float64(k) / side
		return math.Abs(math.Sin(float64(n.Size)*a) / math.Sin(a))
	}
	form, db := n.ClosedForm(side, side), s.DB()
	for u := range 4 {
		for v := range 4 {
			want := form[u*side+v] + 20*math.Log10(dirichlet(u)*dirichlet(v))
			near(t, fmt.Sprint("frequency ", u, v), db[u*side+v], want, 0.01)
		}
	}
	windowed, _ := Response(d, side, side, spectrum.HannWindow)
	if got, want := panels[3].Values[side/2*side+side/2], windowed.DB()[0]; got != want {
		t.Errorf("the figure's spectrum has %v dB in its centre, want %v", got, want)
	}
}

func TestFigures(t *testing.T) {
	n, x := Default(), scene(t, side, side)
	for number, names := range [][]string{
		1: {"image", "filter"}, 2: {"input", "conv", "relu"},
		3: {"active_derivative", "active_spectrum", "dead_derivative", "dead_spectrum", "ones_derivative", "ones_spectrum"},
		4: {"impulse", "relu", "impulse_derivative", "impulse_spectrum"},
	} {
		panels, err := n.Figure(number, x, side, side)
		if number == 0 {
			if err == nil {
				t.Error("figure 0 made")
			}
			continue
		}
		if err != nil || len(panels) != len(names) {
			t.Fatalf("figure %d: %d panels, %v", number, len(panels), err)
		}
		for i, p := range panels {
			if p.Name != names[i] || len(p.Values) != p.H*p.W || p.Title == "" {
				t.Errorf("figure %d, panel %d: %s of %d values", number, i, p.Name, len(p.Values))
			}
		}
	}
	panels, _ := n.Figure(3, x, side, side)
	spectrum := panels[1]
	if c := Compare(spectrum.Values, spectrum.Theory, n.FloorDB()); !(c.Worst <= 0.1) || c.Count < 100 {
		t.Errorf("figure 3: got %+v, want at most 0.1 dB", c)
	}
}

// The scene's own spectrum falls as 1/f does, by 6 dB an octave, give or take what the shapes add.
func TestScene(t *testing.T) {
	const h, w = 128, 128
	a, b := scene(t, h, w), scene(t, h, w)
	other, err := Scene(h, w, 2)
	if err != nil {
		t.Fatal(err)
	}
	mean, differ := 0.0, false
	for i := range a {
		if a[i] != b[i] {
			t.Fatal("two scenes of one seed differ")
		}
		mean += a[i]
		differ = differ || other[i]-other[0] != a[i]-a[0]
	}
	near(t, "mean", mean, 0, 1e-6)
	if !differ {
		t.Error("scenes of two seeds are equal")
	}
	s, _ := Response(a, h, w, spectrum.HannWindow)
	db, power, count := s.DB(), [5]float64{}, [5]float64{}
	for i, v := range db {
		u, q := min(i/w, h-i/w), min(i%w, w-i%w)
		f := math.Hypot(float64(u), float64(q))
		for o := range power {
			if f >= float64(int(2)<<o) && f < float64(int(4)<<o) {
				power[o] += math.Pow(10, v/10)
				count[o]++
			}
		}
	}
	for o := 1; o < len(power); o++ {
		fall := 10 * math.Log10(power[o-1]/count[o-1]*count[o]/power[o])
		if fall < 3 || fall > 11 {
			t.Errorf("octave %d lies %.1f dB under the one below, want about 6", o, fall)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, size := range []int{-1, 0, 4} {
		if _, err := New(size, 1); err == nil {
			t.Errorf("filter of %d pixels accepted", size)
		}
	}
	for _, sigma := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := New(3, sigma); err == nil {
			t.Errorf("σ = %v accepted", sigma)
		}
	}
	n := Default()
	if _, _, err := n.Maps(make([]float64, 5), 2, 3); !errors.Is(err, errShape) {
		t.Errorf("short image: %v", err)
	}
	if _, err := n.Derivative(make([]float64, 6), make([]float64, 5), 2, 3); !errors.Is(err, errShape) {
		t.Errorf("short projection: %v", err)
	}
	if _, _, err := n.FindUnit(make([]float64, 900), 30, 30, true); !errors.Is(err, ErrNoUnit) {
		t.Errorf("no active unit: %v", err)
	}
	if _, err := Scene(1, 5, 1); err == nil {
		t.Error("scene of one row accepted")
	}
	if _, err := UnitProjection(4, 4, 4, 0); err == nil {
		t.Error("unit outside the map accepted")
	}
}

// The closed form of the windowed impulse response against its definition, sample by sample.
func TestImpulseClosedFormByDefinition(t *testing.T) {
	n, err := New(5, 0.8)
	if err != nil {
		t.Fatal(err)
	}
	const samples = 16
	b := make([]float64, samples) // the Gaussian, not cut off and wrapped round, summed over 5 pixels around 8
	total := 0.0
	for k := -40; k <= 40; k++ {
		total += math.Exp(-float64(k*k) / (2 * 0.8 * 0.8))
	}
	for m := 6; m <= 10; m++ {
		for k := -40; k <= 40; k++ {
			b[((m+k)%samples+samples)%samples] += math.Exp(-float64(k*k)/(2*0.8*0.8)) / total
		}
	}
	got := n.impulseAxis(samples)
	for k := range samples {
		re, im := 0.0, 0.0
		for m, v := range b {
			v *= 0.5 * (1 - math.Cos(2*math.Pi*float64(m)/(samples-1)))
			re += v * math.Cos(2*math.Pi*float64(k*m)/samples)
			im -= v * math.Sin(2*math.Pi*float64(k*m)/samples)
		}
		near(t, fmt.Sprint("frequency ", k), got[k], math.Hypot(re, im), 1e-12)
	}
	if n.ImpulseClosedForm(8, 16) != nil {
		t.Error("a closed form for an image on which the response does not fit")
	}
}

// Every panel that has a closed form agrees with it, the figures' own image or another.
func TestPanelsAgainstTheory(t *testing.T) {
	n := Default()
	for seed := range uint64(3) {
		image, err := Scene(side, 128, seed)
		if err != nil {
			t.Fatal(err)
		}
		compared := map[string]int{}
		for number := 1; number <= 4; number++ {
			panels, err := n.Figure(number, MeanSubtracted(image), side, 128)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range panels {
				if p.Theory == nil {
					continue
				}
				limit := 1.345e-6 // of the largest value: exp(−13²/2σ²), the Gaussian beside the filter's edge
				if p.DB {
					limit = 0.1
				}
				c := p.Deviation()
				compared[p.Name] = c.Count
				if !(c.Worst <= limit) {
					t.Errorf("seed %d, figure %d, %s: %+v, want at most %v", seed, number, p.Name, c, limit)
				}
			}
		}
		for name, least := range map[string]int{"filter": 625, "active_derivative": side * 128, "active_spectrum": 1000, "impulse_spectrum": 100} {
			if compared[name] < least {
				t.Errorf("%s: compared at %d places, want %d", name, compared[name], least)
			}
		}
	}
}
