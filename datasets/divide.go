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
	train, test := source.train, source.test
	if o.UseAll {
		train = images{
			pixels: append(slices.Clip(train.pixels), test.pixels...),
			labels: append(slices.Clip(train.labels), test.labels...),
		}
		test = images{}
	}
	if o.TrainCount > len(train.labels) {
		return nil, fmt.Errorf("train count %d, but there are only %d training images", o.TrainCount, len(train.labels))
	}
	if !o.UseAll && o.ValCount > len(test.labels) {
		return nil, fmt.Errorf("validation count %d, but there are only %d test images", o.ValCount, len(test.labels))
	}
	train.labels = noisyLabels(train.labels, o)

	size := source.height * source.width * source.channels
	if o.TrainCount > 0 && o.TrainCount < len(train.labels) {
		train, _ = train.draw(size, o.TrainCount, stream.NewFNV1(o.Seed, "data/subset"))
	}
	if o.ValCount > 0 && !o.UseAll {
		test = images{pixels: test.pixels[:o.ValCount*size], labels: test.labels[:o.ValCount]}
	}
	split := func(m images) *Split {
		if len(m.labels) == 0 {
			return nil
		}
		return &Split{H: source.height, W: source.width, C: source.channels, Classes: classes, Labels: m.labels, pixels: m.pixels}
	}
	if o.Holdout == 0 {
		return &Dataset{Train: split(train), Val: split(test)}, nil
	}
	count := int(math.Round(o.Holdout * float64(len(train.labels))))
	if count == 0 || count == len(train.labels) {
		return nil, fmt.Errorf("holdout %v of %d training images leaves one side empty", o.Holdout, len(train.labels))
	}
	held, rest := train.draw(size, count, stream.NewFNV1(o.Seed, "data/holdout"))
	return &Dataset{Train: split(rest), Val: split(held), Test: split(test)}, nil
}

// draw parts m, whose images have size bytes, at random: count images and the rest, both in their old order.
func (m images) draw(size, count int, r *rand.Rand) (drawn, rest images) {
	n := len(m.labels)
	chosen := make([]bool, n)
	for _, i := range r.Perm(n)[:count] {
		chosen[i] = true
	}
	drawn = images{pixels: make([]byte, 0, count*size), labels: make([]uint16, 0, count)}
	rest = images{pixels: make([]byte, 0, (n-count)*size), labels: make([]uint16, 0, n-count)}
	for i, in := range chosen {
		side := &rest
		if in {
			side = &drawn
		}
		side.pixels = append(side.pixels, m.pixels[i*size:(i+1)*size]...)
		side.labels = append(side.labels, m.labels[i])
	}
	return drawn, rest
}

// noisyLabels returns labels of which each is drawn anew with probability o.LabelNoise. Image i's label depends on the
// seed, i and the probability only, and a label redrawn at one probability is redrawn alike at every larger one.
func noisyLabels(labels []uint16, o Options) []uint16 {
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
