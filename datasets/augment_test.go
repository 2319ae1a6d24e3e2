package datasets

import (
	"errors"
	"math"
	"slices"
	"testing"
)

// board is an image of h×w pixels and 2 channels: pixel (y, x) is (10·y+x+1, 100 times that).
func board(h, w int) []float32 {
	var out []float32
	for y := range h {
		for x := range w {
			v := float32(10*y + x + 1)
			out = append(out, v, 100*v)
		}
	}
	return out
}

// plane is channel c of an image of 2 channels.
func plane(image []float32, c int) []float32 {
	var out []float32
	for i := c; i < len(image); i += 2 {
		out = append(out, image[i])
	}
	return out
}

func TestMove(t *testing.T) {
	in := board(2, 3) // 1 2 3 / 11 12 13
	for _, c := range []struct {
		dy, dx int
		want   []float32
	}{
		{0, 0, []float32{1, 2, 3, 11, 12, 13}}, {1, 0, []float32{0, 0, 0, 1, 2, 3}}, {-1, 0, []float32{11, 12, 13, 0, 0, 0}},
		{0, 1, []float32{0, 1, 2, 0, 11, 12}}, {0, -2, []float32{3, 0, 0, 13, 0, 0}}, {1, -1, []float32{0, 0, 0, 2, 3, 0}},
		{2, 0, make([]float32, 6)}, {0, 3, make([]float32, 6)}, {0, -3, make([]float32, 6)}, {-9, 9, make([]float32, 6)},
	} {
		out := slices.Repeat([]float32{77}, 12)
		move(out, in, 2, 3, 2, c.dy, c.dx)
		for channel, factor := range []float32{1, 100} {
			for i, v := range plane(out, channel) {
				if v != factor*c.want[i] {
					t.Errorf("by (%d, %d): channel %d is %v, want %v times %v", c.dy, c.dx, channel, plane(out, channel), factor, c.want)
					break
				}
			}
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		y, x, side int
		want       []float32 // of 3×3: 1 2 3 / 11 12 13 / 21 22 23
	}{
		{1, 1, 1, []float32{1, 2, 3, 11, 0, 13, 21, 22, 23}}, {0, 0, 3, []float32{0, 0, 3, 0, 0, 13, 21, 22, 23}},
		{2, 2, 2, []float32{1, 2, 3, 11, 0, 0, 21, 0, 0}}, {2, 0, 1, []float32{1, 2, 3, 11, 12, 13, 0, 22, 23}}, {1, 1, 9, make([]float32, 9)},
	} {
		image := board(3, 3)
		if cut(image, 3, 3, 2, c.y, c.x, c.side); !slices.Equal(plane(image, 0), c.want) {
			t.Errorf("side %d at (%d, %d): %v, want %v", c.side, c.y, c.x, plane(image, 0), c.want)
		}
	}
}

func TestWarp(t *testing.T) {
	in := board(3, 3)
	get := func(c change) []float32 {
		out := slices.Repeat([]float32{77}, len(in))
		warp(out, in, 3, 3, 2, c)
		return plane(out, 0)
	}
	near := func(name string, got, want []float32) {
		t.Helper()
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-4 {
				t.Errorf("%s: %v, want %v", name, got, want)
				return
			}
		}
	}
	near("nothing", get(change{scale: 1}), plane(in, 0))
	// A quarter turn counterclockwise brings the right column to the top.
	near("a quarter turn", get(change{scale: 1, angle: math.Pi / 2}), []float32{3, 13, 23, 2, 12, 22, 1, 11, 21})
	near("a quarter turn back", get(change{scale: 1, angle: -math.Pi / 2}), []float32{21, 11, 1, 22, 12, 2, 23, 13, 3})
	near("moved", get(change{scale: 1, dy: 1, dx: -1}), []float32{0, 0, 0, 2, 3, 0, 12, 13, 0})
	// Twice as large: half a pixel from the middle to either side.
	near("enlarged", get(change{scale: 2}), []float32{6.5, 7, 7.5, 11.5, 12, 12.5, 16.5, 17, 17.5})
	// Half as large: two pixels from the middle lie outside.
	near("reduced", get(change{scale: 0.5}), []float32{0, 0, 0, 0, 12, 0, 0, 0, 0})
	// A quarter of a pixel beyond the right edge is left of the value at the edge.
	out := make([]float32, 2)
	if interpolate(out, in, 3, 3, 1, 2.25); out[0] != 0.75*13 || out[1] != 0.75*1300 {
		t.Errorf("beyond the edge: %v", out)
	}
}

