package datasets

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// openSmall opens the dataset of smallMNIST(20, 10) under the options.
func openSmall(t *testing.T, o Options) (*Dataset, error) {
	t.Helper()
	o.Name, o.Dir = "mnist", writeFiles(t, smallMNIST(20, 10))
	return Open(t.Context(), o)
}

// numbers lists the numbers that smallMNIST gave a split's images.
func numbers(s *Split) []int {
	if s == nil {
		return nil
	}
	out := make([]int, s.Len())
	for i := range out {
		out[i] = int(s.Raw(i)[0])
	}
	return out
}

func upTo(from, to int) []int {
	var out []int
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

func TestOpenDivides(t *testing.T) {
	all := append(upTo(0, 20), upTo(100, 110)...)
	for _, c := range []struct {
		name             string
		o                Options
		train, val, test int
		pool             []int // what Train and held-out images come from
		valIs, testIs    []int // nil: drawn from the pool, or none
	}{
		{"as it is", Options{}, 20, 10, 0, upTo(0, 20), upTo(100, 110), nil},
		{"counts", Options{TrainCount: 7, ValCount: 4}, 7, 4, 0, upTo(0, 20), upTo(100, 104), nil},
		{"holdout", Options{Holdout: 0.2}, 16, 4, 10, upTo(0, 20), nil, upTo(100, 110)},
		{"holdout of a subset", Options{TrainCount: 10, ValCount: 3, Holdout: 0.3}, 7, 3, 3, upTo(0, 20), nil, upTo(100, 103)},
		{"use all", Options{UseAll: true}, 30, 0, 0, all, nil, nil},
		{"use all, some", Options{UseAll: true, TrainCount: 25}, 25, 0, 0, all, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := openSmall(t, c.o)
			if err != nil {
				t.Fatal(err)
			}
			train, val, test := numbers(d.Train), numbers(d.Val), numbers(d.Test)
			if len(train) != c.train || len(val) != c.val || len(test) != c.test {
				t.Fatalf("%d, %d, %d images, want %d, %d, %d", len(train), len(val), len(test), c.train, c.val, c.test)
			}
			drawn := train
			if c.valIs != nil {
				if !slices.Equal(val, c.valIs) {
					t.Errorf("validation images %v, want %v", val, c.valIs)
				}
			} else {
				drawn = append(slices.Clone(train), val...)
			}
			if c.testIs != nil && !slices.Equal(test, c.testIs) {
				t.Errorf("test images %v, want %v", test, c.testIs)
			}
			slices.Sort(drawn)
			for k, n := range drawn {
				if !slices.Contains(c.pool, n) || k > 0 && drawn[k-1] == n {
					t.Errorf("image %d is not from %v or there twice", n, c.pool)
				}
			}
			for _, s := range d.splits() {
				for i, label := range s.Labels {
					if int(label) != int(s.Raw(i)[0])%100%len(digitNames) {
						t.Errorf("image %d has label %d", s.Raw(i)[0], label)
					}
				}
			}
		})
	}
}

