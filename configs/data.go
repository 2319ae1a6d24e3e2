package configs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/maxgain/maxgain/datasets"
	"github.com/maxgain/maxgain/datasets/picture"
	"gopkg.in/yaml.v3"
)

// dataFields lists the keys that say what images are made of.
func (c *Config) dataFields() []field {
	d, unset := &c.Data, Default().Data
	pictures := func() bool { return datasets.ReadsPictures(d.Name) }
	return []field{
		optional(source("data.path", &d.Path), func() bool { return d.Path != "" }).added().
			says("", "where your own data are: a folder of pictures, or a file or folder of arrays").without("required by " + strings.Join(datasets.PathNames(), ", ")),
		optional(text("data.split", &d.Split, oneOf(datasets.Divisions()...)), func() bool { return d.Split != unset.Split }).added().
			says("", "which division of emnist"),
		optional(size("data.size", &d.Height, &d.Width), func() bool { return d.Height > 0 }).added().
			says("pixels", "height and width that pictures are brought to, or the shape of a csv's pixels").without("the pictures' own, which must be the same"),
		optional(text("data.colour", &d.Colour, oneOf(picture.Colours()...)), func() bool { return pictures() || d.Colour != unset.Colour }).added().
			says("", "channels that pictures are read in: three, or one of luminance"),
		optional(text("data.fit", &d.Fit, oneOf(picture.Fits()...)), func() bool { return pictures() || d.Fit != unset.Fit }).added().
			says("", "how pictures come to data.size: the middle cut out, stretched, or whole with black beside them"),
		optional(flag("data.skip_broken", &d.SkipBroken), func() bool { return pictures() || d.SkipBroken }).added().
			says("", "leave out pictures, rows and classes that cannot be used instead of giving up"),
		optional(text("data.normalize", &d.Normalize, oneOf(datasets.Normalizations()...)), func() bool { return d.Normalize != "" }).added().
			says("", "preprocessing: less the mean image; each channel to mean 0 and deviation 1; contrast normalisation and whitening; none").
			without("whiten for cifar10 and cifar100, else mean"),
		optional(whole("data.shift", &d.Shift, 0, 128), func() bool { return d.Shift >= 0 }).added().
			says("pixels", "by how many pixels gain.shifts may move an image; 0 where none keeps its label, and leaves these signals out").
			without("4 for cifar10 and cifar100, 2 for 28×28 sets, else a sixteenth of the shorter side"),
		optional(flip("data.augment.flip", &d.Augment.Flip), func() bool { return d.Augment.Flip != "" }).added().
			says("", "mirror each training image left to right with probability 1/2; batch mirrors whole mini-batches").
			without("batch for cifar10 and cifar100, else false"),
		optional(whole("data.augment.shift", &d.Augment.Shift, 0, 128), func() bool { return d.Augment.Shift > 0 }).added().
			says("pixels", "move each training image by up to so many pixels each way"),
		optional(number("data.augment.rotate", &d.Augment.Rotate, from(0).to(180)), func() bool { return d.Augment.Rotate > 0 }).added().
			says("degrees", "turn each training image by up to so much either way"),
		optional(number("data.augment.scale", &d.Augment.Scale, from(0).to(0.9)), func() bool { return d.Augment.Scale > 0 }).added().
			says("shares", "enlarge or reduce each training image by up to this share"),
		optional(whole("data.augment.cutout", &d.Augment.Cutout, 0, 256), func() bool { return d.Augment.Cutout > 0 }).added().
			says("pixels", "side of a square of each training image that is set to 0"),
	}
}

// size is a key of one number, the side of a square, or of a height and a width.
func size(key string, height, width *int) field {
	const most = 256
	want := fmt.Sprintf("a whole number from 1 to %d or [height, width]", most)
	return field{
		key: key, want: want,
		read: func(n *yaml.Node, report reporter) {
			sides := []*yaml.Node{n, n}
			if n.Kind == yaml.SequenceNode && len(n.Content) == 2 {
				sides = n.Content
			}
			h, wrongH := wholeOf(sides[0], 1, most)
			w, wrongW := wholeOf(sides[1], 1, most)
			if wrongH != "" || wrongW != "" {
				report(n, "", got(n, want))
				return
			}
			*height, *width = h, w
		},
		write: func() *yaml.Node {
			if *height == *width {
				return scalar("!!int", strconv.Itoa(*height))
			}
			return &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle,
				Content: []*yaml.Node{scalar("!!int", strconv.Itoa(*height)), scalar("!!int", strconv.Itoa(*width))}}
		},
	}
}

// flip is a key that is true, false or batch.
func flip(key string, dst *datasets.Flip) field {
	const want = "true, false or batch"
	return field{
		key: key, want: want,
		read: func(n *yaml.Node, report reporter) {
			var on bool
			switch {
			case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!bool" && n.Decode(&on) == nil:
				if *dst = datasets.FlipNone; on {
					*dst = datasets.FlipImages
				}
			case n.Kind == yaml.ScalarNode && n.Value == string(datasets.FlipBatches):
				*dst = datasets.FlipBatches
			default:
				report(n, "", got(n, want))
			}
		},
		write: func() *yaml.Node {
			if *dst == datasets.FlipBatches {
				return scalar("!!str", string(*dst))
			}
			return scalar("!!bool", strconv.FormatBool(*dst == datasets.FlipImages))
		},
	}
}

// settleData checks the keys of the data against each other.
func (r *reading) settleData(top place) {
	d := &r.config.Data
	if d.Name == "" || r.syntaxFailed() {
		return
	}
	where := r.given["data.name"]
	if needs := slices.Contains(datasets.PathNames(), d.Name); needs && d.Path == "" {
		r.fault(where, "data.path", "missing: data.name "+d.Name+" needs to know where your data are")
	} else if at, given := r.given["data.path"]; given && !needs && d.Path != "" {
		r.fault(at, "data.path", "data.name "+d.Name+" has no use for it; want it with "+strings.Join(datasets.PathNames(), ", ")+", or data.dir")
	}
	for _, key := range []string{"data.size", "data.colour", "data.fit"} {
		if at, given := r.given[key]; given && !(key == "data.size" && d.Height == 0) && !datasets.ReadsPictures(d.Name) {
			r.fault(at, key, "the images of "+d.Name+" come as they are; want it with "+strings.Join(datasets.PictureNames(), ", "))
		}
	}
}
