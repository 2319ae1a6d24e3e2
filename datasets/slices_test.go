package datasets

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestFromSlices(t *testing.T) {
	s := Slices{H: 1, W: 2, C: 1, ClassNames: []string{"no", "yes"},
		Train: Images{Bytes: []byte{10, 20, 30, 40}, Labels: []uint16{1, 0}},
		Val:   Images{Floats: []float32{0.5, 1}, Labels: []uint16{1}},
		Test:  Images{Floats: []float32{7, 8}, Labels: []uint16{0}}}
	d, err := FromSlices(t.Context(), s, Options{Augment: Augment{Cutout: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "slices" || !slices.Equal(d.ClassNames, s.ClassNames) || !slices.Equal(raw(d.Train, 1), []float32{30, 40}) ||
		!slices.Equal(raw(d.Val, 0), []float32{0.5, 1}) || !slices.Equal(raw(d.Test, 0), []float32{7, 8}) || d.Train.Labels[0] != 1 || d.Augment.Cutout != 1 {
		t.Errorf("%+v, %v, %v, %v", d, raw(d.Train, 1), raw(d.Val, 0), raw(d.Test, 0))
	}
	if got := filled(d.Train); !slices.Equal(got, []float32{-10, -10, 10, 10}) {
		t.Errorf("preprocessed: %v", got)
	}
	s.Val, s.ClassNames = Images{}, nil
	if d, err = FromSlices(t.Context(), s, Options{Normalize: NormalizeNone, UseAll: true}); err != nil || d.Train.Len() != 3 || d.Train.Raw(2) == nil || strings.Join(d.ClassNames, " ") != "0 1" {
		t.Errorf("%v, %+v", err, d)
	}
	for _, c := range []struct {
		change func(*Slices)
		o      Options
		kind   error
		want   string
	}{
		{func(s *Slices) { s.H = 0 }, Options{}, ErrDamaged, "images of 0×2×1"},
		{func(s *Slices) { s.C = 5 }, Options{}, ErrDamaged, "images of 1×2×5"},
		{func(s *Slices) { s.W = 257 }, Options{}, ErrDamaged, "images of 1×257×1"},
		{func(s *Slices) { s.Train.Bytes = s.Train.Bytes[1:] }, Options{}, ErrDamaged, "training images: 3 values for 2 labels, want 2 a label"},
		{func(s *Slices) { s.Test.Floats = []float32{1, float32(math.NaN())} }, Options{}, ErrDamaged, "test images: value 1 of image 0 is NaN"},
		{func(s *Slices) { s.Train.Labels = []uint16{0, 1000} }, Options{}, ErrDamaged, "label 1 is 1000"},
		{func(s *Slices) { s.ClassNames = []string{"a", "b"}; s.Test.Labels = []uint16{2} }, Options{}, ErrDamaged, "label 2, want 0 to 1"},
		{func(s *Slices) { s.Train.Labels = []uint16{0, 2} }, Options{}, ErrDamaged, `1 of 3 classes have no training images that can be used: "1"`},
		{func(s *Slices) { s.Train = Images{} }, Options{}, ErrDamaged, "1 of 1 classes have no training images"},
		{func(s *Slices) {}, Options{TrainCount: 3}, ErrOptions, "train count 3, but there are only 2"},
		{func(s *Slices) {}, Options{Normalize: "x"}, ErrOptions, `normalize "x"`},
	} {
		bad := s
		c.change(&bad)
		if _, err := FromSlices(t.Context(), bad, c.o); !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %v with %q", err, c.kind, c.want)
		}
	}
}
