package datasets

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// whitenSplit is count images of 5×4×3 whose pixels are a few smooth patterns of large amplitude and a little noise, so
// that some directions lie above the whitening's floor and most below. Image 0 is constant.
func whitenSplit(seed uint64, count int) *Split {
	r := rand.New(rand.NewPCG(seed, 1))
	s := &Split{H: 5, W: 4, C: 3, Classes: 10, Labels: make([]uint16, count)}
	for i := range count {
		amplitudes := [4]float64{60 * r.NormFloat64(), 40 * r.NormFloat64(), 30 * r.NormFloat64(), 20 * r.NormFloat64()}
		for j := range 60 {
			row, column, plane := float64(j/12), float64(j/3%4), float64(j%3)
			v := 128 + amplitudes[0]*math.Cos(row) + amplitudes[1]*math.Sin(column) + amplitudes[2]*(plane-1) +
				amplitudes[3]*math.Cos(2*row+column) + 2*r.NormFloat64()
			if i == 0 {
				v = 77
			}
			s.pixels = append(s.pixels, byte(math.Round(min(max(v, 0), 255))))
		}
	}
	s.ready = make([]float32, count*s.size())
	return s
}

// recipeOf is a recipe for whitening images like s's, without numbers.
func recipeOf(s *Split) *Recipe {
	return &Recipe{H: s.H, W: s.W, C: s.C, Normalize: NormalizeWhiten, Divisor: 1}
}

// centreAll writes s's images, centred, to ready, and returns their deviations.
func centreAll(s *Split, mean []float32) []float64 {
	n := s.size()
	deviations := make([]float64, s.Len())
	for i := range deviations {
		z := s.ready[i*n : (i+1)*n]
		s.RawFloats(z, i)
		deviations[i] = centre(z, mean)
	}
	return deviations
}

// scaleAll scales all images of ready.
func scaleAll(s *Split, contrast float64) {
	for z := range slices.Chunk(s.ready, s.size()) {
		scaleContrast(z, contrast)
	}
}