// Every kind of change is drawn over its whole range, from numbers that depend on seed, epoch and image, and on no other kind.
func TestDraws(t *testing.T) {
	all := Augment{Flip: FlipImages, Shift: 3, Rotate: 20, Scale: 0.25, Cutout: 5}
	flips := 0
	var seenY, seenX [7]int
	var rows, columns [9]int
	low, high, least, most := 9.0, -9.0, 9.0, -9.0
	const count = 4000
	for i := range count {
		c := all.draw(1, 2, i, 9, 8)
		if c.flip {
			flips++
		}
		seenY[c.dy+3]++
		seenX[c.dx+3]++
		low, high, least, most = min(low, c.angle), max(high, c.angle), min(least, c.scale), max(most, c.scale)
		rows[c.cutY]++
		columns[c.cutX]++
		if !c.square || !c.warp {
			t.Fatalf("%+v", c)
		}
		// One kind alone draws the same numbers as all together.
		for _, one := range []Augment{{Flip: FlipImages}, {Shift: 3}, {Rotate: 20}, {Scale: 0.25}, {Cutout: 5}} {
			d := one.draw(1, 2, i, 9, 8)
			if one.Flip == FlipImages && d.flip != c.flip || one.Flip == "" && d.flip || one.Rotate > 0 && d.angle != c.angle ||
				one.Scale > 0 && d.scale != c.scale || one.Scale == 0 && d.scale != 1 || one.Rotate == 0 && d.angle != 0 ||
				d.cutY != c.cutY || d.cutX != c.cutX || d.square != (one.Cutout > 0) || d.warp != (one.Rotate > 0 || one.Scale > 0) {
				t.Fatalf("image %d: %+v alone draws %+v, all together %+v", i, one, d, c)
			}
			if one.Shift > 0 && (d.dy != c.dy || d.dx != c.dx) || one.Shift == 0 && (d.dy != 0 || d.dx != 0) {
				t.Fatalf("image %d: %+v alone draws %+v, all together %+v", i, one, d, c)
			}
		}
	}
	if flips < count*45/100 || flips > count*55/100 {
		t.Errorf("%d of %d flipped", flips, count)
	}
	for k := range seenY {
		if n := count / 7; seenY[k] < n*7/10 || seenX[k] < n*7/10 || seenY[k] > n*13/10 || seenX[k] > n*13/10 {
			t.Errorf("moved by %d: %d and %d of %d times", k-3, seenY[k], seenX[k], count)
		}
	}
	if limit := 20 * math.Pi / 180; low < -limit || low > -0.98*limit || high > limit || high < 0.98*limit {
		t.Errorf("angles from %v to %v, want ±%v", low, high, limit)
	}
	if least < 0.75 || least > 0.76 || most > 1.25 || most < 1.24 {
		t.Errorf("factors from %v to %v, want 0.75 to 1.25", least, most)
	}
	if slices.Contains(rows[:], 0) || slices.Contains(columns[:8], 0) || columns[8] > 0 {
		t.Errorf("middles of squares: rows %v, columns %v", rows, columns)
	}
	first := all.draw(1, 2, 3, 9, 8)
	for name, c := range map[string]change{"seed": all.draw(2, 2, 3, 9, 8), "epoch": all.draw(1, 3, 3, 9, 8), "image": all.draw(1, 2, 4, 9, 8)} {
		if c == first {
			t.Errorf("another %s draws the same", name)
		}
	}
	if all.draw(1, 2, 3, 9, 8) != first {
		t.Error("the same seed, epoch and image draw differently")
	}
}

