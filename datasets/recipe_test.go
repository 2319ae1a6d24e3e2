package datasets

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// rawOf are all of a split's bytes, image after image.
func rawOf(s *Split) []byte {
	var all []byte
	for i := range s.Len() {
		all = append(all, s.Raw(i)...)
	}
	return all
}

// filled are all of a split's images as the net takes them.
func filled(s *Split) []float32 {
	out := make([]float32, s.Len()*s.size())
	s.Fill(out, upTo(0, s.Len()), false)
	return out
}

// What a recipe makes of the raw images, in one go, one by one, and after it was written and read, is what training takes.
func TestRecipeRepeatsTraining(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, normalize := range Normalizations() {
		t.Run(normalize, func(t *testing.T) {
			train, val := whitenSplit(5, 300), whitenSplit(6, 40)
			train.ready, val.ready = nil, nil
			names := []string{"a", "b"}
			d := &Dataset{Name: "test", ClassNames: names, Train: train, Val: val}
			found := official{height: 5, width: 4, channels: 3, colour: "rgb", fit: "pad"}
			if err := d.preprocess(t.Context(), found, normalize, Options{}); err != nil {
				t.Fatal(err)
			}
			text, tensors := d.Recipe.Encode()
			decoded, err := DecodeRecipe(text, func(name string) (Tensor, bool) {
				i := slices.IndexFunc(tensors, func(t Tensor) bool { return t.Name == name })
				if i < 0 {
					return Tensor{}, false
				}
				return tensors[i], true
			})
			if err != nil {
				t.Fatal(err)
			}
			if decoded.Data != "test" || !slices.Equal(decoded.ClassNames, names) || decoded.Colour != "rgb" || decoded.Fit != "pad" ||
				decoded.H != 5 || decoded.W != 4 || decoded.C != 3 || decoded.Normalize != normalize || decoded.Divisor != 1 {
				t.Errorf("read back as %+v", decoded)
			}
			for _, s := range []*Split{train, val} {
				want, raw := filled(s), rawOf(s)
				for name, r := range map[string]*Recipe{"made": d.Recipe, "read back": decoded} {
					got := make([]float32, len(raw))
					if err := r.Apply(got, raw); err != nil {
						t.Fatal(err)
					}
					if !slices.Equal(got, want) {
						t.Errorf("%s: images preprocessed together are not those of training", name)
					}
					one := make([]float32, 60)
					for i := range s.Len() {
						if err := r.Apply(one, s.Raw(i)); err != nil {
							t.Fatal(err)
						}
						if !slices.Equal(one, want[i*60:(i+1)*60]) {
							t.Fatalf("%s: image %d preprocessed by itself is not that of training", name, i)
						}
					}
				}
			}
		})
	}
}

