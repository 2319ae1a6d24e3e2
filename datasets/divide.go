package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/maxgain/maxgain/datasets/stream"
)

// divide makes the splits the options ask for.
func divide(source official, o Options) (*Dataset, error) {
	train, test, final := source.train, source.test, source.final
	if o.UseAll {
		train, test = train.join(test), images{}
	}
	if train.len() == 0 {
		return nil, fmt.Errorf("there are no training images")
	}
	if o.TrainCount > train.len() {
		return nil, fmt.Errorf("train count %d, but there are only %d training images", o.TrainCount, train.len())
	}
	if !o.UseAll && o.ValCount > test.len() {
		return nil, fmt.Errorf("validation count %d, but there are only %d %s images", o.ValCount, test.len(), source.testName())
	}
	if o.Holdout > 0 && final.len() > 0 {
		return nil, fmt.Errorf("holdout %v, but the data have validation images of their own beside test images: set it to 0", o.Holdout)
	}
	classes := len(source.classNames)
	train.labels = noisyLabels(train.labels, classes, o)

	size := source.height * source.width * source.channels
	if o.TrainCount > 0 && o.TrainCount < train.len() {
		train, _ = train.draw(size, o.TrainCount, stream.NewFNV1(o.Seed, "data/subset"))
	}
	if o.ValCount > 0 && !o.UseAll {
		test = test.first(o.ValCount, size)
	}
	split := func(m images) *Split {
		if m.len() == 0 {
			return nil
		}
		return &Split{H: source.height, W: source.width, C: source.channels, Classes: classes, Labels: m.labels, pixels: m.pixels, values: m.values}
	}
	if o.Holdout == 0 {
		return &Dataset{Train: split(train), Val: split(test), Test: split(final)}, nil
	}
	count := int(math.Round(o.Holdout * float64(train.len())))
	if count == 0 || count == train.len() {
		return nil, fmt.Errorf("holdout %v of %d training images leaves one side empty", o.Holdout, train.len())
	}
	held, rest := train.draw(size, count, stream.NewFNV1(o.Seed, "data/holdout"))
	return &Dataset{Train: split(rest), Val: split(held), Test: split(test)}, nil
}

// testName is what the images of test are called: the official test images, or validation images beside test images.
func (f *official) testName() string {
	if f.final.len() > 0 {
		return "validation"
	}
	return "test"
}

// draw parts m, whose images have size values, at random: count images and the rest, both in their old order.
func (m images) draw(size, count int, r *rand.Rand) (drawn, rest images) {
	chosen := make([]bool, m.len())
	for _, i := range r.Perm(m.len())[:count] {
		chosen[i] = true
	}
	return m.part(size, chosen)
}

// noisyLabels returns labels of which each is drawn anew with probability o.LabelNoise. Image i's label depends on the
// seed, i and the probability only, and a label redrawn at one probability is redrawn alike at every larger one.
func noisyLabels(labels []uint16, classes int, o Options) []uint16 {
	if o.LabelNoise == 0 {
		return labels
	}
	r := stream.NewFNV1(o.Seed, "data/label-noise")
	noisy := slices.Clone(labels)
	for i := range noisy {
		u, class := r.Float64(), uint16(r.IntN(classes))
		if u < o.LabelNoise {
			noisy[i] = class
		}
	}
	return noisy
}