// An image is changed alike in whatever batch it comes, and the changes are made in order: mirrored, moved, cut.
func TestAugmenter(t *testing.T) {
	s := &Split{H: 3, W: 3, C: 2, Classes: 2, Labels: make([]uint16, 4), values: slices.Repeat(board(3, 3), 4), recipe: &Recipe{Normalize: NormalizeNone}}
	a := Augment{Flip: FlipImages, Shift: 1, Cutout: 1}
	g := NewAugmenter(a, s, 5)
	x := make([]float32, 4*18)
	changed := 0
	for epoch := range 8 {
		order := []int{2, 0, 3, 1}
		s.Fill(x, order, false)
		g.Apply(x, order, epoch)
		for k, i := range order {
			want := board(3, 3)
			c := a.draw(5, epoch, i, 3, 3)
			if c.flip {
				mirror(want, 3, 2)
			}
			moved := make([]float32, 18)
			move(moved, want, 3, 3, 2, c.dy, c.dx)
			cut(moved, 3, 3, 2, c.cutY, c.cutX, 1)
			if !slices.Equal(x[k*18:(k+1)*18], moved) {
				t.Fatalf("epoch %d image %d: %v, want %v", epoch, i, x[k*18:(k+1)*18], moved)
			}
			if c.flip || c.dx != 0 {
				changed++
			}
			one := board(3, 3)
			if NewAugmenter(a, s, 5).Apply(one, []int{i}, epoch); !slices.Equal(one, moved) {
				t.Fatalf("epoch %d image %d by itself: %v, want %v", epoch, i, one, moved)
			}
		}
	}
	if changed < 10 {
		t.Errorf("%d of 32 images were changed", changed)
	}
	turned := NewAugmenter(Augment{Rotate: 90}, s, 5)
	one := board(3, 3)
	turned.Apply(one, []int{0}, 1)
	want := make([]float32, 18)
	if warp(want, board(3, 3), 3, 3, 2, Augment{Rotate: 90}.draw(5, 1, 0, 3, 3)); !slices.Equal(one, want) || slices.Equal(one, board(3, 3)) {
		t.Errorf("turned: %v, want %v", one, want)
	}
	if (Augment{Flip: FlipBatches}).PerImage() || !(Augment{Scale: 0.1}).PerImage() || !(Augment{Cutout: 1}).PerImage() || !(Augment{Shift: 1}).PerImage() {
		t.Error("PerImage is wrong")
	}
}

func TestAugmentOptions(t *testing.T) {
	for _, a := range []Augment{{Flip: "yes"}, {Shift: -1}, {Cutout: -1}, {Rotate: -1}, {Rotate: 181}, {Rotate: math.NaN()}, {Scale: 1}, {Scale: -0.1}} {
		if _, err := openSmall(t, Options{Augment: a}); !errors.Is(err, ErrOptions) {
			t.Errorf("%+v: error %v, want ErrOptions", a, err)
		}
	}
	for _, shift := range []int{-1, 28} {
		if _, err := openSmall(t, Options{Shift: &shift}); !errors.Is(err, ErrOptions) {
			t.Errorf("shift %d: error %v, want ErrOptions", shift, err)
		}
	}
	if _, err := openSmall(t, Options{Augment: Augment{Shift: 28}}); !errors.Is(err, ErrOptions) {
		t.Errorf("augment.shift 28: error %v, want ErrOptions", err)
	}
	none := 0
	d, err := openSmall(t, Options{Shift: &none, Augment: Augment{Scale: 0.5}})
	if err != nil || d.Shift != 0 || d.Augment != (Augment{Flip: FlipNone, Scale: 0.5}) {
		t.Errorf("%v: shift %d, augment %+v", err, d.Shift, d.Augment)
	}
	if d, err = openSmall(t, Options{}); err != nil || d.Shift != 2 || d.Augment != (Augment{Flip: FlipNone}) {
		t.Errorf("%v: MNIST's shift %d, augment %+v", err, d.Shift, d.Augment)
	}
}

func TestBalancedWeights(t *testing.T) {
	s := &Split{Classes: 4, Labels: []uint16{0, 0, 0, 1, 3, 3}}
	// 6 images of 4 classes: 1.5 a class.
	if got, want := s.BalancedWeights(), []float32{0.5, 1.5, 0, 0.75}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