// Two images of 1×2 pixels and two channels: the means of channels 0 and 1 are 5 and 20, their deviations √5 and 10.
func TestStandardize(t *testing.T) {
	raw := []byte{2, 10, 4, 30, 6, 10, 8, 30}
	want := []float32{-3, -10, -1, 10, 1, -10, 3, 10}
	root := float32(math.Sqrt(5))
	for i := range want {
		want[i] /= []float32{root, 10}[i%2]
	}
	floats := make([]float32, len(raw))
	for i, v := range raw {
		floats[i] = float32(v)
	}
	for name, s := range map[string]*Split{
		"bytes":  {H: 1, W: 2, C: 2, Classes: 2, Labels: []uint16{0, 1}, pixels: raw},
		"floats": {H: 1, W: 2, C: 2, Classes: 2, Labels: []uint16{0, 1}, values: floats},
	} {
		s.recipe = &Recipe{H: 1, W: 2, C: 2, Normalize: NormalizeStandardize, Divisor: 1}
		s.recipe.fit(s)
		if got := filled(s); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	flat := &Split{H: 1, W: 1, C: 1, Labels: make([]uint16, 2), pixels: []byte{7, 7}}
	if m, d := channelMoments(flat); m[0] != 7 || d[0] != 1 {
		t.Errorf("a channel of equal values: mean %v, deviation %v, want 7 and 1", m, d)
	}
}

// Bytes of pictures are divided where the training values were from 0 to 1, and refused where nobody can know.
func TestRecipeDivisor(t *testing.T) {
	for _, c := range []struct {
		values []float32
		want   float32
	}{{nil, 1}, {[]float32{0, 0.5, 1}, 255}, {[]float32{0, 1.01, 1}, 0}, {[]float32{0, -0.01, 1}, 0}} {
		s := &Split{H: 1, W: 1, C: 1, Labels: make([]uint16, 3), values: c.values}
		if got := divisorOf([]*Split{s}); got != c.want {
			t.Errorf("values %v: divisor %v, want %v", c.values, got, c.want)
		}
	}
	got := make([]float32, 2)
	r := &Recipe{H: 1, W: 2, C: 1, Normalize: NormalizeMean, Mean: []float32{0.25, 0.5}, Divisor: 255}
	if err := r.Apply(got, []byte{255, 51}); err != nil || got[0] != 0.75 || got[1] != float32(51)/255-0.5 {
		t.Errorf("got %v, %v", got, err)
	}
	if err := r.ApplyFloats(got, []float32{1, 2}); err != nil || got[0] != 0.75 || got[1] != 1.5 {
		t.Errorf("floats: got %v, %v", got, err)
	}
	r.Divisor = 0
	if err := r.Apply(got, []byte{255, 51}); !errors.Is(err, ErrOptions) {
		t.Errorf("got error %v, want ErrOptions", err)
	}
	if err := r.Apply(got, []byte{1}); err == nil {
		t.Error("half an image was preprocessed")
	}
}

func TestRecipePicture(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	m.Set(0, 0, color.NRGBA{1, 2, 3, 255})
	m.Set(1, 0, color.NRGBA{40, 50, 60, 255})
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	r := &Recipe{Data: "d", H: 1, W: 2, C: 3, Colour: "rgb", Fit: "crop", Divisor: 1}
	if got, err := r.Picture(b.Bytes()); err != nil || !slices.Equal(got, []byte{1, 2, 3, 40, 50, 60}) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := r.Picture(b.Bytes()[:30]); !errors.Is(err, ErrDamaged) {
		t.Errorf("a picture cut short: error %v, want ErrDamaged", err)
	}
	r.Divisor = 0
	if _, err := r.Picture(b.Bytes()); !errors.Is(err, ErrOptions) {
		t.Errorf("a net not trained on pictures: error %v, want ErrOptions", err)
	}
}

func TestDecodeRecipeRefuses(t *testing.T) {
	good := Recipe{Data: "d", ClassNames: []string{"a", "b"}, H: 1, W: 2, C: 1, Normalize: NormalizeStandardize, Divisor: 1,
		Mean: []float32{1}, Deviation: []float32{2}}
	for _, c := range []struct {
		name   string
		change func(r *Recipe)
		want   string
	}{
		{"nothing", func(*Recipe) {}, ""},
		{"one class", func(r *Recipe) { r.ClassNames = r.ClassNames[:1] }, "1 classes, want 2 to 1000"},
		{"huge", func(r *Recipe) { r.H = 1 << 40 }, "images of 1099511627776×2×1"},
		{"no way", func(r *Recipe) { r.Normalize = "no" }, `normalize "no"`},
		{"no deviation", func(r *Recipe) { r.Deviation[0] = 0 }, "value 0 of tensor preprocessing.deviation is 0"},
		{"NaN", func(r *Recipe) { r.Mean[0] = float32(math.NaN()) }, "value 0 of tensor preprocessing.mean is NaN"},
		{"short", func(r *Recipe) { r.Mean = nil }, "tensor preprocessing.mean is of shape [1] with 0 values"},
		{"colour", func(r *Recipe) { r.Colour = "rgb" }, `colour "rgb" of 1 channels`},
		{"fit", func(r *Recipe) { r.Fit = "big" }, `fit "big"`},
		{"divisor", func(r *Recipe) { r.Divisor = 3 }, "divisor 3"},
	} {
		r := good
		r.Mean, r.Deviation = slices.Clone(good.Mean), slices.Clone(good.Deviation)
		c.change(&r)
		text, tensors := r.Encode()
		_, err := DecodeRecipe(text, func(name string) (Tensor, bool) {
			for _, t := range tensors {
				if t.Name == name {
					return t, true
				}
			}
			return Tensor{}, false
		})
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := DecodeRecipe("{", nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("half a text: error %v", err)
	}
}

// Data of whole and of broken numbers keep their values; a whitening of the latter is refused.
func TestFloatImages(t *testing.T) {
	values := make([]float32, 3*4)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range values {
		values[i] = r.Float32()
	}
	f := official{height: 2, width: 2, channels: 1, classNames: []string{"a", "b"},
		train: images{values: values, labels: []uint16{0, 1, 0}}, test: images{pixels: []byte{0, 1, 2, 3}, labels: []uint16{1}}}
	if err := f.check(); err != nil {
		t.Fatal(err)
	}
	d, err := divide(f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 4)
	if d.Val.RawFloats(got, 0); !slices.Equal(got, []float32{0, 1, 2, 3}) || d.Val.Raw(0) != nil {
		t.Errorf("bytes beside floats became %v", got)
	}
	if err := d.preprocess(t.Context(), f, NormalizeWhiten, Options{}); !errors.Is(err, ErrOptions) {
		t.Errorf("whitening: error %v, want ErrOptions", err)
	}
	if err := d.preprocess(t.Context(), f, NormalizeMean, Options{}); err != nil {
		t.Fatal(err)
	}
	want := make([]float32, 4)
	for j := range want {
		mean := float32((float64(values[j]) + float64(values[4+j]) + float64(values[8+j])) / 3)
		want[j] = values[4+j] - mean
	}
	if d.Train.Fill(got, []int{1}, false); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	sum := d.Checksum
	values[5] += 0.5
	if d.preprocess(t.Context(), f, NormalizeMean, Options{}); d.Checksum == sum {
		t.Error("the checksum does not see a changed float")
	}
}

func FuzzDecodeRecipe(f *testing.F) {
	for _, normalize := range Normalizations() {
		r := Recipe{Data: "d", ClassNames: []string{"a", "b"}, H: 1, W: 2, C: 1, Normalize: normalize, Divisor: 1, Colour: "grey", Fit: "crop"}
		text, _ := r.Encode()
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := DecodeRecipe(text, func(name string) (Tensor, bool) { return Tensor{}, false })
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("error %v", err)
			}
			return
		}
		if r.Normalize != NormalizeNone || r.Size() < 1 {
			t.Errorf("%+v without tensors", r)
		}
		again, _ := r.Encode()
		if _, err := DecodeRecipe(again, func(string) (Tensor, bool) { return Tensor{}, false }); err != nil {
			t.Errorf("read back: %v", err)
		}
	})
}