func TestOpenSubsetFollowsSeed(t *testing.T) {
	pick := func(seed uint64) []int {
		d, err := openSmall(t, Options{TrainCount: 8, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return numbers(d.Train)
	}
	if a, b := pick(1), pick(1); !slices.Equal(a, b) {
		t.Errorf("the same seed drew %v and %v", a, b)
	}
	if a, b := pick(1), pick(2); slices.Equal(a, b) {
		t.Errorf("seeds 1 and 2 both drew %v", a)
	}
}

// Held-out images are drawn by the seed, and are not those that a subset of as many would be.
func TestHoldoutFollowsSeed(t *testing.T) {
	held := func(seed uint64) []int {
		d, err := openSmall(t, Options{Holdout: 0.4, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return numbers(d.Val)
	}
	if a, b := held(1), held(1); !slices.Equal(a, b) {
		t.Errorf("the same seed held out %v and %v", a, b)
	}
	if a, b := held(1), held(2); slices.Equal(a, b) {
		t.Errorf("seeds 1 and 2 both held out %v", a)
	}
	subset, err := openSmall(t, Options{TrainCount: 8, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(held(1), numbers(subset.Train)) {
		t.Error("holdout and subset draw the same images")
	}
}

// The seed of label noise is that of the options.
func TestLabelNoiseFollowsSeed(t *testing.T) {
	labels := make([]uint16, 1000)
	a, b := noisyLabels(labels, 10, Options{LabelNoise: 0.5, Seed: 1}), noisyLabels(labels, 10, Options{LabelNoise: 0.5, Seed: 2})
	if slices.Equal(a, b) {
		t.Error("seeds 1 and 2 make the same noise")
	}
	for _, classes := range []int{2, 300} {
		seen := map[uint16]bool{}
		for _, l := range noisyLabels(make([]uint16, 20_000), classes, Options{LabelNoise: 1}) {
			seen[l] = true
			if int(l) >= classes {
				t.Fatalf("label %d of %d classes", l, classes)
			}
		}
		if len(seen) != classes {
			t.Errorf("%d of %d classes were drawn", len(seen), classes)
		}
	}
}

func TestOpenRejects(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Name: "mnits"}, `unknown name "mnits", want one of cifar10, cifar100, csv, digits, emnist, fashion-mnist, folder, idx, mnist, npz`},
		{Options{Name: "mnist", TrainCount: -1}, "train count -1"},
		{Options{Name: "mnist", ValCount: -1}, "validation count -1"},
		{Options{Name: "mnist", Holdout: 1}, "holdout 1, want a share in [0, 1)"},
		{Options{Name: "mnist", Holdout: math.NaN()}, "holdout NaN"},
		{Options{Name: "mnist", LabelNoise: 1.5}, "label noise 1.5, want a probability"},
		{Options{Name: "mnist", LabelNoise: -0.1}, "label noise -0.1"},
		{Options{Name: "mnist", UseAll: true, Holdout: 0.1}, "none can be held out"},
		{Options{Name: "mnist", TrainCount: 21}, "train count 21, but there are only 20 training images"},
		{Options{Name: "mnist", TrainCount: 31, UseAll: true}, "train count 31, but there are only 30"},
		{Options{Name: "mnist", ValCount: 11}, "validation count 11, but there are only 10 test images"},
		{Options{Name: "mnist", Holdout: 0.01}, "leaves one side empty"},
	} {
		c.o.Dir = writeFiles(t, smallMNIST(20, 10))
		if _, err := Open(t.Context(), c.o); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got error %v, want ErrOptions with %q", err, c.want)
		}
	}
}

func TestOpenReportsDamage(t *testing.T) {
	files := smallMNIST(3, 2)
	files[testLabels] = files[testLabels][:9]
	dir := writeFiles(t, files)
	_, err := Open(t.Context(), Options{Name: "mnist", Dir: dir})
	want := filepath.Join(dir, testLabels) + ": offset 9: the file ends within 2 bytes of content"
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want ErrDamaged with %q", err, want)
	}
}

func TestLabelNoise(t *testing.T) {
	labels := make([]uint16, 10_000)
	clean := slices.Clone(labels)
	noisy := noisyLabels(labels, 10, Options{LabelNoise: 0.3, Seed: 5})
	if !slices.Equal(labels, clean) {
		t.Error("the labels given were written to")
	}
	counts := make([]int, 10)
	for _, l := range noisy {
		counts[l]++
	}
	// 3 % of 10,000 for each other class and 73 % for class 0; the standard deviations are 17 and 44.
	for class, got := range counts {
		want, slack := 300, 5*17
		if class == 0 {
			want, slack = 7300, 5*44
		}
		if got < want-slack || got > want+slack {
			t.Errorf("%d labels of class %d, want %d ± %d", got, class, want, slack)
		}
	}
	more := noisyLabels(labels, 10, Options{LabelNoise: 0.6, Seed: 5})
	fewer := noisyLabels(labels[:100], 10, Options{LabelNoise: 0.3, Seed: 5})
	for i, l := range noisy {
		if l != 0 && more[i] != l {
			t.Fatalf("label %d is %d at 0.3 and %d at 0.6", i, l, more[i])
		}
		if i < 100 && fewer[i] != l {
			t.Fatalf("label %d of 100 is %d, of 10,000 %d", i, fewer[i], l)
		}
	}
}

func TestLabelNoiseSparesTestImages(t *testing.T) {
	d, err := openSmall(t, Options{LabelNoise: 1, Holdout: 0.5, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	wrong := func(s *Split) (n int) {
		for i, l := range s.Labels {
			if int(l) != int(s.Raw(i)[0])%100%len(digitNames) {
				n++
			}
		}
		return n
	}
	if wrong(d.Train) == 0 || wrong(d.Val) == 0 || wrong(d.Test) > 0 {
		t.Errorf("%d, %d, %d labels changed in training, held-out and test images, want some, some, none", wrong(d.Train), wrong(d.Val), wrong(d.Test))
	}
}

func TestChecksumTellsDataApart(t *testing.T) {
	seen := map[string]string{}
	for name, o := range map[string]Options{
		"as it is": {}, "fewer": {TrainCount: 19}, "other split": {Holdout: 0.5}, "use all": {UseAll: true}, "noise": {LabelNoise: 1},
	} {
		d, err := openSmall(t, o)
		if err != nil {
			t.Fatal(err)
		}
		if other, found := seen[d.Checksum]; found || len(d.Checksum) != 64 {
			t.Errorf("%s and %s have the checksum %q", name, other, d.Checksum)
		}
		seen[d.Checksum] = name
	}
	d, err := openSmall(t, Options{})
	if err != nil || seen[d.Checksum] != "as it is" {
		t.Errorf("opened again, the checksum is %s (error %v)", d.Checksum, err)
	}
}

// realData opens a dataset from $MAXGAIN_DATA, or skips the test.
func realData(t *testing.T, o Options) *Dataset {
	t.Helper()
	if os.Getenv("MAXGAIN_DATA") == "" {
		t.Skipf("$MAXGAIN_DATA is not set: no real %s to test on", o.Name)
	}
	d, err := Open(context.Background(), o)
	if errors.Is(err, ErrMissing) {
		t.Skipf("no %s in $MAXGAIN_DATA", o.Name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRealMNIST(t *testing.T) {
	d := realData(t, Options{Name: "mnist"})
	// Published: 60,000 and 10,000 digits, the first labels 5 0 4 1 9 and 7 2 1 0 4, mean value 0.1307 of 255 in training.
	if d.Train.Len() != 60_000 || d.Val.Len() != 10_000 {
		t.Fatalf("%d and %d images", d.Train.Len(), d.Val.Len())
	}
	if !slices.Equal(d.Train.Labels[:5], []uint16{5, 0, 4, 1, 9}) || !slices.Equal(d.Val.Labels[:5], []uint16{7, 2, 1, 0, 4}) {
		t.Errorf("first labels %v, %v", d.Train.Labels[:5], d.Val.Labels[:5])
	}
	sum := 0.0
	for _, v := range d.Recipe.Mean {
		sum += float64(v)
	}
	if got := sum / 784 / 255; math.Abs(got-0.1307) > 0.00005 {
		t.Errorf("mean value %.5f, want 0.1307", got)
	}
}
