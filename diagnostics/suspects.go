package diagnostics

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/maxgain/maxgain/models"
)

// Suspect is a training image whose label is doubted.
type Suspect struct {
	Index      int     // of the image in its source, from 0
	Label      uint16  // the class it is trained as
	Suggestion uint16  // the class that the network would give it
	Score      float64 // probability of the suggestion minus that of the label, from 0.1 to 1
}

// suspectDraws is how many transformed versions of an image are looked at beside the image itself. What a network has
// memorised of an image is lost in part when the image is transformed.
const suspectDraws = 2

// suspectStrength is the share of the full range of transformations that is used: the class must stay beyond doubt.
const suspectStrength = 0.5

// suspectMargin is by how much the probability of another class must exceed that of the label. On digits with 30 % of the
// labels drawn anew 0.1 finds twice the wrong labels that 0.3 does, at a little more right ones listed.
const suspectMargin = 0.1

// Suspects lists the training images whose labels a network doubts, the most doubtful first. labels [source.Len()] are
// those that it was trained on; at most batch images are evaluated at once, and transform tells whether images may be
// rotated, scaled and shifted a little and still show what their label says. It costs one forward pass of each image, three
// with transform.
//
// The probabilities of an image are the mean softmax over its versions. An image is listed if another class is more probable
// than its label by 0.1 or more. The network should have been stopped before it memorised the wrong labels, as the averaged
// weights that a run keeps are.
func Suspects(ctx context.Context, net Linearizer, source ImageSource, labels []uint16, shape models.Shape, batch int, transform bool) ([]Suspect, error) {
	probabilities, classes, err := meanSoftmax(ctx, net, source, labels, shape, batch, transform)
	if err != nil {
		return nil, fmt.Errorf("suspect labels: %w", err)
	}
	var out []Suspect
	for i, label := range labels {
		row := probabilities[i*classes:][:classes]
		best := 0
		for k, p := range row {
			if p > row[best] {
				best = k
			}
		}
		if best != int(label) && row[best]-row[label] >= suspectMargin {
			out = append(out, Suspect{Index: i, Label: label, Suggestion: uint16(best), Score: row[best] - row[label]})
		}
	}
	slices.SortStableFunc(out, func(a, b Suspect) int { return cmp.Compare(b.Score, a.Score) })
	return out, nil
}

// meanSoftmax is the network's softmax [N,K] of each image of a source, the mean over the image and its transformed
// versions.
func meanSoftmax(ctx context.Context, net Linearizer, source ImageSource, labels []uint16, shape models.Shape, batch int, transform bool) ([]float64, int, error) {
	n, size := source.Len(), shape.Len()
	if n == 0 || len(labels) != n || size == 0 || batch < 1 {
		return nil, 0, fmt.Errorf("%d images of %d×%d×%d and %d labels in batches of %d", n, shape.H, shape.W, shape.C, len(labels), batch)
	}
	versions := 1
	if transform {
		versions += suspectDraws
	}
	random := rand.New(rand.NewPCG(mixedSeed, 1))
	images, moved := make([]float32, min(batch, n)*size), make([]float32, min(batch, n)*size)
	index := make([]int, 0, min(batch, n))
	var sums []float64
	classes := 0
	for from := 0; from < n; from += batch {
		index = index[:0]
		for i := from; i < min(from+batch, n); i++ {
			index = append(index, i)
		}
		source.Fill(images[:len(index)*size], index, false)
		for version := range versions {
			if err := ctx.Err(); err != nil {
				return nil, 0, err
			}
			x := images
			if version > 0 {
				x = moved
				for k := range index {
					a := drawAffine(random, shape, suspectStrength)
					a.transform(moved[k*size:][:size], images[k*size:][:size], shape)
				}
			}
			out, err := net.Evaluate(models.Batch{X: x[:len(index)*size], Labels: labels[from:][:len(index)], N: len(index)})
			if err != nil {
				return nil, 0, err
			}
			if classes == 0 {
				classes = len(out.Logits) / len(index)
				if classes == 0 {
					return nil, 0, fmt.Errorf("the network gives no logits")
				}
				sums = make([]float64, n*classes)
			}
			for k := range index {
				addSoftmax(sums[(from+k)*classes:][:classes], out.Logits[k*classes:][:classes], 1/float64(versions))
			}
		}
	}
	for _, label := range labels {
		if int(label) >= classes {
			return nil, 0, fmt.Errorf("label %d, but the network has %d classes", label, classes)
		}
	}
	return sums, classes, nil
}

// addSoftmax adds the softmax of logits, times a weight, to sums.
func addSoftmax(sums []float64, logits []float32, weight float64) {
	highest, total := float64(slices.Max(logits)), 0.0
	for _, z := range logits {
		total += math.Exp(float64(z) - highest)
	}
	for k, z := range logits {
		sums[k] += weight * math.Exp(float64(z)-highest) / total
	}
}