// slowWhiten is CIFAR-10's preprocessing by its definition, in float64; one row an image, training images first.
func slowWhiten(splits []*Split) (z [][]float64, deviations []float64) {
	n := splits[0].size()
	train := splits[0].Len()
	for _, s := range splits {
		for i := range s.Len() {
			row := make([]float64, n)
			for j, v := range s.Raw(i) {
				row[j] = float64(v)
			}
			z = append(z, row)
		}
	}
	mean := make([]float64, n)
	for _, row := range z[:train] {
		for j, v := range row {
			mean[j] += v / float64(train)
		}
	}
	spread := 0.0
	for _, row := range z {
		level, squares := 0.0, 0.0
		for j := range row {
			row[j] -= mean[j]
			level += row[j] / float64(n)
		}
		for j := range row {
			row[j] -= level
			squares += row[j] * row[j]
		}
		deviations = append(deviations, math.Sqrt(squares/float64(n-1)))
		spread += deviations[len(deviations)-1] / float64(len(z))
	}
	for i, row := range z {
		for j := range row {
			row[j] *= spread / math.Max(deviations[i], 40)
		}
	}
	covariance := mat.NewSymDense(n, nil)
	for _, row := range z[:train] {
		covariance.SymRankOne(covariance, 1/float64(len(z)), mat.NewVecDense(n, slices.Clone(row)))
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(covariance, true) {
		panic("no eigenvectors")
	}
	values := eigen.Values(nil)
	e := 0.0
	for _, d := range values {
		e += d / float64(n)
	}
	e = math.Sqrt(e)
	var vectors, scaled, filter mat.Dense
	eigen.VectorsTo(&vectors)
	scaled.CloneFrom(&vectors)
	for k, d := range values {
		factor := e / math.Max(math.Sqrt(math.Max(d, 0)), 10)
		for j := range n {
			scaled.Set(j, k, factor*vectors.At(j, k))
		}
	}
	filter.Mul(&scaled, vectors.T())
	for i, row := range z {
		var out mat.VecDense
		out.MulVec(&filter, mat.NewVecDense(n, row))
		z[i] = slices.Clone(out.RawVector().Data)
	}
	return z, deviations
}

func TestWhitenAgainstSlowTwin(t *testing.T) {
	splits := []*Split{whitenSplit(1, 400), whitenSplit(2, 50)}
	if err := whiten(context.Background(), recipeOf(splits[0]), splits, Options{}); err != nil {
		t.Fatal(err)
	}
	want, _ := slowWhiten(splits)
	at := 0
	for k, s := range splits {
		for i := range s.Len() {
			for j, v := range s.ready[i*60:][:60] {
				if math.Abs(float64(v)-want[at][j]) > 1e-3 {
					t.Fatalf("split %d image %d value %d: got %v, want %v", k, i, j, v, want[at][j])
				}
			}
			at++
		}
	}
}

// A constant image less a mean image has little contrast left, and is divided by the floor; no contrast at all is safe.
func TestContrastOfConstantImages(t *testing.T) {
	flat := &Split{H: 5, W: 4, C: 3, Labels: make([]uint16, 3), pixels: slices.Repeat([]byte{9}, 3*60), ready: make([]float32, 3*60)}
	for _, d := range centreAll(flat, meanImage(flat)) {
		if d != 0 {
			t.Errorf("deviation of a constant image less itself: got %v, want 0", d)
		}
	}
	scaleAll(flat, 50)
	for _, v := range flat.ready {
		if v != 0 {
			t.Fatalf("got %v, want 0", v)
		}
	}
	one := &Split{H: 1, W: 1, C: 2, Labels: make([]uint16, 1), pixels: []byte{30, 10}, ready: make([]float32, 2)}
	// 10 and −10 about their mean: a deviation of √(200/1) = 14.1 is less than 40, so they are scaled by 80/40.
	if got := centreAll(one, []float32{0, 0}); math.Abs(got[0]-math.Sqrt(200)) > 1e-9 {
		t.Errorf("deviation %v, want √200", got)
	}
	if scaleAll(one, 80); one.ready[0] != 20 || one.ready[1] != -20 {
		t.Errorf("got %v, want 20 and −20", one.ready)
	}
}

// whitenedCovariance is Σ z·zᵀ / total of the training images' values.
func whitenedCovariance(s *Split, total int) *mat.SymDense {
	n := s.size()
	z := mat.NewDense(s.Len(), n, nil)
	for i := range s.Len() {
		for j := range n {
			z.Set(i, j, float64(s.ready[i*n+j]))
		}
	}
	var c mat.SymDense
	c.SymOuterK(1/float64(total), z.T())
	return &c
}

// Above the floor every direction ends with the variance e², the mean variance before; below it with less.
func TestWhitenedCovarianceIsFlatAboveTheFloor(t *testing.T) {
	s := whitenSplit(3, 500)
	before := whitenSplit(3, 500)
	spread := 0.0
	for _, d := range centreAll(before, meanImage(before)) {
		spread += d / 500
	}
	scaleAll(before, spread)
	trace := mat.Trace(whitenedCovariance(before, 500))
	var eigen mat.EigenSym
	eigen.Factorize(whitenedCovariance(before, 500), true)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	if err := whiten(context.Background(), recipeOf(s), []*Split{s}, Options{}); err != nil {
		t.Fatal(err)
	}
	after := whitenedCovariance(s, 500)
	above, e2 := 0, trace/60
	for k, d := range eigen.Values(nil) {
		v := vectors.ColView(k)
		got, want := mat.Inner(v, after, v), e2*math.Max(d, 0)/100
		if d >= 100 {
			above++
			want = e2
		}
		if math.Abs(got-want) > 1e-3*e2 {
			t.Errorf("direction %d of variance %.3g: %.4g after whitening, want %.4g", k, d, got, want)
		}
	}
	if above < 3 || above > 20 {
		t.Errorf("%d directions above the floor: the test wants a few", above)
	}
	mean := make([]float64, 60)
	for i := range 500 {
		for j := range 60 {
			mean[j] += float64(s.ready[i*60+j]) / 500
		}
	}
	for j, m := range mean {
		if math.Abs(m) > 0.05*math.Sqrt(e2) {
			t.Errorf("mean of value %d is %v beside a deviation of %v", j, m, math.Sqrt(e2))
		}
	}
}

func TestWhitenRefuses(t *testing.T) {
	for _, size := range [][3]int{{1, 1, 1}, {64, 64, 3}} {
		s := &Split{H: size[0], W: size[1], C: size[2], Classes: 2, Labels: make([]uint16, 2)}
		s.pixels = make([]byte, 2*s.size())
		if err := whitenSplits(t.Context(), recipeOf(s), []*Split{s}, "x", Options{}); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), "images of 2 to 8192 values") {
			t.Errorf("%v: error %v, want ErrOptions", size, err)
		}
	}
	before := availableMemory
	defer func() { availableMemory = before }()
	s := whitenSplit(1, 10)
	availableMemory = func() (int64, bool) { return 4*10*60 + 16*60*60 - 1, true }
	if err := whitenSplits(t.Context(), recipeOf(s), []*Split{s}, "x", Options{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error %v, want ErrTooLarge", err)
	}
}

// Stored images are read back to the same bits; a damaged file, or one of other images, is computed anew.
func TestWhitenStore(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	cache, err := cacheDir()
	if err != nil {
		t.Fatal(err)
	}
	var log []string
	open := func(name string) []float32 {
		log = nil
		s := whitenSplit(4, 100)
		if err := whitenSplits(context.Background(), recipeOf(s), []*Split{s}, name, Options{Log: func(m string) { log = append(log, m) }}); err != nil {
			t.Fatal(err)
		}
		return s.ready
	}
	first := open("a")
	if len(log) != 0 {
		t.Errorf("the first time: %q", log)
	}
	path := filepath.Join(cache, "whitened", "a"+whitenVersion()+".f32")
	if again := open("a"); !slices.Equal(first, again) || len(log) != 1 {
		t.Errorf("read back otherwise than computed, or not read: %q", log)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, damage := range [][]byte{append(slices.Clone(content[:1000]), content[1001:]...), append(slices.Clone(content), 0),
		append(slices.Clone(content[:len(content)/2]), append([]byte{content[len(content)/2] ^ 1}, content[len(content)/2+1:]...)...), nil} {
		if err := os.WriteFile(path, damage, 0o644); err != nil {
			t.Fatal(err)
		}
		if again := open("a"); !slices.Equal(first, again) || len(log) != 1 {
			t.Errorf("with %d of %d bytes: computed otherwise, or no remark: %q", len(damage), len(content), log)
		}
		if mended, err := os.ReadFile(path); err != nil || !slices.Equal(mended, content) {
			t.Errorf("the damaged file was not replaced: %v", err)
		}
	}
	for _, name := range []string{"b", "c", "d"} {
		open(name)
	}
	if kept, err := filepath.Glob(filepath.Join(cache, "whitened", "*.f32")); err != nil || len(kept) != storeKept {
		t.Errorf("%d files kept, want %d (%v)", len(kept), storeKept, err)
	}
}
